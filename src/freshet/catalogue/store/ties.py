"""Who follows and who blocks whom: told to the log in bulk, and read back from it.

There is no table of ties; the log is their only truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store import checks
from freshet.catalogue.store.database import Database
from freshet.catalogue.store.records import Id, Record, Time
from freshet.domain.errors import Refused
from freshet.domain.events import (
    Block,
    Event,
    Follow,
    PersonErased,
    Unblock,
    Unfollow,
    ViewersMerged,
)

TieKind = Literal["follows", "blocks"]
MADE: dict[TieKind, type[Follow | Block]] = {"follows": Follow, "blocks": Block}


class Tie(Record, frozen=True, kw_only=True):
    """One follows or blocks another."""

    viewer: Id  # who does
    person: Id  # whom
    time: Time = 0  # 0 = now


class Ties:
    """Ties from and to outside, where people have the app's own ids."""

    def __init__(self, database: Database, keys: PersonKeys) -> None:
        self._database, self._keys = database, keys

    def tell(self, kind: TieKind, ties: Sequence[Tie]) -> list[Refused | None]:
        """Tell the log that these hold; for each tie why not, or None."""
        outcomes = [self._wrong(tie) for tie in ties]
        good = [tie for tie, wrong in zip(ties, outcomes, strict=True) if wrong is None]
        keys = self._keys.keys(name for tie in good for name in (tie.viewer, tie.person))
        with self._database.write() as writing:
            for tie in good:
                writing.tell(
                    MADE[kind],
                    viewer=keys[tie.viewer],
                    person=keys[tie.person],
                    time=tie.time or writing.now_ms,
                    surface="profile",
                )
        return outcomes

    def _wrong(self, tie: Tie) -> Refused | None:
        try:
            checks.is_id("viewer", tie.viewer)
            checks.is_id("person", tie.person)
            checks.time("time", tie.time, self._database.clock())
            if tie.viewer == tie.person:
                raise Refused("person", "is the viewer", "somebody else")
        except Refused as refused:
            return refused
        return None


class HeldTies:
    """The ties that hold after the events of a log, as keys."""

    def __init__(self) -> None:
        self._held: dict[TieKind, dict[str, dict[str, int]]] = {"follows": {}, "blocks": {}}
        self._erased: set[str] = set()

    def apply(self, event: Event) -> None:
        match event:
            case Follow():
                self._held["follows"].setdefault(event.viewer, {})[event.person] = event.time
            case Unfollow():
                self._held["follows"].get(event.viewer, {}).pop(event.person, None)
            case Block():
                self._held["blocks"].setdefault(event.viewer, {})[event.person] = event.time
            case Unblock():
                self._held["blocks"].get(event.viewer, {}).pop(event.person, None)
            case ViewersMerged():
                for held in self._held.values():
                    theirs = held.setdefault(event.into, {})
                    for person, time in held.pop(event.viewer, {}).items():
                        theirs.setdefault(person, time)
            case PersonErased():
                self._erased.add(event.person)

    def held(self, kind: TieKind, external: Callable[[str], str | None]) -> Iterator[Tie]:
        """The ties between people who still have a name."""
        for viewer, people in self._held[kind].items():
            name = None if viewer in self._erased else external(viewer)
            for person, time in people.items():
                other = None if person in self._erased else external(person)
                if name is not None and other is not None and name != other:
                    yield Tie(viewer=name, person=other, time=time)
