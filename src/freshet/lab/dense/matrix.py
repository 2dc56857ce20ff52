"""Watch ratios of every viewer with every video, and the order in which viewers swipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from freshet.domain.errors import Refused
from freshet.lab.readers.report import ReadReport
from freshet.lab.readers.tables import open_table

MOST = 5.0  # a watch ratio beyond counts as this
Doubles = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """ratio (viewers, videos), 0 to 5."""

    ratio: Doubles

    @property
    def viewers(self) -> int:
        return len(self.ratio)

    @property
    def videos(self) -> int:
        return len(self.ratio.T)

    def oracle(self, viewers: Rows, swipes: int) -> float:
        """What these viewers watch if each is shown the best for them, best first."""
        best = -np.partition(-self.ratio[viewers], swipes - 1, axis=1)[:, :swipes]
        return float(best.sum())

    def same_for_all(self, viewers: Rows, swipes: int) -> float:
        """What they watch if each is shown the videos that are best on average."""
        best = np.argsort(-self.ratio.mean(axis=0), kind="stable")[:swipes]
        return float(self.ratio[np.ix_(viewers, best)].sum())


@dataclass(frozen=True, slots=True)
class Plan:
    """Who swipes when: `order` (n,) viewers; swipes from `counted` on count."""

    order: Rows
    counted: int
    swipes: int  # of each viewer

    @property
    def viewers(self) -> Rows:
        """Those whose swipes count."""
        return np.unique(self.order[self.counted :])


def cold(world: World, swipes: int, seed: int) -> Plan:
    """Everybody counts, from the first swipe of an empty system on."""
    return Plan(_mixed(np.arange(world.viewers), swipes, seed), 0, swipes)


def warm(world: World, swipes: int, new: int, seed: int) -> Plan:
    """The last `new` viewers count; the others have acted before them."""
    rows = np.arange(world.viewers)
    before, after = _mixed(rows[:-new], swipes, seed), _mixed(rows[-new:], swipes, seed + 1)
    return Plan(np.concatenate([before, after]), len(before), swipes)


def _mixed(viewers: Rows, swipes: int, seed: int) -> Rows:
    return np.random.default_rng(seed).permutation(np.repeat(viewers, swipes))


def read_world(path: Path, viewers: int = 0) -> World:
    """`user_factors` · `item_factors`ᵀ of the folder at `path`, clipped to 0–5.

    Args:
        viewers: only the first so many; 0 = all.

    Raises:
        Refused: a file is missing or its factors are no list of equal length.
    """
    users, items = _factors(path, "user_factors"), _factors(path, "item_factors")
    if users.shape[1] != items.shape[1]:
        widths = f"{users.shape[1]} and {items.shape[1]}"
        raise Refused("features", f"factors of {widths} numbers", "as many for both")
    return World(np.clip(users[: viewers or None] @ items.T, 0.0, MOST))


def _factors(path: Path, name: str) -> Doubles:
    table = open_table(path / f"{name}.parquet")
    if "features" not in table.columns:
        raise Refused(table.name, "has no column features", "id, features")
    frames = pl.concat(list(table.frames(("features",), ReadReport())))
    lists = frames["features"].to_list()
    if not lists or any(one is None or len(one) != len(lists[0]) for one in lists):
        raise Refused(table.name, "features differ in length, or are none", "lists of one length")
    found = np.array(lists, np.float64)
    if not np.isfinite(found).all():
        raise Refused(table.name, "holds what is not finite", "numbers")
    return found
