"""Rows sorted by time in bounded memory.

    add(frame) ─▶ sorted runs (in memory; on disk once there are many) ─▶ windows()

A window is a stretch of whole hours with about `rows_per_window` rows; windows follow each
other in time and together hold every row once. Only one of them is in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from freshet.lab.readers.report import HOUR_MS


class Runs:
    """Frames with a column `time_ms`, given in any order, read in the order of time.

    Rows of equal time keep the order in which they came. Use as a context manager: the
    files of a large log go away on leaving.
    """

    def __init__(self, rows_in_memory: int = 4_000_000, rows_per_window: int = 200_000) -> None:
        self.rows = 0
        self._rows_in_memory, self._rows_per_window = rows_in_memory, rows_per_window
        self._frames: list[pl.DataFrame] = []
        self._files: list[Path] = []
        self._hours: Counter[int] = Counter()
        self._folder: TemporaryDirectory[str] | None = None

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def add(self, frame: pl.DataFrame) -> None:
        hours = (frame["time_ms"] // HOUR_MS).value_counts()
        self._hours.update(dict(hours.iter_rows()))
        self._frames.append(frame)
        self.rows += len(frame)
        if sum(map(len, self._frames)) > self._rows_in_memory:
            self._spill()

    def windows(self) -> Iterator[pl.DataFrame]:
        if not self._files:
            self._frames = [_sorted(self._frames)] if self._frames else []
        elif self._frames:
            self._spill()
        for begin_ms, end_ms in self._spans():
            inside = (pl.col("time_ms") >= begin_ms) & (pl.col("time_ms") < end_ms)
            # Files before frames, and in the order written: equal times keep their order.
            parts = [pl.scan_parquet(file).filter(inside).collect() for file in self._files]
            parts += [frame.filter(inside) for frame in self._frames]
            yield _sorted(parts)

    def _spans(self) -> Iterator[tuple[int, int]]:
        begin, rows = None, 0
        for hour in sorted(self._hours):
            if begin is not None and rows + self._hours[hour] > self._rows_per_window:
                yield begin * HOUR_MS, hour * HOUR_MS
                begin, rows = None, 0
            begin = hour if begin is None else begin
            rows += self._hours[hour]
        if begin is not None:
            yield begin * HOUR_MS, (max(self._hours) + 1) * HOUR_MS

    def _spill(self) -> None:
        self._folder = self._folder or TemporaryDirectory(prefix="freshet-")
        file = Path(self._folder.name) / f"{len(self._files):06}.parquet"
        # Sorted with small row groups, so that reading a window skips the rest by statistics.
        _sorted(self._frames).write_parquet(file, row_group_size=65_536, compression="lz4")
        self._files.append(file)
        self._frames = []


def _sorted(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames).sort("time_ms", maintain_order=True)
