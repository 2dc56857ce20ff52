"""The body of `POST /v1/events`: a batch of records.

All are decoded at once, which nearly always does; where one does not fit, each is still to be
decoded, so that the others can be kept.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta

from freshet.domain.errors import Refused
from freshet.domain.events import AnyEvent

R = TypeVar("R")


class Batch(msgspec.Struct, Generic[R], forbid_unknown_fields=True):
    """What is sent at once."""

    events: list[R]
    # The sender's clock at sending, ms since 1970: tells how wrong the events' times are.
    sent_at: Annotated[int, Meta(ge=0)] | None = None
    # An API key's word that these viewers may be learned from; a viewer token bears its own.
    consent: bool = True


_at_once = msgspec.json.Decoder(Batch[AnyEvent] | list[AnyEvent]).decode
_in_pieces = msgspec.json.Decoder(Batch[msgspec.Raw] | list[msgspec.Raw]).decode
UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeError)
RIGHT = '{"events": [...]} or a JSON array of events'


def batch_of(body: bytes, most: int) -> Batch[Any]:
    """The batch, of events or of records that are still to be decoded.

    Raises:
        Refused: not a batch of events, or too long a one.
    """
    try:
        found = _at_once(body)
    except UNREADABLE:
        try:
            found = _in_pieces(body)
        except UNREADABLE as error:
            raise Refused("", f"the body is no batch of events: {error}"[:300], RIGHT) from None
    batch = found if isinstance(found, Batch) else Batch(found)
    if len(batch.events) > most:
        raise Refused("events", f"holds {len(batch.events)} events", f"up to {most}")
    return batch
