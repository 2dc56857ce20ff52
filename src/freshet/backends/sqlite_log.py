"""The log on disk: SQLite in WAL mode, one row per group commit.

    append ─▶ GroupCommit ─▶ Admission ─▶ Store.write (fsync) ─▶ tail ─▶ answer
    read   ─▶ tail in memory, or SqliteReader

`docs/decisions/log.md` gives the measurements behind this layout.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import structlog

from freshet.backends.group_commit import QUEUE_EVENTS, GroupCommit
from freshet.backends.sqlite_reader import FILE, SqliteReader
from freshet.backends.sqlite_store import Meta, Store
from freshet.domain.errors import Broken, Corrupt, Refused, Unavailable
from freshet.domain.events import Event
from freshet.log.admission import Admission, Call, Clock, Group, Mode
from freshet.log.epochs import refuse_base, refuse_dropped
from freshet.log.files import PRIVATE, FolderLock, make_folder, refuse_unfinished
from freshet.log.growth import Growth
from freshet.log.ports import Appended, Batch, Offset
from freshet.log.recent import MEMORY_BYTES, SEAL_AT, WINDOW_MS, Chunk, RecentIds, raw_id
from freshet.log.rows import BATCH_EVENTS, StoredRow, behind, join

_warn = structlog.get_logger().warning

COMPACT_TRIES, COMPACT_PAUSE_S = 50, 0.1  # readers are in it for milliseconds


class SqliteLog:
    """The log of a data folder, and the only writer to it.

    Args:
        folder: the data folder; created if it is not there.
        clock: ms since 1970; called in the writer thread; the log reads no other.
        mode: `import` takes `received` from the events' own time; only for a log that is
            empty or holds nothing but imports.
        vfs: an SQLite file layer by name, for tests.
        queue_events: so many may wait for the next commit before `Overloaded`.
        index_bytes: memory for ids of the last 7 days; the rest is looked up on disk.

    Raises:
        Unavailable: another process writes to the folder.
        Refused: the folder was written by a newer Freshet, `mode` does not fit it, or a
            restore into it broke off.
        Corrupt: the file is damaged.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        mode: Mode = "live",
        vfs: str | None = None,
        queue_events: int = QUEUE_EVENTS,
        index_bytes: int = MEMORY_BYTES,
        seal_at: int = SEAL_AT,
    ) -> None:
        make_folder(folder, PRIVATE)
        refuse_unfinished(folder)
        with ExitStack() as opened:
            self._lock = FolderLock(folder)
            opened.callback(self._lock.release)
            self._store = Store(folder / FILE, writes=True, vfs=vfs)
            opened.callback(self._store.close)
            _refuse_mode(mode, self._store.meta)
            self._reader = SqliteReader(folder, vfs=vfs)
            opened.callback(self._reader.store.close)
            self._recent = RecentIds(
                self._chunk, self._same, seal_at=seal_at, memory_bytes=index_bytes
            )
            self._last, self._received = self._restore()
            self._opened = opened.pop_all()
        self._mode = mode
        self._admission = Admission(self._recent, clock, mode)
        self._tail = _Tail()
        self._growth = Growth(lambda: self._last)
        self._failed: Broken | None = None
        self._writer = GroupCommit(self._commit, queue_events=queue_events)

    # --- the port -----------------------------------------------------------------------------

    async def append(self, events: Sequence[Event]) -> Appended:
        if not events:
            return Appended(())
        return await self._writer.append(events)

    async def read(self, after: Offset = 0) -> AsyncIterator[Batch]:
        meta, last = self._store.meta, self._last
        refuse_dropped(after, meta.base, meta.epoch)
        while after < last:
            batch = self._tail.behind(after)
            if batch is None:
                batch = await asyncio.to_thread(self._reader.batch, after)
            after = batch.last
            yield batch

    async def wait(self, after: Offset) -> None:
        await self._growth.beyond(after)

    @property
    def last(self) -> Offset:
        return self._last

    @property
    def received(self) -> int:
        """Of the last event, 0 if there is none. A broken-off import may be sent again from
        7 days before this: what is already there is found to be a repeat."""
        return self._received

    @property
    def epoch(self) -> int:
        return self._store.meta.epoch

    @property
    def base(self) -> Offset:
        return self._store.meta.base

    async def begin_epoch(self, base: Offset) -> None:
        """As the port says; on return no byte of what was dropped is left in the files.

        Raises:
            Unavailable: a reader kept the write-ahead log in use; the epoch has begun, the
                bytes are overwritten when the next begins or the log is next written to.
        """
        await self._writer.run(lambda: self._begin_epoch(base))
        while await self._writer.run(self._store.drop):
            pass
        for _ in range(COMPACT_TRIES):
            if await self._writer.run(self._store.compact):
                return
            await asyncio.sleep(COMPACT_PAUSE_S)
        raise Unavailable("a reader keeps the log's write-ahead file in use; try again later")

    async def close(self) -> None:
        """Write what waits, then close; a second call does nothing."""
        await asyncio.to_thread(self._writer.close)
        self._growth.close()
        self._opened.close()

    def rows(self) -> Iterator[StoredRow]:
        """Every row as it is stored, for `verify`."""
        return self._reader.rows()

    # --- in the writer thread -----------------------------------------------------------------

    def _commit(self, calls: list[Call]) -> list[Appended]:
        if self._failed:
            raise self._failed
        group = self._admission.admit(calls, self._last, self._received)
        if group.rows:
            chunk = self._recent.sealing(group.fresh)
            self._write(group, chunk)
            self._recent.add(group.fresh, chunk)
            self._recent.forget(group.received - WINDOW_MS)
            self._received = group.received
            self._tail.add(group.batches)
            self._last = group.rows[-1].last
            self._growth.grown()
        return group.answers

    def _write(self, group: Group, chunk: Chunk | None) -> None:
        meta = self._store.meta
        if meta.origin != "live":
            meta = replace(meta, origin=self._mode)
        try:
            self._store.write(group.rows, chunk, group.received - WINDOW_MS, meta)
        except Broken as error:
            # After a failed write or fsync nobody knows what the disk holds, and a later
            # fsync may claim success all the same. Only reopening finds out.
            self._failed = Broken(f"the log stopped after a failed write; reopen it: {error}")
            raise self._failed from error

    def _begin_epoch(self, base: Offset) -> None:
        meta = self._store.meta
        refuse_base(base, meta.base, self._last)
        row = self._store.row_at(base)
        if row is None:
            raise Corrupt(f"the log has no event at offset {base}")
        stays = None
        if row.last > base:
            kept = behind(Batch(row.first, row.events()), base)
            stays = StoredRow.of(kept.first, kept.events)
        chunk = self._recent.sealing({}, at_least=1)
        self._store.begin_epoch(replace(meta, epoch=meta.epoch + 1, base=base), stays, chunk)
        if chunk is not None:
            self._recent.add({}, chunk)
        self._tail.drop(base)

    # --- ids ----------------------------------------------------------------------------------

    def _restore(self) -> tuple[Offset, int]:
        """Learn where the log ends and which ids it saw in the last 7 days."""
        row, meta = self._store.last_row(), self._store.meta
        last, received = (row.last, row.received) if row else (meta.base, 0)
        sealed = self._store.sealed()
        self._recent.restore(sealed)
        self._recent.forget(received - WINDOW_MS)
        after = sealed[-1].first + sealed[-1].count - 1 if sealed else meta.base
        while after < last:
            for row in self._store.rows(after, BATCH_EVENTS):
                fresh = _ids(row, after)
                chunk = self._recent.sealing(fresh)
                if chunk is not None:
                    self._store.write([], chunk, 0, meta)
                self._recent.add(fresh, chunk)
                after = row.last
        return last, received

    def _chunk(self, first: Offset) -> Chunk:
        try:
            return self._store.chunk(first)
        except Corrupt as error:
            _warn("ids rebuilt from the log", first=first, reason=str(error))
            count = next(c.count for c in self._store.sealed() if c.first == first)
            raws: list[bytes] = []
            while len(raws) < count:
                after = first + len(raws) - 1
                rows = self._store.rows(after, 1)
                if not rows or rows[0].first > after + 1:
                    raise  # an epoch dropped the events
                raws += _ids(rows[0], after)
            return Chunk.of(first, raws[:count])

    def _same(self, offset: Offset, raw: bytes) -> bool:
        row = self._store.row_at(offset)
        if row is None:
            return True  # dropped by an epoch; its key alone speaks
        return raw_id(row.ids()[offset - row.first]) == raw


