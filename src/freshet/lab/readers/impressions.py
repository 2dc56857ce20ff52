"""All impressions of a folder in time order, each once.

A reader of a layout gives frames with the columns below; what becomes of them is the same for
every layout. Lines equal in (user_id, video_id, time_ms) are one impression; of what came of
it the maximum counts. What the log itself knows of its users and videos (first use, author,
tags) is gathered in the same pass: not every one of them is in the tables.

    user_id video_id time_ms  play_time_ms duration_ms  OUTCOMES  tab date  and facts of a video
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from freshet.lab.readers.report import ReadReport
from freshet.lab.readers.runs import Runs

KEY = ("time_ms", "user_id", "video_id")
SPANS = ("play_time_ms", "duration_ms")
OUTCOMES = (
    "is_click", "long_view", "is_like", "is_follow", "is_comment", "is_forward", "is_hate",
    "is_profile_enter", "is_favorite",
)  # fmt: skip
FACTS = ("author_id", "tag", "upload_date")  # of a video, as a line of KuaiRand's log says them
NO_TAB = -1
CHINA_MS = 8 * 3_600_000  # dates are of UTC+8
LONG_VIEW = ("long_view",)
HATE_AGAINST_LIKE = ("not_interested", "like")


@dataclass(frozen=True, slots=True)
class Log:
    """Merged impressions as columns in time order, for evaluation."""

    viewer: NDArray[np.int64]
    video: NDArray[np.int64]
    author: NDArray[np.int64]  # -1 = unknown
    time_ms: NDArray[np.int64]
    date: NDArray[np.int32]  # 20220425, of UTC+8
    tab: NDArray[np.int32]  # -1 = unknown
    play_time_ms: NDArray[np.int32]
    duration_ms: NDArray[np.int32]  # 0 = unknown
    outcomes: dict[str, NDArray[np.bool_]] = field(repr=False)  # by KuaiRand's name, `is_like`
    main: tuple[str, ...] = LONG_VIEW  # what it is for: an outcome, or one against another

    def __len__(self) -> int:
        return len(self.viewer)


class Impressions:
    """Frames of a log, read once into sorted runs. Use as a context manager."""

    def __init__(
        self,
        frames: Iterable[pl.DataFrame],
        report: ReadReport,
        facts: Sequence[str] = FACTS,
    ) -> None:
        self._report, self._runs = report, Runs()
        self._videos = _Gathered("video_id", facts)
        self._users = _Gathered("user_id", ())
        for frame in frames:
            if len(frame):
                self._runs.add(frame.drop(*facts, "line"))
                self._videos.add(frame)
                self._users.add(frame)

    def __enter__(self) -> Impressions:
        return self

    def __exit__(self, *_: object) -> None:
        self._runs.__exit__()

    @property
    def rows(self) -> int:
        """Lines taken over, repeated ones among them."""
        return self._runs.rows

    def first_ms(self) -> int:
        """When the log begins; 0 if it is empty."""
        return int(self.videos["time_ms"].min() or 0) if self.rows else 0  # type: ignore[arg-type]

    @property
    def videos(self) -> pl.DataFrame:
        """video_id, time_ms of first use, duration_ms and the facts."""
        return self._videos.frame()

    @property
    def users(self) -> pl.DataFrame:
        """user_id, time_ms of first use."""
        return self._users.frame().select("user_id", "time_ms")

    def windows(self) -> Iterator[pl.DataFrame]:
        for window in self._runs.windows():
            once = merged(window)
            self._report.kept += len(once)
            self._report.repeated += len(window) - len(once)
            self._report.unknown_duration += int((once["duration_ms"] == 0).sum())
            yield once


def merged(rows: pl.DataFrame) -> pl.DataFrame:
    """Repeated lines of one impression as one, in the order of the first of them."""
    if not rows.select(KEY).is_duplicated().any():
        return rows
    return (
        rows.group_by(KEY, maintain_order=True)
        .agg(pl.col(*SPANS, *OUTCOMES).max(), pl.col("tab", "date").first())
        .select(rows.columns)
    )


def as_log(frame: pl.DataFrame, main: tuple[str, ...] = LONG_VIEW) -> Log:
    """Merged impressions, with `author_id`, as columns."""
    return Log(
        viewer=frame["user_id"].to_numpy(),
        video=frame["video_id"].to_numpy(),
        author=frame["author_id"].fill_null(-1).to_numpy(),
        time_ms=frame["time_ms"].to_numpy(),
        date=frame["date"].to_numpy(),
        tab=frame["tab"].to_numpy(),
        play_time_ms=frame["play_time_ms"].to_numpy(),
        duration_ms=frame["duration_ms"].to_numpy(),
        outcomes={name: frame[name].cast(pl.Boolean).to_numpy() for name in OUTCOMES},
        main=main,
    )


def with_authors(rows: pl.DataFrame, supply: pl.DataFrame) -> pl.DataFrame:
    """`rows` and who made their videos: a log may not say, the video table does."""
    return rows.join(
        supply.select("video_id", "author_id"), on="video_id", how="left", maintain_order="left"
    )


def day_of(time_ms: str) -> pl.Expr:
    """The day of UTC+8 in which the column `time_ms` lies, as 20220425."""
    chinese = pl.from_epoch(pl.col(time_ms) + CHINA_MS, time_unit="ms")
    day = chinese.dt.year() * 10_000 + chinese.dt.month().cast(pl.Int32) * 100 + chinese.dt.day()
    return day.cast(pl.Int32)


class _Gathered:
    """What the log says of each user or video, brought together as it is read."""

    def __init__(self, key: str, facts: Sequence[str]) -> None:
        self._key, self._facts = key, facts
        self._frames: list[pl.DataFrame] = []
        self._compact_at = 1_000_000

    def add(self, frame: pl.DataFrame) -> None:
        known = frame.select(self._key, "time_ms", "duration_ms", *self._facts)
        self._frames.append(self._grouped(known))
        if sum(map(len, self._frames)) > self._compact_at:
            self._compact_at = max(self._compact_at, 2 * len(self.frame()))

    def frame(self) -> pl.DataFrame:
        self._frames = [self._grouped(pl.concat(self._frames))]
        return self._frames[0]

    def _grouped(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.group_by(self._key, maintain_order=True).agg(
            pl.col("time_ms").min(),
            pl.col("duration_ms").max(),
            *(pl.col(name).drop_nulls().first() for name in self._facts),
        )
