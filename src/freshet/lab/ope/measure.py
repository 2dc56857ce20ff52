"""How often intervals hold the truth, and how far estimates are from it: the pinned bandit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table

from freshet.lab.ope.bandit import Bandit
from freshet.lab.ope.open_bandit import OffAndOn
from freshet.learning.off_policy import Interval, effective_size, estimates

FULL = {"ips": "IPS", "snips": "SNIPS", "dm": "DM", "dr": "DR"}
Progress = Callable[[int, int], None]


class Tried(msgspec.Struct, frozen=True):
    """Estimates on many logs of one world."""

    runs: int
    rounds: int
    truth: float
    ess: float  # of the first log
    coverage: dict[str, float]  # share of runs whose interval holds the truth
    rmse: dict[str, float]
    bias: dict[str, float]
    errors: dict[str, list[float]]  # estimate - truth, run by run


def on_the_bandit(runs: int, rounds: int, seed: int, progress: Progress = lambda *_: None) -> Tried:
    """`runs` logs of `rounds` decisions each, with seeds seed, seed + 1, …"""
    bandit = Bandit.pinned()
    truth, ess = bandit.truth(), 0.0
    held: dict[str, list[bool]] = {name: [] for name in FULL}
    errors: dict[str, list[float]] = {name: [] for name in FULL}
    for run in range(runs):
        rng = np.random.default_rng(seed + run)
        log = bandit.log(rounds, rng)
        ess = ess or effective_size(log.weight)
        for name, found in estimates(log, rng).items():
            held[name].append(found.covers(truth))
            errors[name].append(found.value - truth)
        progress(run + 1, runs)
    return Tried(
        runs, rounds, truth, ess,
        {name: float(np.mean(held[name])) for name in FULL},
        {name: float(np.sqrt(np.mean(np.square(errors[name])))) for name in FULL},
        {name: float(np.mean(errors[name])) for name in FULL},
        errors,
    )  # fmt: skip


def as_json(tried: Tried, real: OffAndOn | None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "coverage": tried.coverage, "rmse": tried.rmse, "bias": tried.bias,
        "truth": tried.truth, "runs": tried.runs, "rounds": tried.rounds,
        "ess_bandit": tried.ess,
    }  # fmt: skip
    if real is not None:
        said |= {
            "estimates": {name: _plain(one) for name, one in real.estimates.items()},
            "on_policy": real.on_policy.value,
            "on_policy_interval": _plain(real.on_policy),
            "ess": real.ess, "decisions": real.decisions, "clicks": real.clicks,
        }  # fmt: skip
    return said


def _plain(one: Interval) -> dict[str, float]:
    return {"value": one.value, "low": one.low, "high": one.high}


def tables(tried: Tried, real: OffAndOn | None) -> RenderableType:
    made_up = _bandit_table(tried)
    return made_up if real is None else Group(made_up, _real_table(real))


def _bandit_table(tried: Tried) -> Table:
    table = Table(
        title=f"A bandit whose truth is {tried.truth:.4f}", box=SIMPLE_HEAD, title_justify="left",
        caption=f"{tried.runs} logs of {tried.rounds:,} decisions, worth about {tried.ess:,.0f} of"
        " the policy asked about",
        caption_justify="left",
    )  # fmt: skip
    for name in ("estimator", "95 % intervals\nthat hold it", "RMSE", "bias"):
        table.add_column(name, justify="left" if name == "estimator" else "right")
    for name, full in FULL.items():
        table.add_row(
            full, f"{tried.coverage[name]:.1%}", f"{tried.rmse[name]:.5f}",
            f"{tried.bias[name]:+.5f}",
        )  # fmt: skip
    return table


def _real_table(real: OffAndOn) -> Table:
    table = Table(
        title="Click rate of a uniform policy", box=SIMPLE_HEAD, title_justify="left",
        caption=f"{real.decisions:,} decisions of another policy, worth {real.ess:,.0f} of its own;"
        f" {real.clicks} clicks in both logs",
        caption_justify="left",
    )  # fmt: skip
    for name in ("", "estimate", "95 % interval"):
        table.add_column(name, justify="right" if name else "left")
    for name, one in {**real.estimates, "": real.on_policy}.items():
        shown = FULL.get(name, "as it really was")
        table.add_row(shown, f"{one.value:.5f}", f"{one.low:.5f} to {one.high:.5f}")
    return table
