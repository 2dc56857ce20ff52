"""An experiment's result: each arm's measures with 95 % intervals, and what differs from control.

A measure is a ratio Σy / Σx over viewers, such as watch time per impression. Its variance is
that of the delta method, with the viewer as the unit:

    r = Σy / Σx      var r = Σ (y − r·x)² / (n − 1) / n / x̄²
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import msgspec
import numpy as np
from numpy.typing import NDArray

from freshet.domain.errors import NotFound
from freshet.feed.arms import DAY_MS, ArmSums, Sums
from freshet.feed.experiments import HOLDOUT

Z95 = 1.959964  # of a normal distribution, two-sided
FIELDS = ("one", "feeds", "impressions", "watch_s", "finishes", "likes", "returns", "days")
# measure -> (above, below)
MEASURES = {
    "feeds_per_viewer": ("feeds", "one"),
    "watch_s_per_viewer": ("watch_s", "one"),
    "watch_s_per_impression": ("watch_s", "impressions"),
    "finishes_per_impression": ("finishes", "impressions"),
    "likes_per_impression": ("likes", "impressions"),
    # Of days with a feed, those followed by a next day with one; today's next is not known.
    "return_rate": ("returns", "days"),
}


class Estimate(msgspec.Struct, frozen=True):
    """A number with its 95 % interval; None where there is too little to say one."""

    value: float | None
    low: float | None = None
    high: float | None = None


class ArmResult(msgspec.Struct, frozen=True):
    arm: str
    viewers: int
    feeds: int
    impressions: int
    measures: dict[str, Estimate]
    differences: dict[str, Estimate]  # to the control; empty for the control itself


class ArmTable(msgspec.Struct, frozen=True):
    """Of the viewers that were kept: a share `sampled` of all."""

    experiment: str
    surface: str
    control: str
    sampled: float
    arms: tuple[ArmResult, ...]


def arm_table(sums: ArmSums, experiment: str, control: str = "") -> ArmTable:
    """
    Args:
        control: the arm to compare with; "" = the first by name.

    Raises:
        NotFound: nobody was served by such an experiment, or in such an arm.
    """
    if experiment not in sums.samples:
        right = ", ".join(sums.samples) or "one that has served a feed"
        raise NotFound("name", f"no feed of an experiment {experiment!r}", right)
    sample = sums.samples[experiment]
    by_arm: dict[str, list[Sums]] = {}
    for one in sample.viewers.values():
        by_arm.setdefault(one.arm, []).append(one)
    names = sorted(by_arm, key=lambda arm: (arm == HOLDOUT, arm))
    control = control or next(iter(names), "")
    if control not in by_arm:
        raise NotFound("control", f"nobody was served in {control!r}", ", ".join(names))
    today = sums.now_ms // DAY_MS
    rows = {arm: columns(viewers, today) for arm, viewers in by_arm.items()}
    results = tuple(_result(arm, rows[arm], rows[control], arm == control) for arm in names)
    return ArmTable(experiment, sample.surface, control, sample.keep, results)


def columns(viewers: Sequence[Sums], today: int) -> NDArray[np.float64]:
    """(viewers, FIELDS)"""
    return np.array(
        [
            (
                1, one.feeds, one.impressions, one.watched_ms / 1000, one.finishes, one.likes,
                one.returns, one.days - (one.last_day >= today),
            )
            for one in viewers
        ],
        np.float64,
    )  # fmt: skip


def ratio(rows: NDArray[np.float64], measure: str) -> tuple[float, float]:
    """A measure and the variance of its estimate; NaN where it has none."""
    above, below = (rows[:, FIELDS.index(name)] for name in MEASURES[measure])
    n = len(rows)
    if n < 2 or below.sum() <= 0:
        return (float(above.sum() / below.sum()) if below.sum() > 0 else np.nan), np.nan
    r = float(above.sum() / below.sum())
    off = above - r * below
    return r, float((off @ off) / (n - 1) / n / below.mean() ** 2)


def interval(value: float, variance: float) -> Estimate:
    if not np.isfinite(value):
        return Estimate(None)
    if not np.isfinite(variance):
        return Estimate(round(value, 6))
    half = Z95 * sqrt(variance)
    return Estimate(round(value, 6), round(value - half, 6), round(value + half, 6))


def _result(
    arm: str, mine: NDArray[np.float64], theirs: NDArray[np.float64], same: bool
) -> ArmResult:
    own = {name: ratio(mine, name) for name in MEASURES}
    other = {name: ratio(theirs, name) for name in MEASURES}
    differences = {
        name: interval(own[name][0] - other[name][0], own[name][1] + other[name][1])
        for name in MEASURES
    }
    return ArmResult(
        arm=arm,
        viewers=len(mine),
        feeds=int(mine[:, FIELDS.index("feeds")].sum()),
        impressions=int(mine[:, FIELDS.index("impressions")].sum()),
        measures={name: interval(*own[name]) for name in MEASURES},
        differences={} if same else differences,
    )
