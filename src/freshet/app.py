"""The composition root: the one place that makes clocks, random numbers, files and tasks.

engine = Engine(log, live, projections, keys, settings, clock, random)
engine.record(events)   append, then remember how far each viewer's folds must come
engine.feed(...)        one surface's answer
engine.running()        folds in the background, and ticks
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random, SystemRandom
from typing import Protocol

import structlog

from freshet.backends.sqlite_log import SqliteLog
from freshet.catalogue.access import Access
from freshet.catalogue.keys import PersonKeys
from freshet.config import Settings
from freshet.domain.errors import Broken, NotFound
from freshet.domain.events import VIEWER_EVENTS, Event, SlateServed, Tick
from freshet.domain.ids import uuid7
from freshet.feed.answer import Answer, Item
from freshet.feed.drift import Drift
from freshet.feed.gauges import drift_gauges, log_gauges
from freshet.feed.metrics import Metrics
from freshet.feed.parts import Live, Parts
from freshet.feed.serve import Ask, Feed
from freshet.feed.served import RecentSlates
from freshet.feed.source_watch import SourceWatch
from freshet.feed.telemetry import Telemetry
from freshet.http.settings import Http
from freshet.learning.live import Live as LearnedLive
from freshet.log.follow import Follower
from freshet.log.ports import Appended, EventLog, Offset, Projection
from freshet.log.snapshots import Snapshots
from freshet.surfaces.for_you import for_you

KEYS_FILE = "keys.sqlite3"
ACCESS_FILE = "access.sqlite3"

_log = structlog.get_logger("freshet.engine")


class Folding:
    """Keeps projections at the end of the log, in the background and on request, and knows
    how far each viewer's own acts are acknowledged."""

    def __init__(self, log: EventLog, follower: Follower) -> None:
        self.log, self.follower = log, follower
        self.failed = ""
        self._acknowledged: dict[str, Offset] = {}

    @property
    def offset(self) -> Offset:
        return self.follower.offset

    def acknowledged(self, viewer: str) -> Offset:
        return self._acknowledged.get(viewer, 0)

    def note(self, viewer: str, offset: Offset) -> None:
        if offset > self.offset:
            self._acknowledged[viewer] = max(offset, self._acknowledged.get(viewer, 0))

    async def reach(self, offset: Offset, within_ms: float) -> bool:
        """Fold up to `offset`; False if that took longer than `within_ms`."""
        if self.offset < offset:
            # Shielded: whoever asked in a hurry leaves, the fold goes on.
            fold = asyncio.ensure_future(self.catch_up())
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(fold), within_ms / 1000)
        return self.offset >= offset

    async def catch_up(self) -> Offset:
        """Fold to the end of the log as it is now.

        Raises:
            Broken: a fold failed, now or before; the state lies between two offsets.
        """
        if self.failed:
            raise Broken(self.failed)
        try:
            offset = await self.follower.catch_up()
        except Exception as error:
            self.failed = f"folding stopped: {type(error).__name__}: {error}"
            _log.error("fold failed", offset=self.offset, exc_info=error)
            raise Broken(self.failed) from error
        for viewer in [v for v, at in self._acknowledged.items() if at <= offset]:
            del self._acknowledged[viewer]
        return offset

    async def follow(self) -> None:
        """Fold whatever comes, until cancelled or a fold fails."""
        while True:
            await self.log.wait(await self.catch_up())


