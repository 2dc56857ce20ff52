"""The tables of `log.sqlite` and the SQL over them; no rules of the log.

    meta     name, value                                       format, epoch, base, origin
    batches  first, count, received, crc, data                 one row per group commit
    ids      first, count, low, high, newest_ms, crc, keys, places    sealed chunks of ids

`batches` and `ids` are only ever appended to at their end, so a commit touches a few pages
however long the log is.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw
import numpy as np

from freshet.backends.sqlite_errors import Translated
from freshet.domain.errors import Corrupt, Refused
from freshet.log.ports import Offset
from freshet.log.recent import Chunk, Sealed
from freshet.log.rows import StoredRow

FORMAT = 1  # of the data folder
SYNCHRONOUS = "FULL"  # a commit waits until the disk has it; anything less loses events
CHECKPOINT_PAGES = 4000  # of 4 kB: the WAL stays near 16 MB
DROP_BYTES = 4 * 2**20  # removed in one transaction, for which appends wait
COMPACT_PAGES = 16_384  # no more than so many, 64 MB, are moved to shrink the file

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE batches (
    first INTEGER PRIMARY KEY, count INTEGER NOT NULL, received INTEGER NOT NULL,
    crc INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE TABLE ids (
    first INTEGER PRIMARY KEY, count INTEGER NOT NULL, low BLOB NOT NULL, high BLOB NOT NULL,
    newest_ms INTEGER NOT NULL, crc INTEGER NOT NULL, keys BLOB NOT NULL, places BLOB NOT NULL
);
"""
ROW = "SELECT first, count, received, crc, data FROM batches "
CHUNK = "SELECT first, newest_ms, crc, keys, places FROM ids "
ROWS_FROM = f"""{ROW}
WHERE first >= coalesce((SELECT max(first) FROM batches WHERE first <= ?), 0) ORDER BY first"""


@dataclass(frozen=True, slots=True)
class Meta:
    """What a data folder says of itself."""

    format: int = FORMAT
    epoch: int = 1
    base: Offset = 0
    origin: str = ""  # "" = nothing appended yet, "import" = only imports, "live"


