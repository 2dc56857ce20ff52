"""Read the lake as what it was made from: events in their order."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from freshet.domain.events import Event
from freshet.lake.columns import events_of
from freshet.lake.segments import Segment, Segments
from freshet.log.ports import Batch, Offset
from freshet.log.rows import BATCH_EVENTS


def batches(folder: Path, after: Offset = 0, upto: Offset | None = None) -> Iterator[Batch]:
    """Everything sealed behind `after`, in order, as neighbouring events.

    Where someone was erased, offsets are missing, and one batch ends and another begins.

    Args:
        folder: the lake's.
        upto: up to this offset; None = all.

    Raises:
        Corrupt: a list or a file cannot be read.
    """
    segments = Segments(folder)
    for first, last in segments.ranges():
        if last <= after or (upto is not None and first > upto):
            continue
        inside = (
            (offset, event)
            for offset, event in events(folder, segments.read(first, last))
            if offset > after and (upto is None or offset <= upto)
        )
        yield from _neighbours(inside)


def events(folder: Path, segment: Segment) -> Iterator[tuple[Offset, Event]]:
    """The events of one segment, by offset; holds one row group of each kind in memory."""
    kinds = (_of_file(folder / file.path, file.event) for file in segment.files)
    return heapq.merge(*kinds, key=lambda pair: pair[0])


def _of_file(path: Path, event: str) -> Iterator[tuple[Offset, Event]]:
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield from events_of(event, file.read_row_group(group))


def _neighbours(pairs: Iterator[tuple[Offset, Event]]) -> Iterator[Batch]:
    first, run = 0, list[Event]()
    for offset, event in pairs:
        if run and (offset != first + len(run) or len(run) >= BATCH_EVENTS):
            yield Batch(first, run)
            run = []
        if not run:
            first = offset
        run.append(event)
    if run:
        yield Batch(first, run)
