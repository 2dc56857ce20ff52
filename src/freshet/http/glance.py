"""Most acts are as they should be, and one glance at all their fields tells it.

Looked at field by field, the twenty acts of a feed cost as much as ranking it. What a glance
does not find good is left to `checks`, which says what is wrong, or that nothing is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal, get_origin

import msgspec

from freshet.domain.events import EVENTS, ViewerEvent
from freshet.http.checks import LONGEST_MS, NUMBER_MAX, PEOPLE, REQUIRED, SPANS, TEXT_MAX, THINGS

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_APART = ("time", "received")  # numbers with rules of their own

Values = Callable[[Any], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Glance:
    """At one kind of act."""

    texts: Values
    named: Values  # those that may not be empty
    numbers: Values
    spans: Values  # the numbers that are ms

    def finds_good(self, act: Any) -> bool:
        """False: look closer."""
        texts, numbers, spans = self.texts(act), self.numbers(act), self.spans(act)
        return (
            not act.received
            and act.clock == "kept"
            and _UUID7.fullmatch(act.event_id) is not None
            and all(self.named(act))
            and max(map(len, texts)) <= TEXT_MAX
            and "".join(texts).isprintable()  # stricter: what is odd, but no control character
            and (not numbers or (min(numbers) >= 0 and max(numbers) <= NUMBER_MAX))
            and (not spans or max(spans) <= LONGEST_MS)
        )


def _values(fields: Iterable[str]) -> Values:
    """All of them by one call; it makes a tuple of two or more."""
    names = tuple(fields)
    if len(names) > 1:
        return attrgetter(*names)
    return lambda act: tuple([getattr(act, name) for name in names])


def _at(kind: type[ViewerEvent]) -> Glance | None:
    """None: it holds more than texts, numbers and choices."""
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    if not all(each in (str, int, bool) or get_origin(each) is Literal for each in fields.values()):
        return None
    required = REQUIRED[kind]
    return Glance(
        texts=_values(name for name, each in fields.items() if each is str),
        named=_values(name for name in (*PEOPLE, *THINGS) if name in required),
        numbers=_values(n for n, each in fields.items() if each is int and n not in _APART),
        spans=_values(name for name in SPANS if name in fields),
    )


# By kind of act: its glance, None where only a closer look will do.
GLANCES: dict[type, Glance | None] = {
    kind: _at(kind) for kind in EVENTS.values() if issubclass(kind, ViewerEvent)
}
