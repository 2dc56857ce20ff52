"""Erase people from everything that was written before they asked.

    told again ─▶ folded ─▶ snapshot ─▶ sealed ─▶ lake ─▶ epoch ─▶ keys ─▶ notes

Folding `PersonErased` takes a person out of the state at once. What is left of them lies in
the log, in older snapshots and in the lake. A sweep takes them out of the lake's files, then
lets the log begin a new epoch at a snapshot of the state without them: all the log held
before is gone, as bytes, and with it every older snapshot. The lake, now without them, is
where the past can still be read.

The notes that say who is to go are removed last: a sweep that breaks off anywhere is done
again from the start by the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Protocol

import msgspec

from freshet.domain.errors import Broken
from freshet.domain.events import PersonErased
from freshet.domain.ids import uuid7
from freshet.log.files import FolderLock
from freshet.log.follow import Follower, to_its_end
from freshet.log.ports import EventLog, Offset
from freshet.ops.erasures import Wanted
from freshet.ops.lake_hands import LakeHands
from freshet.ops.traces import traces

LOCK = "upkeep.lock"  # held by whoever may not find the folder's parts changing: sweep, backup


class Keys(Protocol):
    def erase(self, key: str) -> bool: ...


class Swept(msgspec.Struct, frozen=True):
    """What a sweep did."""

    people: int = 0  # keys taken out; a person who was several viewers has several
    events: int = 0  # taken out of the lake
    base: Offset = 0  # where the log begins now
    left: tuple[str, ...] = ()  # files that hold one of the keys all the same


class Sweep:
    """
    Args:
        catch_up: folds to the log's end.
        tell: hears what is being done.
    """

    def __init__(
        self,
        data: Path,
        log: EventLog,
        follower: Follower,
        keys: Keys,
        lake: LakeHands,
        clock: Callable[[], int],
        random: Random,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._data, self._log, self._follower = data, log, follower
        self._keys, self._lake = keys, lake
        self._now_ms, self._random, self._tell = clock, random, tell

    async def run(self) -> Swept:
        """Erase whoever asked for it by now.

        Raises:
            Unavailable: a backup is being made, or a reader holds the log's old bytes; what
                was begun is finished by the next sweep.
            Broken: the state still names one of them after folding that they are erased.
        """
        with FolderLock(self._data, LOCK, "backed up or swept"):
            wanted = await self._lake.wanted()
            return await self._swept(wanted) if wanted else Swept()

    async def _swept(self, wanted: Wanted) -> Swept:
        people = sorted(wanted.people)
        self._tell("folding that they are erased")
        await self._told_again(people)
        base = await self._follower.save_aside()
        await to_its_end(_refuse_named, self._follower.snapshot(base), people)
        self._tell("sealing the log")
        await self._lake.seal(rest=True)  # beyond the base: what is dropped is in the lake
        self._tell("taking them out of the lake")
        events = await self._lake.strip(people)
        self._tell("beginning a new epoch of the log")
        await self._follower.begin_epoch(base)
        for person in people:
            await to_its_end(self._keys.erase, person)
        await self._lake.forget(people)
        self._tell("looking for what is left")
        left = await to_its_end(traces, self._data, people)
        return Swept(len(people), events, base, tuple(left))

    async def _told_again(self, people: list[str]) -> None:
        """Once more, for all they were: an act that was on its way when a person was erased
        lies behind the first notice, and names them in the state again."""
        now_ms = self._now_ms()
        events = [
            PersonErased(event_id=uuid7(now_ms, self._random), time=now_ms, person=person)
            for person in people
        ]
        appended = await self._log.append(events)
        for _, error in appended.refused:
            raise Broken(f"the log takes no notice of an erasure: {error}")
        while self._follower.offset < appended.last:
            await self._follower.catch_up()


def _refuse_named(snapshot: Path, people: list[str]) -> None:
    """The snapshot would be all that folds can start from: it must not name them.

    Raises:
        Broken: it does.
    """
    if found := traces(snapshot, people):
        raise Broken(
            f"after folding that {len(people)} people are erased, the state still names one of "
            f"them, in {', '.join(found)}; nothing was dropped from the log"
        )
