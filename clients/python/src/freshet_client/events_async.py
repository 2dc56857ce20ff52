"""Events told from a task of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import SystemRandom
from typing import Protocol, TypeVar

from freshet_client.api import telling
from freshet_client.call import Call
from freshet_client.delivery import ONCE, Batching, Line, keeps
from freshet_client.errors import FreshetError, Unavailable
from freshet_client.events import Event
from freshet_client.talking import Retries

T = TypeVar("T")


class Runs(Protocol):
    @property
    def retries(self) -> Retries: ...

    async def run(self, call: Call[T], retries: Retries | None = None) -> T: ...


class AsyncEvents:
    """What viewers did, told in the background."""

    def __init__(self, driver: Runs, rules: Batching) -> None:
        self._driver, self._rules = driver, rules
        self._line, self._changed = Line(rules), asyncio.Condition()
        self._wanted = 0  # up to here nothing waits for others
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._deadline: float | None = None  # of closing

    @property
    def waiting(self) -> tuple[Event, ...]:
        """Events not told yet."""
        return tuple(self._line.waiting)

    async def add(self, *events: Event) -> None:
        """As `Events.add`: returns at once."""
        async with self._changed:
            if self._closed:
                raise Unavailable("the client is closed")
            self._line.add(events)
            if self._task is None:
                self._task = asyncio.create_task(self._deliver(), name="freshet-events")
            self._changed.notify_all()

    async def flush(self, timeout_s: float = 30.0) -> None:
        """As `Events.flush`."""
        async with self._changed:
            self._wanted = until = self._line.added
            self._changed.notify_all()
            if not await self._wait_for(lambda: self._line.settled >= until, timeout_s):
                raise Unavailable(f"{until - self._line.settled} events are not told yet")

    async def close(self) -> None:
        """As `Events.close`."""
        async with self._changed:
            if not self._closed:
                self._closed, self._deadline = True, _now() + self._rules.closing_s
            self._changed.notify_all()
        if self._task is not None:
            await self._task
        if left := len(self._line.waiting):
            raise Unavailable(f"{left} events could not be told")

    # --- the task -----------------------------------------------------------------------------

    async def _deliver(self) -> None:
        random, failures = SystemRandom(), 0
        while batch := await self._gathered():
            try:
                taken = await self._driver.run(telling(batch, self._rules.consent), ONCE)
                refused = self._line.taken(batch, taken)
                failures = 0
            except FreshetError as error:
                refused = self._line.failed(batch, error)
                if keeps(error):
                    failures += 1
                    self._rules.on_trouble(error)
                    asked_s = error.retry_after_s if isinstance(error, Unavailable) else 0.0
                    if not await self._pause(
                        self._driver.retries.wait_s(min(failures, 20), asked_s, random)
                    ):
                        return
            async with self._changed:
                self._changed.notify_all()
            for event, why in refused:
                self._rules.on_refused(event, why)

    async def _gathered(self) -> list[Event]:
        """Waits for a batch; none when there never will be one."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._line.waiting) or self._closed)
            await self._wait_for(
                lambda: self._closed or self._line.ripe or self._line.settled < self._wanted,
                self._rules.every_s,
            )
            return self._line.head()

    async def _pause(self, seconds: float) -> bool:
        """Waits before the next attempt; False when closing has waited long enough."""
        async with self._changed:
            until = _now() + seconds
            await self._wait_for(lambda: self._deadline is not None, seconds)
            if self._deadline is None:
                return True
            await self._wait_for(lambda: False, max(0.0, min(until, self._deadline) - _now()))
            return _now() < self._deadline

    async def _wait_for(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait_for(holds)
        except TimeoutError:
            return holds()
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
