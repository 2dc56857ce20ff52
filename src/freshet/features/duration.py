"""How long the video is, as a smooth code, and how videos of its length fare."""

from __future__ import annotations

import numpy as np

from freshet.catalogue.facts import DURATION_MS
from freshet.features.layout import Column, Kernel, Layout
from freshet.features.notes import PER_S, WORK, WORLD
from freshet.features.tally import (
    LANES,
    LOG_WATCH,
    RATED,
    RATED_NAMES,
    TALLY,
    VIEWS,
    add_full,
    evidence,
    evidences,
    span_of,
)
from freshet.state.arithmetic import e_to, ln1p
from freshet.state.compiled import part

BUMPS = 8  # Gaussian bumps over log(1 + seconds), from 1 to 5.2
FIRST_BUMP, BUMP, MINUS_HALF = np.float32(1.0), np.float32(0.6), np.float32(-0.5)


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
            ms, notes = state.video_facts[ask.video, DURATION_MS], ask.notes
            length = ln1p(np.float32(ms) * PER_S)
            x[k] = length - 3.5
            for j in range(LANES):  # twice as many as are read: see LANES
                z = (length - (FIRST_BUMP + BUMP * np.float32(j))) / BUMP
                notes[WORK + j] = e_to(MINUS_HALF * z * z)
            for j in range(BUMPS):
                x[k + 1 + j] = notes[WORK + j]
            x[k + 1 + BUMPS] = 1.0 if ms <= 0 else 0.0
            row = state.span[span_of(ms)]
            views = row[tally + VIEWS]
            evidences(row, tally, 1.0, notes, WORLD, 20.0, notes, WORK)
            for j in range(RATED.shape[0]):
                what = RATED[j]
                if what < LANES:
                    x[k + 2 + BUMPS + j] = notes[WORK + what]
                else:
                    x[k + 2 + BUMPS + j] = evidence(
                        row[tally + what], views, notes[WORLD + what], 20.0, what == LOG_WATCH
                    )

        return write, value
