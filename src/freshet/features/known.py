"""What is known from before the log: how a viewer watched then, how a video fared.

Views of old come without times, lengths or most outcomes (`HistoryKnown`). In the tallies of
the log they would pull every rate that they say nothing of, so they have short ones of their
own. Measured on a warm start: AUC + .009, and half of it is the videos'.
"""

from __future__ import annotations

from freshet.features.layout import Column, Kernel, Layout
from freshet.features.tally import BASE, evidence, place
from freshet.state.arithmetic import ln1p
from freshet.state.compiled import kernel, part
from freshet.state.slots import to_write

OUTCOMES = ("long_view", "like")  # what a history tells of a view
KNOWN = 1 + len(OUTCOMES)  # width: views, then one sum per outcome
PLACES = tuple(place(name) for name in OUTCOMES)
NAMES = ("known_views", *(f"known_{name}" for name in OUTCOMES))


@kernel
def add_known(row, at, delta):
    row[at] += 1.0
    row[at + 1] += delta[PLACES[0]]
    row[at + 2] += delta[PLACES[1]]


@kernel
def known_rate(row, at, j, prior, strength):
    """Rate of outcome j over the views of old, shrunk to `prior`."""
    return (row[at + 1 + j] + strength * prior) / (row[at] + strength)


@kernel
def known_values(state, row, at, world, strengths, x, k):
    """The log of the views, then the evidence of each outcome against all views of old."""
    x[k] = ln1p(row[at])
    for j in range(KNOWN - 1):
        prior = known_rate(state.all[0], world, j, BASE[PLACES[j]], 10.0)
        x[k + 1 + j] = evidence(row[at + 1 + j], row[at], prior, strengths[j], False)


class ViewerKnown:
    scope = "viewer"
    hears = "known"
    columns = (Column("viewer", "known", KNOWN), Column("all", "known", KNOWN))
    outputs = tuple(f"viewer_{name}" for name in NAMES)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        known, world = at("viewer.known"), at("all.known")

        @part
        def write(state, act):
            add_known(state.viewer[state.viewer_slots[act.viewer]], known, act.delta)
            add_known(state.all[0], world, act.delta)

        @part
        def value(state, ask, x):
            for j in range(KNOWN):
                x[k + j] = 0.0
            if ask.viewer >= 0:
                row = state.viewer[state.viewer_slots[ask.viewer]]
                known_values(state, row, known, world, (5.0, 20.0), x, k)

        return write, value


class VideoKnown:
    scope = "video"
    hears = "known"
    columns = (Column("video", "known", KNOWN),)
    outputs = tuple(f"video_{name}" for name in NAMES)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        known, world = at("video.known"), at("all.known")

        @part
        def write(state, act):
            row = state.video[to_write(state.video_slots, act.video)]
            add_known(row, known, act.delta)

        @part
        def value(state, ask, x):
            row = state.video[state.video_slots[ask.video]]
            known_values(state, row, known, world, (20.0, 50.0), x, k)

        return write, value
