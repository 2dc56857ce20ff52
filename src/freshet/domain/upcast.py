"""Bring events of older releases up to the table of `events.py`.

A batch is stored as one MessagePack map `{"schema": n, "events": [...]}`. Reading a batch
of version n applies `UPCASTERS[n]`, `UPCASTERS[n + 1]`, ... to each plain event, then
decodes it strictly. A newer version than ours is refused: half-understood events would
fold to wrong state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec

from freshet.domain.errors import Corrupt, Refused
from freshet.domain.events import SCHEMA, AnyEvent, Event

Plain = dict[str, Any]

# version -> what turns a plain event of that version into one of the next
UPCASTERS: dict[int, Callable[[Plain], Plain]] = {}


class Stored(msgspec.Struct):
    schema: int
    events: list[AnyEvent]


class StoredPlain(msgspec.Struct):
    schema: int
    events: list[Plain]


class _Version(msgspec.Struct):
    schema: int


class _Id(msgspec.Struct):
    event_id: str


class _Ids(msgspec.Struct):
    schema: int
    events: list[_Id]


_encoder = msgspec.msgpack.Encoder()
_current = msgspec.msgpack.Decoder(Stored)
_plain = msgspec.msgpack.Decoder(StoredPlain)
_version = msgspec.msgpack.Decoder(_Version)
_ids = msgspec.msgpack.Decoder(_Ids)


def encode_batch(events: Sequence[Event]) -> bytes:
    """MessagePack bytes of a batch at the current version."""
    return _encoder.encode({"schema": SCHEMA, "events": events})


def decode_batch(
    data: bytes, upcasters: dict[int, Callable[[Plain], Plain]] = UPCASTERS
) -> list[Event]:
    """Events of a stored batch, whatever released version wrote it.

    Raises:
        Refused: written by a newer Freshet.
        Corrupt: not a batch.
    """
    try:
        schema = _version.decode(data).schema
        _readable(schema)
        if schema == SCHEMA:
            return cast(list[Event], _current.decode(data).events)
        plain = _plain.decode(data).events
        for version in range(schema, SCHEMA):
            plain = [upcasters[version](event) for event in plain]
        return cast(list[Event], msgspec.convert(plain, list[AnyEvent]))
    except (msgspec.DecodeError, KeyError) as error:
        raise Corrupt(f"a stored batch does not decode: {error}") from error


def decode_ids(data: bytes) -> list[str]:
    """Only the event ids of a stored batch: they are the same in every version.

    Raises:
        Refused: written by a newer Freshet.
        Corrupt: not a batch.
    """
    try:
        batch = _ids.decode(data)
    except msgspec.DecodeError as error:
        raise Corrupt(f"a stored batch does not decode: {error}") from error
    _readable(batch.schema)
    return [event.event_id for event in batch.events]


def _readable(schema: int) -> None:
    if schema > SCHEMA:
        raise Refused(
            "schema",
            f"batch of version {schema}, this Freshet reads up to {SCHEMA}",
            "a newer Freshet",
        )
