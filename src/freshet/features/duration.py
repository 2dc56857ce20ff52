"""How long the video is, as a smooth code, and how videos of its length fare."""

from __future__ import annotations

from math import exp, log

from freshet.catalogue.facts import DURATION_MS
from freshet.features.layout import Column, Kernel, Layout
from freshet.features.tally import (
    LOG_WATCH,
    RATED,
    RATED_NAMES,
    TALLY,
    VIEWS,
    add_full,
    evidence,
    span_of,
    world_rate,
)
from freshet.state.compiled import part

BUMPS = 8  # Gaussian bumps over log(1 + seconds), from 1 to 5.2


class Duration:
    scope = "video"
    hears = "tallies"
    columns = (Column("span", "tally", TALLY),)
    outputs = (
        "duration_log", *(f"duration_bump_{k}" for k in range(BUMPS)), "duration_unknown",
        *(f"span_{name}" for name in RATED_NAMES),
    )  # fmt: skip

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally = at("span.tally")

        @part
        def write(state, act):
            span = span_of(state.video_facts[act.video, DURATION_MS])
            add_full(state.span[span], tally, act.delta)

        @part
        def value(state, ask, x):
            ms = state.video_facts[ask.video, DURATION_MS]
            length = log(1.0 + max(ms, 0) / 1000.0)
            x[k] = length - 3.5
            for j in range(BUMPS):
                z = (length - (1.0 + 0.6 * j)) / 0.6
                x[k + 1 + j] = exp(-0.5 * z * z)
            x[k + 1 + BUMPS] = 1.0 if ms <= 0 else 0.0
            row = state.span[span_of(ms)]
            views = row[tally + VIEWS]
            for j in range(RATED.shape[0]):
                what = RATED[j]
                x[k + 2 + BUMPS + j] = evidence(
                    row[tally + what], views, world_rate(state, what), 20.0, what == LOG_WATCH
                )

        return write, value
