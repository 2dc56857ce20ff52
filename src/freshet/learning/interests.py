"""What a viewer is after now: up to four centroids of what they lately liked.

One mean of mixed tastes lies between them and near none. Worked out at each request from
the last views, so what was watched a second ago counts in the next feed.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from freshet.catalogue.content import WIDTH
from freshet.features.ring import H_COUNT, H_VIDEO, HISTORY
from freshet.learning.vectors import FADE, item, liked_at
from freshet.state.compiled import allocating, kernel

CENTROIDS = 4
ROUNDS = 4
APART = np.float32(0.25)  # 1 - cosine from which a taste is another one


@kernel
def liked(state, viewer, rows, worth):
    """Videos of the viewer's history that they liked, newest first, each once.

    Fills `rows` and `worth`, (HISTORY,): how much, views long ago less.

    Returns:
        How many.
    """
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    found, share = 0, np.float32(1.0)
    for back in range(min(ints[H_COUNT], HISTORY)):
        ring = (ints[H_COUNT] - 1 - back) % HISTORY
        this = liked_at(state, viewer, ring)
        video = ints[H_VIDEO + ring]
        for earlier in range(found):
            if rows[earlier] == video:
                this = np.float32(0.0)
        if this > np.float32(0.0):
            rows[found], worth[found] = video, this * share
            found += 1
        share *= FADE
    return found


@kernel
def liked_views(state, viewer, rows, numbers):
    """Videos of the viewer's history that they liked, oldest first, view by view; without the
    last view, of which more may come.

    Fills `rows` and `numbers`, (HISTORY,): how many views there were before each.

    Returns:
        How many.
    """
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    found, last = 0, ints[H_COUNT] - 1
    for number in range(max(last + 1 - HISTORY, 0), last):
        if liked_at(state, viewer, number % HISTORY) > np.float32(0.0):
            rows[found], numbers[found] = ints[H_VIDEO + number % HISTORY], number
            found += 1
    return found


@kernel
def similarity(a, b):
    total = np.float32(0.0)
    for j in range(WIDTH):
        total += a[j] * b[j]
    return total


@kernel
def nearest(centroids, count, vector):
    """The centroid nearest to a vector, and its cosine."""
    best, cosine = 0, np.float32(-2.0)
    for c in range(count):
        this = similarity(centroids[c], vector)
        if this > cosine:
            best, cosine = c, this
    return best, cosine


@allocating
def interests(state, viewer, centroids, weights):
    """Spherical k-means over what the viewer liked. Starts at the videos that matter most and
    lie farthest from those before, as many as are needed, so it is the same every time.

    Args:
        centroids: float32 (CENTROIDS, 64), filled with vectors of length 1.
        weights: float32 (CENTROIDS,), filled with their shares of all liking.

    Returns:
        How many; 0 for a viewer who liked nothing lately.
    """
    rows, worth = np.empty(HISTORY, np.int64), np.empty(HISTORY, np.float32)
    n, found = 0, liked(state, viewer, rows, worth)
    vectors = np.empty((HISTORY, WIDTH), np.float32)
    for i in range(found):
        if item(state, rows[i], vectors[n]):
            worth[n] = worth[i]
            n += 1
    count = 0
    while count < CENTROIDS:
        best, most = -1, np.float32(0.0)
        for i in range(n):
            away = np.float32(1.0)
            if count > 0:
                away -= nearest(centroids, count, vectors[i])[1]
            if away >= APART and away * worth[i] > most:
                best, most = i, away * worth[i]
        if best < 0:
            break
        centroids[count] = vectors[best]
        count += 1
    for _ in range(ROUNDS):
        sums = np.zeros((CENTROIDS, WIDTH), np.float32)
        weights[:] = np.float32(0.0)
        for i in range(n):
            c, _cosine = nearest(centroids, count, vectors[i])
            weights[c] += worth[i]
            for j in range(WIDTH):
                sums[c, j] += worth[i] * vectors[i, j]
        for c in range(count):
            length = np.float32(sqrt(similarity(sums[c], sums[c])))
            if length > np.float32(0.0):
                for j in range(WIDTH):
                    centroids[c, j] = sums[c, j] / length
    total = weights.sum()
    if total > np.float32(0.0):
        weights /= total
    return count
