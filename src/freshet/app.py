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
from random import Random
from typing import Any

import msgspec
import structlog

from freshet.catalogue.keys import PersonKeys
from freshet.domain.errors import Broken, NotFound
from freshet.domain.events import VIEWER_EVENTS, Event, SlateServed, Tick
from freshet.domain.ids import uuid7
from freshet.feed.answer import Answer, Item
from freshet.feed.metrics import Metrics
from freshet.feed.parts import Live, Parts
from freshet.feed.serve import Ask, Feed
from freshet.feed.served import RecentSlates
from freshet.feed.settings import FeedSettings
from freshet.log.ports import Appended, Batch, EventLog, Offset, Projection
from freshet.surfaces.for_you import for_you

_log = structlog.get_logger("freshet.engine")


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the engine itself is told; `feed` are the numbers of For You."""

    api_key: str = ""  # opens viewer acts and feeds; "" = HTTP does not start
    admin_key: str = ""  # opens supply and moderation too; "" = closed to HTTP
    tick_ms: int = 0  # a Tick is logged this often while running; 0 = never
    lag_max: int = 10_000  # events not folded yet, beyond which it is not ready
    feed: FeedSettings = msgspec.field(default_factory=FeedSettings)


class Folding:
    """Keeps projections at the end of the log, in the background and on request.

    One fold runs at a time; whoever asks for an offset either folds or waits for the one
    who does. It is also the table of how far each viewer's own acts are acknowledged.
    """

    def __init__(self, log: EventLog, projections: Sequence[Projection], start: Offset) -> None:
        self.log, self.projections, self.offset = log, projections, start
        self.failed: str = ""
        self._one = asyncio.Lock()
        self._acknowledged: dict[str, Offset] = {}

    def acknowledged(self, viewer: str) -> Offset:
        return self._acknowledged.get(viewer, 0)

    def note(self, viewer: str, offset: Offset) -> None:
        if offset > self.offset:
            self._acknowledged[viewer] = max(offset, self._acknowledged.get(viewer, 0))

    async def reach(self, offset: Offset, within_ms: float) -> bool:
        """Fold up to `offset`; False if that took longer than `within_ms`."""
        if self.offset >= offset:
            return True
        # Shielded: a fold cut off in the middle of a batch would be half a fold.
        fold = asyncio.ensure_future(self.catch_up())
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(fold), within_ms / 1000)
        return self.offset >= offset

    async def catch_up(self) -> Offset:
        """Fold to the end of the log as it is now.

        Raises:
            Broken: a fold failed before; the state lies between two offsets.
        """
        async with self._one:
            if self.failed:
                raise Broken(self.failed)
            if self.offset < self.log.last:
                async for batch in self.log.read(self.offset):
                    self._apply(batch)
                    await asyncio.sleep(0)  # feeds are answered between batches
                self._forget()
        return self.offset

    async def follow(self) -> None:
        """Fold whatever comes, until cancelled."""
        while True:
            await self.catch_up()
            await self.log.wait(self.offset)

    def _apply(self, batch: Batch) -> None:
        try:
            for projection in self.projections:
                projection.apply(batch)
        except Exception as error:
            # The state is between two offsets now: serving it is unsafe, and loud.
            self.failed = f"folding stopped at {batch.first}: {type(error).__name__}: {error}"
            _log.error("fold failed", first=batch.first, exc_info=error)
            raise
        self.offset = batch.last

    def _forget(self) -> None:
        done = [viewer for viewer, at in self._acknowledged.items() if at <= self.offset]
        for viewer in done:
            del self._acknowledged[viewer]


class Engine:
    """Everything behind HTTP and the command line, built from its parts.

    `live` is folded with the other `projections` and must be at `start`, as they.
    """

    def __init__(
        self,
        log: EventLog,
        live: Live,
        projections: Sequence[Projection],
        keys: PersonKeys,
        settings: EngineSettings,
        clock: Callable[[], int],
        random: Random,
        start: Offset = 0,
    ) -> None:
        self.log, self.live, self.keys, self.settings = log, live, keys, settings
        self.now_ms, self._random = clock, random
        self._metrics = Metrics()
        recent = RecentSlates(settings.feed.slates_kept)
        self.folding = Folding(log, (*projections, recent), start)
        parts = Parts(live, settings.feed)
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
                self._metrics.observe,
            )
        }

    @property
    def api_key(self) -> str:
        return self.settings.api_key

    @property
    def admin_key(self) -> str:
        return self.settings.admin_key

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

    def new_request_id(self) -> str:
        return uuid7(self.now_ms(), self._random)

    async def catch_up(self) -> Offset:
        return await self.folding.catch_up()

    def unready(self) -> list[str]:
        lag = self.log.last - self.folding.offset
        problems = [self.folding.failed] if self.folding.failed else []
        if lag > self.settings.lag_max:
            problems.append(f"{lag} events are not folded yet")
        return problems

    def metrics(self) -> bytes:
        return self._metrics.text()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Folds in the background and ticks while entered; at the log's end on entry."""
        await self.catch_up()
        tasks = [asyncio.create_task(self.folding.follow(), name="fold")]
        if self.settings.tick_ms:
            tasks.append(asyncio.create_task(self._tick(), name="tick"))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            # A fold that failed has told so already; here it only ends.
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        await self.log.close()
        self.keys.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.settings.tick_ms / 1000)
            now_ms = self.now_ms()
            try:
                await self.log.append([Tick(event_id=uuid7(now_ms, self._random), time=now_ms)])
            except Exception as error:  # a full queue now must not end time for good
                _log.warning("tick lost", exc_info=error)

    def _feed(self, surface: str) -> Feed:
        try:
            return self.feeds[surface]
        except KeyError:
            right = ", ".join(self.feeds)
            raise NotFound("surface", f"there is no surface {surface!r}", right) from None


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def plain(value: Any) -> Any:
    """A struct as plain JSON values."""
    return msgspec.to_builtins(value)
