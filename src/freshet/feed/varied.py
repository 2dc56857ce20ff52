"""How much a video adds to those beside it: a determinantal point process in a moving window.

    L = diag(q) K diag(q),   q = exp(value / 2 cost)
    K[i, j] = ALIKE × cosine of topics,   K[i, i] = 1

Of all sets of videos the process likes those whose volume det L is large: of much value, and
unlike each other. Greedily (Chen, Zhang and Zhou 2018), with the window's videos W in place, the
next is the one with the largest

    value + cost × log d²,      d² = 1 − kᵢᵂ (Kᵂᵂ)⁻¹ kᵂᵢ

d² being what of i the window does not hold. The window moves on with every place, and begins with
the last videos of the slate before: variety does not start anew with each request. A video's
topics are a vector of ones; two of one topic are half alike, so a set of them still has a volume,
and the second costs more than the fifth.
"""

from __future__ import annotations

import numpy as np
from numba import njit

ALIKE = 0.5  # likeness of two videos with the same topics
LEAST = 1e-6


@njit(cache=True)
def enter(topics, what, row):  # type: ignore[no-untyped-def]
    """How alike n videos are to one of topics `what`.

    Args:
        topics: (soft, n) int32, padded with values below 0.
        what: (soft',) int32, likewise.
        row: (n,) float32, written.
    """
    mine = 0
    row[:] = 0
    for other in range(what.shape[0]):
        if what[other] < 0:
            break
        mine += 1
        for one in range(topics.shape[0]):
            for i in range(row.shape[0]):
                row[i] += topics[one, i] == what[other]
    for i in range(row.shape[0]):
        if row[i] > 0:
            size = 0
            for one in range(topics.shape[0]):
                size += topics[one, i] >= 0
            row[i] = ALIKE * row[i] / np.sqrt(float(mine * size))


@njit(cache=True)
def likeness(one, other):  # type: ignore[no-untyped-def]
    """Of two videos by their topics."""
    shared, mine, theirs = 0, 0, 0
    for a in range(one.shape[0]):
        if one[a] >= 0:
            mine += 1
            for b in range(other.shape[0]):
                shared += other[b] == one[a]
    for b in range(other.shape[0]):
        theirs += other[b] >= 0
    return ALIKE * shared / np.sqrt(float(mine * theirs)) if shared else 0.0


@njit(cache=True)
def held(alike, window, count, lost):  # type: ignore[no-untyped-def]
    """−log d² of n videos, 0 or more.

    Args:
        alike: (w, n) float32: rows as `enter` writes them, of the window's first `count` videos.
        window: (w, soft) int32: their topics.
        lost: (n,) float64, written.
    """
    root = np.zeros((count, count))  # K of the window = root × rootᵀ
    for a in range(count):
        for b in range(a + 1):
            rest = 1.0 if a == b else likeness(window[a], window[b])
            for c in range(b):
                rest -= root[a, c] * root[b, c]
            root[a, b] = np.sqrt(max(rest, LEAST)) if a == b else rest / root[b, b]
    solved = np.zeros(count)
    lost[:] = 0.0
    for a in range(count):
        for i in range(lost.shape[0]):
            lost[i] += alike[a, i]
    for i in range(lost.shape[0]):
        if lost[i] == 0.0:  # most are like nothing there
            continue
        left = 1.0
        for a in range(count):
            rest = float(alike[a, i])
            for c in range(a):
                rest -= root[a, c] * solved[c]
            solved[a] = rest / root[a, a]
            left -= solved[a] * solved[a]
        lost[i] = -np.log(max(left, LEAST))
