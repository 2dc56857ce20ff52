"""Reading `log.sqlite`: by the process that writes it, and by any other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from freshet.backends.sqlite_store import Store
from freshet.domain.errors import Corrupt, NotFound, Refused
from freshet.domain.events import Event
from freshet.log.epochs import refuse_dropped
from freshet.log.ports import Appended, Batch, Offset
from freshet.log.rows import BATCH_EVENTS, StoredRow, behind, join

FILE = "log.sqlite"
POLL_S = 0.01  # how often another process looks for new events


class SqliteReader:
    """A log that another process may be writing; itself it only reads.

    Args:
        folder: the data folder.

    Raises:
        NotFound: there is no log in the folder.
        Refused: it was written by a newer Freshet.
        Corrupt: it is damaged.
    """

    def __init__(self, folder: Path, *, vfs: str | None = None) -> None:
        if not (folder / FILE).exists():
            raise NotFound("data", f"no {FILE} in {folder}", "a data folder")
        self.store = Store(folder / FILE, writes=False, vfs=vfs)

    @property
    def last(self) -> Offset:
        return self.store.last()

    @property
    def epoch(self) -> int:
        return self.store.refresh().epoch

    @property
    def base(self) -> Offset:
        return self.store.refresh().base

    async def append(self, events: Sequence[Event]) -> Appended:
        raise Refused("log", "opened for reading", "the process that writes it")

    async def begin_epoch(self, base: Offset) -> None:
        raise Refused("log", "opened for reading", "the process that writes it")

    async def read(self, after: Offset = 0) -> AsyncIterator[Batch]:
        meta = self.store.refresh()
        refuse_dropped(after, meta.base, meta.epoch)
        last = self.last
        while after < last:
            batch = await asyncio.to_thread(self.batch, after)
            after = batch.last
            yield batch

    def batch(self, after: Offset) -> Batch:
        """The events right behind `after`, small rows read together."""
        rows = self.store.rows(after, BATCH_EVENTS)
        batch = join([Batch(row.first, row.events()) for row in rows]) if rows else None
        if batch is None or batch.first > after + 1:
            meta = self.store.refresh()
            refuse_dropped(after, meta.base, meta.epoch)  # an epoch began while reading
            raise Corrupt(f"the log has no event at offset {after + 1}")
        return behind(batch, after)

    def rows(self, after: Offset = 0) -> Iterator[StoredRow]:
        """Every row as it is stored, also a damaged one, for `verify`; from the one that
        holds the event behind `after` on."""
        return self.store.all_rows(after)

    def damage(self) -> list[str]:
        """What SQLite itself finds wrong with the file."""
        return self.store.damage()

    async def wait(self, after: Offset) -> None:
        while self.last <= after:  # noqa: ASYNC110 - the writer is another process
            await asyncio.sleep(POLL_S)

    async def close(self) -> None:
        self.store.close()
