"""The tables grow from every earlier shape to this one, and refuse a later one."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from freshet.catalogue.store.catalogue import FILE
from freshet.catalogue.store.database import Database
from freshet.catalogue.store.migrate import FOLDER, NEWEST, upgrade
from freshet.catalogue.store.tables import METADATA
from freshet.domain.errors import Corrupt, Refused
from tests.catalogue.store.making import Clock, opened, person

REVISIONS = [script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()][::-1]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / FILE, Clock(), Random(1))


def test_the_newest_revision_is_the_one_that_is_looked_for() -> None:
    assert REVISIONS[-1] == NEWEST


def test_the_steps_lead_to_the_tables_as_they_are_declared(database: Database) -> None:
    upgrade(database)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == REVISIONS[-1]


@pytest.mark.parametrize("revision", REVISIONS)
def test_tables_of_every_revision_are_brought_up(tmp_path: Path, revision: str) -> None:
    database = Database(tmp_path / FILE, Clock(), Random(1))
    upgrade(database, revision)
    database.close()
    columns = "'tea', '', 0, 5, 0"
    with sqlite3.connect(tmp_path / FILE) as raw:
        raw.execute(f"INSERT INTO hashtags (id, description, posted, first_use, video_count) "
                    f"VALUES ({columns})")  # fmt: skip
    with opened(tmp_path) as catalogue:
        assert catalogue.hashtags.get("tea").first_use == 5
        assert catalogue.people.save([person("vera")]) == ["created"]


def test_a_newer_catalogue_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    with sqlite3.connect(tmp_path / FILE) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Refused, match=r"newer Freshet \(revision 9999\)"), opened(tmp_path):
        pass


def test_what_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database at all, " * 100)
    with pytest.raises(Corrupt, match="not a database"), opened(tmp_path):
        pass


def test_processes_that_open_at_once_agree(tmp_path: Path) -> None:
    def open_one(seed: int) -> None:
        with opened(tmp_path, seed=seed) as catalogue:
            catalogue.people.save([person(f"p{seed}")])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_one, range(4)))
    with opened(tmp_path) as catalogue:
        assert len(list(catalogue.people.all())) == 4


def test_an_answered_write_is_durable_and_deleted_rows_leave_no_bytes(database: Database) -> None:
    with database.read() as connection:
        held = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert held == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
