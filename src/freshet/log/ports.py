"""The log: the one place where anything that happened is written down.

    append(events) ─▶ EventLog ─▶ read(after) ─▶ follow() ─▶ projections

An event's offset is its 1-based place in the log; `Offset` 0 is before the first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from freshet.domain.errors import Refused
from freshet.domain.events import Event

Offset = int


@dataclass(frozen=True, slots=True)
class Batch:
    """Neighbouring events; `first` is the offset of `events[0]`. How a log is cut into
    batches carries no meaning: folds give the same state for any cut."""

    first: Offset
    events: Sequence[Event]

    @property
    def last(self) -> Offset:
        return self.first + len(self.events) - 1


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of each event of one call, by index into what was given.

    `offsets[i]` is where event i lies: also for a repeat (where the first one lies), and
    0 if it was refused. `last` is the offset a reader must reach to have seen them all.
    """

    offsets: tuple[Offset, ...]
    repeated: tuple[int, ...] = ()
    refused: tuple[tuple[int, Refused], ...] = ()

    @property
    def last(self) -> Offset:
        return max(self.offsets, default=0)


class EventLog(Protocol):
    async def append(self, events: Sequence[Event]) -> Appended:
        """Durable on return; a repeated `event_id` changes nothing; sets `received`.

        Raises:
            Overloaded: too much waits to be written; nothing of this call was kept.
        """
        ...

    def read(self, after: Offset = 0) -> AsyncIterator[Batch]:
        """Batches from the event behind `after` to the end as it is now.

        Raises:
            Refused: `after` lies before the epoch's base.
            Corrupt: stored bytes are not what was written.
        """
        ...

    async def wait(self, after: Offset) -> None:
        """Return once the log reaches beyond `after`."""
        ...

    @property
    def last(self) -> Offset: ...

    @property
    def epoch(self) -> int:
        """Counts from 1; each epoch after the first begins with a base snapshot."""
        ...

    @property
    def base(self) -> Offset:
        """Events up to here are gone; folds start from the snapshot at this offset."""
        ...

    async def begin_epoch(self, base: Offset) -> None:
        """Drop the events up to `base`; offsets go on. Call it through `log/epochs.py`,
        which first makes sure that the snapshot to start from is good."""
        ...

    async def close(self) -> None: ...


class Projection(Protocol):
    """State derived from the log."""

    name: str
    fold_version: int  # raised when `apply` changes meaning; older snapshots are then refolded

    def apply(self, batch: Batch) -> None:
        """Deterministic: no clock, no I/O, no hidden randomness; any cut gives the same."""
        ...

    def save(self, folder: Path) -> None: ...

    def load(self, folder: Path) -> None:
        """Restore what `save` wrote.

        Raises:
            Corrupt: that is not possible; nothing was changed, and an earlier snapshot or
                the log itself is folded instead.
        """
        ...