class _Tail:
    """The newest events as decoded by the writer, so that followers need not read them."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._batches: deque[Batch] = deque()
        self._events = 0

    def add(self, batches: Sequence[Batch]) -> None:
        with self._mutex:
            for batch in batches:
                self._batches.append(batch)
                self._events += len(batch.events)
            while len(self._batches) > 1 and self._events > BATCH_EVENTS:
                self._events -= len(self._batches.popleft().events)

    def behind(self, after: Offset) -> Batch | None:
        """All that came behind `after`, None if some of it is no longer here."""
        found: list[Batch] = []
        with self._mutex:
            if not self._batches or self._batches[0].first > after + 1:
                return None
            for batch in reversed(self._batches):  # few are new, many are held
                if batch.last <= after:
                    break
                found.append(batch)
        return behind(join(found[::-1]), after) if found else None

    def drop(self, base: Offset) -> None:
        with self._mutex:
            self._batches = deque(b for b in self._batches if b.first > base)
            self._events = sum(len(batch.events) for batch in self._batches)


def _ids(row: StoredRow, after: Offset) -> dict[bytes, Offset]:
    ids = row.ids()
    start = max(0, after + 1 - row.first)
    return {raw_id(ids[i]): row.first + i for i in range(start, len(ids))}


def _refuse_mode(mode: Mode, meta: Meta) -> None:
    if mode == "import" and meta.origin == "live":
        raise Refused(
            "mode",
            "this log holds live events; imported ones would lie after them",
            "an empty data folder, or one with nothing but imports",
        )
