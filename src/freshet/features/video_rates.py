"""How a video has fared with everybody, against others of its length: in all, and lately."""

from __future__ import annotations

import numpy as np

from freshet.catalogue.facts import CREATED_S, DURATION_MS, EPOCH_S
from freshet.features.layout import Column, Kernel, Layout
from freshet.features.notes import MORE, WORK, WORLD
from freshet.features.tally import (
    LANES,
    LATELY_MS,
    LATELY_RATED,
    LOG_WATCH,
    RATED,
    RATED_NAMES,
    SHORT_WIDTH,
    TALLY,
    VIEWS,
    add_full,
    add_short,
    decay,
    evidence,
    evidences,
    faded,
    place,
    span_of,
)
from freshet.state.arithmetic import ln1p
from freshet.state.compiled import part
from freshet.state.slots import to_write

LIKE = place("like")
DISLIKES = np.array([place(outcome) for outcome in ("not_interested", "hide", "report")])
ONE, NONE = np.float32(1.0), np.float32(0.0)
HOUR_MS = 3_600_000.0
HOUR_S = np.float32(3600.0)


class VideoRates:
    """Rates are shrunk to those of the video's length, strength 20 views. `liking` is likes
    against dislikes, from -1 to 1, `verdicts` how many of both."""

    scope = "video"
    hears = "tallies"
    columns = (
        Column("video", "tally", TALLY),
        Column("video", "recent", TALLY),
        Column("video", "burst", SHORT_WIDTH),  # half-life one hour
        Column("video", "recent_s"),
    )
    outputs = (
        *(f"video_{name}" for name in RATED_NAMES),
        "video_views", "video_recent_views", "video_recent_watched_2s", "video_recent_long_view",
        "video_recent_log_watch", "video_speed", "video_age_h", "video_liking", "video_verdicts",
    )  # fmt: skip

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally, recent = at("video.tally"), at("video.recent")
        burst, recent_s = at("video.burst"), at("video.recent_s")
        span_tally = at("span.tally")
        n_rated, n_lately, strength = len(RATED), len(LATELY_RATED), np.float32(20.0)
        n_dislikes = len(DISLIKES)

        @part
        def write(state, act):
            slot = to_write(state.video_slots, act.video)
            row = state.video[slot]
            add_full(row, tally, act.delta)
            now_s = act.now // 1000 - EPOCH_S
            elapsed = (now_s - state.video_ints[slot, recent_s]) * 1000.0
            decay(row, recent, TALLY, elapsed, LATELY_MS)
            decay(row, burst, SHORT_WIDTH, elapsed, HOUR_MS)
            state.video_ints[slot, recent_s] = now_s
            add_full(row, recent, act.delta)
            add_short(row, burst, act.delta)

        @part
        def value(state, ask, x):
            slot, notes = state.video_slots[ask.video], ask.notes
            row = state.video[slot]
            span = state.span[span_of(state.video_facts[ask.video, DURATION_MS])]
            weight = span[span_tally + VIEWS] + strength
            for j in range(TALLY):
                total = span[span_tally + j] + strength * notes[WORLD + j]
                notes[WORK + j] = total / weight
            views = row[tally + VIEWS]
            evidences(row, tally, 1.0, notes, WORK, strength, notes, MORE)
            for j in range(n_rated):
                what = RATED[j]
                if what < LANES:
                    x[k + j] = notes[MORE + what]
                else:
                    x[k + j] = evidence(
                        row[tally + what], views, notes[WORK + what], strength, what == LOG_WATCH
                    )
            now_s = ask.now // 1000 - EPOCH_S
            elapsed = max((now_s - state.video_ints[slot, recent_s]) * 1000.0, 0.0)
            fade = faded(elapsed, LATELY_MS)
            lately = row[recent] * fade
            j = k + n_rated
            x[j] = ln1p(views)
            x[j + 1] = ln1p(lately)
            evidences(row, recent, fade, notes, WORLD, 10.0, notes, WORK)
            for m in range(n_lately - 1):
                x[j + 2 + m] = notes[WORK + LATELY_RATED[m]]
            x[j + 1 + n_lately] = evidence(
                row[recent + LOG_WATCH] * fade, lately, notes[WORLD + LOG_WATCH], 10.0, True
            )
            # How fast it is being watched long, now against lately.
            hot = row[burst + 3] * faded(elapsed, HOUR_MS)
            x[j + 5] = ln1p(hot) - 0.3 * ln1p(lately)
            age_s = now_s - state.video_facts[ask.video, CREATED_S]
            x[j + 6] = ln1p(np.float32(age_s) / HOUR_S) - 4.0
            # Both are rare, so either says most where it stands against the other.
            likes, dislikes = max(row[tally + LIKE], NONE), NONE
            for m in range(n_dislikes):
                dislikes += max(row[tally + DISLIKES[m]], NONE)
            x[j + 7] = (likes - dislikes) / (likes + dislikes + ONE)
            x[j + 8] = ln1p(likes + dislikes)

        return write, value
