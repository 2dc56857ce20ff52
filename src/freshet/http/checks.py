"""What a record may hold, and what is said of one that holds something else."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from freshet.domain.errors import Refused
from freshet.domain.events import EVENTS, ViewerEvent
from freshet.domain.ids import uuid7_ms

TEXT_MAX = 200  # characters of an id or a short text
LIST_MAX = 1_000
NUMBER_MAX = 2**53 - 1  # what every JSON client can say exactly
SKEW_MS = 24 * 3_600_000  # a backend's clock may run this far ahead
VECTOR_BYTES = 64
LONGEST_MS = 7 * 24 * 3_600_000  # no view and no video is longer than a week

# Fields that name a person, by the app's own id outside and by a key inside.
PEOPLE = ("viewer", "person", "creator", "into")
THINGS = ("video", "target", "sound")
SPANS = ("watched_ms", "duration_ms")

REQUIRED: dict[type, frozenset[str]] = {
    kind: frozenset(f.name for f in msgspec.structs.fields(kind) if f.required)
    for kind in EVENTS.values()
}

_CONTROL = re.compile("[\0-\x1f]").search


def check(event: Any, now_ms: int) -> None:
    """
    Raises:
        Refused: the first field that holds what it may not.
    """
    if event.received:
        raise Refused("received", "is the server's to set", "leave it out")
    try:
        uuid7_ms(event.event_id)
    except ValueError:
        raise Refused("event_id", f"{event.event_id[:60]!r} is no UUIDv7", "a UUIDv7") from None
    a_viewers = isinstance(event, ViewerEvent)
    if a_viewers and event.clock != "kept":
        raise Refused("clock", "is the server's to set", "leave it out")
    for field in event.__struct_fields__:
        if not (a_viewers and field == "time"):  # a viewer's clock is seen to, not refused
            _check_value(field, getattr(event, field))
    for field in ("created",) if a_viewers else ("time", "created"):
        if getattr(event, field, 0) > now_ms + SKEW_MS:
            raise Refused(field, "lies more than a day ahead", "ms since 1970, UTC")
    if len(getattr(event, "vector", b"")) not in (0, VECTOR_BYTES):
        raise Refused("vector", f"is {len(event.vector)} bytes long", f"{VECTOR_BYTES} in base64")
    for field in SPANS:
        if getattr(event, field, 0) > LONGEST_MS:
            raise Refused(field, "is longer than a week", f"0 to {LONGEST_MS} ms")
    for field in (*PEOPLE, *THINGS):
        if field in REQUIRED[type(event)] and not getattr(event, field):
            raise Refused(field, "is empty", "an id")


def _check_value(field: str, value: Any) -> None:
    if isinstance(value, str):
        if len(value) > TEXT_MAX:
            raise Refused(field, f"is {len(value)} characters long", f"up to {TEXT_MAX}")
        if _CONTROL(value):
            raise Refused(field, "holds a control character", "printable text")
    elif isinstance(value, int):
        if not 0 <= value <= NUMBER_MAX:
            raise Refused(field, f"{str(value)[:30]} is out of range", f"0 to {NUMBER_MAX}")
    elif isinstance(value, tuple | dict):
        if len(value) > LIST_MAX:
            raise Refused(field, f"holds {len(value)} values", f"up to {LIST_MAX}")
        for index, one in enumerate(value):
            _check_value(f"{field}.{index}", one)
        if isinstance(value, dict):
            for name, one in value.items():
                _check_value(f"{field}.{name[:60]}", one)
