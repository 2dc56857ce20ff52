"""Most acts are as they should be, and one glance at all fields of a batch tells it.

Looked at field by field, the twenty acts of a feed cost as much as ranking it. What a glance
does not find good is left to `checks`, which says what is wrong, or that nothing is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any, Literal, get_origin

import msgspec

from freshet.domain.events import EVENTS, ViewerEvent
from freshet.http.checks import LONGEST_MS, NUMBER_MAX, PEOPLE, REQUIRED, SPANS, TEXT_MAX, THINGS
from freshet.log.recent import raw_ids

_APART = ("time", "received")  # numbers with rules of their own

Values = Callable[[Any], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Glance:
    """At one kind of act."""

    texts: Values
    named: Values  # those that may not be empty
    numbers: Values
    spans: Values  # the numbers that are ms

    def finds_good(self, acts: Sequence[Any]) -> bool:
        """Whether nothing is wrong with acts of this kind but perhaps their ids."""
        texts, numbers = _all(self.texts, acts), _all(self.numbers, acts)
        return (
            set(map(_SERVERS, acts)) == {(0, "kept")}
            and all(_all(self.named, acts))
            and max(map(len, texts)) <= TEXT_MAX
            and "".join(texts).isprintable()  # stricter: what is odd, but no control character
            and min(numbers, default=0) >= 0
            and max(numbers, default=0) <= NUMBER_MAX
            and max(_all(self.spans, acts), default=0) <= LONGEST_MS
        )


_SERVERS = attrgetter("received", "clock")  # which are the server's to set


def all_good(events: Sequence[Any]) -> bool:
    """Whether all are acts with nothing wrong; False: look closer, at each."""
    of_kind: dict[type, list[Any]] = {}
    for event in events:
        of_kind.setdefault(type(event), []).append(event)
    for kind, same in of_kind.items():
        glance = GLANCES.get(kind)
        if glance is None or not glance.finds_good(same):
            return False
    return raw_ids([event.event_id for event in events]) is not None


def _all(values: Values, acts: Sequence[Any]) -> list[Any]:
    return list(chain.from_iterable(map(values, acts)))


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
