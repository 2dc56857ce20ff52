"""Copies of databases in use, each as it was at one moment.

    Pinned(file)   sees a database as it is now, however long the copying takes
    held(file)     nobody commits to a database meanwhile; for moments
    copy_log       the log up to an offset, row by row: it only grows at its end, so nothing
                   need be pinned and its write-ahead file stays small

What is copied is one plain file: no write-ahead file lies beside it, nothing in it but what
the database says. `Pinned` and `held` use Python's own SQLite as the owners of those files do:
two builds of SQLite on one file in one process would undo each other's locks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from freshet.backends.sqlite_reader import FILE
from freshet.backends.sqlite_store import Meta, Store
from freshet.domain.errors import Corrupt, FreshetError, Unavailable
from freshet.log.files import sync_file
from freshet.log.ports import Offset
from freshet.log.rows import StoredRow

BUSY_S = 10.0
PAGES = 2048  # of 4 kB, copied at once
ROWS_BYTES = 8 * 2**20  # of the log, written in one transaction

Tell = Callable[[int, int], None]  # how much is done, and of how much


class Pinned:
    """A database as it was when this was made.

    Raises (all its methods):
        Unavailable: a writer held it for too long, or there is no room.
        Corrupt: it is damaged, or no database.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        with told(self._name):
            self._db = _opened(path)
            self._db.execute("BEGIN")
            self.one("SELECT count(*) FROM sqlite_schema")  # from here on it sees this moment

    def one(self, sql: str) -> object:
        """The first value of the first row; None if there is none."""
        with told(self._name):
            row = self._db.execute(sql).fetchone()
        return row[0] if row else None

    def has(self, table: str) -> bool:
        sql = f"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '{table}'"
        return bool(self.one(sql))

    def copy(self, target: Path, tell: Tell, without: str = "") -> None:
        """Write it to a new file, durably.

        Args:
            without: a table whose rows stay behind.
        """
        with told(self._name), closing(sqlite3.connect(target, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous = OFF")  # nobody relies on it before it is whole
            self._db.backup(copy, pages=PAGES, progress=lambda _, left, all: tell(all - left, all))
            copy.execute("PRAGMA journal_mode = MEMORY")  # what is deleted goes to no other file
            if without and self.has(without):
                copy.execute("PRAGMA secure_delete = ON")
                copy.execute(f"DELETE FROM {without}")
            copy.execute("PRAGMA journal_mode = DELETE")
        sync_file(target)

    def close(self) -> None:
        self._db.close()


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Nobody commits to a database while this is entered.

    Raises: as `Pinned`.
    """
    with told(path.name):
        db = _opened(path)
    with closing(db):  # which lets go of it, however it is left
        with told(path.name):
            db.execute("BEGIN IMMEDIATE")
        yield


def copy_log(folder: Path, target: Path, last: Offset, tell: Tell = lambda *_: None) -> Meta:
    """Write the log of a data folder, up to the end of one of its rows, to a new file; durable
    on return. What an epoch dropped is not in it, nor any trace of it.

    Raises:
        Corrupt: a row is damaged, or missing.
        Unavailable: there is no room.
    """
    source = Store(folder / FILE, writes=False)
    with closing(source):
        meta = source.refresh()
        copy = Store(target, writes=True)
        with closing(copy):
            copy.hurry()
            waiting, size, expected = list[StoredRow](), 0, meta.base + 1
            for row in source.all_rows():
                if row.first > last:
                    break
                if row.first != expected or not row.intact():
                    raise Corrupt(f"the log is damaged at offset {expected}: freshet log verify")
                waiting.append(row)
                size, expected = size + len(row.data), row.last + 1
                if size >= ROWS_BYTES:
                    copy.write(waiting, None, 0, copy.meta)
                    tell(row.last - meta.base, last - meta.base)
                    waiting, size = [], 0
            if expected != last + 1:
                raise Corrupt(f"the log is damaged at offset {expected}: freshet log verify")
            copy.write(waiting, None, 0, meta)
            for chunk in source.chunks(last):
                copy.write([], chunk, 0, meta)
    sync_file(target)
    return meta


def _opened(path: Path) -> sqlite3.Connection:
    # `rw`: a database that is not there is not made.
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None)


@contextmanager
def told(name: str) -> Iterator[None]:
    """Errors of SQLite as ours."""
    try:
        yield
    except FreshetError:
        raise
    except sqlite3.OperationalError as error:
        raise Unavailable(f"{name}: {error}; try again") from error
    except sqlite3.DatabaseError as error:
        raise Corrupt(f"{name}: {error}") from error
