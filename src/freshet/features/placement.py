"""Where the feed is shown: surfaces, and the app's own places within them, differ a lot.

Each place has rates of its own, alone, with the video's length, with the video and with
the viewer. The first PLACES places have a column each in the rows of videos and viewers;
later ones share the last.
"""

from __future__ import annotations

from freshet.catalogue.facts import DURATION_MS
from freshet.features.layout import Column, Kernel, Layout
from freshet.features.notes import HERE, MORE, WORK
from freshet.features.tally import (
    LOG_WATCH,
    RATED,
    RATED_NAMES,
    SHORT_NAMES,
    SHORT_WIDTH,
    TALLY,
    VIEWS,
    add_full,
    add_short,
    evidence,
    evidences,
    span_of,
    world_rate,
)
from freshet.state.arithmetic import ln1p
from freshet.state.compiled import part
from freshet.state.slots import to_write

PLACES = 4


@part
def short_evidence(row, at, notes, strength, x, k):
    """Evidence of a short tally (all but its views) against this place's rates."""
    last = SHORT_WIDTH - 1  # log watch
    for m in range(SHORT_WIDTH):
        notes[WORK + m] = row[at + m]
    evidences(notes, WORK, 1.0, notes, HERE, strength, notes, MORE)
    for m in range(1, last):
        x[k + m - 1] = notes[MORE + m]
    x[k + last - 1] = evidence(row[at + last], row[at], notes[HERE + last], strength, True)


class PlacementRates:
    scope = "viewer"
    hears = "tallies"
    columns = (Column("placement", "tally", TALLY),)
    outputs = (
        *(f"placement_{name}" for name in RATED_NAMES),
        *(f"placement_is_{k}" for k in range(PLACES)),
    )

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally = at("placement.tally")
        n_rated = len(RATED)

        @part
        def write(state, act):
            add_full(state.placement[act.placement], tally, act.delta)

        @part
        def value(state, ask, x):
            row = state.placement[ask.placement]
            for j in range(n_rated):
                what = RATED[j]
                x[k + j] = evidence(row[tally + what], row[tally + VIEWS],
                                    world_rate(state, what), 20.0, what == LOG_WATCH)  # fmt: skip
            for j in range(PLACES):
                x[k + n_rated + j] = 1.0 if j == min(ask.placement, PLACES - 1) else 0.0

        return write, value


class SpanPlacement:
    """Videos of this length, in this place, against this place."""

    scope = "video"
    hears = "tallies"
    columns = (Column("span_placement", "tally", SHORT_WIDTH),)
    outputs = tuple(f"span_placement_{name}" for name in SHORT_NAMES)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally = at("span_placement.tally")

        @part
        def write(state, act):
            span = span_of(state.video_facts[act.video, DURATION_MS])
            row = state.span_placement[span * 16 + min(act.placement, 15)]
            add_short(row, tally, act.delta)

        @part
        def value(state, ask, x):
            span = span_of(state.video_facts[ask.video, DURATION_MS])
            row = state.span_placement[span * 16 + min(ask.placement, 15)]
            short_evidence(row, tally, ask.notes, 50.0, x, k)

        return write, value


class VideoPlacement:
    scope = "video"
    hears = "tallies"
    columns = (Column("video", "places", PLACES * SHORT_WIDTH),)
    outputs = (*(f"video_here_{name}" for name in SHORT_NAMES), "video_here_views")

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        places = at("video.places")

        @part
        def write(state, act):
            here = places + min(act.placement, PLACES - 1) * SHORT_WIDTH
            row = state.video[to_write(state.video_slots, act.video)]
            add_short(row, here, act.delta)

        @part
        def value(state, ask, x):
            here = places + min(ask.placement, PLACES - 1) * SHORT_WIDTH
            row = state.video[state.video_slots[ask.video]]
            short_evidence(row, here, ask.notes, 20.0, x, k)
            x[k + SHORT_WIDTH - 1] = ln1p(row[here])

        return write, value


class ViewerPlacement:
    scope = "viewer"
    hears = "tallies"
    columns = (Column("viewer", "places", PLACES * SHORT_WIDTH),)
    outputs = (*(f"viewer_here_{name}" for name in SHORT_NAMES), "viewer_here_views")

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        places = at("viewer.places")

        @part
        def write(state, act):
            here = places + min(act.placement, PLACES - 1) * SHORT_WIDTH
            add_short(state.viewer[state.viewer_slots[act.viewer]], here, act.delta)

        @part
        def value(state, ask, x):
            for m in range(SHORT_WIDTH):
                x[k + m] = 0.0
            if ask.viewer < 0:
                return
            here = places + min(ask.placement, PLACES - 1) * SHORT_WIDTH
            row = state.viewer[state.viewer_slots[ask.viewer]]
            short_evidence(row, here, ask.notes, 5.0, x, k)
            x[k + SHORT_WIDTH - 1] = ln1p(row[here])

        return write, value
