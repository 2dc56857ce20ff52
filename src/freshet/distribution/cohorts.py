"""What views of a video's like are worth: means, and how much videos and views differ.

A *cohort* is the videos of one stage, length, topic and country. Few views are had in most, so
a cohort's mean leans on that of the wider one it is part of:

    (stage, length, topic, country) ─▶ (stage, length, topic) ─▶ (stage, length) ─▶ (stage)

and a stage's on that of the stage before: the first video of all to come there must be worth
more than what did not.

Within a stage, a view's worth x differs by σ² around its video's mean, and those by τ² around
the cohort's (one-way random effects; moment estimators, Searle, Casella and McCulloch 1992):

    σ² = (Σx² − Σ_v S_v²/n_v) / (N − V)
    τ² = (Σ_v S_v²/n_v − S²/N − (V − 1) σ²) / (N − Σ_v n_v²/N)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import erf, sqrt

import msgspec

LEAN = 200.0  # views as which the wider cohort's mean counts
# Before anything was watched: a view differs by so much, and videos by this share of it.
SPREAD, BETWEEN = 1.0, 0.1
PRIOR_VIEWS, PRIOR_VIDEOS = 50.0, 10.0
LENGTHS_MS = (8_000, 15_000, 30_000, 60_000)

Key = tuple[int, int, str, str]  # stage, length, topic, country


def key(stage: int, duration_ms: int, topic: str, country: str) -> Key:
    """The narrowest cohort; 0 ms is a length of its own, unknown."""
    length = sum(duration_ms > edge for edge in (0, *LENGTHS_MS))
    return stage, length, topic, country


def _wider(cohort: Key) -> Iterator[tuple[int | str, ...]]:
    """From widest to narrowest."""
    for width in range(1, 5):
        yield cohort[:width]


class Sums(msgspec.Struct, array_like=True):
    views: float = 0.0
    total: float = 0.0


class Spread(msgspec.Struct, array_like=True):
    """Of one stage's videos."""

    videos: float = 0.0
    squares: float = 0.0  # Σ x²
    means: float = 0.0  # Σ_v S_v² / n_v
    counts: float = 0.0  # Σ_v n_v²


@dataclass(frozen=True, slots=True)
class Belief:
    """What a video's mean worth is thought to be: normal."""

    mean: float
    sd: float

    def above(self, bar: float) -> float:
        """The chance that it is above."""
        return 0.5 * (1.0 + erf((self.mean - bar) / (self.sd * sqrt(2.0))))


class Cohorts:
    """Sums over everything that was ever tried, by stage."""

    def __init__(self) -> None:
        self.sums: dict[tuple[int | str, ...], Sums] = {}
        self.spreads: dict[int, Spread] = {}

    def changed(self, cohort: Key, before: tuple[int, float], after: tuple[int, float],
                squares: float) -> None:  # fmt: skip
        """A video's views n and their worth S in this stage went from `before` to `after`.

        Args:
            squares: by which Σ x² changed.
        """
        (n, s), (m, t) = before, after
        for wide in _wider(cohort):
            sums = self.sums.setdefault(wide, Sums())
            sums.views += m - n
            sums.total += t - s
        spread = self.spreads.setdefault(cohort[0], Spread())
        spread.videos += (m > 0) - (n > 0)
        spread.squares += squares
        spread.means += (t * t / m if m else 0.0) - (s * s / n if n else 0.0)
        spread.counts += m * m - n * n

    def mean(self, cohort: Key) -> float:
        """Worth of a view of the cohort's videos."""
        mean, lean = 0.0, 0.0
        for wide in (*((before,) for before in range(cohort[0])), *_wider(cohort)):
            sums = self.sums.get(wide)
            if sums is not None and sums.views > 0:
                mean = (sums.total + lean * mean) / (sums.views + lean)
                lean = LEAN
        return mean

    def variances(self, stage: int) -> tuple[float, float]:
        """(σ², τ²): of views around their video's mean, of videos around the cohort's."""
        spread, sums = self.spreads.get(stage, Spread()), self.sums.get((stage,), Sums())
        views, videos = sums.views, spread.videos
        within = max(spread.squares - spread.means, 0.0)
        free = max(views - videos, 0.0)
        sigma = (within + PRIOR_VIEWS * SPREAD) / (free + PRIOR_VIEWS)
        if videos < 2:
            return sigma, BETWEEN * sigma
        between = spread.means - sums.total**2 / views - (videos - 1) * sigma
        size = max((views - spread.counts / views) / (videos - 1), 1e-9)
        tau = max(between / (videos - 1) / size, 0.0)
        # Few videos say little of how videos differ.
        tau = (tau * (videos - 1) + BETWEEN * sigma * PRIOR_VIDEOS) / (videos - 1 + PRIOR_VIDEOS)
        return sigma, max(tau, 0.01 * sigma)

    def belief(self, cohort: Key, views: int, total: float) -> Belief:
        """Of a video with so many views in this stage, worth `total` together."""
        mean = self.mean(cohort)
        sigma, tau = self.variances(cohort[0])
        precision = 1.0 / tau + views / sigma
        return Belief((mean / tau + total / sigma) / precision, sqrt(1.0 / precision))

    def bar(self, cohort: Key, share: float) -> float:
        """What a video must be worth to be better than `share` of its cohort."""
        _, tau = self.variances(cohort[0])
        return self.mean(cohort) + normal_quantile(share) * sqrt(tau)


def normal_quantile(share: float) -> float:
    """The standard normal's, by bisection: exact enough, and the same on every machine.

    >>> round(normal_quantile(0.975), 4)
    1.96
    """
    low, high = -8.0, 8.0
    for _ in range(60):
        middle = (low + high) / 2
        if 0.5 * (1.0 + erf(middle / sqrt(2.0))) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
