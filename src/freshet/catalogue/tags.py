"""Hashtags in what comes in from outside: one name, however they were typed.

The catalogue's own records are checked, and what is no hashtag is refused there. An act or an
imported line is worth more than its hashtag: what is none stays as it was said.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from freshet.catalogue.store import checks
from freshet.domain.errors import Refused
from freshet.domain.events import EVENTS, Event

LISTED = tuple(kind for kind in EVENTS.values() if "hashtags" in kind.__struct_fields__)
AIMED = tuple(
    kind for kind in EVENTS.values() if {"kind", "target"} <= set(kind.__struct_fields__)
)  # at a hashtag, or at something else
MAY_NAME_HASHTAGS = frozenset((*LISTED, *AIMED))  # kinds of events

E = TypeVar("E", bound=Event)


def counted(name: str) -> str:
    """A hashtag as it is counted.

    >>> counted("#Tea"), counted("two words")
    ('tea', 'two words')
    """
    try:
        return checks.hashtag("", name)
    except Refused:
        return name


def as_counted(event: E) -> E:
    """The event with its hashtags as they are counted."""
    told: Any = event
    changes: dict[str, Any] = {}
    if isinstance(event, LISTED) and told.hashtags:
        changes["hashtags"] = tuple(dict.fromkeys(map(counted, told.hashtags)))
    if isinstance(event, AIMED) and told.kind == "hashtag":
        changes["target"] = counted(told.target)
    return msgspec.structs.replace(event, **changes) if changes else event
