"""Vectors that wait for their outcome: served, then on screen, then closed and learned.

A ring of fixed size. A served item's vector waits until the viewer gets to it; what is
never reached is never an example. When a view opens, its vector moves to the ring's head,
so open views stand in the order in which they opened and the oldest can time out. When the
ring is full the oldest open view is closed early, the oldest served one forgotten.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from freshet.state.compiled import kernel

FREE, SERVED, OPEN = 0, 1, 2

Pending = namedtuple(
    "Pending",
    "x expected viewer video opened_ms ring status ends index older",
)
# x         float32 (size, F)         the vector as it was ranked
# expected  float32 (size, 3)         predicted long view, log watch, watched 2 s
# ring      int32 (size,)             place in the viewer's history, -1 until it opens
# ends      int64 [tail, head]        places tail..head-1 are in use; place % size is the slot
# index     int64 (2 * size,)         hash of (viewer, video) -> newest place with that hash
# older     int64 (size,)             the place before it with the same hash; behind the tail
#                                     a chain ends, for what was there is overwritten


def new_pending(size: int, inputs: int) -> Any:
    """An empty ring of `size` slots (a power of two)."""
    return Pending(
        x=np.zeros((size, inputs), np.float32), expected=np.zeros((size, 3), np.float32),
        viewer=np.full(size, -1, np.int32), video=np.full(size, -1, np.int32),
        opened_ms=np.zeros(size, np.int64), ring=np.full(size, -1, np.int32),
        status=np.zeros(size, np.int8), ends=np.zeros(2, np.int64),
        index=np.full(2 * size, -1, np.int64), older=np.full(size, -1, np.int64),
    )  # fmt: skip


@kernel
def bucket(pending, viewer, video):
    h = (np.uint64(viewer) << np.uint64(32)) ^ np.uint64(video)
    h *= np.uint64(0x9E3779B97F4A7C15)
    return np.int64((h >> np.uint64(33)) & np.uint64(pending.index.shape[0] - 1))


@kernel
def find(pending, viewer, video, status, ring):
    """Slot of the newest vector that waits like this, -1 if there is none.

    A served vector has no place in the history yet: its `ring` is -1.
    """
    place = pending.index[bucket(pending, viewer, video)]
    while place >= pending.ends[0]:
        slot = place & (pending.status.shape[0] - 1)
        if (
            pending.status[slot] == status
            and pending.viewer[slot] == viewer
            and pending.video[slot] == video
            and pending.ring[slot] == ring
        ):
            return slot
        place = pending.older[slot]
    return np.int64(-1)


@kernel
def put(pending, viewer, video, status, ring, now):
    """A fresh slot at the head; the caller has made room."""
    place = pending.ends[1]
    slot = place & (pending.status.shape[0] - 1)
    pending.ends[1] += 1
    pending.viewer[slot], pending.video[slot] = viewer, video
    pending.status[slot], pending.ring[slot], pending.opened_ms[slot] = status, ring, now
    at = bucket(pending, viewer, video)
    pending.older[slot], pending.index[at] = pending.index[at], place
    return slot
