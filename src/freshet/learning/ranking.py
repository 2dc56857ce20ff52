"""What requests run: vectors and predictions of many videos, and who wants none of them.

The features and the model are the fold's own (`kernels.py`), so a feed is ranked by what was
learned, on what was learned from.
"""

from __future__ import annotations

import numpy as np

from freshet.catalogue.facts import CREATOR, HASHTAG, HASHTAGS, SOUND, TOPIC, TOPICS
from freshet.features.layout import Ask
from freshet.learning.kernels import copy_to
from freshet.learning.learner import alike, forward_many, watch_times
from freshet.state.compiled import allocating, call_at, kernel
from freshet.state.ties import (
    BLOCKED_BY,
    BLOCKS,
    HIDES,
    KIND_SHIFT,
    LESS_PERSON,
    NOT_INTERESTED,
    PERSON,
    ROW_MASK,
    VIDEO,
)
from freshet.state.ties import (
    HASHTAG as HASHTAG_TIE,
)
from freshet.state.ties import (
    SOUND as SOUND_TIE,
)
from freshet.state.ties import (
    TOPIC as TOPIC_TIE,
)


@kernel
def vectors(state, viewer, rows, now, placement, scratch, out):
    """Vectors out (n, F) of videos for a viewer (row, -1: nobody known), as of `now`."""
    who, place, notes, links = np.int64(viewer), np.int64(placement), scratch.notes, scratch.links
    ask = Ask(who, np.int64(0), np.int64(now), place, notes, links)
    call_at(scratch.calls.viewer, (state, ask, scratch.x))
    for i in range(rows.shape[0]):
        copy_to(scratch.x, out[i])
    call_at(scratch.calls.videos, (state, ask, rows, out))


@kernel
def rank(state, params, viewer, rows, now, placement, shared, scratch, out_x, out_p, out_times):
    """Vectors, predictions and watch times of candidate videos, as of `now`.

    Args:
        viewer: row, -1 for one nothing is known of.
        shared: width of the viewer's half of a vector.
        rows: int32 (n,). out_x (n, F), out_p (n, O), out_times (n, 4) are filled.
    """
    vectors(state, viewer, rows, now, placement, scratch, out_x)
    predict(params, out_x, shared, out_p, out_times)


@kernel
def predict(params, x, shared, out_p, out_times):
    """Predictions (n, O) and watch times (n, 4) for vectors (n, F), as `forward_many`.

    `shared` below 0: see for yourself what the vectors share.
    """
    forward_many(params, x, shared if shared >= 0 else alike(x), out_p)
    for i in range(x.shape[0]):
        watch_times(params, out_p[i], out_times[i])


@kernel
def without(
    state, params, rows, now, placement, scratch,
    served, typical, columns, ends, of_stranger, stranger, x, out_p, out_times,
):  # fmt: skip
    """Predictions for vectors as they were served, then once for each group of features as if
    it said nothing of the video.

    Args:
        served, typical: (n, F) of videos `rows` (n,).
        columns: int32, the groups' features one after the other. ends: (G,) where each ends.
        of_stranger: (G,) is a group's nothing what a stranger's vector says, else the typical.
        stranger: (n, F), x ((1 + G) n, F), out_p and out_times as long are filled.
    """
    n = rows.shape[0]
    vectors(state, -1, rows, now, placement, scratch, stranger)
    for i in range(n):
        copy_to(served[i], x[i])
    first = 0
    for g in range(ends.shape[0]):
        for i in range(n):
            row = x[(g + 1) * n + i]
            copy_to(served[i], row)
            for c in range(first, ends[g]):
                j = columns[c]
                row[j] = stranger[i, j] if of_stranger[g] else typical[i, j]
        first = ends[g]
    predict(params, x, -1, out_p, out_times)


@allocating
def hidden(facts, ties, rows, out):
    """True where the viewer wants no more of the video or of what it is made of.

    Args:
        facts: int32 (videos, VIDEO_WIDTH).
        ties: int32 (2, n), the viewer's list OTHER.
    """
    some = 0
    barring = np.empty(ties.shape[1], np.int32)
    for j in range(ties.shape[1]):
        if ties[1, j] & (HIDES | BLOCKS | BLOCKED_BY | NOT_INTERESTED):
            kind = (ties[0, j] >> KIND_SHIFT) & 15
            if kind <= TOPIC_TIE:
                barring[some] = ties[0, j]
                some += 1
    for i in range(rows.shape[0]):
        out[i] = False
        for j in range(some):
            if made_of(facts[rows[i]], rows[i], (barring[j] >> KIND_SHIFT) & 15,
                       barring[j] & ROW_MASK):  # fmt: skip
                out[i] = True
                break


@kernel
def made_of(facts, video, kind, row):
    """Whether a video is the thing, by it, with it or about it."""
    if kind == VIDEO:
        return video == row
    if kind == PERSON:
        return facts[CREATOR] == row
    if kind == SOUND_TIE:
        return facts[SOUND] == row
    first, count = (HASHTAG, HASHTAGS) if kind == HASHTAG_TIE else (TOPIC, TOPICS)
    for j in range(count):  # noqa: SIM110 - kernels have no any()
        if facts[first + j] == row:
            return True
    return False


@kernel
def less_of(facts, ties, rows, now_s, half_life_s, out):
    """How much less of each video the viewer wants: 1 just asked for, halved with every
    `half_life_s`, 0 where they asked for nothing of the kind."""
    for i in range(rows.shape[0]):
        out[i] = 0.0
    for j in range(ties.shape[1]):
        kind = (ties[0, j] >> KIND_SHIFT) & 15
        if kind < LESS_PERSON or ties[1, j] == 0:
            continue
        weight = np.float32(0.5 ** (max(now_s - ties[1, j], 0) / half_life_s))
        kind = kind - LESS_PERSON + PERSON
        for i in range(rows.shape[0]):
            if weight > out[i] and made_of(facts[rows[i]], rows[i], kind, ties[0, j] & ROW_MASK):
                out[i] = weight