class Engine:
    """Everything behind HTTP and the command line, built from its parts.

    `live` is one of the `projections`; all start from `snapshots` and are folded together.
    """

    def __init__(
        self,
        log: EventLog,
        live: Live,
        projections: Sequence[Projection],
        keys: PersonKeys,
        settings: Settings,
        clock: Callable[[], int],
        random: Random,
        access: Access,
        snapshots: Snapshots | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.log, self.live, self.keys, self.settings = log, live, keys, settings
        self.access = access
        self.now_ms, self._random = clock, random
        self.telemetry = telemetry or Telemetry("0", None, clock)
        metrics, sources = Metrics(), SourceWatch(settings.alerts, clock)
        drift = Drift(live, settings.alerts)
        recent = RecentSlates(settings.feed.for_you.slates_kept)
        every = settings.log.snapshot_every
        self.follower = Follower(log, (*projections, recent, drift), snapshots, snapshot_every=every)
        self.folding = Folding(log, self.follower)
        self._watch(metrics, sources, drift)

        def observe(trace: Trace) -> None:
            metrics.observe(trace)
            sources.observe(trace)

        parts = Parts(live, settings.feed.for_you)
        self.feeds = {
            "for_you": Feed(
                "for_you",
                parts,
                for_you(parts),
                log,
                recent,
                self.folding,
                clock,
                random,
                observe,
            )
        }

    @property
    def http(self) -> Http:
        return self.settings.http

    async def record(self, events: Sequence[Event]) -> Appended:
        """Durable on return; each viewer's next feed waits for what they did."""
        appended = await self.log.append(events)
        for event, offset in zip(events, appended.offsets, strict=True):
            if type(event).__struct_config__.tag in VIEWER_EVENTS:
                self.folding.note(event.viewer, offset)  # type: ignore[attr-defined]
        return appended

    async def feed(
        self, surface: str, viewer: str, n: int, request_id: str, session_id: str = ""
    ) -> Answer:
        """The surface's next slate for a viewer's key."""
        return await self._feed(surface).serve(Ask(viewer, n, request_id, session_id))

    def why(self, surface: str, viewer: str, video: str) -> tuple[SlateServed, Item]:
        return self._feed(surface).why(viewer, video)

    def knows_video(self, video: str) -> bool:
        return self.live.published(video)

    def personalised(self, viewer: str) -> bool:
        return not self.live.impersonal(self.live.viewer_row(viewer))

    def new_request_id(self) -> str:
        return uuid7(self.now_ms(), self._random)

    async def catch_up(self) -> Offset:
        return await self.folding.catch_up()

    def unready(self) -> list[str]:
        lag = self.log.last - self.folding.offset
        problems = [self.folding.failed] if self.folding.failed else []
        if lag > self.settings.http.lag_max:
            problems.append(f"{lag} events are not folded yet")
        return problems

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Folds in the background and ticks while entered; at the log's end on entry."""
        await self.catch_up()
        for feed in self.feeds.values():
            await feed.warm()
        tasks = [asyncio.create_task(self.folding.follow(), name="fold")]
        if self.settings.log.tick_ms:
            tasks.append(asyncio.create_task(self._tick(), name="tick"))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            # A fold that failed has told so already; here it only ends.
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Leave a snapshot, so that the next start folds little, and close the files."""
        if not self.folding.failed:
            self.follower.save()
        await self.log.close()
        self.keys.close()
        self.access.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.settings.log.tick_ms / 1000)
            now_ms = self.now_ms()
            try:
                await self.log.append([Tick(event_id=uuid7(now_ms, self._random), time=now_ms)])
            except Exception as error:  # a full queue now must not end time for good
                _log.warning("tick lost", exc_info=error)

    def _watch(self, metrics: Metrics, sources: SourceWatch, drift: Drift) -> None:
        """What this process can say of itself."""
        self.telemetry.add(metrics.registry)
        self.telemetry.add(drift_gauges(drift))
        file = self.settings.folder / LOG_FILE
        self.telemetry.add(
            log_gauges(lambda: self.log.last, lambda: self.folding.offset, file)
        )
        self.telemetry.watch(sources.alerts)
        self.telemetry.watch(drift.alerts)

    def _feed(self, surface: str) -> Feed:
        try:
            return self.feeds[surface]
        except KeyError:
            right = ", ".join(self.feeds)
            raise NotFound("surface", f"there is no surface {surface!r}", right) from None


def now_ms() -> int:
    """The clock: ms since 1970."""
    return time.time_ns() // 1_000_000


def open_access(folder: Path, clock: Callable[[], int] = now_ms) -> Access:
    """Who may call, of a data folder, also while a server runs on it."""
    return Access(folder / ACCESS_FILE, clock, SystemRandom())


class Tell(Protocol):
    """Is told what takes long: how far it is, and of how much (None: nobody knows)."""

    def __call__(self, doing: str, done: int = 0, total: int | None = None) -> None: ...


def _silent(doing: str, done: int = 0, total: int | None = None) -> None: ...


@asynccontextmanager
async def open_engine(
    settings: Settings, tell: Tell = _silent, clock: Callable[[], int] = now_ms
) -> AsyncIterator[Engine]:
    """The engine of the data folder, folded to the end of its log; closed on leaving.

    Args:
        tell: hears of compiling and folding.
        clock: ms since 1970; another one to stand at the end of an old log.

    Raises:
        Unavailable: another process has the folder.
        Refused, Corrupt, Broken: the folder cannot be used; says why.
    """
    folder = settings.folder
    log = SqliteLog(folder, clock, queue_events=settings.log.queue_limit)
    tell("compiling kernels")
    live = LearnedLive(seed=settings.learner.seed)
    live.warm()
    keys = PersonKeys(folder / KEYS_FILE, SystemRandom())
    snapshots = Snapshots(folder / "snapshots")
    access = open_access(folder, clock)
    engine = Engine(log, live, [live], keys, settings, clock, SystemRandom(), access, snapshots)
    telling = asyncio.create_task(_folding(engine, tell))
    try:
        await engine.catch_up()
        telling.cancel()
        tell("folding the log", engine.folding.offset, log.last)
        yield engine
    finally:
        telling.cancel()
        await engine.close()


async def _folding(engine: Engine, tell: Tell) -> None:
    while True:
        tell("folding the log", engine.folding.offset, engine.log.last)
        await asyncio.sleep(0.1)


@asynccontextmanager
async def open_for_import(data: Path) -> AsyncIterator[tuple[EventLog, PersonKeys]]:
    """The log of a data folder, taking imported events at their own time, and its keys.

    Raises:
        Refused: the log holds live events already.
    """
    log = SqliteLog(data, now_ms, mode="import")
    keys = PersonKeys(data / KEYS_FILE, SystemRandom())
    try:
        yield log, keys
    finally:
        await log.close()
        keys.close()
