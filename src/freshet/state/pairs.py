"""What ties a viewer to things: seen videos, follows, blocks, hidden creators, sounds, topics.

One open-addressing table of (viewer, kind, row) -> int32 with linear probing. Entries are
never deleted (a tie undone keeps value 0), so what the table holds depends only on the
order in which ties were first made: folds give the same bytes for any batch boundaries.
It doubles in place inside its reserved address space.
"""

from __future__ import annotations

import numpy as np

from freshet.domain.errors import Unavailable
from freshet.state.block import anonymous
from freshet.state.compiled import kernel

SEEN, VIDEO, PERSON, SOUND, HASHTAG, TOPIC = range(6)  # kinds; SEEN holds the time last shown, s
FOLLOWS, BLOCKS, BLOCKED_BY, HIDES, NOT_INTERESTED = 1, 2, 4, 8, 16  # bits of the others

EMPTY = np.int64(-1)


@kernel
def pair_key(viewer, kind, row):
    return (np.int64(viewer) << np.int64(34)) | (np.int64(kind) << np.int64(31)) | np.int64(row)


@kernel
def _slot(keys, size, key):
    h = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    h ^= h >> np.uint64(32)
    mask = np.int64(size - 1)
    at = np.int64(h) & mask
    while keys[at] != key and keys[at] != EMPTY:
        at = (at + 1) & mask
    return at


@kernel
def get_pair(keys, values, used, viewer, kind, row):
    """Value of a tie, 0 if there is none. `used` is int64 [entries, size]."""
    if viewer < 0 or row < 0:
        return np.int32(0)
    key = pair_key(viewer, kind, row)
    at = _slot(keys, used[1], key)
    return values[at] if keys[at] == key else np.int32(0)


@kernel
def set_pair(keys, values, used, viewer, kind, row, value):
    """Set a tie. Doubles the table when it is half full.

    Returns:
        False if the reserved space is spent.
    """
    key = pair_key(viewer, kind, row)
    at = _slot(keys, used[1], key)
    if keys[at] == EMPTY:
        if used[0] * 2 >= used[1]:
            if used[1] * 2 > keys.shape[0]:
                return False
            _double(keys, values, used)
            at = _slot(keys, used[1], key)
        keys[at] = key
        used[0] += 1
    values[at] = value
    return True


@kernel
def _double(keys, values, used):
    old_keys = keys[: used[1]].copy()
    old_values = values[: used[1]].copy()
    keys[: used[1] * 2] = EMPTY
    used[1] *= 2
    for k in range(old_keys.shape[0]):
        if old_keys[k] != EMPTY:
            at = _slot(keys, used[1], old_keys[k])
            keys[at] = old_keys[k]
            values[at] = old_values[k]


@kernel
def get_pairs(keys, values, used, viewer, kind, rows, out):
    for k in range(rows.shape[0]):
        out[k] = get_pair(keys, values, used, viewer, kind, rows[k])


class Pairs:
    """The table's arrays, reserved for `capacity` slots (a power of two)."""

    START = 1 << 16

    def __init__(self, capacity: int = 1 << 27) -> None:
        self.keys = np.frombuffer(anonymous(capacity * 8), np.int64)
        self.values = np.frombuffer(anonymous(capacity * 4), np.int32)
        start = min(self.START, capacity)
        self.used = np.array([0, start], np.int64)
        self.keys[:start] = EMPTY

    def set(self, viewer: int, kind: int, row: int, value: int) -> None:
        if not set_pair(self.keys, self.values, self.used, viewer, kind, row, value):
            raise Unavailable("the table of ties is full; raise its capacity and start again")

    def get(self, viewer: int, kind: int, row: int) -> int:
        return int(get_pair(self.keys, self.values, self.used, viewer, kind, row))

    def get_many(self, viewer: int, kind: int, rows: np.ndarray) -> np.ndarray:
        """Values of ties to `rows`, int32 (n,)."""
        out = np.zeros(len(rows), np.int32)
        if viewer >= 0:
            get_pairs(self.keys, self.values, self.used, viewer, kind, rows, out)
        return out

    def state(self) -> dict[str, np.ndarray]:
        """The live part, by name, for snapshots and comparison."""
        size = int(self.used[1])
        return {"keys": self.keys[:size], "values": self.values[:size], "used": self.used}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        size = int(state["used"][1])
        if size > len(self.keys):
            raise Unavailable(f"the table of ties needs {size} slots; raise its capacity")
        self.keys[:size], self.values[:size] = state["keys"], state["values"]
        self.used[:] = state["used"]
