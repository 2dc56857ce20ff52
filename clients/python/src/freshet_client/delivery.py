"""Events gathered in memory and told in batches: by size, by time, on closing.

What is waiting is bounded: when there is no more room, `add` refuses rather than forget.
A batch that gets no answer stays at the head of the line and is told again with the same
ids, for as long as it takes; only what the server refuses leaves the line without being
taken, and each such event is told to `on_refused`.

`Line` decides, without doing: the thread and the task that deliver ask it what is next.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from freshet_client.answers import Taken
from freshet_client.api import BATCH_MAX, wrong
from freshet_client.errors import Forbidden, FreshetError, Full, Refused, Unauthorized
from freshet_client.events import Event
from freshet_client.talking import Retries

_log = logging.getLogger("freshet_client")


def _warn_refused(event: Event, error: Refused) -> None:
    _log.warning("event %s was refused: %s", event.event_id, error)


def _warn_trouble(error: FreshetError) -> None:
    _log.warning("events wait: %s", error)


@dataclass(frozen=True, slots=True)
class Batching:
    """How events are gathered.

    Args:
        on_refused: called with each event that the server will not take, and why.
        on_trouble: called when a batch got no answer; it stays and is told again.
    """

    size: int = 100  # events that are told at once, at most 1,000
    every_s: float = 1.0  # the longest that an event waits for others
    room: int = 10_000  # events that may wait; beyond, `add` raises Full
    closing_s: float = 10.0  # how long closing tries to tell the rest
    consent: bool = True  # False: these viewers may not be learned from
    on_refused: Callable[[Event, Refused], None] = _warn_refused
    on_trouble: Callable[[FreshetError], None] = _warn_trouble


# One attempt each: between two, closing and flushing are looked at. The waits are the client's.
ONCE = Retries(attempts=1)


@dataclass(slots=True)
class Line:
    """Events in the order they were added. Not locked: that is the caller's to do."""

    rules: Batching
    waiting: deque[Event] = field(default_factory=deque)
    added: int = 0
    settled: int = 0  # taken or refused
    most: int = 0  # at once, now; less while a batch as a whole is refused

    def add(self, events: Sequence[Event]) -> None:
        """
        Raises:
            Full: there is no room for all of them, and none was added.
        """
        if len(self.waiting) + len(events) > self.rules.room:
            raise Full(f"{len(self.waiting)} events wait already; there is room for "
                       f"{self.rules.room}")  # fmt: skip
        self.waiting.extend(events)
        self.added += len(events)

    @property
    def ripe(self) -> bool:
        """A whole batch waits."""
        return len(self.waiting) >= self.rules.size

    def head(self) -> list[Event]:
        """The next batch; it stays in the line until it is settled."""
        most = self.most or min(self.rules.size, BATCH_MAX)
        return [self.waiting[at] for at in range(min(most, len(self.waiting)))]

    def taken(self, batch: Sequence[Event], taken: Taken) -> list[tuple[Event, Refused]]:
        """The batch was answered. Returns what was refused of it."""
        self._leave(len(batch))
        self.most = 0
        return [(batch[error.index], wrong(error)) for error in taken.errors]

    def failed(self, batch: Sequence[Event], error: FreshetError) -> list[tuple[Event, Refused]]:
        """The batch was not taken. It stays, unless it is one event and the server says that
        it is wrong; a longer one is tried in halves to find which."""
        if not isinstance(error, Refused) or isinstance(error, Unauthorized | Forbidden):
            return []
        if len(batch) > 1:
            self.most = len(batch) // 2
            return []
        self._leave(1)
        return [(batch[0], error)]

    def _leave(self, count: int) -> None:
        for _ in range(count):
            self.waiting.popleft()
        self.settled += count


def keeps(error: FreshetError) -> bool:
    """Whether to wait before the next attempt: trying in halves need not."""
    return not isinstance(error, Refused) or isinstance(error, Unauthorized | Forbidden)
