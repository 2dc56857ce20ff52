"""Chores of a data folder while it is served: none of them makes a request wait.

    cold       every COLD_EVERY_MS; viewers who did not come for long are let go
    snapshot   when enough was folded since the last; copied, then written in a thread
    lake       when a segment is due; in a process of its own
    sweep      when the oldest erasure has waited long enough (`ops/sweep.py`)
    backup     every `backup.every_hours`; in a process of its own (`ops/backup.py`)

A chore that fails is logged and tried again later; `failed` says which and why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import structlog

from freshet.config import Settings
from freshet.domain.errors import Unavailable
from freshet.lake.seal import HOUR_MS, Lake
from freshet.log.follow import Follower
from freshet.log.ports import EventLog, Offset
from freshet.ops.backup_hands import backup_apart
from freshet.ops.erasures import DAY_MS
from freshet.ops.lake_hands import FOLDER, LakeHands, LakeProcess
from freshet.ops.manifest import newest_ms
from freshet.ops.sweep import Keys, Sweep, Swept

LOOK_S = 10.0  # how often it looks whether something is due
AGAIN_MS = 5 * 60_000  # a chore that failed is tried again after this
COLD_EVERY_MS = 5 * 60_000  # far longer than a request lasts
ERASURES_MS = HOUR_MS  # how often it looks for erasures

_log = structlog.get_logger("freshet.housekeeping")


class Housekeeping:
    """
    Args:
        lake: its jobs; None = in processes of their own.
        let_go: lets some viewers go who did not come for long, from one on; says which is the
            next to look at, 0 = none. None = all stay in memory.
    """

    def __init__(
        self,
        settings: Settings,
        log: EventLog,
        follower: Follower,
        keys: Keys,
        clock: Callable[[], int],
        random: Random,
        lake: LakeHands | None = None,
        let_go: Callable[[int], int] | None = None,
    ) -> None:
        data = Path(settings.data)
        self._settings, self._log, self._follower, self._now_ms = settings, log, follower, clock
        self._lake = lake or LakeProcess(data, settings.lake)
        self._sealed_to = Lake(data / FOLDER)
        self._sweep = Sweep(data, log, follower, keys, self._lake, clock, random)
        self._let_go, self._let_go_next = let_go, clock()
        self._chores = {
            "cold": self.cold, "snapshot": self.snapshot, "lake": self.seal, "sweep": self.sweep,
            "backup": self.backup,
        }  # fmt: skip
        self._not_before = dict.fromkeys(self._chores, 0)
        self._looked_for_erasures = -ERASURES_MS
        self._period: tuple[int, int] | None = None  # of the last sealing; None = none yet
        self.failed: dict[str, str] = {}

    async def run(self) -> None:
        """Do what is due, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.once()

    async def once(self) -> None:
        """Do what is due now, one thing after the other."""
        for name, chore in self._chores.items():
            if self._now_ms() >= self._not_before[name]:
                await self._done(name, chore)

    async def _done(self, name: str, chore: Callable[[], Awaitable[object]]) -> None:
        try:
            await chore()
            self.failed.pop(name, None)
        except Exception as error:
            self._not_before[name] = self._now_ms() + AGAIN_MS
            self.failed[name] = str(error)
            busy = isinstance(error, Unavailable)
            (_log.warning if busy else _log.error)(
                "chore not done", chore=name, reason=str(error), exc_info=not busy
            )

    async def cold(self) -> None:
        """Let viewers go to disk who did not come for long."""
        if self._let_go is None or self._now_ms() < self._let_go_next:
            return
        self._let_go_next = self._now_ms() + COLD_EVERY_MS
        first = 0
        while True:
            async with self._follower.still:
                first = self._let_go(first)
            if not first:
                return
            await asyncio.sleep(0)  # some milliseconds each: let others run

    async def snapshot(self) -> Offset:
        """Save the state if enough was folded since the last snapshot."""
        every = self._settings.log.snapshot_every
        if every and self._follower.offset - self._follower.saved >= every:
            offset = await self._follower.save_aside()
            _log.info("snapshot saved", offset=offset)
        return self._follower.saved

    async def seal(self) -> Offset:
        """Write segments of the lake that are due."""
        told = self._settings.lake
        if not told.enabled:
            return 0
        day, hour = divmod(self._now_ms() // HOUR_MS, 24)
        period = (day, hour // told.segment_hours)
        sealed = await asyncio.to_thread(lambda: self._sealed_to.sealed)
        if period == self._period and self._log.last - sealed < told.segment_events:
            return sealed
        now_sealed = await self._lake.seal()
        self._period = period
        if now_sealed > sealed:
            _log.info("lake sealed", offset=now_sealed)
        return now_sealed

    async def sweep(self) -> Swept:
        """Erase people from what was written before, once the oldest has waited long enough."""
        now_ms = self._now_ms()
        if now_ms - self._looked_for_erasures < ERASURES_MS:
            return Swept()
        wanted = await self._lake.wanted()
        swept = Swept()
        if wanted and now_ms - wanted.oldest >= self._settings.erasure.sweep_days * DAY_MS:
            swept = await self._sweep.run()
            _log.info("people erased", people=swept.people, events=swept.events, base=swept.base)
            if swept.left:
                _log.error("erased people are still named", files=swept.left)
        self._looked_for_erasures = now_ms
        return swept

    async def backup(self) -> str:
        """Make a backup, if the newest is old enough; its name."""
        told, now_ms = self._settings.backup, self._now_ms()
        if not told.every_hours:
            return ""
        newest = await asyncio.to_thread(newest_ms, Path(told.folder))
        if newest is not None and now_ms - newest < told.every_hours * HOUR_MS:
            return ""
        name = await backup_apart(Path(self._settings.data), told, now_ms)
        _log.info("backup made", name=name, folder=told.folder)
        return name
