"""Events that are true in the tables and not yet known to be in the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import bindparam, delete, func, select, update

from freshet.catalogue.store.database import Database
from freshet.catalogue.store.tables import OUTBOX
from freshet.domain.events import Event
from freshet.domain.upcast import decode_batch, encode_batch


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row: an event with its fixed id, and the person key to forget behind it."""

    row: int
    event: Event
    erases: str | None


class Outbox:
    """The rows in the order they were written. `Relay` empties it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def oldest(self, most: int) -> list[Waiting]:
        """What is to go to the log next.

        Raises:
            Refused: a newer Freshet wrote it.
        """
        chosen = (
            select(OUTBOX.c.id, OUTBOX.c.event, OUTBOX.c.erases)
            .where(OUTBOX.c.refused.is_(None))
            .order_by(OUTBOX.c.id)
            .limit(most)
        )
        with self._database.read() as connection:
            rows = connection.execute(chosen).all()
        return [Waiting(row.id, decode_batch(row.event)[0], row.erases) for row in rows]

    def remove(self, rows: Iterable[int]) -> None:
        """Forget what the log has acknowledged."""
        chosen = list(rows)
        with self._database.write() as writing:
            writing.connection.execute(delete(OUTBOX).where(OUTBOX.c.id.in_(chosen)))

    def renew(self, waiting: Sequence[Waiting]) -> None:
        """Give events new ids, made now, and remember them before anyone uses them."""
        changed = update(OUTBOX).where(OUTBOX.c.id == bindparam("at"))
        with self._database.write() as writing:
            rows = [
                {"at": one.row, "event": encode_batch([_renewed(one.event, writing.new_id())])}
                for one in waiting
            ]
            writing.connection.execute(changed, rows)

    def set_aside(self, reasons: Mapping[int, str]) -> None:
        """Keep, but try no more, what the log will never take."""
        changed = update(OUTBOX).where(OUTBOX.c.id == bindparam("at"))
        with self._database.write() as writing:
            rows = [{"at": row, "refused": reason} for row, reason in reasons.items()]
            writing.connection.execute(changed, rows)

    def waiting(self) -> int:
        """How many events the log does not have yet."""
        return self._count(refused=False)

    def aside(self) -> int:
        """How many events the log refused for good."""
        return self._count(refused=True)

    def leave_nothing(self) -> None:
        self._database.leave_nothing()

    def _count(self, refused: bool) -> int:
        of = OUTBOX.c.refused.is_not(None) if refused else OUTBOX.c.refused.is_(None)
        with self._database.read() as connection:
            count: int = connection.execute(
                select(func.count()).select_from(OUTBOX).where(of)
            ).scalar_one()
        return count


def _renewed(event: Event, event_id: str) -> Event:
    return msgspec.structs.replace(event, event_id=event_id)
