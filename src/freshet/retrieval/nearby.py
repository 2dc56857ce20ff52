"""All that retrieval keeps in one process, and what keeps it up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Event, Thread

import structlog

from freshet.retrieval.cowatched import CoWatched
from freshet.retrieval.index import Floats, Rows, VideoIndex
from freshet.retrieval.pools import WORTH_SLICE, Catalogue, Popular, Proven, Rising, Young
from freshet.retrieval.settings import Retrieval

AT_FIRST = 8  # so many times faster videos are valued until all have been

_log = structlog.get_logger("freshet.retrieval")


class Nearby:
    """The index and the pools over one live state.

    Args:
        clock: ms since 1970, the one that requests are answered by.
        worth: what videos are worth to a viewer of whom nothing is known, as of a time.
        little_shown: views up to which a video counts as young.
        wanting: videos on trial that have room, instead of those.
    """

    def __init__(
        self,
        live: Catalogue,
        settings: Retrieval,
        clock: Callable[[], int],
        worth: Callable[[Rows, int], Floats],
        little_shown: int,
        wanting: Callable[[], Rows] | None = None,
    ) -> None:
        self.settings, self._clock = settings, clock
        every_ms, small = 1_000 * settings.rising_s, settings.exact_max
        self.index = VideoIndex(live, settings)
        self.rising = Rising(live, every_ms, small)
        self.popular = Popular(live, every_ms, small)
        self.young = Young(live, every_ms, small, little_shown, wanting)
        self.proven = Proven(live, every_ms, small, worth)
        self.cowatched = CoWatched(live, settings)
        self._stop = Event()
        self._thread: Thread | None = None
        self._valuing: asyncio.Task[None] | None = None

    def maintain(self) -> None:
        """Bring up to date what requests do not bring up to date themselves; for a thread."""
        self.index.maintain()
        now_ms, large = self._clock(), not self.index.is_small
        pools = (self.rising, self.popular, self.young, self.proven)
        for kept in (pool.kept for pool in pools):
            kept.get(now_ms, large)
        self.cowatched.maintain(now_ms)

    async def value(self) -> None:
        """Predict anew what some of a large catalogue's videos are worth. Between requests, in
        slices: what predicts serves one caller at a time."""
        if self.index.is_small:
            return
        haste = 1 if self.proven.been_round else AT_FIRST
        for _ in range(0, haste * self.settings.valued_at_once, WORTH_SLICE):
            self.proven.go_on(WORTH_SLICE, self._clock())
            await asyncio.sleep(0)

    def worth_is(self, worth: Callable[[Rows, int], Floats]) -> None:
        """Value videos otherwise from now on; those that were come round as they always do."""
        self.proven.worth = worth

    def start(self) -> None:
        """Keep everything up to date in the background from now on."""
        if self._thread is None:
            self._stop.clear()
            self._thread = Thread(target=self._maintain, name="retrieval", daemon=True)
            self._thread.start()
            self._valuing = asyncio.create_task(self._value(), name="value")

    def stop(self) -> bool:
        """End that soon; whether it was going on."""
        self._stop.set()
        if self._valuing is not None:
            self._valuing.cancel()
        return self._thread is not None

    async def stopped(self) -> None:
        """Wait until what was stopped has ended."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.join)

    def _maintain(self) -> None:
        while not self._stop.wait(self.settings.pause_ms / 1000):
            try:
                self.maintain()
            except Exception as error:  # what there is still serves; the next round may go well
                _log.error("retrieval is not up to date", exc_info=error)

    async def _value(self) -> None:
        while True:
            await asyncio.sleep(self.settings.pause_ms / 1000)
            try:
                await self.value()
            except Exception as error:
                _log.error("videos are not valued anew", exc_info=error)
