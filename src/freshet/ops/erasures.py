"""Who asked to be erased and is not yet: found in the lake and in what it has not sealed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from freshet.backends.sqlite_reader import SqliteReader
from freshet.domain.events import Event, PersonErased, ViewersMerged
from freshet.lake.erase import ERASED, MERGED, merged, pending
from freshet.lake.segments import Segments
from freshet.log.ports import Offset

DAY_MS = 86_400_000
NOTED = (ERASED.encode(), MERGED.encode())


class Wanted(msgspec.Struct, frozen=True):
    """Erasures that are not done.

    `people` are they and whoever turned out to be one of them.
    """

    people: frozenset[str] = frozenset()
    asked: int = 0  # how many of them asked
    oldest: int = 0  # received time of the oldest request, ms since 1970

    def __bool__(self) -> bool:
        return bool(self.people)

    def due_ms(self, deadline_days: int) -> int:
        """Until when the oldest must be done."""
        return self.oldest + deadline_days * DAY_MS


def wanted(data: Path, lake: Path) -> Wanted:
    """What the data folder says of erasures; reads the lake's notes and, of the log, only
    what the lake lacks."""
    asked = {one.person: one.received for one in pending(lake)}
    was = merged(lake)
    ranges = Segments(lake).ranges()
    for event in noted(data, ranges[-1][1] if ranges else 0):
        if isinstance(event, PersonErased):
            asked.setdefault(event.person, event.received)
        elif isinstance(event, ViewersMerged):
            was.setdefault(event.into, set()).add(event.viewer)
    people, new = set[str](), set(asked)
    while new:
        people |= new
        new = {viewer for person in new for viewer in was.get(person, ())} - people
    return Wanted(frozenset(people), len(asked), min(asked.values(), default=0))


def noted(data: Path, after: Offset) -> Iterator[Event]:
    """Erasures and merges that the log holds behind an offset."""
    log = SqliteReader(data)
    try:
        for row in log.rows(after):
            # Nearly every row has none, and looking for the word is far quicker than decoding.
            if any(word in row.data for word in NOTED):
                for offset, event in enumerate(row.events(), row.first):
                    if offset > after and isinstance(event, PersonErased | ViewersMerged):
                        yield event
    finally:
        log.store.close()
