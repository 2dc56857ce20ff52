"""The tally of everything: what every rate is shrunk towards."""

from __future__ import annotations

from freshet.features.layout import Column, Kernel, Layout
from freshet.features.tally import TALLY, add_full
from freshet.state.compiled import part


class World:
    """Has no outputs; `tally.world_rate` reads its column, which must be the first of `all`."""

    scope = "viewer"
    hears = "tallies"
    columns = (Column("all", "tally", TALLY),)
    outputs = ()

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        @part
        def write(state, act):
            add_full(state.all[0], 0, act.delta)

        @part
        def value(state, ask, x):
            pass

        return write, value
