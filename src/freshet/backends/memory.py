"""A log in memory, for tests and simulations: every rule of the real one, no disk."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence

from freshet.domain.errors import Unavailable
from freshet.domain.events import Event
from freshet.log.admission import Admission, Clock, Mode
from freshet.log.epochs import refuse_base, refuse_dropped
from freshet.log.growth import Growth
from freshet.log.ports import Appended, Batch, Offset
from freshet.log.recent import SEAL_AT, WINDOW_MS, Chunk, RecentIds, raw_id
from freshet.log.rows import BATCH_EVENTS, behind, join


class MemoryLog:
    """Keeps decoded batches in a list.

    Args:
        clock: ms since 1970; the log reads no other.
        mode: `import` takes `received` from the events' own time.
    """

    def __init__(self, clock: Clock, *, mode: Mode = "live", seal_at: int = SEAL_AT) -> None:
        self._batches: list[Batch] = []
        self._chunks: dict[Offset, Chunk] = {}
        self._recent = RecentIds(self._chunks.__getitem__, self._same, seal_at=seal_at)
        self._admission = Admission(self._recent, clock, mode)
        self._growth = Growth(lambda: self.last)
        self._received = 0
        self._closed = False
        self.epoch, self.base = 1, 0

    async def append(self, events: Sequence[Event]) -> Appended:
        if self._closed:
            raise Unavailable("the log is closed")
        group = self._admission.admit([events], self.last, self._received)
        self._batches += group.batches
        self._received = group.received
        chunk = self._recent.sealing(group.fresh)
        if chunk is not None:
            self._chunks[chunk.first] = chunk
        self._recent.add(group.fresh, chunk)
        self._recent.forget(self._received - WINDOW_MS)
        self._growth.grown()
        return group.answers[0]

    async def read(self, after: Offset = 0) -> AsyncIterator[Batch]:
        refuse_dropped(after, self.base, self.epoch)
        last = self.last
        while after < last:
            batch = self._next(after, last)
            after = batch.last
            yield batch

    async def wait(self, after: Offset) -> None:
        await self._growth.beyond(after)

    @property
    def last(self) -> Offset:
        return self._batches[-1].last if self._batches else self.base

    @property
    def received(self) -> int:
        """Of the last event, 0 if there is none."""
        return self._received

    async def begin_epoch(self, base: Offset) -> None:
        refuse_base(base, self.base, self.last)
        kept = [behind(batch, base) for batch in self._batches if batch.last > base]
        self._batches, self.base, self.epoch = kept, base, self.epoch + 1

    async def close(self) -> None:
        self._closed = True
        self._growth.close()

    def _next(self, after: Offset, last: Offset) -> Batch:
        at = bisect_right(self._batches, after, key=lambda batch: batch.last)
        parts, count = [behind(self._batches[at], after)], len(self._batches[at].events)
        for i in range(at + 1, len(self._batches)):
            batch = self._batches[i]
            count += len(batch.events)
            if count > BATCH_EVENTS or batch.last > last:
                break
            parts.append(batch)
        return join(parts)

    def _same(self, offset: Offset, raw: bytes) -> bool:
        if offset <= self.base:
            return True  # the event is gone; its key alone speaks
        at = bisect_right(self._batches, offset - 1, key=lambda batch: batch.last)
        batch = self._batches[at]
        return raw_id(batch.events[offset - batch.first].event_id) == raw
