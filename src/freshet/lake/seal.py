"""Write the log into the lake: read what is not there yet, cut, seal.

A segment ends with its UTC day, after so many hours of it, or after so many events, so it
depends on the log alone where it ends; what follows the last such end waits for the next
call. Rows are written as they are read: memory holds one row group of each kind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from freshet.domain.errors import Broken
from freshet.domain.events import Event, SlateServed
from freshet.lake.columns import schema_of, table_of
from freshet.lake.segments import UNFINISHED, File, Segment, Segments, digest_of, name_of
from freshet.log.files import FolderLock, make_folder, sync_file, sync_folder
from freshet.log.ports import EventLog, Offset

HOUR_MS = 3_600_000
ROW_GROUP = 65_536  # rows, of the weight of a plain event
ITEM_WEIGHT = 8  # a served item with its vector weighs as much as so many events
COMPRESSION = "zstd"
SEGMENT_EVENTS, SEGMENT_HOURS = 1_000_000, 24

Tell = Callable[[Offset, Offset], None]


class Lake:
    """The lake of a data folder.

    Args:
        folder: `<data>/lake`; created by the first seal.
        segment_events: a segment ends after so many events ...
        segment_hours: ... or with so many hours of the UTC day it lies in.
    """

    def __init__(
        self,
        folder: Path,
        segment_events: int = SEGMENT_EVENTS,
        segment_hours: int = SEGMENT_HOURS,
    ) -> None:
        self.folder, self.segments = folder, Segments(folder)
        self._events, self._hours = segment_events, segment_hours

    @property
    def sealed(self) -> Offset:
        """Everything up to here is in the lake."""
        ranges = self.segments.ranges()
        return ranges[-1][1] if ranges else 0

    async def seal(
        self,
        log: EventLog,
        upto: Offset | None = None,
        *,
        rest: bool = False,
        tell: Tell = lambda *_: None,
    ) -> list[Segment]:
        """Seal what the log holds beyond `sealed`; durable on return.

        Args:
            upto: no further than this offset; None = the log's end as it is now.
            rest: also what no segment's end has come behind yet.
            tell: hears which offset is read, and up to which.

        Raises:
            Unavailable: another process is sealing.
            Broken: the lake is of another log, or the log dropped what is not in it yet.
        """
        make_folder(self.folder / UNFINISHED)
        with FolderLock(self.folder, busy="sealed"):
            self.segments.tidy()
            after = await self._start(log)
            last = log.last if upto is None else min(upto, log.last)
            return await self._seal(log, after, last, rest, tell)

    async def _seal(
        self, log: EventLog, after: Offset, last: Offset, rest: bool, tell: Tell
    ) -> list[Segment]:
        made: list[Segment] = []
        if after >= last or not (rest or await self._due(log, after, last)):
            return made
        open_ = Writing(self.folder, after + 1)
        async for batch in log.read(after):
            for offset, event in enumerate(batch.events, batch.first):
                if offset > last:
                    break
                if open_.count and self._ends(open_, event):
                    made.append(self._closed(open_))
                    open_ = Writing(self.folder, offset)
                open_.add(event)
            tell(min(batch.last, last), last)
            if batch.last >= last:
                break
        if open_.count and (rest or open_.count >= self._events):
            made.append(self._closed(open_))
        else:
            open_.drop()
        return made

    async def _due(self, log: EventLog, after: Offset, last: Offset) -> bool:
        """Whether a segment ends before `last`: else all would be written, and thrown away."""
        if last - after >= self._events:
            return True
        first, latest = await _event(log, after + 1), await _event(log, last)
        return self._period(first.received) != self._period(latest.received)

    def _ends(self, open_: Writing, event: Event) -> bool:
        return open_.count >= self._events or (
            self._period(event.received) != self._period(open_.received[0])
        )

    def _period(self, received: int) -> tuple[int, int]:
        day, hour = divmod(received // HOUR_MS, 24)
        return day, hour // self._hours

    def _closed(self, open_: Writing) -> Segment:
        segment = open_.close()
        self.segments.put(segment)
        return segment

    async def _start(self, log: EventLog) -> Offset:
        """Where the lake ends, having checked that it is this log's."""
        newest = self.segments.last()
        if newest is None:
            return log.base  # what an epoch dropped before there was a lake stays unknown
        end = newest.last
        if end < log.base:
            raise Broken(
                f"{self.folder} ends at offset {end}, and the log dropped its events up to "
                f"{log.base}; move the lake away, and a new one begins behind them"
            )
        if end > log.last:
            raise Broken(
                f"{self.folder} reaches to offset {end}, the log only to {log.last}: "
                "it is of another log, or this log was restored from before; move the lake away"
            )
        if end > log.base and (await _event(log, end)).event_id != newest.last_event_id:
            raise Broken(f"{self.folder} is of another log; move it away")
        return end


async def _event(log: EventLog, offset: Offset) -> Event:
    async for batch in log.read(offset - 1):
        return batch.events[0]
    raise Broken(f"the log has no event {offset}")


class Writing:
    """A segment that is being written: a file for each kind of event seen so far."""

    def __init__(self, folder: Path, first: Offset) -> None:
        self.folder, self.first, self.count = folder, first, 0
        self.received = (0, 0)
        self._event_id = ""
        self._waiting: dict[str, tuple[list[Offset], list[Event]]] = defaultdict(lambda: ([], []))
        self._weight: dict[str, int] = defaultdict(int)
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._rows: dict[str, int] = defaultdict(int)

    def add(self, event: Event) -> None:
        name = str(event.__struct_config__.tag)
        offsets, events = self._waiting[name]
        offsets.append(self.first + self.count)
        events.append(event)
        self.received = (self.received[0] if self.count else event.received, event.received)
        self._event_id = event.event_id
        self.count += 1
        self._weight[name] += 1
        if isinstance(event, SlateServed):
            self._weight[name] += ITEM_WEIGHT * len(event.items)
        if self._weight[name] >= ROW_GROUP:
            self._write(name)

    def close(self) -> Segment:
        """Its files put in place, durably; not yet of the lake."""
        for name in [name for name, (offsets, _) in self._waiting.items() if offsets]:
            self._write(name)
        last = self.first + self.count - 1
        date = datetime.fromtimestamp(self.received[0] / 1000, UTC).date()
        place = f"date={date}/{name_of(self.first, last)}.parquet"
        files = [self._place(name, f"{name}/{place}") for name in sorted(self._writers)]
        return Segment(self.first, last, self.received, self._event_id, files)

    def drop(self) -> None:
        for name, writer in self._writers.items():
            writer.close()
            self._unfinished(name).unlink()

    def _write(self, name: str) -> None:
        offsets, events = self._waiting.pop(name)
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(
                self._unfinished(name), schema_of(name), compression=COMPRESSION
            )
        self._writers[name].write_table(table_of(name, offsets, events))
        self._rows[name] += len(events)
        self._weight[name] = 0

    def _place(self, name: str, path: str) -> File:
        self._writers[name].close()
        unfinished, target = self._unfinished(name), self.folder / path
        sync_file(unfinished)
        digest, size = digest_of(unfinished), unfinished.stat().st_size
        make_folder(target.parent)
        unfinished.rename(target)
        sync_folder(target.parent)
        return File(path, name, self._rows[name], size, digest)

    def _unfinished(self, name: str) -> Path:
        return self.folder / UNFINISHED / f"{name}.parquet"
