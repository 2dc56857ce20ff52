"""The database under the tables: all that is particular to SQLite, and to any one engine.

    read()    a connection that sees one moment
    write()   a `Writing`: rows and the events that tell the log of them, in one transaction

Writers wait for each other from their first statement on: what a write has read stays true
until it commits. SQLite does that by BEGIN IMMEDIATE; an engine with many writers by
SERIALIZABLE and an advisory lock for migrations.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, text

from freshet.catalogue.store.tables import OUTBOX
from freshet.domain.errors import Broken, Corrupt, Unavailable
from freshet.domain.events import Event
from freshet.domain.ids import uuid7
from freshet.domain.upcast import encode_batch

BUSY_MS = 10_000  # a writer waits this long for another


class Writing:
    """One writing transaction: its connection, its moment, and what it tells the log."""

    def __init__(self, connection: Connection, now_ms: int, random: Random) -> None:
        self.connection, self.now_ms, self._random = connection, now_ms, random
        self._rows: list[dict[str, Any]] = []

    def tell(self, kind: type[Event], /, *, erases: str | None = None, **fields: Any) -> None:
        """Put an event in the outbox; its id is fixed from here on.

        Args:
            erases: a person key to forget once the log has the event.
        """
        event = kind(event_id=self.new_id(), time=fields.pop("time", self.now_ms), **fields)
        self._rows.append({"event": encode_batch([event]), "erases": erases})

    def new_id(self) -> str:
        return uuid7(self.now_ms, self._random)

    def flush(self) -> None:
        if self._rows:
            self.connection.execute(OUTBOX.insert(), self._rows)


class Database:
    """Connections to the catalogue.

    Raises (all its methods):
        Unavailable: another writer took too long, or the disk is full.
        Corrupt: the file is damaged or no database.
    """

    def __init__(self, path: Path, clock: Callable[[], int], random: Random) -> None:
        self.name, self.clock, self._random = path.name, clock, random
        self._engine = _sqlite(path)
        self._writes = self._engine.execution_options(freshet_writes=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with _told_as_ours(self.name), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Writing]:
        """Commits on leaving; an error takes everything back."""
        with _told_as_ours(self.name), self._writes.begin() as connection:
            writing = Writing(connection, self.clock(), self._random)
            yield writing
            writing.flush()

    def leave_nothing(self) -> None:
        """Remove what deleted rows left in the write-ahead log; the file itself is clean."""
        with self.read() as connection:
            connection.execute(text("ROLLBACK"))  # a checkpoint stands outside transactions
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            connection.execute(text("BEGIN"))

    def close(self) -> None:
        self._engine.dispose()


def _sqlite(path: Path) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)))

    @event.listens_for(engine, "connect")
    def opened(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, below
        for pragma in (
            f"busy_timeout = {BUSY_MS}",
            "journal_mode = WAL",
            "synchronous = FULL",  # an answered write survives a power cut
            "foreign_keys = ON",
            "secure_delete = ON",  # an erased row leaves no bytes
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        writes = connection.get_execution_options().get("freshet_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _told_as_ours(name: str) -> Iterator[None]:
    try:
        yield
    except (exc.OperationalError, exc.TimeoutError) as error:
        raise Unavailable(f"{name}: {_said(error)}; try again") from error
    except exc.IntegrityError as error:
        raise Broken(f"{name}: {_said(error)}") from error
    except exc.DatabaseError as error:
        raise Corrupt(f"{name}: {_said(error)}") from error


def _said(error: exc.SQLAlchemyError) -> str:
    # Without the statement and its values, which may be personal.
    return str(getattr(error, "orig", None) or type(error).__name__)
