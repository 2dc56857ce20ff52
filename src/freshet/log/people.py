"""Whom an event names: the fields that hold keys of people.

    viewer person creator into      who did it, to whom, whose it is
    target                          of a hide or a "less of this", if it is a creator
    actor                           who moderated; may also be no person

An event that names an erased person is dropped as a whole wherever events are kept, for it
tells what they did or what was done to them; only an `actor` is blanked, because the event
is about something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from freshet.domain.events import EVENTS, Event

SUBJECTS = ("viewer", "person", "creator", "into", "target")
ACTOR = "actor"


def subjects_of(kind: type[Event]) -> tuple[str, ...]:
    """The fields of an event by which it may be about a person."""
    return tuple(name for name in SUBJECTS if name in kind.__struct_fields__)


_FIELDS = {kind: (*subjects_of(kind), ACTOR) for kind in EVENTS.values()}


def people_of(event: Event) -> Iterator[str]:
    """What stands in all those fields; also names of things, which no key is like."""
    for name in _FIELDS[type(event)]:
        if value := getattr(event, name, ""):
            yield value
