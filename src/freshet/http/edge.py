"""Events as they come in from outside: decoded, checked, named by keys.

Good records of a batch are kept; each bad one is answered with its index, field, reason
and what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from freshet.catalogue.tags import MAY_NAME_HASHTAGS, as_counted
from freshet.domain.errors import Refused
from freshet.domain.events import (
    EVENTS,
    AnyEvent,
    AppealAnswered,
    AppealMade,
    DecisionMade,
    DecisionReversed,
    Event,
    LabelCleared,
    LabelSet,
    PersonErased,
    SlateServed,
    Tick,
    ViewerEvent,
    ViewersMerged,
)
from freshet.http.callers import Caller
from freshet.http.checks import PEOPLE, check
from freshet.http.clocks import Clock
from freshet.http.fields import Dropped, mended
from freshet.http.glance import all_good
from freshet.http.problems import Forbidden, misfit

# Made by the server alone; no key lets them in. Erasing a person is more than its event.
# What is decided of a video or person has routes of its own, which check it.
OURS = frozenset(
    str(kind.__struct_config__.tag)
    for kind in (
        SlateServed, Tick, PersonErased, DecisionMade, DecisionReversed, AppealMade,
        AppealAnswered,
    )
)  # fmt: skip
ADMINS = (LabelSet, LabelCleared, ViewersMerged)
KINDS = ", ".join(sorted(EVENTS.keys() - OURS))

_decode = msgspec.json.Decoder(AnyEvent).decode


@dataclass(slots=True)
class Edge:
    """The rules for the records of one batch, and what was done about them."""

    caller: Caller
    clock: Clock
    dropped: Dropped

    def takes_as_they_are(self, records: Sequence[Any]) -> bool:
        """Whether all are decoded and good, and nothing is to be put right about them."""
        viewer = self.caller.viewer
        return (
            all_good(records)
            and MAY_NAME_HASHTAGS.isdisjoint(map(type, records))
            and self.clock.keeps(records)
            and (not viewer or {act.viewer for act in records} == {viewer})
        )

    def event(self, record: Event | bytes | msgspec.Raw) -> Event:
        """One event from one record.

        Raises:
            Refused: says which field and what would be right.
            Forbidden: a kind of event, or a viewer, that this caller may not speak for.
        """
        if isinstance(record, Event):
            return self._checked(record)
        try:
            event = decode(record)
        except Refused:
            mend = mended(record, self.caller.viewer)
            if mend is None:
                raise
            event = self._checked(decode(mend[0]))
            self.dropped.add(*mend[1:])
            return event
        return self._checked(event)

    def _checked(self, event: Event) -> Event:
        if isinstance(event, ViewerEvent):
            _may_act(event, self.caller)
            if not all_good((event,)):
                check(event, self.clock.now_ms)
            return self.clock.set_right(as_counted(event))
        _may_send(event, self.caller)
        check(event, self.clock.now_ms)
        return as_counted(event)


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


_PEOPLE = {
    kind: tuple(field for field in PEOPLE if field in kind.__struct_fields__)
    for kind in EVENTS.values()
}
_OF_A_KIND = frozenset(kind for kind in EVENTS.values() if "kind" in kind.__struct_fields__)


def people(event: Event) -> list[str]:
    """The app's ids of the people an event names."""
    names = [getattr(event, field) for field in _PEOPLE[type(event)]]
    if _targets_creator(event):
        names.append(event.target)  # type: ignore[attr-defined]
    return names


# Acts that name nobody but their viewer.
OF_ONE = frozenset(
    kind
    for kind, fields in _PEOPLE.items()
    if issubclass(kind, ViewerEvent) and fields == ("viewer",) and kind not in _OF_A_KIND
)


def keyed(event: Event, keys: Mapping[str, str]) -> Event:
    """The event with its people named by keys."""
    changes = {field: keys[getattr(event, field)] for field in _PEOPLE[type(event)]}
    if _targets_creator(event):
        changes["target"] = keys[event.target]  # type: ignore[attr-defined]
    return msgspec.structs.replace(event, **changes)


def _targets_creator(event: Event) -> bool:
    return type(event) in _OF_A_KIND and event.kind == "creator"  # type: ignore[attr-defined]


def _may_act(act: ViewerEvent, caller: Caller) -> None:
    if caller.viewer and act.viewer != caller.viewer:
        raise Forbidden("viewer", "is not this token's viewer", "its own, or none")


def _may_send(event: Any, caller: Caller) -> None:
    kind = type(event).__struct_config__.tag
    if kind in OURS:
        raise Forbidden("type", f"{kind!r} events are made by the server alone", f"one of {KINDS}")
    scope = "admin" if isinstance(event, ADMINS) else "catalogue"
    if not caller.allows(scope):
        reason = f"{kind!r} events need a key with the scope {scope}"
        raise Forbidden("type", reason, "a viewer's act")
