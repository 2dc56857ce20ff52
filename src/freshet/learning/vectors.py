"""Item vectors: what a video is made of, plus where viewers' acts have moved it.

    item = (content + learned) at length 1

The content part (`catalogue/content.py`) is there when the video is published. The learned
part starts at 0. When a view is over, the video moves towards what its viewer liked before,
or away from it if it was skipped, and one video drawn by the view's own hash moves away
(negative sampling, Mikolov et al. 2013), by the gradient of a logistic model:

    p = sigmoid(SLOPE * cos(item, taste) - MARGIN)        learned += rate * (liked - p) * taste

A video of which nothing at all is known starts at a short vector of its row's hash, so that
acts have something to move. How a row lies is told in features/item.py.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np

from freshet.catalogue.content import WIDTH
from freshet.catalogue.facts import DURATION_MS
from freshet.domain.outcomes import INDEX, OUTCOMES
from freshet.features.item import LEARNED, SCALE, VIEWS, WORDS, put_item
from freshet.features.ring import (
    CLOSED,
    H_BITS,
    H_COUNT,
    H_VIDEO,
    H_WATCHED,
    HISTORY,
)
from freshet.state.block import Block, begin, end
from freshet.state.compiled import allocating, kernel
from freshet.state.memory import Memory
from freshet.state.slots import FIRST, Slots, to_write

BLANK = 40  # length of the start of a video without content, of 127

SLOPE, MARGIN = np.float32(4.0), np.float32(1.0)
RATE, RATE_MIN, RATE_VIEWS = np.float32(0.15), np.float32(0.01), np.float32(10.0)
FADE = np.float32(0.93)  # a view counts so much less than the next one

# How a view went, from its outcomes: above 0 the viewer liked the video.
BASE = np.float32(-0.5)
LIKING = np.zeros(len(OUTCOMES), np.float32)
for _name, _worth in {
    "watched_6s": 0.25, "long_view": 1.0, "finish": 0.5, "rewatch": 0.5, "like": 1.5,
    "comment": 1.0, "share": 2.0, "favorite": 1.5, "follow": 1.5, "profile_visit": 0.25,
    "not_interested": -6.0, "hide": -6.0, "report": -6.0,
}.items():  # fmt: skip
    LIKING[INDEX[_name]] = _worth
LIKING_MAX = np.float32(4.0)


@kernel
def liking(bits, watched_ms, duration_ms):
    """How much the viewer liked a view that ended like this, -2 to 4; skipped is below 0."""
    worth = BASE
    for o in range(len(LIKING)):
        if bits & (1 << o):
            worth += LIKING[o]
    if duration_ms > 0:
        worth += np.float32(0.5) * np.float32(min(watched_ms / duration_ms, 1.0))
    return min(max(worth, np.float32(-2.0)), LIKING_MAX)


@kernel
def liked_at(state, viewer, ring):
    """How much the viewer liked the view at a place of their history; 0 while it is open."""
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    bits = ints[H_BITS + ring]
    if bits & CLOSED == 0:
        return np.float32(0.0)
    duration_ms = state.video_facts[ints[H_VIDEO + ring], DURATION_MS]
    return liking(bits, ints[H_WATCHED + ring], duration_ms)


@kernel
def item(state, video, out):
    """The vector of a video, float32 (64,) of length 1; False, and all 0, if it has none."""
    length = put_item(state, video, out, 0)
    for j in range(WIDTH):
        out[j] *= length
    return length > np.float32(0.0)


@kernel
def items(state, rows, out):
    for i in range(rows.shape[0]):
        item(state, rows[i], out[i])


@kernel
def mix(h):
    h ^= h >> np.uint64(30)
    h *= np.uint64(0xBF58476D1CE4E5B9)
    h ^= h >> np.uint64(27)
    h *= np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


@allocating
def move(state, video, taste, target, weight):
    """Move a video's learned part by one view."""
    this = np.empty(WIDTH, np.float32)
    if not item(state, video, this):
        return
    cosine = np.float32(0.0)
    for j in range(WIDTH):
        cosine += this[j] * taste[j]
    p = np.float32(1.0 / (1.0 + exp(-(SLOPE * cosine - MARGIN))))
    slot = state.video_slots[video]  # it has an item vector, so it has one
    views = np.float32(state.vector_ints[slot, VIEWS])
    rate = max(RATE / np.float32(sqrt(np.float32(1.0) + views / RATE_VIEWS)), RATE_MIN)
    step = rate * weight * (target - p) * SCALE
    learned = state.vector_shorts[slot]
    begin(state.vector_sequence, video)
    for j in range(WIDTH):
        moved = np.rint(np.float32(learned[LEARNED + j]) + step * taste[j])
        learned[LEARNED + j] = np.int16(min(max(moved, np.float32(-32767)), np.float32(32767)))
    end(state.vector_sequence, video)


