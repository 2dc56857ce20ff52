"""How views go at this hour of the day (UTC)."""

from __future__ import annotations

from freshet.features.layout import Column, Kernel, Layout
from freshet.features.tally import (
    LOG_WATCH,
    SHORT,
    SHORT_NAMES,
    SHORT_WIDTH,
    add_short,
    evidence,
    world_rate,
)
from freshet.state.compiled import part

HOUR_MS = 3_600_000


class HourRates:
    scope = "viewer"
    hears = "tallies"
    columns = (Column("hour", "tally", SHORT_WIDTH),)
    outputs = tuple(f"hour_{name}" for name in SHORT_NAMES)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally = at("hour.tally")

        @part
        def write(state, act):
            add_short(state.hour[(act.now // HOUR_MS) % 24], tally, act.delta)

        @part
        def value(state, ask, x):
            row = state.hour[(ask.now // HOUR_MS) % 24]
            for m in range(1, SHORT_WIDTH):
                what = SHORT[m]
                x[k + m - 1] = evidence(row[tally + m], row[tally], world_rate(state, what), 50.0,
                                        what == LOG_WATCH)  # fmt: skip

        return write, value
