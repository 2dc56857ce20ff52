"""Histories of viewers, oldest first, and the last video of each left out.

    user_history*       KuaiRand: `long_watch_seq`, ordered ids
    ratings.dat / .csv  MovieLens: user::item::rating::time, every rating a view

Files are read as they are; a viewer's views beyond the last 200 are left out, and so are viewers
with fewer than three.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from freshet.domain.errors import Refused
from freshet.lab.readers.report import ReadReport
from freshet.lab.readers.tables import open_table

LONGEST, FEWEST = 200, 3
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """What viewers watched long, as rows of a catalogue."""

    viewers: list[Rows]  # each oldest first
    videos: int
    data: str

    def most_watched(self, videos: int) -> Histories:
        """The same with only the `videos` videos that were watched most."""
        count = np.bincount(np.concatenate(self.viewers), minlength=self.videos)
        kept = np.sort(np.argsort(-count, kind="stable")[:videos])
        at = np.full(self.videos, -1, np.int64)
        at[kept] = np.arange(len(kept))
        short = (at[rows] for rows in self.viewers)
        viewers = [rows[rows >= 0] for rows in short]
        return Histories([r for r in viewers if len(r) >= FEWEST], len(kept), self.data)

    def left_out(self, back: int) -> tuple[list[Rows], Rows]:
        """What was before the last but `back` (1 = the last) video, and that video; without those
        who had watched it before, for what was watched is not shown again."""
        told = [(rows[:-back], int(rows[-back])) for rows in self.viewers if len(rows) > back]
        asked = [(past, video) for past, video in told if video not in past]
        return [past for past, _ in asked], np.array([video for _, video in asked], np.int64)


def read_histories(path: Path) -> Histories:
    """The histories of a file, or of a folder that holds one.

    Raises:
        Refused: none is there, or it is not what its name says.
    """
    if path.is_dir():
        files = sorted([*path.glob("user_history*"), *path.glob("ratings.*")])
        if not files:
            right = "a folder with user_history*.parquet, or ratings.dat of MovieLens"
            raise Refused("path", f"{path.name} holds no history", right)
        path = files[0]
    lists = _ratings(path) if path.name.startswith("ratings") else _kuairand(path)
    long = [one[-LONGEST:] for one in lists if len(one) >= FEWEST]
    if not long:
        raise Refused(path.name, f"no viewer has {FEWEST} views", "longer histories")
    names, rows = np.unique(np.concatenate(long), return_inverse=True)
    ends = np.cumsum([len(one) for one in long])[:-1]
    return Histories(np.split(rows.astype(np.int64), ends), len(names), path.name)


def _kuairand(path: Path) -> list[NDArray[Any]]:
    table, report = open_table(path), ReadReport()
    if "long_watch_seq" not in table.columns or path.suffix != ".parquet":
        raise Refused(path.name, "has no lists of long_watch_seq", "a Parquet file that has")
    return [
        np.array(one, np.int64)
        for frame in table.frames(("long_watch_seq",), report)
        for one in frame["long_watch_seq"].to_list()
        if one
    ]


def _ratings(path: Path) -> list[NDArray[Any]]:
    """MovieLens 1M separates by two colons, later ones by a comma under a header."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        fields = [line.replace("::", ",").split(",") for line in lines if line[:1].isdigit()]
        numbers = np.array([(int(f[0]), int(f[1]), int(f[3])) for f in fields], np.int64)
    except (OSError, UnicodeDecodeError, ValueError, IndexError) as error:
        raise Refused(path.name, f"cannot be read: {error}", "user::item::rating::time") from None
    if not len(numbers):
        raise Refused(path.name, "holds no rating", "lines of user::item::rating::time")
    frame = pl.DataFrame(numbers, schema=["user", "item", "time"], orient="row")
    ordered = frame.sort("time", maintain_order=True).group_by("user", maintain_order=True)
    return [group["item"].to_numpy() for _, group in ordered]
