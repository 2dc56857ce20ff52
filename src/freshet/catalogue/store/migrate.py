"""Bring the tables to the newest revision; `migrations/versions` holds every step."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from freshet.catalogue.store.database import Database
from freshet.catalogue.store.tables import METADATA
from freshet.domain.errors import Refused

FOLDER = Path(__file__).parent / "migrations"


def upgrade(database: Database, to: str = "head") -> None:
    """All missing steps in one transaction, which other processes wait for.

    Raises:
        Refused: a newer Freshet wrote the tables.
    """
    config, scripts = _scripts()
    target = scripts.get_current_head() if to == "head" else to
    with database.read() as connection:
        if MigrationContext.configure(connection).get_current_revision() == target:
            return
    with database.write() as writing:
        connection = writing.connection
        known = {script.revision for script in scripts.walk_revisions()}
        current = MigrationContext.configure(connection).get_current_revision()
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


def _scripts() -> tuple[Config, ScriptDirectory]:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config, ScriptDirectory.from_config(config)