class Store:
    """One connection. Every method may raise what `Translated` raises."""

    def __init__(self, path: Path, *, writes: bool, vfs: str | None = None) -> None:
        flags = apsw.SQLITE_OPEN_READONLY
        if writes:
            flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self._path = path
        self._translated = Translated(path)
        with self._using():
            self._db = apsw.Connection(str(path), flags=flags, vfs=vfs)
            try:
                self._db.set_busy_timeout(5000)
                self.meta = self._open(writes)
            except BaseException:
                self._db.close()
                raise

    def _open(self, writes: bool) -> Meta:
        known = {name for (name,) in self._db.execute("SELECT name FROM sqlite_schema")}
        if known and not {"meta", "batches", "ids"} <= known:
            raise Refused("data", f"{self._path} is not a log of Freshet", "a data folder")
        if known:
            meta = self._read_meta()
            if meta.format > FORMAT:
                raise Refused(
                    "data",
                    f"{self._path} has format {meta.format}, this Freshet reads up to {FORMAT}",
                    "a newer Freshet",
                )
        if writes:
            self._db.pragma("journal_mode", "WAL")
            self._db.pragma("synchronous", SYNCHRONOUS)
            self._db.pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        if not known and writes:
            with self._db:
                self._db.execute(TABLES)
                self._write_meta(Meta())
        return self._read_meta() if known or writes else Meta()

    # --- meta ---------------------------------------------------------------------------------

    def refresh(self) -> Meta:
        with self._using():
            self.meta = self._read_meta()
        return self.meta

    def _read_meta(self) -> Meta:
        return Meta(**dict(self._db.execute("SELECT name, value FROM meta")))

    def _write_meta(self, meta: Meta) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [(name, getattr(meta, name)) for name in Meta.__slots__],
        )
        self.meta = meta

    # --- batches ------------------------------------------------------------------------------

    def last_row(self) -> StoredRow | None:
        return self._row(ROW + "ORDER BY first DESC LIMIT 1")

    def last(self) -> Offset:
        """Offset of the last event; without reading its row, which may be megabytes."""
        with self._using():
            sql = "SELECT first + count - 1 FROM batches ORDER BY first DESC LIMIT 1"
            for (last,) in self._db.execute(sql):
                return int(last)
            return self._read_meta().base

    def row_at(self, offset: Offset) -> StoredRow | None:
        """The row that holds an offset, None if it was dropped or is not there yet."""
        row = self._row(ROW + "WHERE first <= ? ORDER BY first DESC LIMIT 1", offset)
        return row if row and offset <= row.last else None

    def rows(self, after: Offset, events: int) -> list[StoredRow]:
        """Rows from the one that holds `after + 1` on, one at least, `events` events at most,
        up to the first gap."""
        with self._using():
            found: list[StoredRow] = []
            count = 0
            for values in self._db.execute(ROWS_FROM, [after + 1]):
                row = StoredRow(*values)
                count += row.count
                if found and (count > events or row.first > found[-1].last + 1):
                    break
                found.append(row)
            return [row for row in found if row.last > after]

    def all_rows(self, after: Offset = 0) -> Iterator[StoredRow]:
        """Every row from the one with the event behind `after` on, also damaged ones; not
        what an epoch dropped and is yet to be removed."""
        start = self.refresh().base + 1 if self.meta.base else 0
        if after >= start:
            with self._using():
                sql = "SELECT coalesce(max(first), 0) FROM batches WHERE first <= ?"
                (holds,) = next(iter(self._db.execute(sql, [after + 1])))
                start = max(start, holds)
        while True:
            with self._using():
                sql = ROW + "WHERE first >= ? ORDER BY first LIMIT 16"
                rows = [StoredRow(*values) for values in self._db.execute(sql, [start])]
            if not rows:
                return
            yield from rows
            start = rows[-1].first + 1

    def write(self, rows: list[StoredRow], chunk: Chunk | None, forget_ms: int, meta: Meta) -> None:
        """One transaction, durable on return."""
        if len(rows) == 1 and chunk is None and meta == self.meta:
            # One statement is a transaction of its own, and a third of the calls.
            with self._using():
                self._insert(rows)
            return
        with self._using(), self._db:
            self._insert(rows)
            if chunk is not None:
                self._db.execute("DELETE FROM ids WHERE newest_ms < ?", [forget_ms])
                self._insert_chunk(chunk)
            if meta != self.meta:
                self._write_meta(meta)

    def begin_epoch(self, meta: Meta, straddling: StoredRow | None, chunk: Chunk | None) -> None:
        """Nobody reads what lies up to `meta.base` from now on; `drop` then removes it.
        `straddling` is what stays of the row it cuts, `chunk` holds the ids not yet sealed,
        which could not be rebuilt any more."""
        with self._using(), self._overwriting(), self._db:
            if straddling:
                sql = "DELETE FROM batches WHERE first = (SELECT max(first) FROM batches "
                self._db.execute(sql + "WHERE first <= ?)", [meta.base])
                self._insert([straddling])
            if chunk is not None:
                self._insert_chunk(chunk)
            self._write_meta(meta)

    def drop(self) -> bool:
        """Overwrite and remove some megabytes of what lies up to the base; False if none is
        left. In steps, so that commits come in between."""
        rows, size = list[tuple[Offset]](), 0
        with self._using(), self._overwriting(), self._db:
            sql = "SELECT first, length(data) FROM batches WHERE first <= ? ORDER BY first"
            for first, length in self._db.execute(sql, [self.meta.base]):
                rows.append((first,))
                size += length
                if size >= DROP_BYTES:
                    break
            self._db.executemany("DELETE FROM batches WHERE first = ?", rows)
        return bool(rows)

    def compact(self) -> bool:
        """Give room that became free back to the disk where little is left to be moved, and
        empty the write-ahead log, which held what was dropped; False while a reader is in it."""
        with self._using():
            pages, free = self._db.pragma("page_count"), self._db.pragma("freelist_count")
            if pages - free < min(COMPACT_PAGES, free):
                self._db.pragma("temp_store", "memory")  # no copy of it anywhere else
                self._db.execute("VACUUM")
            busy, _, _ = next(iter(self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")))
            return not busy

    @contextmanager
    def _overwriting(self) -> Iterator[None]:
        """What is deleted meanwhile is overwritten with zeros."""
        self._db.pragma("secure_delete", True)
        try:
            yield
        finally:
            self._db.pragma("secure_delete", False)

    def _row(self, sql: str, *arguments: int) -> StoredRow | None:
        with self._using():
            for values in self._db.execute(sql, arguments):
                return StoredRow(*values)
        return None

    def _insert(self, rows: list[StoredRow]) -> None:
        self._db.executemany(
            "INSERT INTO batches VALUES (?, ?, ?, ?, ?)",
            [(row.first, row.count, row.received, row.crc, row.data) for row in rows],
        )

    # --- ids ----------------------------------------------------------------------------------

    def sealed(self) -> list[Sealed]:
        with self._using():
            sql = "SELECT first, count, low, high, newest_ms FROM ids ORDER BY first"
            return [
                Sealed(first, count, _int(low), _int(high), newest_ms)
                for first, count, low, high, newest_ms in self._db.execute(sql)
            ]

    def chunk(self, first: Offset) -> Chunk:
        with self._using():
            return _chunk(*self._db.execute(CHUNK + "WHERE first = ?", [first]).get)

    def chunks(self, upto: Offset) -> Iterator[Chunk]:
        """All chunks that end no later than `upto`, as they are at one moment."""
        with self._using():
            for values in self._db.execute(CHUNK + "WHERE first + count - 1 <= ?", [upto]):
                yield _chunk(*values)

    def _insert_chunk(self, chunk: Chunk) -> None:
        keys, places = chunk.keys.astype("<u8").tobytes(), chunk.places.astype("<u4").tobytes()
        sealed = chunk.sealed
        crc = zlib.crc32(places, zlib.crc32(keys))
        # A key is unsigned, SQLite's integers are not: bounds are kept as 8 bytes.
        low, high = sealed.low.to_bytes(8, "big"), sealed.high.to_bytes(8, "big")
        self._db.execute(
            "INSERT INTO ids VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (sealed.first, sealed.count, low, high, sealed.newest_ms, crc, keys, places),
        )

    # --- upkeep -------------------------------------------------------------------------------

    def hurry(self) -> None:
        """Write without any safety net from now on: into a copy that is thrown away if its
        making breaks off. One plain file is left of it."""
        with self._using():
            self._db.pragma("journal_mode", "OFF")
            self._db.pragma("synchronous", "OFF")

    def damage(self) -> list[str]:
        """What SQLite itself finds wrong with the file."""
        with self._using():
            found = [str(line) for (line,) in self._db.execute("PRAGMA quick_check")]
        return [] if found == ["ok"] else found

    def close(self) -> None:
        with self._using():
            self._db.close()

    def _using(self) -> Translated:
        return self._translated


def _int(value: bytes) -> int:
    return int.from_bytes(value, "big")


def _chunk(first: Offset, newest_ms: int, crc: int, keys: bytes, places: bytes) -> Chunk:
    if crc != zlib.crc32(places, zlib.crc32(keys)):
        raise Corrupt(f"the ids of the events from offset {first} do not match their checksum")
    return Chunk(first, np.frombuffer(keys, "<u8"), np.frombuffer(places, "<u4"), newest_ms)