@allocating
def attract(state, viewer, ring):
    """A view is over: move its video, and one drawn by chance, by what else was liked."""
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    video, count = ints[H_VIDEO + ring], ints[H_COUNT]
    taste, one = np.zeros(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    found, share = False, np.float32(1.0)
    for back in range(min(count, HISTORY)):
        other = (count - 1 - back) % HISTORY
        if ints[H_VIDEO + other] == video:
            continue
        worth = liked_at(state, viewer, other)
        if worth > np.float32(0.0) and item(state, ints[H_VIDEO + other], one):
            found = True
            for j in range(WIDTH):
                taste[j] += share * worth * one[j]
        share *= FADE
    total = (taste * taste).sum()
    if not found or total <= np.float32(0.0):
        return
    taste *= np.float32(1.0 / sqrt(total))
    worth = liked_at(state, viewer, ring)
    if worth == np.float32(0.0):
        return
    liked = worth > np.float32(0.0)
    move(state, video, taste, np.float32(1.0 if liked else 0.0), min(abs(worth), np.float32(2.0)))
    state.vector_ints[to_write(state.video_slots, video), VIEWS] += 1
    if liked:
        key = (np.uint64(viewer) << np.uint64(32)) ^ np.uint64(video)
        drawn = mix(key * np.uint64(0x9E3779B97F4A7C15) + np.uint64(count))
        other = np.int64(drawn % np.uint64(max(state.vector_ends[0], 1)))
        if other != video:
            move(state, other, taste, np.float32(0.0), np.float32(1.0))


class Vectors:
    """The block of item vectors. The fold writes; whoever maps it may read at any time: a
    vector read while it moves is between two that are both good."""

    def __init__(self, slots: Slots, memory: Memory | None = None) -> None:
        self._slots = slots
        self.block = Block("video_vector", WORDS, slots.rows, memory)
        self.bytes = self.block.ints.view(np.int8)  # (slots, 196)
        self.shorts = self.block.ints.view(np.int16)  # (slots, 98)
        self.ends = np.zeros(1, np.int64)  # rows up to here may have a vector

    def publish(self, row: int, content: bytes) -> None:
        """Give a video its content part; what was learned of it stays."""
        vector = np.frombuffer(content, np.int8)
        if not vector.any():
            signs = np.unpackbits(np.array([mix(np.uint64(row + 1))], np.uint64).view(np.uint8))
            length = BLANK / sqrt(WIDTH)
            vector = np.rint((signs * 2.0 - 1.0) * length).astype(np.int8)
        if self._slots.of[row] < FIRST:
            self._slots.give(np.array([row]))
        begin(self.block.sequence, row)
        self.bytes[self._slots.of[row], :WIDTH] = vector
        end(self.block.sequence, row)
        self.ends[0] = max(self.ends[0], row + 1)

    def forget(self, row: int) -> None:
        """The video is gone: it has no vector any more, and no index keeps it."""
        slot = self._slots.of[row]
        if slot >= FIRST:
            begin(self.block.sequence, row)
            self.block.ints[slot] = 0
            end(self.block.sequence, row)

    def of_state(self) -> dict[str, Any]:
        """What kernels are given of it: the fields of `State` that begin with `vector_`."""
        return {
            "vector_bytes": self.bytes, "vector_shorts": self.shorts,
            "vector_ints": self.block.ints, "vector_ends": self.ends,
            "vector_sequence": self.block.sequence,
        }  # fmt: skip
