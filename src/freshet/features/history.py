"""The viewer's last views, with time, and what they say of this video.

A ring of the last HISTORY views in the viewer's own row: video, when, what came of it, how
long, and what had been expected. From it the crosses viewer x creator, x topic, x hashtag,
x sound and x length are read at request time, so a view a second old counts at once.

A view's *surprise* is long view minus its predicted probability: liking what everybody
likes says little of a viewer.
"""

from __future__ import annotations

from math import exp, log

from freshet.catalogue.facts import CREATOR, DURATION_MS, HASHTAG, HASHTAGS, SOUND, TOPIC, TOPICS
from freshet.domain.outcomes import INDEX, OUTCOMES
from freshet.features.feature import no_write
from freshet.features.layout import Column, Kernel, Layout
from freshet.state.compiled import part

HISTORY = 24

# bits of a view: one per outcome, then
COUNTED = 1 << len(OUTCOMES)  # it counts in the tallies
CLOSED = COUNTED << 1  # over, and learned
UNTIMED = CLOSED << 1  # from before the log; no time is known
PLACE_SHIFT = 22  # the placement stands above

LONG = 1 << INDEX["long_view"]

# The ring stands first in a viewer's row, whatever the features, and the fold writes it.
RING = (
    Column("viewer", "h_count"),  # int: views ever opened
    Column("viewer", "h_video", HISTORY),  # int
    Column("viewer", "h_s", HISTORY),  # int, seconds since 2020
    Column("viewer", "h_bits", HISTORY),  # int
    Column("viewer", "h_watched", HISTORY),  # int, ms
    Column("viewer", "h_expected", HISTORY),  # float, predicted long view
)
H_COUNT, H_VIDEO, H_S, H_BITS, H_WATCHED, H_EXPECTED = (
    0, *(1 + k * HISTORY for k in range(5))
)  # fmt: skip


class HistoryCrosses:
    """What the viewer made of earlier videos by this creator, on this topic, of this length."""

    scope = "video"
    hears = "tallies"
    columns = ()
    outputs = (
        "creator_shown", "creator_long", "creator_surprise",
        "topic_shown", "topic_long", "topic_surprise",
        "hashtag_shown", "hashtag_long", "hashtag_surprise",
        "sound_shown", "sound_long", "sound_surprise",
        "length_weight", "length_surprise",
    )  # fmt: skip

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        n = len(self.outputs)

        @part
        def value(state, ask, x):
            for j in range(n):
                x[k + j] = 0.0
            if ask.viewer < 0:
                return
            ints = state.viewer_ints[ask.viewer]
            floats = state.viewer[ask.viewer]
            this = state.video_facts[ask.video]
            length = log(1.0 + max(this[DURATION_MS], 0) / 1000.0)
            for h in range(min(ints[H_COUNT], HISTORY)):
                if ints[H_BITS + h] & (COUNTED | CLOSED) == 0:
                    continue  # still on screen, nothing known yet
                long = 1.0 if ints[H_BITS + h] & LONG else 0.0
                surprise = long - floats[H_EXPECTED + h]
                that = state.video_facts[ints[H_VIDEO + h]]
                if that[CREATOR] >= 0 and that[CREATOR] == this[CREATOR]:
                    x[k] += 1.0
                    x[k + 1] += long
                    x[k + 2] += surprise
                if share_one(this, that, TOPIC, TOPICS):
                    x[k + 3] += 1.0
                    x[k + 4] += long
                    x[k + 5] += surprise
                if share_one(this, that, HASHTAG, HASHTAGS):
                    x[k + 6] += 1.0
                    x[k + 7] += long
                    x[k + 8] += surprise
                if that[SOUND] >= 0 and that[SOUND] == this[SOUND]:
                    x[k + 9] += 1.0
                    x[k + 10] += long
                    x[k + 11] += surprise
                z = log(1.0 + max(that[DURATION_MS], 0) / 1000.0) - length
                near = exp(-2.0 * z * z)
                x[k + 12] += near
                x[k + 13] += near * surprise
            for j in range(0, 12, 3):  # means, shrunk to 0; then counts on a log scale
                x[k + j + 2] /= x[k + j] + 1.5
                x[k + j + 1] = log(1.0 + x[k + j + 1])
                x[k + j] = log(1.0 + x[k + j])
            x[k + 13] /= x[k + 12] + 1.5
            x[k + 12] = log(1.0 + x[k + 12])

        return no_write, value


class HistoryHere:
    """The last three views: surprise and watch time; those still open; those in this place."""

    scope = "viewer"
    hears = "tallies"
    columns = ()
    outputs = (
        "last_surprise_0", "last_surprise_1", "last_surprise_2",
        "last_watch_0", "last_watch_1", "last_watch_2", "open_views", "here_surprise",
    )  # fmt: skip

    def compile(self, at: Layout, k: int) -> tuple[Kernel, Kernel]:
        @part
        def value(state, ask, x):
            for j in range(8):
                x[k + j] = 0.0
            if ask.viewer < 0:
                return
            ints = state.viewer_ints[ask.viewer]
            floats = state.viewer[ask.viewer]
            last, here = 0, 0.0
            for back in range(min(ints[H_COUNT], HISTORY)):
                h = (ints[H_COUNT] - 1 - back) % HISTORY
                if ints[H_BITS + h] & (COUNTED | CLOSED) == 0:
                    x[k + 6] += 1.0
                    continue
                surprise = (1.0 if ints[H_BITS + h] & LONG else 0.0) - floats[H_EXPECTED + h]
                if last < 3 and ints[H_BITS + h] & UNTIMED == 0:
                    x[k + last] = surprise
                    x[k + 3 + last] = log(1.0 + ints[H_WATCHED + h] / 1000.0) - 1.8
                    last += 1
                if ints[H_BITS + h] >> PLACE_SHIFT == ask.placement:
                    here += 1.0
                    x[k + 7] += surprise
            x[k + 6] = log(1.0 + x[k + 6])
            x[k + 7] /= here + 1.5

        return no_write, value


@part
def share_one(a, b, first, count):
    """True if two rows of ids have one in common that is not -1."""
    for i in range(count):
        if a[first + i] < 0:
            break
        for j in range(count):
            if a[first + i] == b[first + j]:
                return True
    return False
