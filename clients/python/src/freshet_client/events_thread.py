"""Events told from a thread of their own."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable
from random import SystemRandom
from threading import Condition, Thread
from typing import Protocol, TypeVar

from freshet_client.api import telling
from freshet_client.call import Call
from freshet_client.delivery import ONCE, Batching, Line, keeps
from freshet_client.errors import FreshetError, Refused, Unavailable
from freshet_client.events import Event
from freshet_client.talking import Retries

T = TypeVar("T")
Why = tuple[Event, Refused]


class Runs(Protocol):
    @property
    def retries(self) -> Retries: ...

    def run(self, call: Call[T], retries: Retries | None = None) -> T: ...


class Events:
    """What viewers did, told in the background."""

    def __init__(self, driver: Runs, rules: Batching) -> None:
        self._driver, self._rules = driver, rules
        self._line, self._changed = Line(rules), Condition()
        self._wanted = 0  # up to here nothing waits for others
        self._thread: Thread | None = None
        self._closed = False
        self._deadline: float | None = None  # of closing

    @property
    def waiting(self) -> tuple[Event, ...]:
        """Events not told yet."""
        with self._changed:
            return tuple(self._line.waiting)

    def add(self, *events: Event) -> None:
        """Returns at once.

        Raises:
            Full: too many wait already; these were not added.
            Unavailable: the client is closed.
        """
        with self._changed:
            if self._closed:
                raise Unavailable("the client is closed")
            self._line.add(events)
            if self._thread is None:
                self._thread = Thread(target=self._deliver, name="freshet-events", daemon=True)
                self._thread.start()
                atexit.register(self._leave)
            self._changed.notify_all()

    def flush(self, timeout_s: float = 30.0) -> None:
        """Wait until all that was added is told.

        Raises:
            Unavailable: not within `timeout_s`; it is still tried.
        """
        with self._changed:
            self._wanted = until = self._line.added
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._line.settled >= until, timeout_s):
                raise Unavailable(f"{until - self._line.settled} events are not told yet")

    def close(self) -> None:
        """Tell what is waiting and end the thread.

        Raises:
            Unavailable: some could not be told in time; they are in `waiting`.
        """
        with self._changed:
            if not self._closed:
                self._closed, self._deadline = True, time.monotonic() + self._rules.closing_s
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            atexit.unregister(self._leave)
        if left := len(self._line.waiting):
            raise Unavailable(f"{left} events could not be told")

    def _leave(self) -> None:
        try:
            self.close()
        except Unavailable as error:
            self._rules.on_trouble(error)

    # --- the thread ---------------------------------------------------------------------------

    def _deliver(self) -> None:
        random, failures = SystemRandom(), 0
        while batch := self._gathered():
            try:
                taken = self._driver.run(telling(batch, self._rules.consent), ONCE)
            except FreshetError as error:
                self._settled(self._line.failed, batch, error)
                if not keeps(error):
                    continue
                failures += 1
                self._rules.on_trouble(error)
                asked_s = error.retry_after_s if isinstance(error, Unavailable) else 0.0
                wait_s = self._driver.retries.wait_s(min(failures, 20), asked_s, random)
                if not self._pause(wait_s):
                    return
            else:
                failures = 0
                self._settled(self._line.taken, batch, taken)

    def _gathered(self) -> list[Event]:
        """Waits for a batch; none when there never will be one."""
        with self._changed:
            self._changed.wait_for(lambda: self._line.waiting or self._closed)
            self._changed.wait_for(
                lambda: self._closed or self._line.ripe or self._line.settled < self._wanted,
                self._rules.every_s,
            )
            return self._line.head()

    def _pause(self, seconds: float) -> bool:
        """Waits before the next attempt; False when closing has waited long enough."""
        with self._changed:
            until = time.monotonic() + seconds
            self._changed.wait_for(lambda: self._deadline is not None, seconds)
            if self._deadline is None:
                return True
            self._changed.wait_for(lambda: False, min(until, self._deadline) - time.monotonic())
            return time.monotonic() < self._deadline

    def _settled(
        self, settle: Callable[[list[Event], T], list[Why]], batch: list[Event], outcome: T
    ) -> None:
        with self._changed:
            refused = settle(batch, outcome)
            self._changed.notify_all()
        for event, error in refused:  # outside the lock: it is the app's code
            self._rules.on_refused(event, error)
