"""Events as they come in from outside: decoded one by one, checked, named by keys.

Good records of a batch are kept; each bad one is answered with its index, field, reason
and what would be right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from freshet.domain.errors import Refused
from freshet.domain.events import EVENTS, VIEWER_EVENTS, AnyEvent, Event, SlateServed, Tick
from freshet.domain.ids import uuid7_ms
from freshet.http.problems import Forbidden, misfit

TEXT_MAX = 200  # characters of an id or a short text
LIST_MAX = 1_000
NUMBER_MAX = 2**53 - 1  # what every JSON client can say exactly
SKEW_MS = 24 * 3_600_000  # a client's clock may run this far ahead
LONGEST_MS = 7 * 24 * 3_600_000  # no view and no video is longer than a week

# Made by the server alone; no key lets them in.
OURS = frozenset(str(kind.__struct_config__.tag) for kind in (SlateServed, Tick))
KINDS = ", ".join(sorted(EVENTS))

# Fields that name a person, by the app's own id outside and by a key inside.
PEOPLE = ("viewer", "person", "creator", "into")

_decode = msgspec.json.Decoder(AnyEvent).decode


def decode(raw: bytes | msgspec.Raw, now_ms: int, admin: bool) -> Event:
    """One event from one JSON record.

    Raises:
        Refused: says which field and what would be right.
        Forbidden: a kind of event that this key may not send.
    """
    try:
        event: Event = _decode(raw)
    except msgspec.ValidationError as error:
        refused = misfit(error)
        if refused.field == "type" and not refused.right:
            raise Refused("type", refused.reason, f"one of {KINDS}") from None
        raise refused from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Refused("", f"not JSON: {error}", "one JSON object per event") from None
    _may_send(event, admin)
    _check(event, now_ms)
    return event


def people(event: Event) -> list[str]:
    """The app's ids of the people an event names."""
    names = [getattr(event, field) for field in PEOPLE if hasattr(event, field)]
    if getattr(event, "kind", "") == "creator":
        names.append(event.target)  # type: ignore[attr-defined]
    return names


def keyed(event: Event, key: Callable[[str], str]) -> Event:
    """The event with its people named by keys."""
    changes = {field: key(getattr(event, field)) for field in PEOPLE if hasattr(event, field)}
    if getattr(event, "kind", "") == "creator":
        changes["target"] = key(event.target)  # type: ignore[attr-defined]
    return msgspec.structs.replace(event, **changes)


def _may_send(event: Any, admin: bool) -> None:
    kind = type(event).__struct_config__.tag
    if kind in OURS:
        raise Forbidden("type", f"{kind!r} events are made by the server alone")
    if kind not in VIEWER_EVENTS and not admin:
        raise Forbidden("type", f"{kind!r} events need the admin key", "a viewer's act")


def _check(event: Any, now_ms: int) -> None:
    if event.received:
        raise Refused("received", "is the server's to set", "leave it out")
    try:
        uuid7_ms(event.event_id)
    except ValueError:
        raise Refused("event_id", f"{event.event_id[:60]!r} is no UUIDv7", "a UUIDv7") from None
    for field in event.__struct_fields__:
        _check_value(field, getattr(event, field))
    for field in ("time", "created"):
        if getattr(event, field, 0) > now_ms + SKEW_MS:
            raise Refused(field, "lies more than a day ahead", "ms since 1970, UTC")
    for field in ("watched_ms", "duration_ms"):
        if getattr(event, field, 0) > LONGEST_MS:
            raise Refused(field, "is longer than a week", f"0 to {LONGEST_MS} ms")
    for field in (*PEOPLE, "video", "target", "sound"):
        if field in REQUIRED[type(event)] and not getattr(event, field):
            raise Refused(field, "is empty", "an id")


def _check_value(field: str, value: Any) -> None:
    if isinstance(value, str):
        if len(value) > TEXT_MAX:
            raise Refused(field, f"is {len(value)} characters long", f"up to {TEXT_MAX}")
        if any(character < " " for character in value):
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


REQUIRED: dict[type, frozenset[str]] = {
    kind: frozenset(f.name for f in msgspec.structs.fields(kind) if f.required)
    for kind in EVENTS.values()
}
