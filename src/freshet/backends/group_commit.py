"""One writer thread; what is queued while it commits shares the next commit.

    append ─┐
    append ─┼─▶ queue ─▶ writer: one transaction, one fsync ─▶ all of them answered
    append ─┘

So a lone caller waits for one fsync, and many callers share it. The writer waits a moment for
those who are about to call again: as many as it has just answered, and who called meanwhile.
Without that a few are committed and folded while the others are still being answered, and
each commit costs what folding it costs, however few are in it. (PostgreSQL's `commit_delay`
is such a wait, of a fixed time.)
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from freshet.domain.errors import Broken, FreshetError, Overloaded, Unavailable
from freshet.domain.events import Event
from freshet.log.ports import Appended

QUEUE_EVENTS = 65_536
GROUP_EVENTS = 16_384  # a larger group gains nothing and makes its callers wait
GATHER_S = 0.002  # about what a commit takes
GATHER_EVENTS = 64  # that many have little to gain from sharing with more
RETRY_AFTER_S = 0.5

T = TypeVar("T")
Commit = Callable[[list[Sequence[Event]]], list[Appended]]


@dataclass(eq=False, slots=True)
class _Call:
    events: Sequence[Event]
    job: Callable[[], object] | None = None  # run alone in the writer thread, instead of events
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    answer: asyncio.Future[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.answer = self.loop.create_future()


class GroupCommit:
    """`commit` and jobs run in the writer thread, one at a time.

    Args:
        gather_s: how long a group waits for those who are expected to share it, at most.
    """

    def __init__(
        self, commit: Commit, *, queue_events: int = QUEUE_EVENTS, gather_s: float = GATHER_S
    ) -> None:
        self._commit, self._queue_events, self._gather_s = commit, queue_events, gather_s
        self._queue: deque[_Call] = deque()
        self._waiting_events = 0
        self._answered = 0  # calls of the last group: they may be about to come again
        self._wanted = 1  # calls that the writer waits for
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="freshet-log-writer", daemon=True)
        self._thread.start()

    async def append(self, events: Sequence[Event]) -> Appended:
        """Raises:
        Overloaded: the queue is full; nothing of this call was kept.
        Unavailable: the log is closed.
        """
        call = _Call(events)
        self._put(call)
        answer: Appended = await call.answer
        return answer

    async def run(self, job: Callable[[], T]) -> T:
        """Run a job between two commits; what it returned."""
        call = _Call((), job)
        self._put(call)
        answer: T = await call.answer
        return answer

    def close(self) -> None:
        """Write what is queued, then end the thread; blocks until then."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _put(self, call: _Call) -> None:
        with self._changed:
            if self._closing:
                raise Unavailable("the log is closed")
            # A call that is larger than the whole queue is taken when it comes alone.
            if self._queue and self._waiting_events + len(call.events) > self._queue_events:
                raise Overloaded("the log's queue", RETRY_AFTER_S)
            self._queue.append(call)
            self._waiting_events += len(call.events)
            if self._enough(self._wanted):
                self._changed.notify()

    def _run(self) -> None:
        while calls := self._take():
            if calls[0].job:
                self._answer(calls, lambda: [calls[0].job()])  # type: ignore[misc]
            else:
                self._answer(calls, lambda: self._commit([call.events for call in calls]))

    def _take(self) -> list[_Call]:
        """The next group; empty when closing and nothing is left."""
        with self._changed:
            expected = self._answered + len(self._queue)
            self._until(1)
            self._until(expected, self._gather_s)
            taken: list[_Call] = []
            count = 0
            while self._queue and count < GROUP_EVENTS and not (taken and self._queue[0].job):
                taken.append(self._queue.popleft())
                count += len(taken[-1].events)
                if taken[-1].job:
                    break
            self._waiting_events -= count
            self._answered = len(taken)
            return taken

    def _until(self, calls: int, limit_s: float | None = None) -> None:
        self._wanted = calls
        self._changed.wait_for(lambda: self._enough(calls), limit_s)

    def _enough(self, calls: int) -> bool:
        full = self._waiting_events >= GATHER_EVENTS
        return len(self._queue) >= calls or full or self._closing

    def _answer(self, calls: list[_Call], work: Callable[[], Sequence[object]]) -> None:
        results: Sequence[object]
        try:
            results = work()
        except FreshetError as error:
            results = [error] * len(calls)
        except Exception as error:  # a bug of ours must reach the callers, not end the writer
            results = [Broken(f"appending failed: {error!r}")] * len(calls)
        for loop in {call.loop for call in calls}:
            mine = [(c, r) for c, r in zip(calls, results, strict=True) if c.loop is loop]
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, mine)


def _resolve(results: list[tuple[_Call, object]]) -> None:
    for call, result in results:
        if call.answer.done():  # its caller was cancelled
            continue
        if isinstance(result, BaseException):
            call.answer.set_exception(result)
        else:
            call.answer.set_result(result)
