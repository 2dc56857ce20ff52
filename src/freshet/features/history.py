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
from freshet.features.links import ABOUT, BY, TAGGED, WITH, views_with
from freshet.features.ring import (
    CLOSED,
    COUNTED,
    H_BITS,
    H_COUNT,
    H_EXPECTED,
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
        lengths, surprises, work = n.LENGTH, n.SURPRISE, n.WORK
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
            links = ask.links
            add_views(x, k, views_with(links, BY, facts, this, CREATOR, 1), notes)
            add_views(x, k + 3, views_with(links, ABOUT, facts, this, TOPIC, TOPICS), notes)
            add_views(x, k + 6, views_with(links, TAGGED, facts, this, HASHTAG, HASHTAGS), notes)
            add_views(x, k + 9, views_with(links, WITH, facts, this, SOUND, 1), notes)
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
            slot = state.viewer_slots[ask.viewer]
            ints, floats = state.viewer_ints[slot], state.viewer[slot]
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
def add_views(x, k, views, notes):
    """Count, long views and surprises of the views whose bits are set."""
    h = 0
    while views:
        if views & 1:
            x[k] += np.float32(1.0)
            x[k + 1] += notes[n.LONG + h]
            x[k + 2] += notes[n.SURPRISE + h]
        views >>= 1
        h += 1
