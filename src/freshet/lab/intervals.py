"""95 % intervals by bootstrap over viewers, and paired differences.

Impressions of one viewer are not independent, so whole viewers are drawn. All that is
measured on one `Viewers` shares its draws: subtracting two estimates pairs them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freshet.lab import metrics
from freshet.lab.metrics import NAN, Array, Doubles

RESAMPLES = 200


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A measure of the sample and of its resamples."""

    value: float
    resamples: Doubles  # (R,)

    @property
    def low(self) -> float:
        return self._quantile(0.025)

    @property
    def high(self) -> float:
        return self._quantile(0.975)

    def __sub__(self, other: Estimate) -> Estimate:
        """The paired difference; both must come from the same `Viewers`."""
        return Estimate(self.value - other.value, self.resamples - other.resamples)

    def _quantile(self, q: float) -> float:
        finite = self.resamples[np.isfinite(self.resamples)]
        return float(np.quantile(finite, q)) if len(finite) else NAN


@dataclass(frozen=True, slots=True, eq=False)
class Viewers:
    """The viewers of m impressions and R draws of as many viewers with replacement."""

    code: Array  # (m,) dense viewer of each impression
    draws: Array  # (R, viewers) how often each was drawn

    @classmethod
    def of(cls, viewer: Array, seed: int, resamples: int = RESAMPLES) -> Viewers:
        """Draw from the distinct values of `viewer` (m,)."""
        names, code = np.unique(viewer, return_inverse=True)
        random, size = np.random.default_rng(seed), len(names)
        draws = np.empty((resamples, size), np.int32)
        for r in range(resamples):
            draws[r] = np.bincount(random.integers(0, size, size), minlength=size)
        return cls(code.astype(np.int64), draws)

    def at(self, rows: Array) -> Viewers:
        """The same draws on some of the impressions."""
        return Viewers(self.code[rows], self.draws)

    def auc(self, label: Array, prediction: Array) -> Estimate:
        resampled = metrics.aucs(label, prediction, self.code, self.draws)
        return Estimate(metrics.auc(label, prediction), resampled)

    def gauc(self, label: Array, prediction: Array) -> Estimate:
        groups = metrics.group_aucs(label, prediction, self.code)
        drawn = self.draws[:, groups.group]
        resampled = _ratio(drawn @ (groups.auc * groups.impressions), drawn @ groups.impressions)
        return Estimate(groups.mean(), resampled)

    def xauc(self, value: Array, prediction: Array) -> Estimate:
        resampled = metrics.xaucs(value, prediction, self.code, self.draws)
        return Estimate(metrics.xauc(value, prediction), resampled)

    def mean(self, value: Array) -> Estimate:
        viewers = self.draws.shape[1]
        total = np.bincount(self.code, value, minlength=viewers)
        count = np.bincount(self.code, minlength=viewers).astype(np.float64)
        resampled = _ratio(self.draws @ total, self.draws @ count)
        return Estimate(float(value.mean()) if len(value) else NAN, resampled)


def _ratio(above: Doubles, below: Doubles) -> Doubles:
    shares: Doubles = np.full(len(above), np.nan)
    np.divide(above, below, out=shares, where=below > 0)
    return shares
