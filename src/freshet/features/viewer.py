"""How this viewer watches: in all, lately, in this session, and as one of their kind."""

from __future__ import annotations

from math import log

import numpy as np

from freshet.catalogue.facts import EPOCH_S, VIEWER_TRAIT, VIEWER_TRAITS
from freshet.domain.outcomes import SESSION_GAP_MS
from freshet.features.layout import Column, Kernel, Layout
from freshet.features.tally import (
    LOG_WATCH,
    RATED,
    RATED_NAMES,
    SHORT,
    SHORT_NAMES,
    SHORT_WIDTH,
    TALLY,
    VIEWS,
    add_full,
    add_short,
    decay,
    evidence,
    faded,
    world_rate,
)
from freshet.state.compiled import part

VIEWER_LATELY_MS = 5_000_000.0  # half-life of a viewer's recent tally, about 83 minutes
SESSION_GAP_S = SESSION_GAP_MS // 1000


class ViewerRates:
    scope = "viewer"
    hears = "tallies"
    columns = (
        Column("viewer", "tally", TALLY),
        Column("viewer", "recent", SHORT_WIDTH),
        Column("viewer", "recent_s"),
    )
    outputs = (
        *(f"viewer_{name}" for name in RATED_NAMES), "viewer_views",
        *(f"viewer_recent_{name}" for name in SHORT_NAMES), "viewer_recent_views",
    )  # fmt: skip

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally, recent, recent_s = at("viewer.tally"), at("viewer.recent"), at("viewer.recent_s")
        n_rated, n = len(RATED), len(self.outputs)

        @part
        def write(state, act):
            slot = state.viewer_slots[act.viewer]
            row, ints = state.viewer[slot], state.viewer_ints[slot]
            now_s = act.now // 1000 - EPOCH_S
            elapsed = (now_s - ints[recent_s]) * 1000.0
            decay(row, recent, SHORT_WIDTH, elapsed, VIEWER_LATELY_MS)
            ints[recent_s] = now_s
            add_full(row, tally, act.delta)
            add_short(row, recent, act.delta)

        @part
        def value(state, ask, x):
            for j in range(n):
                x[k + j] = 0.0
            if ask.viewer < 0:
                return
            slot = state.viewer_slots[ask.viewer]
            row, ints = state.viewer[slot], state.viewer_ints[slot]
            views = row[tally + VIEWS]
            for j in range(n_rated):
                what = RATED[j]
                x[k + j] = evidence(row[tally + what], views, world_rate(state, what), 5.0,
                                    what == LOG_WATCH)  # fmt: skip
            x[k + n_rated] = log(1.0 + max(views, 0.0))
            now_s = ask.now // 1000 - EPOCH_S
            elapsed = max((now_s - ints[recent_s]) * 1000.0, 0.0)
            fade = faded(elapsed, VIEWER_LATELY_MS)
            lately = row[recent] * fade
            for m in range(1, SHORT_WIDTH):
                what = SHORT[m]
                prior, total = world_rate(state, what), row[recent + m] * fade
                x[k + n_rated + m] = evidence(total, lately, prior, 2.0, what == LOG_WATCH)
            x[k + n_rated + SHORT_WIDTH] = log(1.0 + max(lately, 0.0))

        return write, value


class Session:
    """The run of impressions without a gap of 30 minutes, and the pace of it."""

    scope = "viewer"
    hears = "moments"
    columns = (Column("viewer", "session", 4), Column("viewer", "last_ms", 2))
    outputs = (
        "session_shown", "session_surprise", "session_watch_surprise", "viewer_gap",
        "viewer_gap_short", "viewer_is_new",
    )  # fmt: skip

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        session, last = at("viewer.session"), at("viewer.last_ms")  # last: s since 2020, ms of it

        @part
        def write(state, act):
            slot = state.viewer_slots[act.viewer]
            row, ints = state.viewer[slot], state.viewer_ints[slot]
            if act.opened:
                now_s = act.now // 1000 - EPOCH_S
                if now_s - ints[last] > SESSION_GAP_S:
                    for j in range(4):
                        row[session + j] = 0.0
                row[session] += 1.0
                ints[last], ints[last + 1] = now_s, act.now % 1000
            if act.closed:
                row[session + 1] += 1.0
                row[session + 2] += act.surprise[0]
                row[session + 3] += act.surprise[1]

        @part
        def value(state, ask, x):
            for j in range(3):
                x[k + j] = 0.0
            x[k + 3], x[k + 4], x[k + 5] = 4.0, 7.5, 1.0
            if ask.viewer < 0:
                return
            slot = state.viewer_slots[ask.viewer]
            row, ints = state.viewer[slot], state.viewer_ints[slot]
            if ints[last] == 0:
                return
            then = (np.int64(ints[last]) + EPOCH_S) * 1000 + ints[last + 1]
            gap_s = max(ask.now - then, 0) / 1000.0
            if gap_s <= SESSION_GAP_S:
                x[k] = log(1.0 + row[session])
                x[k + 1] = row[session + 2] / (row[session + 1] + 2.0)
                x[k + 2] = row[session + 3] / (row[session + 1] + 2.0)
            x[k + 3] = min(log(1.0 + gap_s / 60.0), 10.0) / 3.0
            x[k + 4] = log(0.1 + min(gap_s, SESSION_GAP_S))  # the pace of swiping
            x[k + 5] = 0.0

        return write, value


class ViewerTraitRates:
    """Each of the viewer's weak labels (country, device, what the app knows) has rates over all
    who share it. Their evidence is added up, as in naive Bayes; the model learns how far to
    trust the sum."""

    scope = "viewer"
    hears = "tallies"
    columns = ()  # the column trait.tally belongs to VideoTraitRates
    outputs = tuple(f"viewer_traits_{name}" for name in RATED_NAMES)

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally = at("trait.tally")
        n_rated = len(RATED)

        @part
        def write(state, act):
            for j in range(VIEWER_TRAITS):
                trait = state.viewer_facts[act.viewer, VIEWER_TRAIT + j]
                if trait >= 0:
                    add_full(state.trait[trait], tally, act.delta)

        @part
        def value(state, ask, x):
            for m in range(n_rated):
                x[k + m] = 0.0
            if ask.viewer < 0:
                return
            for m in range(n_rated):
                what = RATED[m]
                prior = world_rate(state, what)
                total = 0.0
                for j in range(VIEWER_TRAITS):
                    trait = state.viewer_facts[ask.viewer, VIEWER_TRAIT + j]
                    if trait >= 0:
                        row = state.trait[trait]
                        total += evidence(row[tally + what], row[tally + VIEWS], prior, 50.0,
                                          what == LOG_WATCH)  # fmt: skip
                x[k + m] = total

        return write, value
