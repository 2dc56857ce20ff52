"""With stages and without, in the same worlds with the same luck.

discoverable         of uploads in the top 5 % by worth to their best audience, the share that
                     reached 1,000 impressions within 48 hours
follower_correlation of exposure (log 1 + impressions) with followers (log 1 + n), both with what
                     worth explains of them taken out
watch_time_change    all seconds watched with stages over those without, less 1
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table
from scipy.special import stdtrit

from freshet.lab import pictures
from freshet.lab.fairstart.living import Lived, Tell, lived, settings_of, videos_of
from freshet.lab.fairstart.world import Shape, World

TOP, REACHED = 0.05, 1_000
DAY_MS = 86_400_000
Doubles = NDArray[np.float64]


class One(msgspec.Struct, frozen=True):
    """One seed."""

    discoverable: dict[str, float]  # with, without
    follower_correlation: float  # with stages
    follower_correlation_without: float
    watch_time_change: float
    uploads: int  # that count
    reach: dict[str, list[float]]  # impressions of the top, rising


async def measure(shape: Shape, seeds: Sequence[int], tell: Tell) -> list[One]:
    found = []
    for seed in seeds:
        world = World.made(shape, videos_of(shape), seed)
        lives = {}
        for name, stages in (("with", True), ("without", False)):
            label = f"seed {seed}, {name} stages"
            lives[name] = await lived(world, settings_of(seed, stages), seed, label, tell)
        found.append(_one(world, lives))
    return found


def _one(world: World, lives: dict[str, Lived]) -> One:
    shape, worth = world.shape, world.to_best_audience()
    some = lives["with"].uploaded_ms
    first, last = shape.warm_days * DAY_MS, (shape.warm_days + shape.counted_days) * DAY_MS
    counted = np.flatnonzero((some >= first) & (some < last))
    best = counted[worth[counted] >= np.quantile(worth[counted], 1 - TOP)]
    change = lives["with"].watched_s / lives["without"].watched_s - 1
    return One(
        {name: float((life.shown[best] >= REACHED).mean()) for name, life in lives.items()},
        _partial(world, lives["with"], counted),
        _partial(world, lives["without"], counted),
        change,
        len(counted),
        {name: sorted(life.shown[best].astype(float).tolist()) for name, life in lives.items()},
    )


def _partial(world: World, life: Lived, counted: NDArray[np.int64]) -> float:
    """Correlation of exposure with followers at equal worth."""
    followers = np.log1p(world.followers[world.creator[counted]])
    exposure = np.log1p(life.shown[counted])
    worth = world.quality[counted]
    # A cubic: exposure need not grow in proportion to worth.
    by = np.stack([np.ones(len(counted)), worth, worth**2, worth**3], axis=1)
    rest = [y - by @ np.linalg.lstsq(by, y, rcond=None)[0] for y in (followers, exposure)]
    return float(np.corrcoef(rest[0], rest[1])[0, 1])


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and its 95 % interval by Student's t; of one value no interval but itself."""
    mean, n = float(np.mean(values)), len(values)
    if n < 2:
        return mean, mean, mean
    half = float(stdtrit(n - 1, 0.975) * np.std(values, ddof=1) / n**0.5)
    return mean, mean - half, mean + half


def rows(found: Sequence[One]) -> dict[str, tuple[float, float, float]]:
    with_, without = ([one.discoverable[name] for one in found] for name in ("with", "without"))
    return {
        "discoverable, with stages": interval(with_),
        "discoverable, without": interval(without),
        "follower correlation": interval([one.follower_correlation for one in found]),
        "follower correlation, without": interval(
            [one.follower_correlation_without for one in found]
        ),
        "watch time change": interval([one.watch_time_change for one in found]),
    }


def as_json(found: Sequence[One]) -> dict[str, Any]:
    told = rows(found)
    spread = {name: {"mean": m, "low": low, "high": high} for name, (m, low, high) in told.items()}
    return {
        "discoverable": {
            "with": told["discoverable, with stages"][0],
            "without": told["discoverable, without"][0],
        },
        "follower_correlation": told["follower correlation"][0],
        "watch_time_change": told["watch time change"][0],
        "intervals": spread,
        "seeds": [msgspec.to_builtins(one) for one in found],
    }


def table(found: Sequence[One]) -> Table:
    shown = Table(
        title=f"Fair start: {len(found)} seeds, {sum(one.uploads for one in found):,} uploads",
        box=SIMPLE_HEAD, title_justify="left",
    )  # fmt: skip
    for name in ("", "mean", "95 % low", "high"):
        shown.add_column(name, justify="right" if name else "left")
    for name, values in rows(found).items():
        shown.add_row(name, *(f"{value:+.3f}" for value in values))
    return shown


def draw(found: Sequence[One], path: Path) -> None:
    """Impressions that the top uploads got, as one PNG.

    Raises:
        Refused: matplotlib is not installed.
    """
    figure = pictures.empty(6, 4)
    axes = figure.subplots()
    for name in ("with", "without"):
        reach = np.sort(np.concatenate([one.reach[name] for one in found]))[::-1]
        axes.plot(np.linspace(0, 1, len(reach)), np.maximum(reach, 1), label=f"{name} stages")
    axes.axhline(REACHED, color="grey", linewidth=0.8)
    axes.set_yscale("log")
    axes.set_xlabel("share of the top 5 % of uploads")
    axes.set_ylabel("impressions within 48 hours")
    axes.legend()
    pictures.write(figure, path)
