"""What ours is shown beside: chance, and popularity found by Thompson sampling.

A video's ratio is taken to be normal with an unknown mean and a known deviation `noise`, its
mean to be normal around `prior` with deviation `spread`. Each swipe draws every video's mean
from what is known of it and shows the largest that the viewer has not seen.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numba import njit

from freshet.lab.dense.matrix import Doubles, Plan, World

GRID = [
    {"prior": prior, "spread": spread, "noise": noise}
    for prior, spread, noise in product((0.8, 1.2), (0.2, 0.4), (0.05, 0.1, 0.2))
]


def by_chance(world: World, plan: Plan, seed: int) -> Doubles:
    """(n,) ratio of each swipe."""
    return np.asarray(_thompson(world.ratio, plan.order, 0.0, 1.0, 1e9, seed))


def popularity(world: World, plan: Plan, seed: int) -> tuple[Doubles, dict[str, float]]:
    """The best of the grid by what its counted swipes bring: its ratios, and its setting."""
    best = np.zeros(0)
    chosen: dict[str, float] = {}
    for one in GRID:
        found: Any = _thompson(
            world.ratio, plan.order, one["prior"], one["spread"], one["noise"], seed
        )
        if not chosen or found[plan.counted :].sum() > best[plan.counted :].sum():
            best, chosen = found, one
    return best, chosen


@njit(cache=True)
def _thompson(ratio, order, prior, spread, noise, seed):  # type: ignore[no-untyped-def]
    np.random.seed(seed)
    viewers, videos = ratio.shape
    seen = np.zeros((viewers, videos), np.bool_)
    weight = np.full(videos, 1.0 / spread**2)
    total = np.full(videos, prior / spread**2)
    found = np.empty(len(order))
    for t in range(len(order)):
        viewer, best, most = order[t], -1, 0.0
        for video in range(videos):
            if not seen[viewer, video]:
                drawn = total[video] / weight[video]
                drawn += np.random.standard_normal() / np.sqrt(weight[video])
                if best < 0 or drawn > most:
                    best, most = video, drawn
        seen[viewer, best] = True
        found[t] = ratio[viewer, best]
        weight[best] += 1.0 / noise**2
        total[best] += found[t] / noise**2
    return found
