"""Events that wait to be told to the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        sa.Column("erases", sa.String()),
        sa.Column("refused", sa.String()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_erases", "outbox", ["erases"])
