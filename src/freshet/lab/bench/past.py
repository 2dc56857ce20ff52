"""A past that many viewers lived through, laid into the live state without its events.

Folding 20 million views takes a quarter of an hour. Here, in the order of time,

    every view            enters its viewer's list of what was seen
    a viewer's last 24    enter the history, are told to the features and move item vectors, as
                          when folding; but what was expected of them is the world's rate, and
                          the model does not learn them
    the last 60,000       in the last hour, go through the fold as it is: the model has learned

What is made up: people, videos, what they are made of, who was shown what and how it went
(`lab/generate`). What is not: every row, tie and vector is written by the code that folds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.app import Tell
from freshet.catalogue.facts import EPOCH_S
from freshet.domain.outcomes import INDEX
from freshet.features.ring import (
    CLOSED,
    H_BITS,
    H_COUNT,
    H_EXPECTED,
    H_S,
    H_VIDEO,
    H_WATCHED,
    HISTORY,
)
from freshet.features.tally import world_rate
from freshet.lab.generate.columns import Columns, shown_to
from freshet.lab.generate.world import World
from freshet.lab.throughput import records_of
from freshet.learning import kernels as k
from freshet.learning.live import CHUNK, Live
from freshet.state.compiled import call_at, kernel
from freshet.state.ties import SEEN, show

BUSY_VIEWERS = 100_000  # so many have many views, the rest few
BUSY_VIEWS, QUIET_VIEWS = 200, 20
PAST_MS = 80 * 86_400_000  # people joined at any time of these days; under the horizon of "seen"
LEARNED_VIEWS, LEARNED_MS = 60_000, 3_600_000  # the last views, in the last hour
AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Size:
    videos: int
    viewers: int

    @property
    def views(self) -> int:
        """Of all viewers together, without those that are learned."""
        busy = min(self.viewers, BUSY_VIEWERS)
        return busy * BUSY_VIEWS + (self.viewers - busy) * QUIET_VIEWS


def lay_past(live: Live, world: World, size: Size, now_ms: int, seed: int, tell: Tell) -> None:
    """Let the viewers of a world, whose facts are in `live` already, have lived until now."""
    rng = past_rng(seed)
    left, scratch = _counts(size), live.space.scratch()
    for views in older_views(rng, world, size, now_ms, tell):
        live.cold.ready(views.viewer, now_ms // 1000 - EPOCH_S)
        _live_through(
            live.space.state, scratch, views.viewer, views.video, views.time_ms,
            views.watched_ms, _bits(views), left,
        )  # fmt: skip
    tell("learning")
    records = records_of(last_views(rng, world, size, now_ms))
    # Reports that are still to come stay away: learned when no more views begin, they would be
    # those of long views alone, and the model would expect everybody to watch for long.
    records = records[records["now"] <= now_ms]
    vectors = np.zeros((0, live.inputs), np.float32)
    for at in range(0, len(records), CHUNK):
        live.fold_records(records[at : at + CHUNK], vectors)


def past_rng(seed: int) -> np.random.Generator:
    """What the past is drawn with: `older_views` first, then `last_views`."""
    return np.random.default_rng([seed, 2])


def older_views(
    rng: np.random.Generator, world: World, size: Size, now_ms: int, tell: Tell
) -> Iterator[Columns]:
    """All views but the learned ones, in the order of time, a million at once."""
    viewer, time_ms = _when(rng, size, now_ms)
    for at in range(0, len(viewer), AT_ONCE):
        tell("living through views", at, len(viewer))
        to = at + AT_ONCE
        yield shown_to(rng, world, viewer[at:to], time_ms[at:to])


def last_views(rng: np.random.Generator, world: World, size: Size, now_ms: int) -> Columns:
    """The views of the last hour, which the model learns from, in the order of time."""
    count = min(LEARNED_VIEWS, size.views)
    viewer = rng.integers(0, size.viewers, count, np.int32)
    ago_ms = np.sort(rng.integers(0, LEARNED_MS, count))[::-1]
    return shown_to(rng, world, viewer, now_ms - ago_ms)


def _counts(size: Size) -> NDArray[np.int64]:
    """(viewers,) older views of each."""
    counts = np.full(size.viewers, QUIET_VIEWS)
    counts[:BUSY_VIEWERS] = BUSY_VIEWS
    return counts


def _when(
    rng: np.random.Generator, size: Size, now_ms: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Whose view comes when, in the order of time."""
    viewer = np.repeat(np.arange(size.viewers, dtype=np.int32), _counts(size))
    joined = rng.random(size.viewers, np.float32)
    share = joined[viewer]
    share += (1 - share) * rng.random(len(viewer), np.float32)
    order = np.argsort(share)
    ago_ms = (1 - share[order].astype(np.float64)) * PAST_MS + LEARNED_MS
    return viewer[order], now_ms - ago_ms.astype(np.int64)


def _bits(views: Columns) -> NDArray[np.int32]:
    bits = np.zeros(len(views), np.int32)
    for name, happened in views.outcomes.items():
        bits |= happened.astype(np.int32) << INDEX[name]
    return bits


@kernel
def _live_through(
    state: Any, scratch: Any, viewers: Any, videos: Any, times_ms: Any, watched_ms: Any, acts: Any,
    left: Any,
) -> None:  # fmt: skip
    """Views that were opened, watched and closed one after the other.

    Args:
        left: int64 (viewers,), views that each viewer has still before them.
    """
    for i in range(viewers.shape[0]):
        viewer, video, now, watched = viewers[i], videos[i], times_ms[i], watched_ms[i]
        heads, words, used = state.tie_heads, state.tie_words, state.tie_used
        show(heads, words, used, viewer, video, SEEN, now // 1000 - EPOCH_S)
        left[viewer] -= 1
        if left[viewer] >= HISTORY:
            continue
        ints = state.viewer_ints[state.viewer_slots[viewer]]
        ring = ints[H_COUNT] % HISTORY
        expected = world_rate(state, 1 + k.P_LONG)
        ints[H_COUNT] += 1
        ints[H_VIDEO + ring], ints[H_S + ring] = video, now // 1000 - EPOCH_S
        ints[H_BITS + ring], ints[H_WATCHED + ring] = 0, watched
        state.viewer[state.viewer_slots[viewer], H_EXPECTED + ring] = expected
        k.note(state, scratch, viewer, video, now, 0, True)
        duration = k.duration_of(state, video, 0)
        reached = k.reached(watched, duration, 0) | acts[i]
        scratch.delta[:] = 0.0
        k.add_watch(scratch.delta, watched, duration, 1.0)
        k.gain(state, scratch, viewer, ring, now, reached)
        ints[H_BITS + ring] |= CLOSED
        scratch.surprise[:] = 0.0
        scratch.surprise[0] = (1.0 if reached & k.B_LONG else 0.0) - expected
        k.note(state, scratch, viewer, video, now, 0, False)
        call_at(scratch.calls.attract, (state, np.int64(viewer), np.int64(ring)))
