"""Freshet in one process, for worlds to act on: the engine that serves, at a time they set.

    world ─▶ video published, view told ─▶ log in memory ─▶ folded and learned
    world ◀─ next slate ◀──────────────── ranked and recorded as in production

Nothing stands in for anything but the disk: the log keeps every rule of the real one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from freshet.backends.memory import MemoryLog
from freshet.catalogue.keys import FILE as KEYS_FILE
from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.catalogue import FILE as CATALOGUE_FILE
from freshet.catalogue.store.catalogue import Catalogue
from freshet.config import Settings
from freshet.domain.events import Event, Impression, Watch
from freshet.domain.ids import uuid7
from freshet.engine import OneProcess
from freshet.learning.live import Live
from freshet.writer import Writer

START_MS = 1_750_000_000_000  # when worlds begin: any time does, but always the same


class Acting:
    """One engine and its clock, which moves when `clock.now_ms` is set."""

    def __init__(self, engine: OneProcess, clock: SetClock, random: Random) -> None:
        self.engine, self.clock, self.random = engine, clock, random

    def event_id(self) -> str:
        return uuid7(self.clock.now_ms, self.random)

    async def record(self, events: Sequence[Event]) -> None:
        """Durable in the log, folded and learned.

        Raises:
            Refused: the log does not take one of them: the world is wrong.
        """
        appended = await self.engine.record(events)
        if appended.refused:
            raise appended.refused[0][1]
        await self.engine.catch_up()

    async def slate(self, viewer: str, n: int) -> list[str]:
        """The next videos for a viewer; each is recorded as served."""
        answer = await self.engine.feed("for_you", viewer, n)
        return [item.video for item in answer.items]

    def view(self, viewer: str, video: str, position: int, watched_ms: int) -> list[Event]:
        """A view from beginning to end: on screen, then left."""
        now_ms = self.clock.now_ms
        shown = Impression(
            event_id=self.event_id(), time=now_ms, viewer=viewer, video=video, position=position
        )
        left = Watch(
            event_id=self.event_id(), time=now_ms, viewer=viewer, video=video,
            watched_ms=watched_ms, left=True,
        )  # fmt: skip
        return [shown, left]


class SetClock:
    """Says what it was set to."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


@asynccontextmanager
async def acting(
    settings: Settings, seed: int, capacity: dict[str, int] | None = None
) -> AsyncIterator[Acting]:
    """An empty system, gone on leaving. All its chance follows from `seed`."""
    clock, random = SetClock(), Random(seed)
    with ExitStack() as open_files:
        folder = Path(open_files.enter_context(TemporaryDirectory(prefix="freshet-lab-")))
        keys = open_files.enter_context(closing(PersonKeys(folder / KEYS_FILE, random)))
        catalogue = open_files.enter_context(
            closing(Catalogue.open(folder / CATALOGUE_FILE, keys, clock, random))
        )
        live = Live(seed, capacity)
        live.warm()
        log = MemoryLog(clock)
        writer = Writer(log, live, [live], settings, clock, random, catalogue=catalogue, keys=keys)
        yield Acting(OneProcess(writer, live, keys, settings, clock, random), clock, random)
        await log.close()
