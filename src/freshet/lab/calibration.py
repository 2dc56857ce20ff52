"""Do predicted probabilities mean what they say?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freshet.lab.metrics import NAN, Array, Doubles

LEAST_POSITIVES = 500  # fewer say nothing about a decile
_EDGE = 1e-7  # predictions of exactly 0 or 1 would have no logit


@dataclass(frozen=True, slots=True)
class Decile:
    """A tenth of the impressions, by rising prediction."""

    impressions: int
    predicted: float  # mean
    observed: float  # mean

    @property
    def observed_over_predicted(self) -> float:
        return self.observed / self.predicted


@dataclass(frozen=True, slots=True)
class Calibration:
    """Slope 1 and intercept 0 are perfect; a slope under 1 is over-confident."""

    positives: int
    slope: float  # of the logistic regression of the label on logit(p)
    intercept: float
    observed_over_predicted: float
    deciles: tuple[Decile, ...]
    log_loss: float
    log_loss_constant: float  # of always saying the mean, known only afterwards


def calibrate(label: Array, prediction: Array) -> Calibration:
    """Calibration of `prediction` (n,) for `label` (n,), n > 0 (Cox 1958; Guo et al. 2017).

    >>> p = np.array([0.2] * 10 + [0.6] * 10)
    >>> found = calibrate(np.array([1] * 2 + [0] * 8 + [1] * 6 + [0] * 4), p)
    >>> round(found.slope, 6), round(found.observed_over_predicted, 6), len(found.deciles)
    (1.0, 1.0, 10)
    """
    y = (label > 0).astype(np.float64)
    p = np.clip(prediction.astype(np.float64), _EDGE, 1 - _EDGE)
    slope, intercept = _logistic(y, np.log(p / (1 - p)))
    parts = [part for part in np.array_split(np.argsort(p, kind="stable"), 10) if len(part)]
    return Calibration(
        positives=int(y.sum()),
        slope=slope,
        intercept=intercept,
        observed_over_predicted=float(y.mean() / p.mean()),
        deciles=tuple(
            Decile(len(part), float(p[part].mean()), float(y[part].mean())) for part in parts
        ),
        log_loss=log_loss(y, p),
        log_loss_constant=log_loss(y, np.full(len(y), np.clip(y.mean(), _EDGE, 1 - _EDGE))),
    )


def log_loss(y: Doubles, p: Doubles) -> float:
    """Mean negative log likelihood, in nats."""
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def _logistic(y: Doubles, x: Doubles) -> tuple[float, float]:
    """Slope and intercept of y on x by Newton's method; nan where no maximum exists."""
    if np.ptp(x) == 0 or y.min() == y.max():
        return NAN, NAN
    inputs, beta = np.column_stack([x, np.ones_like(x)]), np.array([1.0, 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(inputs @ beta, -30, 30)))
        curvature = (inputs * (p * (1 - p))[:, None]).T @ inputs
        if not np.isfinite(np.linalg.cond(curvature)) or np.linalg.cond(curvature) > 1e12:
            return NAN, NAN
        step = np.linalg.solve(curvature, inputs.T @ (y - p))
        beta += np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-9:
            return float(beta[0]), float(beta[1])
    return NAN, NAN
