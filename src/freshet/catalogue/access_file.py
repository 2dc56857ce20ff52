"""`access.sqlite3`: who may call, apart from what is called for.

One small file of its own beside the catalogue, opened by every process of a server. Its
schema version is SQLite's `user_version`; a file of a newer Freshet is not touched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from freshet.domain.errors import Refused

FILE = "access.sqlite3"  # in the data folder
SCHEMA = 1
BUSY_MS = 5_000

metadata = sa.MetaData()


def open_access(file: Path) -> sa.Engine:
    """The file's engine; the tables are there.

    Raises:
        Refused: a newer Freshet wrote the file.
    """
    engine = sa.create_engine(f"sqlite:///{file}")
    event.listen(engine, "connect", _prepare)
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # several processes may start at once
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > SCHEMA:
            raise Refused(str(file), f"has schema {version}", f"Freshet that knows over {SCHEMA}")
        metadata.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")
    return engine


def _prepare(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # a key that was shown once must not be lost
    cursor.execute("PRAGMA secure_delete = ON")  # what was deleted leaves no bytes
    cursor.close()
