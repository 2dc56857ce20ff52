"""What is special about one video: a running mean of what the model got wrong about it, moved by
each view as far as one view deserves.

    m = sum / (views + k)                   a Kalman filter: k views say as much as was known before
    sum += surprise + m                     what the view said: m was in what was predicted

which is m += surprise / (views + 1 + k) as long as k stays. Kept is the sum, for k is found while
views come, and a view from before it was found says no less than a later one.

k is the variance of single views over that of videos, and is found from the log itself: where
videos differ much, errors shrink fast with the views a video had, as σ² (1 + 1 / (views + k)).
In a matrix of watch ratios k is about .1, in a feed where viewers differ more than videos above 10.

The same k says how much is not known yet: after n views a video's effect may be off by
σ² / (n + k), which is what exploring goes by (feed/value.py).
"""

from __future__ import annotations

import numpy as np

from freshet.features.layout import Column, Kernel, Layout
from freshet.state.compiled import kernel, part
from freshet.state.slots import to_write

NAMES = ("long_view", "log_watch")
# Views that a video had when it was predicted: buckets, and the views each stands for.
ENDS = np.array([1, 2, 3, 5, 9, 17, 33, 65], np.int64)
VIEWS = np.array([0, 1, 2, 3.5, 6.5, 12.5, 24.5, 48.5, 120], np.float64)
BUCKETS = len(VIEWS)
WINDOW = 4_000.0  # errors of a bucket that count
KS = np.array(
    [0.03, 0.05, 0.075, 0.12, 0.2, 0.35, 0.6, 1, 1.75, 3, 5, 9, 15, 25, 45, 80], np.float64
)
K_FIRST, K_SURE = 9.0, 1.5  # before anything is seen, and how many e-foldings it may be off
NOISE_FIRST = 0.8  # variance of log(1 + seconds), likewise


@kernel
def refit(world, errors, trust):
    """k and σ² that explain the mean squared errors of each bucket best.

    Args:
        world: a row with (how many count, their mean) of each bucket from `errors` on, and
            from `trust` on what is found: k - K_FIRST and σ² - NOISE_FIRST.
    """
    best = np.inf
    for i in range(KS.shape[0]):
        above, below = 0.0, 0.0
        for b in range(BUCKETS):
            shape = 1.0 + 1.0 / (VIEWS[b] + KS[i])
            above += world[errors + 2 * b] * shape * world[errors + 2 * b + 1]
            below += world[errors + 2 * b] * shape * shape
        if above <= 0.0:
            return
        noise, off = above / below, 0.0
        for b in range(BUCKETS):
            away = world[errors + 2 * b + 1] / noise - (1.0 + 1.0 / (VIEWS[b] + KS[i]))
            off += world[errors + 2 * b] * away * away
        # Squares of normal errors vary by twice their square; k is log-normal before.
        early = np.log(KS[i] / K_FIRST) / K_SURE
        cost = 0.5 * off + early * early
        if cost < best:
            best = cost
            world[trust], world[trust + 1] = KS[i] - K_FIRST, noise - NOISE_FIRST


class VideoEffect:
    scope = "video"
    hears = "moments"
    columns = (
        Column("video", "effect", 1 + len(NAMES)),  # views, then the sums of what they said
        Column("all", "errors", 2 * BUCKETS),
        Column("all", "trust", 2),  # k - K_FIRST, σ² - NOISE_FIRST: 0 before anything was seen
    )
    outputs = tuple(f"video_effect_{name}" for name in NAMES)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        effect, errors, trust = at("video.effect"), at("all.errors"), at("all.trust")
        targets = len(NAMES)

        @part
        def write(state, act):
            if act.closed:
                row = state.video[to_write(state.video_slots, act.video)]
                world = state.all[0]
                views = row[effect]
                bucket = 0
                for b in range(BUCKETS - 1):
                    bucket += views >= ENDS[b]
                cell = errors + 2 * bucket
                world[cell] = min(world[cell] + 1.0, WINDOW)
                off = act.surprise[1] * act.surprise[1]
                world[cell + 1] += (off - world[cell + 1]) / world[cell]
                refit(world, errors, trust)
                share = 1.0 / (views + K_FIRST + world[trust])
                for j in range(targets):
                    row[effect + 1 + j] += act.surprise[j] + share * row[effect + 1 + j]
                row[effect] = views + 1.0

        @part
        def value(state, ask, x):
            row = state.video[state.video_slots[ask.video]]
            share = 1.0 / (row[effect] + K_FIRST + state.all[0][trust])
            for j in range(targets):
                x[k + j] = share * row[effect + 1 + j]

        return write, value
