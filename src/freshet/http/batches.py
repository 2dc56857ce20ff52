"""The body of `POST /v1/events`: a batch of records, each still to be decoded."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from freshet.domain.errors import Refused


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    """What is sent at once."""

    events: list[msgspec.Raw]
    # The sender's clock at sending, ms since 1970: tells how wrong the events' times are.
    sent_at: Annotated[int, Meta(ge=0)] | None = None
    # An API key's word that these viewers may be learned from; a viewer token bears its own.
    consent: bool = True


_decoder = msgspec.json.Decoder(Batch | list[msgspec.Raw])
RIGHT = '{"events": [...]} or a JSON array of events'


def batch_of(body: bytes, most: int) -> Batch:
    """
    Raises:
        Refused: not a batch of events, or too long a one.
    """
    try:
        found = _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Refused("", f"the body is no batch of events: {error}"[:300], RIGHT) from None
    batch = found if isinstance(found, Batch) else Batch(found)
    if len(batch.events) > most:
        raise Refused("events", f"holds {len(batch.events)} events", f"up to {most}")
    return batch
