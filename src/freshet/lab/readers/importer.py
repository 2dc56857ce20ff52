"""Events from a reader into a log, resumably.

    events ─▶ persons named by key ─▶ batches ─▶ EventLog.append ─▶ checkpoint

The log drops what it already holds, so an import may be repeated at any point. It finds
repeats within seven days only; what lies further back it refuses. Hence the checkpoint: a small
file that says how many events of exactly this source the log has acknowledged.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import msgspec

from freshet.domain.errors import Overloaded, Refused
from freshet.domain.events import EVENTS, Event, Hide, Unhide
from freshet.lab.readers.report import EXAMPLES_KEPT
from freshet.log.ports import Appended, EventLog

BATCH_EVENTS = 2_000
PERSON_FIELDS = ("viewer", "person", "creator")
_PERSONS = {
    kind: tuple(name for name in PERSON_FIELDS if name in kind.__struct_fields__)
    for kind in EVENTS.values()
}


class PersonKeys(Protocol):
    """Who is who: an app's own ids and the random keys the log knows them by."""

    def key(self, external: str) -> str:
        """The key of `external`, made and stored if there is none.

        Raises:
            Refused: not an id that can be stored.
        """
        ...

    def keys(self, externals: Iterable[str]) -> dict[str, str]:
        """Keys of many at once; on return they survive a crash."""
        ...


@dataclass(slots=True)
class ImportReport:
    """What an import did. `skipped` events were acknowledged to an earlier run of it."""

    appended: Counter[str] = field(default_factory=Counter)  # by type of event
    repeated: int = 0
    skipped: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by code of the error
    examples: list[str] = field(default_factory=list)  # of refused events
    seconds: float = 0.0

    @property
    def events(self) -> int:
        """Events taken from the reader, skipped ones included."""
        return self.appended.total() + self.repeated + self.skipped + self.refused.total()

    @property
    def events_per_s(self) -> float:
        return (self.events - self.skipped) / self.seconds if self.seconds else 0.0

    def count(self, events: list[Event], answer: Appended) -> None:
        out = {*answer.repeated, *(at for at, _ in answer.refused)}
        self.appended.update(_name(e) for i, e in enumerate(events) if i not in out)
        self.repeated += len(answer.repeated)
        for at, error in answer.refused:
            self.refuse(events[at], error)

    def refuse(self, event: Event, error: Refused) -> None:
        self.refused[error.code] += 1
        if len(self.examples) < EXAMPLES_KEPT:
            self.examples.append(f"{_name(event)} {event.event_id}: {error}")


class Progress(msgspec.Struct):
    """How far the import of one source has come."""

    source: str  # fingerprint of the files and the way they are read
    events: int  # acknowledged or refused by the log, from the first on
    last: int  # offset of the log behind them
    done: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The file beside a log that remembers the import of one source."""

    folder: Path
    source: str

    @property
    def path(self) -> Path:
        return self.folder / f"import-{self.source}.json"

    def load(self, log: EventLog) -> Progress:
        """Where to go on; the start if the file is missing, broken or of another log."""
        try:
            known = msgspec.json.decode(self.path.read_bytes(), type=Progress)
        except (FileNotFoundError, msgspec.DecodeError):
            known = Progress(self.source, 0, 0)
        # A log shorter than remembered was begun anew: what it lacks must be appended again.
        if known.source != self.source or known.last > log.last:
            return Progress(self.source, 0, 0)
        return known

    def save(self, progress: Progress) -> None:
        """Written beside and renamed, so that a crash leaves the old or the new one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(".tmp")
        beside.write_bytes(msgspec.json.encode(progress))
        os.replace(beside, self.path)


async def import_events(
    log: EventLog,
    events: Iterable[Event],
    *,
    keys: PersonKeys,
    progress: Callable[[ImportReport], None] | None = None,
    checkpoint: Checkpoint | None = None,
    batch_events: int = BATCH_EVENTS,
) -> ImportReport:
    """Append all `events`, which are in time order, and say what became of them.

    Args:
        events: the same ones in the same order whenever this import is run again.
        keys: names every viewer, person and creator; stored before the events that bear them.
        progress: told after every batch.
        checkpoint: where to go on and to remember it; without one all events are appended.
    """
    report, begun = ImportReport(), time.perf_counter()
    at = checkpoint.load(log) if checkpoint else Progress("", 0, 0)
    source = iter(events)
    report.skipped = sum(1 for _ in islice(source, at.events))
    while batch := list(islice(source, batch_events)):
        named = _named(batch, keys, report)
        answer = await _append(log, named)
        report.count(named, answer)
        report.seconds = time.perf_counter() - begun
        at.events, at.last = at.events + len(batch), max(at.last, answer.last)
        if checkpoint:
            checkpoint.save(at)
        if progress:
            progress(report)
    at.done = True
    if checkpoint:
        checkpoint.save(at)
    report.seconds = time.perf_counter() - begun
    return report


async def _append(log: EventLog, events: list[Event]) -> Appended:
    while True:
        try:
            return await log.append(events)
        except Overloaded as error:
            await asyncio.sleep(error.retry_after_s)


def _named(batch: list[Event], keys: PersonKeys, report: ImportReport) -> list[Event]:
    """`batch` with keys for persons; events of persons that cannot have one are refused."""
    try:
        table = keys.keys({person for event in batch for person in _persons(event)})
        return [_with_keys(event, table) for event in batch]
    except Refused:
        named = []
        for event in batch:  # one bad id must not cost its neighbours
            try:
                table = {person: keys.key(person) for person in _persons(event)}
                named.append(_with_keys(event, table))
            except Refused as error:
                report.refuse(event, error)
        return named


def _persons(event: Event) -> Iterator[str]:
    for name in _PERSONS[type(event)]:
        yield getattr(event, name)
    if isinstance(event, Hide | Unhide) and event.kind == "creator":
        yield event.target


def _with_keys(event: Event, table: dict[str, str]) -> Event:
    changes: dict[str, Any] = {name: table[getattr(event, name)] for name in _PERSONS[type(event)]}
    if isinstance(event, Hide | Unhide) and event.kind == "creator":
        changes["target"] = table[event.target]
    return msgspec.structs.replace(event, **changes) if changes else event


def _name(event: Event) -> str:
    return str(event.__struct_config__.tag)
