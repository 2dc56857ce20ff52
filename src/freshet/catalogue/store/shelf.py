"""What people, videos, sounds and hashtags have in common: save, read, page, change, remove.

To save is to replace: fields left out of a record fall back to their defaults, except
`create_time`, which stays what it was. One bad record of many does not keep out the others.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import msgspec
from sqlalchemy import Connection, Table, bindparam, insert, select, update

from freshet.catalogue.store.announce import warm
from freshet.catalogue.store.database import Database, Writing
from freshet.catalogue.store.records import R, Record, checked
from freshet.catalogue.store.tables import AnyRow
from freshet.domain.errors import NotFound, Refused

S = TypeVar("S", bound=Record)
Outcome = Literal["created", "updated", "unchanged"] | Refused
SAVED_MOST = 1_000  # records in one transaction


@dataclass(frozen=True, slots=True)
class Change:
    """A record to be written, over the row that was there."""

    record: Any
    old: AnyRow | None
    linked: Mapping[str, Sequence[str]]  # what was in tables of its own, by field


class Shelf(Generic[R, S]):
    """One kind of record. `R` is what the app says, `S` what it is told."""

    kind: type[R]
    stored: type[S]
    table: Table
    noun: str
    filters: tuple[str, ...] = ()  # what a page may be narrowed by

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- reading ------------------------------------------------------------------------------

    def get(self, record_id: str) -> S:
        """
        Raises:
            NotFound: there is none.
        """
        with self._database.read() as connection:
            return self._get(connection, record_id)

    def page(self, after: str, most: int, narrowed: Mapping[str, str] | None = None) -> list[S]:
        """Up to `most` records behind the id `after`, in the order of ids."""
        chosen = select(self.table).where(self.table.c.id > after)
        for name, value in (narrowed or {}).items():
            chosen = chosen.where(self._narrows(name, value))
        with self._database.read() as connection:
            rows = connection.execute(chosen.order_by(self.table.c.id).limit(most)).all()
            return self._stored(connection, rows)

    def all(self, most: int = SAVED_MOST) -> Iterator[S]:
        """Every record, a page at a time, so that writers need not wait."""
        after = ""
        while page := self.page(after, most):
            yield from page
            after = page[-1].id  # type: ignore[attr-defined]

    # --- writing ------------------------------------------------------------------------------

    def save(self, records: Sequence[R]) -> list[Outcome]:
        """Insert or replace; for each record what became of it."""
        outcomes: dict[int, Outcome] = {}
        good: dict[str, tuple[int, R]] = {}
        for index, record in enumerate(records):
            try:
                one = checked(record, self._database.clock())
                if one.id in good:
                    raise Refused("id", f"{one.id!r} was there before; the first counts", "once")
                good[one.id] = (index, one)
            except Refused as refused:
                outcomes[index] = refused
        if good:
            self._before([record for _, record in good.values()])
            with self._writing() as writing:
                written = self._write(writing, {one: record for one, (_, record) in good.items()})
            outcomes |= {good[one][0]: outcome for one, outcome in written.items()}
        return [outcomes[index] for index in range(len(records))]

    def change(self, record_id: str, change: Callable[[S], R]) -> S:
        """Replace a record by what `change` makes of it, nobody writing in between.

        Raises:
            NotFound: there is none.
            Refused: what it would become is wrong.
        """
        with self._writing() as writing:
            record = change(self._get(writing.connection, record_id))
            record = checked(record, writing.now_ms)
            if record.id != record_id:
                raise Refused("id", "cannot be changed", "leave it out")
            outcome = self._write(writing, {record_id: record})[record_id]
            if isinstance(outcome, Refused):
                raise outcome
            return self._get(writing.connection, record_id)

    # --- what differs -------------------------------------------------------------------------

    @abstractmethod
    def remove(self, record_id: str) -> Any:
        """
        Raises:
            NotFound: there is none.
        """

    def _before(self, records: Sequence[R]) -> None:
        """What takes time and needs no transaction."""

    @abstractmethod
    def _refusals(
        self, writing: Writing, changes: Mapping[str, Change]
    ) -> Iterator[tuple[str, Refused]]:
        """Records that do not go with what else is known."""

    @abstractmethod
    def _told(self, writing: Writing, changes: Mapping[str, Change]) -> None:
        """What follows from rows just written: rows of other tables, and events."""

    @abstractmethod
    def _row(self, record: R, change: Change) -> dict[str, Any]:
        """The record's columns, all but `announced` and times."""

    def _linked(self, connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Lists that are kept in tables of their own, by id and field."""
        return {}

    def _narrows(self, name: str, value: str) -> Any:
        return self.table.c[name] == value

    @contextmanager
    def _writing(self) -> Iterator[Writing]:
        warm()
        with self._database.write() as writing:
            yield writing

    # --- shared -------------------------------------------------------------------------------

    def _write(self, writing: Writing, records: Mapping[str, R]) -> dict[str, Outcome]:
        """Rows and events of records already checked."""
        known = self._rows(writing.connection, list(records))
        linked = self._linked(writing.connection, list(known))
        changes = {
            one: Change(record, known.get(one), linked.get(one, {}))
            for one, record in records.items()
        }
        outcomes: dict[str, Outcome] = dict(self._refusals(writing, changes))
        changes = {one: change for one, change in changes.items() if one not in outcomes}
        new, changed = [], []
        for one, change in changes.items():
            row = self._timed(self._row(change.record, change), change.old, writing.now_ms)
            if change.old is None:
                new.append(row)
                outcomes[one] = "created"
            elif _differs(row, change):
                changed.append({"at": one} | row)
                outcomes[one] = "updated"
            else:
                outcomes[one] = "unchanged"
        if new:
            writing.connection.execute(insert(self.table), new)
        if changed:
            where = self.table.c.id == bindparam("at")
            writing.connection.execute(update(self.table).where(where), changed)
        self._told(writing, changes)
        return outcomes

    def _timed(self, row: dict[str, Any], old: AnyRow | None, now_ms: int) -> dict[str, Any]:
        row["create_time"] = row["create_time"] or (old.create_time if old else now_ms)
        row["update_time"] = now_ms
        return row

    def _stored(self, connection: Connection, rows: Sequence[AnyRow]) -> list[S]:
        linked = self._linked(connection, [row.id for row in rows])
        return [self._record(row._mapping, linked.get(row.id, {})) for row in rows]

    def _rows(self, connection: Connection, ids: Sequence[str]) -> dict[str, AnyRow]:
        rows = connection.execute(select(self.table).where(self.table.c.id.in_(ids)))
        return {row.id: row for row in rows}

    def _get(self, connection: Connection, record_id: str) -> S:
        rows = connection.execute(select(self.table).where(self.table.c.id == record_id)).all()
        if not rows:
            raise self._missing(record_id)
        return self._stored(connection, rows)[0]

    def _missing(self, record_id: str) -> NotFound:
        return NotFound("id", f"there is no {self.noun} {record_id!r}")

    def _record(self, row: Mapping[str, Any], linked: Mapping[str, Any]) -> S:
        """A record out of a row."""
        found = {name: row[name] for name in self.stored.__struct_fields__ if name in row}
        fields = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in (found | dict(linked)).items()
        }
        return self.stored(**fields)


def _differs(row: dict[str, Any], change: Change) -> bool:
    if any(
        getattr(change.old, name) != value for name, value in row.items() if name != "update_time"
    ):
        return True
    return any(list(getattr(change.record, name)) != was for name, was in change.linked.items())


def plain(record: Record, *without: str) -> dict[str, Any]:
    """A record's fields as columns take them."""
    fields = msgspec.structs.asdict(record)
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in fields.items()
        if name not in without and name != "update_time"
    }
