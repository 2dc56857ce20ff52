"""How fast life goes: a rate asked for, less while the server is slow, none while paused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

SLOW_S = 0.5  # an answer that takes longer says that the machine has enough to do
LEAST_PER_S = 0.05
RECOVERS = 1.03  # after each good answer
PAUSE_LOOK_S = 0.2


@dataclass
class Pace:
    """Gives turns, so many a second.

    Halved when the server is slow or cannot take more, it comes back little by little.
    """

    asked_per_s: float
    pause: Path | None = None  # while this file is there, nobody gets a turn
    clock: Callable[[], float] = time.monotonic
    per_s: float = 0.0
    slowed: int = 0  # how often it was halved
    _next: float = field(default=0.0, repr=False)
    _halved: float = field(default=-1e9, repr=False)

    def __post_init__(self) -> None:
        self.per_s = self.asked_per_s

    @property
    def paused(self) -> bool:
        return self.pause is not None and self.pause.exists()

    async def turn(self) -> None:
        """Wait until it is time for one more."""
        now = self.clock()
        self._next = max(self._next, now - 1.0) + 1 / self.per_s
        await asyncio.sleep(max(0.0, self._next - now))
        while self.paused:  # noqa: ASYNC110 (a file wakes nobody)
            await asyncio.sleep(PAUSE_LOOK_S)

    def answered(self, took_s: float) -> None:
        if took_s > SLOW_S:
            self.slower()
        else:
            self.per_s = min(self.asked_per_s, self.per_s * RECOVERS)

    def slower(self) -> None:
        """Once a second at most: those who wait at the same time all meet the same trouble."""
        if self.clock() - self._halved >= 1.0:
            self._halved = self.clock()
            self.per_s = max(LEAST_PER_S, self.per_s / 2)
            self.slowed += 1
