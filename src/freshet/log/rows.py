"""A row of the log as it lies on disk: one encoded batch and a checksum over all of it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from freshet.domain.errors import Corrupt
from freshet.domain.events import Event
from freshet.domain.upcast import decode_batch, decode_ids, encode_batch
from freshet.log.ports import Batch, Offset

T = TypeVar("T")

ROW_EVENTS = 4096  # a larger group commit is cut into several rows
BATCH_EVENTS = 4096  # small rows are read together up to this many events, so folds vectorise


@dataclass(frozen=True, slots=True)
class StoredRow:
    """`count` neighbouring events, the first at offset `first`, encoded in `data`."""

    first: Offset
    count: int
    received: int  # of the last event, ms since 1970
    crc: int
    data: bytes

    @classmethod
    def of(cls, first: Offset, events: Sequence[Event]) -> StoredRow:
        data, received = encode_batch(events), events[-1].received
        return cls(first, len(events), received, _crc(first, len(events), received, data), data)

    @property
    def last(self) -> Offset:
        return self.first + self.count - 1

    def intact(self) -> bool:
        return self.crc == _crc(self.first, self.count, self.received, self.data)

    def events(self) -> list[Event]:
        """Raises:
        Corrupt: the checksum or the number of events is wrong.
        Refused: written by a newer Freshet.
        """
        self._check()
        return self._counted(decode_batch(self.data))

    def ids(self) -> list[str]:
        """The event ids alone, several times faster than `events`; raises the same."""
        self._check()
        return self._counted(decode_ids(self.data))

    def _check(self) -> None:
        if not self.intact():
            raise Corrupt(f"the row at offset {self.first} does not match its checksum")

    def _counted(self, values: list[T]) -> list[T]:
        if len(values) != self.count:
            raise Corrupt(
                f"the row at offset {self.first} holds {len(values)} events, not {self.count}"
            )
        return values


def _crc(first: Offset, count: int, received: int, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(struct.pack("<qqq", first, count, received)))


def cut(first: Offset, events: Sequence[Event]) -> Iterator[StoredRow]:
    """The rows that one group commit writes."""
    for at in range(0, len(events), ROW_EVENTS):
        yield StoredRow.of(first + at, events[at : at + ROW_EVENTS])


def join(batches: Sequence[Batch]) -> Batch:
    """Neighbouring batches as one."""
    if len(batches) == 1:
        return batches[0]
    return Batch(batches[0].first, [event for batch in batches for event in batch.events])


def behind(batch: Batch, after: Offset) -> Batch:
    """What of a batch lies behind `after`."""
    if batch.first > after:
        return batch
    return Batch(after + 1, batch.events[after + 1 - batch.first :])
