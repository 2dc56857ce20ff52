"""How a video has fared with everybody, against others of its length: in all, and lately."""

from __future__ import annotations

from math import exp, log

from freshet.catalogue.facts import CREATED_S, DURATION_MS, EPOCH_S
from freshet.features.layout import Column, Kernel, Layout
from freshet.features.tally import (
    LATELY_MS,
    LATELY_RATED,
    LN2,
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
    span_of,
    world_rate,
)
from freshet.state.compiled import part

HOUR_MS = 3_600_000.0


class VideoRates:
    """Rates are shrunk to those of the video's length, strength 20 views."""

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
        "video_recent_log_watch", "video_speed", "video_age_h",
    )  # fmt: skip

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        tally, recent = at("video.tally"), at("video.recent")
        burst, recent_s = at("video.burst"), at("video.recent_s")
        span_tally = at("span.tally")
        n_rated = len(RATED)

        @part
        def write(state, act):
            row = state.video[act.video]
            add_full(row, tally, act.delta)
            now_s = act.now // 1000 - EPOCH_S
            elapsed = (now_s - state.video_ints[act.video, recent_s]) * 1000.0
            decay(row, recent, TALLY, elapsed, LATELY_MS)
            decay(row, burst, SHORT_WIDTH, elapsed, HOUR_MS)
            state.video_ints[act.video, recent_s] = now_s
            add_full(row, recent, act.delta)
            add_short(row, burst, act.delta)

        @part
        def value(state, ask, x):
            row = state.video[ask.video]
            span = state.span[span_of(state.video_facts[ask.video, DURATION_MS])]
            views = row[tally + VIEWS]
            span_views = span[span_tally + VIEWS]
            for j in range(n_rated):
                what = RATED[j]
                prior = world_rate(state, what)
                prior = (span[span_tally + what] + 20.0 * prior) / (span_views + 20.0)
                x[k + j] = evidence(row[tally + what], views, prior, 20.0, what == LOG_WATCH)
            now_s = ask.now // 1000 - EPOCH_S
            elapsed = max((now_s - state.video_ints[ask.video, recent_s]) * 1000.0, 0.0)
            fade = exp(-LN2 * elapsed / LATELY_MS)
            lately = row[recent] * fade
            j = k + n_rated
            x[j] = log(1.0 + max(views, 0.0))
            x[j + 1] = log(1.0 + max(lately, 0.0))
            for m in range(LATELY_RATED.shape[0]):
                what = LATELY_RATED[m]
                prior, total = world_rate(state, what), row[recent + what] * fade
                x[j + 2 + m] = evidence(total, lately, prior, 10.0, what == LOG_WATCH)
            # How fast it is being watched long, now against lately.
            hot = row[burst + 3] * exp(-LN2 * elapsed / HOUR_MS)
            x[j + 5] = log(1.0 + max(hot, 0.0)) - 0.3 * log(1.0 + max(lately, 0.0))
            age_s = now_s - state.video_facts[ask.video, CREATED_S]
            x[j + 6] = log(1.0 + max(age_s, 0) / 3600.0) - 4.0

        return write, value
