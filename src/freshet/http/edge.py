"""Events as they come in from outside: decoded one by one, checked, named by keys.

Good records of a batch are kept; each bad one is answered with its index, field, reason
and what would be right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from freshet.catalogue.tags import as_counted
from freshet.domain.errors import Refused
from freshet.domain.events import (
    EVENTS,
    AnyEvent,
    Event,
    LabelCleared,
    LabelSet,
    PersonErased,
    SlateServed,
    Tick,
    ViewerEvent,
    ViewersMerged,
)
from freshet.domain.ids import uuid7_ms
from freshet.http.callers import Caller
from freshet.http.clocks import Clock
from freshet.http.fields import Dropped, mended
from freshet.http.problems import Forbidden, misfit

TEXT_MAX = 200  # characters of an id or a short text
LIST_MAX = 1_000
NUMBER_MAX = 2**53 - 1  # what every JSON client can say exactly
SKEW_MS = 24 * 3_600_000  # a backend's clock may run this far ahead
VECTOR_BYTES = 64
LONGEST_MS = 7 * 24 * 3_600_000  # no view and no video is longer than a week

# Made by the server alone; no key lets them in. Erasing a person is more than its event.
OURS = frozenset(str(kind.__struct_config__.tag) for kind in (SlateServed, Tick, PersonErased))
ADMINS = (LabelSet, LabelCleared, ViewersMerged)
KINDS = ", ".join(sorted(EVENTS.keys() - OURS))

# Fields that name a person, by the app's own id outside and by a key inside.
PEOPLE = ("viewer", "person", "creator", "into")

_decode = msgspec.json.Decoder(AnyEvent).decode


@dataclass(slots=True)
class Edge:
    """The rules for the records of one batch, and what was done about them."""

    caller: Caller
    clock: Clock
    dropped: Dropped

    def event(self, raw: bytes | msgspec.Raw) -> Event:
        """One event from one JSON record.

        Raises:
            Refused: says which field and what would be right.
            Forbidden: a kind of event, or a viewer, that this caller may not speak for.
        """
        event, kind, unknown = self._decoded(raw)
        _may_send(event, self.caller)
        _check(event, self.clock.now_ms)
        if unknown:
            self.dropped.add(kind, unknown)
        event = as_counted(event)
        return self.clock.set_right(event) if isinstance(event, ViewerEvent) else event

    def _decoded(self, raw: bytes | msgspec.Raw) -> tuple[Event, str, set[str]]:
        try:
            return decode(raw), "", set()
        except Refused:
            mend = mended(raw, self.caller.viewer)
            if mend is None:
                raise
            return decode(mend[0]), *mend[1:]


def decode(raw: bytes | msgspec.Raw) -> Event:
    """
    Raises:
        Refused: not JSON, or no event of ours.
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


def _may_send(event: Any, caller: Caller) -> None:
    kind = type(event).__struct_config__.tag
    if kind in OURS:
        raise Forbidden("type", f"{kind!r} events are made by the server alone", f"one of {KINDS}")
    if isinstance(event, ViewerEvent):
        if caller.viewer and event.viewer != caller.viewer:
            raise Forbidden("viewer", "is not this token's viewer", "its own, or none")
        return
    scope = "admin" if isinstance(event, ADMINS) else "catalogue"
    if not caller.allows(scope):
        reason = f"{kind!r} events need a key with the scope {scope}"
        raise Forbidden("type", reason, "a viewer's act")


def _check(event: Any, now_ms: int) -> None:
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
