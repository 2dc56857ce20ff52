"""What a policy would have earned, told from a log that another policy wrote.

Of each logged decision: the reward r, the probability b with which the policy that logged it
chose what it chose, and the probability e with which the policy asked about would have.

    w     e / b
    IPS   mean(w r)                            Horvitz and Thompson 1952
    SNIPS Σ w r / Σ w                          Swaminathan and Joachims 2015
    DM    mean(v)                              v = Σ over actions of e × predicted reward
    DR    mean(v + w (r - q))                  Dudík, Langford and Li 2011; q = predicted reward
                                               of what was chosen
    ESS   (Σ w)² / Σ w²                        Kish 1965: decisions of our own that say as much

IPS and DR are unbiased wherever b > 0; SNIPS gives up a little of that for less variance; DR
has the least where predictions are any good. A prediction must not have seen the reward it is
asked about (`halves`). In a slate of the feed, b is the logged propensity of an item and q the
prediction that was logged with it.

Intervals are 95 %, by bootstrap over units: decisions of one viewer are drawn together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.domain.errors import Refused

Array = NDArray[Any]
Doubles = NDArray[np.float64]

RESAMPLES = 400
LOW, HIGH = 0.025, 0.975


@dataclass(frozen=True, slots=True, eq=False)
class Logged:
    """n decisions. Without predictions there is no DM and no DR.

    Raises:
        Refused: a probability that is none, or columns of different lengths.
    """

    reward: Doubles  # (n,)
    logged: Doubles  # (n,) probability of the choice under the policy that logged it, > 0
    asked: Doubles  # (n,) probability of the same choice under the policy asked about
    predicted: Doubles | None = None  # (n,) reward of the choice, q
    value: Doubles | None = None  # (n,) predicted reward of what the policy asked about does, v

    def __post_init__(self) -> None:
        for name in ("logged", "asked", "predicted", "value"):
            column = getattr(self, name)
            if column is not None and column.shape != self.reward.shape:
                raise Refused(name, f"shape {column.shape}", f"{self.reward.shape}")
        if not len(self.reward):
            raise Refused("reward", "nothing was logged", "at least one decision")
        if not ((self.logged > 0) & (self.logged <= 1)).all():
            raise Refused("logged", "holds what is no probability", "above 0 and up to 1")
        if not ((self.asked >= 0) & (self.asked <= 1)).all():
            raise Refused("asked", "holds what is no probability", "0 to 1")

    @property
    def weight(self) -> Doubles:
        return self.asked / self.logged


@dataclass(frozen=True, slots=True)
class Interval:
    value: float
    low: float
    high: float

    def covers(self, truth: float) -> bool:
        return self.low <= truth <= self.high


def estimates(
    log: Logged, rng: np.random.Generator, unit: Array | None = None, resamples: int = RESAMPLES
) -> dict[str, Interval]:
    """Every estimator that the log allows, by name, on the same resamples.

    Args:
        unit: (n,) whose decision it was; None = each stands for itself.

    >>> log = Logged(np.array([1.0, 0, 1, 0]), np.full(4, 0.5), np.array([1.0, 1, 0, 0]))
    >>> found = estimates(log, np.random.default_rng(0))
    >>> found["ips"].value, found["snips"].value
    (0.5, 0.5)
    """
    weight = log.weight
    sums = {"n": np.ones(len(weight)), "w": weight, "wr": weight * log.reward}
    if log.value is not None:
        sums["v"] = log.value
        if log.predicted is not None:
            sums["dr"] = log.value + weight * (log.reward - log.predicted)
    per_unit = _per_unit(np.column_stack([*sums.values()]), unit)
    drawn = resampled(per_unit, rng, resamples)
    whole = _ratios(dict(zip(sums, per_unit.sum(axis=0), strict=True)))
    again = _ratios(dict(zip(sums, drawn.T, strict=True)))
    return {
        name: Interval(float(value), *np.nanquantile(again[name], (LOW, HIGH)).tolist())
        for name, value in whole.items()
    }


def effective_size(weight: Doubles) -> float:
    """Decisions of the policy asked about that would say as much as this log.

    >>> effective_size(np.array([2.0, 0, 2, 0]))
    2.0
    """
    squares = float((weight**2).sum())
    return float(weight.sum()) ** 2 / squares if squares else 0.0


def halves(n: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """Rows to fit on and rows to predict, twice: no row is predicted by a model that saw it
    (cross-fitting, Chernozhukov et al. 2018)."""
    order = rng.permutation(n)
    one, other = np.sort(order[: n // 2]), np.sort(order[n // 2 :])
    yield one, other
    yield other, one


def _ratios(sums: Mapping[str, Any]) -> dict[str, Any]:
    """The estimators, from sums over decisions: numbers, or arrays of resamples."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {"ips": sums["wr"] / sums["n"], "snips": sums["wr"] / sums["w"]}
        if "v" in sums:
            found["dm"] = sums["v"] / sums["n"]
        if "dr" in sums:
            found["dr"] = sums["dr"] / sums["n"]
    return found


def _per_unit(columns: Doubles, unit: Array | None) -> Doubles:
    """(units, k) sums of (n, k)."""
    if unit is None:
        return columns
    names, code = np.unique(unit, return_inverse=True)
    sums = [np.bincount(code.ravel(), column, minlength=len(names)) for column in columns.T]
    return np.column_stack(sums)


def resampled(per_unit: Doubles, rng: np.random.Generator, resamples: int) -> Doubles:
    """(R, k) sums of (units, k) over as many units, drawn with replacement."""
    size = len(per_unit)
    drawn = np.empty((resamples, per_unit.shape[1]))
    for r in range(resamples):
        drawn[r] = np.bincount(rng.integers(0, size, size), minlength=size) @ per_unit
    return drawn
