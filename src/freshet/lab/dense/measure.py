"""Shares of what an oracle would have had: ours, popularity and chance, cold and warm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from freshet.lab import pictures
from freshet.lab.dense import matrix
from freshet.lab.dense.bandits import by_chance, popularity
from freshet.lab.dense.matrix import Doubles, Plan, World
from freshet.lab.dense.ours import Asked, engine

PARTS = 20  # of a curve
Tell = Callable[[str, int, int], None]


class Shares(msgspec.Struct, frozen=True):
    """Means over seeds; a share is a total over the oracle's total."""

    share_of_oracle: float  # ours
    popularity: float  # Thompson sampling, the best of its settings
    random: float
    same_for_all: float  # the videos that are best on average, known from the start
    curve: list[float]  # ours, a twentieth of the swipes at a time, per average oracle swipe
    curve_popularity: list[float]
    by_seed: list[float]  # ours
    popularity_by_seed: list[float]
    popularity_setting: dict[str, float]  # of the first seed


async def cold(world: World, swipes: int, seeds: Sequence[int], asked: Asked, tell: Tell) -> Shares:
    plans = [matrix.cold(world, swipes, seed) for seed in seeds]
    return await _shares(world, plans, seeds, asked, "cold", tell)


async def warm(
    world: World, swipes: int, new: int, seeds: Sequence[int], asked: Asked, tell: Tell
) -> Shares:
    plans = [matrix.warm(world, swipes, new, seed) for seed in seeds]
    return await _shares(world, plans, seeds, asked, "warm", tell)


async def _shares(
    world: World, plans: Sequence[Plan], seeds: Sequence[int], asked: Asked, name: str, tell: Tell
) -> Shares:
    mine, theirs, chance = [], [], []
    setting: dict[str, float] = {}
    for seed, plan in zip(seeds, plans, strict=True):
        told = f"{name}, seed {seed}"
        mine.append(_counted(world, plan, await engine(world, plan, seed, asked, _of(tell, told))))
        tell(f"{told}: popularity", 0, 1)
        found, one = popularity(world, plan, seed)
        theirs.append(_counted(world, plan, found))
        setting = setting or one
        chance.append(_counted(world, plan, by_chance(world, plan, seed)))
    return Shares(
        share_of_oracle=float(np.mean([one.mean() for one in mine])),
        popularity=float(np.mean([one.mean() for one in theirs])),
        random=float(np.mean([one.mean() for one in chance])),
        same_for_all=float(np.mean([_same_for_all(world, plan) for plan in plans])),
        curve=_curve(mine), curve_popularity=_curve(theirs),
        by_seed=[float(one.mean()) for one in mine],
        popularity_by_seed=[float(one.mean()) for one in theirs],
        popularity_setting=setting,
    )  # fmt: skip


def _of(tell: Tell, doing: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(doing, done, total)


def _counted(world: World, plan: Plan, found: Doubles) -> Doubles:
    """The swipes that count, in units of an average swipe of the oracle's."""
    counted = found[plan.counted :]
    return counted / (world.oracle(plan.viewers, plan.swipes) / len(counted))


def _same_for_all(world: World, plan: Plan) -> float:
    return world.same_for_all(plan.viewers, plan.swipes) / world.oracle(plan.viewers, plan.swipes)


def _curve(runs: Sequence[Doubles]) -> list[float]:
    parts = [[float(part.mean()) for part in np.array_split(run, PARTS)] for run in runs]
    return np.mean(parts, axis=0).tolist()  # type: ignore[no-any-return]


def table(found: dict[str, Shares]) -> Table:
    shown = Table(title="Share of the oracle", box=SIMPLE_HEAD, title_justify="left")
    for name in (
        "", "ours", "tuned Thompson\npopularity", "random", "best on average,\nknown",
        "ours by seed",
    ):  # fmt: skip
        shown.add_column(name, justify="right" if name else "left")
    for name, one in found.items():
        shown.add_row(
            name, f"{one.share_of_oracle:.3f}", f"{one.popularity:.3f}", f"{one.random:.3f}",
            f"{one.same_for_all:.3f}", " ".join(f"{share:.3f}" for share in one.by_seed),
        )  # fmt: skip
    return shown


def as_json(found: dict[str, Shares]) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def draw(found: dict[str, Shares], path: Path) -> None:
    """The curves as one PNG.

    Raises:
        Refused: matplotlib is not installed.
    """
    figure = pictures.empty(9, 4)
    for axes, (name, one) in zip(figure.subplots(1, len(found), squeeze=False)[0], found.items(),
                                 strict=True):  # fmt: skip
        at = (np.arange(PARTS) + 0.5) / PARTS
        axes.plot(at, one.curve, label="ours", linewidth=2)
        axes.plot(at, one.curve_popularity, label="Thompson popularity")
        axes.axhline(one.random, color="grey", linestyle=":", label="random, mean")
        axes.set_title(name)
        axes.set_xlabel("share of all swipes")
        axes.set_ylabel("of an average swipe of the oracle")
        axes.grid(alpha=0.3)
        axes.legend()
    pictures.write(figure, path)
