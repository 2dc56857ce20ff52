"""The viewer's last views, with time, and what they say of this video.

From the ring of the last HISTORY views (features/ring.py) the crosses viewer x creator,
x topic, x hashtag, x sound and x length are read at request time, so a view a second old
counts at once.

A view's *surprise* is long view minus its predicted probability: liking what everybody
likes says little of a viewer.
"""

from __future__ import annotations

import numpy as np

from freshet.catalogue.facts import CREATOR, DURATION_MS, HASHTAG, HASHTAGS, SOUND, TOPIC, TOPICS
from freshet.features import notes as n
from freshet.features.feature import no_write
from freshet.features.layout import Kernel, Layout
from freshet.features.ring import (
    CLOSED,
    COUNTED,
    H_BITS,
    H_COUNT,
    H_EXPECTED,
    H_VIDEO,
    H_WATCHED,
    HISTORY,
    LONG_BIT,
    PLACE_SHIFT,
    UNTIMED,
)
from freshet.state.arithmetic import e_to, ln1p
from freshet.state.compiled import part


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
        width = len(self.outputs)
        past_at, lengths, longs, surprises, work = n.PAST_AT, n.LENGTH, n.LONG, n.SURPRISE, n.WORK
        past, per_s, narrow, shrink = n.PAST, n.PER_S, np.float32(-2.0), np.float32(1.5)

        @part
        def value(state, ask, x):
            for j in range(width):
                x[k + j] = 0.0
            notes = ask.notes
            views = int(notes[past])
            if ask.viewer < 0 or views == 0:
                return
            facts, this = state.video_facts, ask.video
            length = ln1p(np.float32(facts[this, DURATION_MS]) * per_s)
            for h in range(HISTORY):  # a constant and nothing else: eight at a time
                z = notes[lengths + h] - length
                notes[work + h] = e_to(narrow * z * z)
            for h in range(views):
                x[k + 12] += notes[work + h]
                x[k + 13] += notes[work + h] * notes[surprises + h]
            by = n.marked(notes, n.BY, facts, this, CREATOR, 1)
            about = n.marked(notes, n.ABOUT, facts, this, TOPIC, TOPICS)
            tagged = n.marked(notes, n.TAGGED, facts, this, HASHTAG, HASHTAGS)
            with_sound = n.marked(notes, n.WITH, facts, this, SOUND, 1)
            for h in range(views if by or about or tagged or with_sound else 0):
                that = state.viewer_ints[ask.viewer, H_VIDEO + int(notes[past_at + h])]
                long, surprise = notes[longs + h], notes[surprises + h]
                if by and facts[that, CREATOR] == facts[this, CREATOR]:
                    add_view(x, k, long, surprise)
                if about and share_one(facts, this, that, TOPIC, TOPICS):
                    add_view(x, k + 3, long, surprise)
                if tagged and share_one(facts, this, that, HASHTAG, HASHTAGS):
                    add_view(x, k + 6, long, surprise)
                if with_sound and facts[that, SOUND] == facts[this, SOUND]:
                    add_view(x, k + 9, long, surprise)
            for j in range(0, 12, 3):  # means, shrunk to 0; then counts on a log scale
                if x[k + j] > 0:
                    x[k + j + 2] /= x[k + j] + shrink
                    x[k + j + 1] = ln1p(x[k + j + 1])
                    x[k + j] = ln1p(x[k + j])
            x[k + 13] /= x[k + 12] + shrink
            x[k + 12] = ln1p(x[k + 12])

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
        per_s = n.PER_S

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
                surprise = (1.0 if ints[H_BITS + h] & LONG_BIT else 0.0) - floats[H_EXPECTED + h]
                if last < 3 and ints[H_BITS + h] & UNTIMED == 0:
                    x[k + last] = surprise
                    x[k + 3 + last] = ln1p(np.float32(ints[H_WATCHED + h]) * per_s) - 1.8
                    last += 1
                if ints[H_BITS + h] >> PLACE_SHIFT == ask.placement:
                    here += 1.0
                    x[k + 7] += surprise
            x[k + 6] = ln1p(x[k + 6])
            x[k + 7] /= here + 1.5

        return no_write, value


@part
def add_view(x, k, long, surprise):
    x[k] += np.float32(1.0)
    x[k + 1] += long
    x[k + 2] += surprise


@part
def share_one(facts, a, b, first, count):
    """True if two videos have an id in common, of those that stand from `first` on."""
    for i in range(count):
        if facts[a, first + i] < 0:
            break
        for j in range(count):
            if facts[a, first + i] == facts[b, first + j]:
                return True
    return False
