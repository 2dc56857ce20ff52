"""Bring the tables to the newest revision; `migrations/versions` holds every step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from freshet.catalogue.store.database import Database
from freshet.catalogue.store.tables import METADATA
from freshet.domain.errors import Refused

if TYPE_CHECKING:  # a fifth of what a start takes, and nearly always there is nothing to do
    from alembic.config import Config
    from alembic.script import ScriptDirectory

FOLDER = Path(__file__).parent / "migrations"
NEWEST = "0003"  # revision


def upgrade(database: Database, to: str = "head") -> None:
    """All missing steps in one transaction, which other processes wait for.

    Raises:
        Refused: a newer Freshet wrote the tables.
    """
    with database.read() as connection:
        if _current(connection) == (NEWEST if to == "head" else to):
            return
    from alembic.runtime.environment import EnvironmentContext

    config, scripts = _scripts()
    with database.write() as writing:
        connection = writing.connection
        known = {script.revision for script in scripts.walk_revisions()}
        current = _current(connection)
        if current is not None and current not in known:
            raise Refused(
                database.name,
                f"was written by a newer Freshet (revision {current})",
                "that Freshet or a later one",
            )
        steps = EnvironmentContext(
            config, scripts, fn=lambda revision, _: scripts._upgrade_revs(to, revision)
        )
        with steps:
            steps.configure(
                connection=connection,
                target_metadata=METADATA,
                transactional_ddl=True,  # it is, on SQLite too, as we begin transactions
                render_as_batch=True,
            )
            steps.run_migrations()


def revisions() -> list[str]:
    """All that this release knows, oldest first."""
    _, scripts = _scripts()
    return [script.revision for script in scripts.walk_revisions()][::-1]


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _scripts() -> tuple[Config, ScriptDirectory]:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config, ScriptDirectory.from_config(config)
