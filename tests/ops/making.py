"""A data folder with people in it, and folds that know them by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from freshet.backends.sqlite_log import SqliteLog
from freshet.catalogue.keys import PersonKeys
from freshet.config import Lake as LakeSettings
from freshet.domain.events import Event, PersonErased
from freshet.log.follow import Follower
from freshet.log.people import people_of
from freshet.log.ports import Batch
from freshet.log.snapshots import Snapshots, load_value, save_value
from freshet.ops.lake_hands import LakeHere
from freshet.ops.sweep import Sweep
from tests.log.making import Clock


class Counted:
    """How often each person was named; whom an erasure names, is forgotten."""

    name = "counted"
    fold_version = 1

    def __init__(self, forgets: bool = True) -> None:
        self.counts: dict[str, int] = {}
        self._forgets = forgets

    def apply(self, batch: Batch) -> None:
        for event in batch.events:
            if isinstance(event, PersonErased):
                if self._forgets:
                    self.counts.pop(event.person, None)
                continue
            for person in people_of(event):
                self.counts[person] = self.counts.get(person, 0) + 1

    def save(self, folder: Path) -> None:
        save_value(folder, "counts", self.counts)

    def load(self, folder: Path) -> None:
        self.counts = load_value(folder, "counts", dict[str, int])


@dataclass
class House:
    """A data folder that is open."""

    data: Path
    clock: Clock
    log: SqliteLog
    keys: PersonKeys
    counted: Counted
    follower: Follower
    lake: LakeHere
    random: Random

    @classmethod
    def open(
        cls, data: Path, clock: Callable[[], int] | None = None, forgets: bool = True
    ) -> House:
        told = clock if isinstance(clock, Clock) else Clock()
        log, counted = SqliteLog(data, told), Counted(forgets)
        follower = Follower(log, [counted], Snapshots(data / "snapshots"))
        keys = PersonKeys(data / "keys.sqlite3", Random(5))
        return cls(
            data, told, log, keys, counted, follower, LakeHere(data, LakeSettings()), Random(9)
        )

    async def happen(self, events: Sequence[Event]) -> None:
        appended = await self.log.append(events)
        assert (appended.refused, appended.repeated) == ((), ())
        await self.follower.catch_up()

    def sweep(self) -> Sweep:
        return Sweep(
            self.data, self.log, self.follower, self.keys, self.lake, self.clock, self.random
        )

    async def close(self) -> None:
        await self.log.close()
        self.keys.close()


def bytes_with(folder: Path, *words: str) -> list[str]:
    """Files that hold one of the words as they are."""
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(word.encode() in path.read_bytes() for word in words)
    ]
