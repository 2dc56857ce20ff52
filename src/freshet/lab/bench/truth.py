"""What a view is truly worth in expectation: the made-up world knows, whoever ranks.

A viewer leaves within two seconds by a logistic chance of affinity, or watches a lognormal
share of the video, at most four times (`lab/generate/world.py`). So the expectation of the
value table, Σ weight × P(outcome) + weight × E[seconds], has a closed form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from freshet.domain.outcomes import END_SLACK, LONG_VIEW_MS
from freshet.lab.generate.columns import OUTCOMES
from freshet.lab.generate.world import ACTS, World

Array = NDArray[Any]
LEFT_MS = 2_000  # those who leave do so evenly within these
SPREAD, TWICE = 0.8, 4.0  # of the logarithm of the share watched; the most of it


def true_worth(
    world: World, weights: Mapping[str, float], viewer: Array, video: Array
) -> NDArray[np.float64]:
    """(n,) expected value of each video to each viewer; shapes alike."""
    affinity = world.affinity(viewer, video).astype(np.float64)
    duration = world.duration_ms[video].astype(np.float64)
    leaves = 1 / (1 + np.exp(1.1 * affinity + 0.2))
    middle = 0.7 * affinity - 0.7

    def reaches(ms: Array) -> Array:
        """P(watched ≥ ms)"""
        soon = np.where(ms <= duration, np.clip(1 - ms / LEFT_MS, 0, 1), 0)
        share = ms / duration
        later = np.where(share <= TWICE, ndtr((middle - np.log(share)) / SPREAD), 0)
        return np.asarray(leaves * soon + (1 - leaves) * later)

    end = END_SLACK * duration
    chances = {
        "watched_2s": reaches(np.full_like(duration, 2_000)),
        "watched_6s": reaches(np.minimum(6_000, end)),
        "finish": reaches(end),
        "long_view": reaches(np.where(duration <= LONG_VIEW_MS, end, LONG_VIEW_MS)),
        "rewatch": reaches(1.5 * duration),
    }
    for act in OUTCOMES:
        slope, offset = ACTS[act]
        chances[act] = 1 / (1 + np.exp(-(slope * affinity + offset)))
    most = np.log(TWICE)
    share = np.exp(middle + SPREAD**2 / 2) * ndtr((most - middle - SPREAD**2) / SPREAD)
    share += TWICE * ndtr((middle - most) / SPREAD)
    watch_s = (leaves * LEFT_MS / 2 + (1 - leaves) * share * duration) / 1_000
    worth = sum(weights[name] * chance for name, chance in chances.items())
    return np.asarray(worth + weights["watch_s"] * watch_s)
