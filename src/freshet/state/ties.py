"""What ties a viewer to things: what they were shown, follows, blocks, hides, "less of this".

Two lists per viewer, what was *shown* (long) and everything else (short), each in one piece
of a common arena: keys first, then values, 4 bytes each. A tie is found by looking through
its viewer's list, which lies in neighbouring cache lines; a hash table over everybody's ties
would take three times the memory and a cache miss for every look. A list that is full moves
to a larger piece, and pieces given back are used again, always in the same order: what lies
where depends on the order of ties alone, so folds give the same bytes for any batch
boundaries.

Readers in other processes look at a list between two looks at the viewer's sequence number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from freshet.domain.errors import Unavailable
from freshet.state.block import fence
from freshet.state.compiled import allocating, kernel
from freshet.state.memory import Memory, Private

# Kinds. SEEN and SERVED hold the time last shown, in seconds since 2020; so do the LESS_.
(SEEN, SERVED, VIDEO, PERSON, SOUND, HASHTAG, TOPIC,
 LESS_PERSON, LESS_SOUND, LESS_HASHTAG, LESS_TOPIC) = range(11)  # fmt: skip
FOLLOWS, BLOCKS, BLOCKED_BY, HIDES, NOT_INTERESTED = 1, 2, 4, 8, 16  # bits of the others

KIND_SHIFT = 28  # rows are below 2^28
ROW_MASK = (1 << KIND_SHIFT) - 1
START, COUNT, ROOM = 0, 1, 2  # of a list; two lists stand side by side in a viewer's head
LIST = 3
SHOWN, OTHER = 0, LIST

# Sizes of pieces: about half more each time, so a third of a list is spare at most.
ROOMS = np.array(sorted({*(4 << k for k in range(24)), *(6 << k for k in range(1, 24))}), np.int64)

Ints = npt.NDArray[np.int32]


@kernel
def tie_key(kind, row):
    return np.int32((np.int64(kind) << np.int64(KIND_SHIFT)) | np.int64(row))


@kernel
def list_of(kind):
    return SHOWN if kind <= SERVED else OTHER


@kernel
def find_tie(heads, words, viewer, kind, row):
    """Index of a tie's key in `words`, -1 if there is none."""
    head, at = heads[viewer], list_of(kind)
    key, start = tie_key(kind, row), np.int64(head[at + START])
    for i in range(start, start + head[at + COUNT]):
        if words[i] == key:
            return i
    return np.int64(-1)


@kernel
def get_tie(heads, words, viewer, kind, row):
    """Value of a tie, 0 if there is none."""
    if viewer < 0 or row < 0:
        return np.int32(0)
    found = find_tie(heads, words, viewer, kind, row)
    return words[found + heads[viewer, list_of(kind) + ROOM]] if found >= 0 else np.int32(0)


@kernel
def set_tie(heads, words, used, viewer, kind, row, value):
    """Set a tie.

    Args:
        used: int64, [0] words in use, [1 + k] the first free piece of size k or -1.

    Returns:
        False if the arena is spent.
    """
    found = find_tie(heads, words, viewer, kind, row)
    head, at = heads[viewer], list_of(kind)
    if found >= 0:
        words[found + head[at + ROOM]] = value
        return True
    if head[at + COUNT] == head[at + ROOM] and not _grow(words, used, head, at):
        return False
    end = np.int64(head[at + START]) + head[at + COUNT]
    words[end + head[at + ROOM]] = value
    words[end] = tie_key(kind, row)
    head[at + COUNT] += 1
    return True


@kernel
def _size(room):
    k = 0
    while ROOMS[k] < room:
        k += 1
    return k


@kernel
def _grow(words, used, head, at):
    """Move a list to the next larger piece."""
    old = head[at + ROOM]
    k = _size(old + 1)
    room, start = ROOMS[k], _piece(words, used, k)
    if start < 0:
        return False
    first, count = np.int64(head[at + START]), head[at + COUNT]
    for i in range(count):
        words[start + i] = words[first + i]
        words[start + room + i] = words[first + old + i]
    for i in range(count, room):
        words[start + i] = words[start + room + i] = 0
    if old > 0:
        _give_back(words, used, first, old)
    head[at + START], head[at + ROOM] = start, room
    return True


@kernel
def _piece(words, used, k):
    """Where a piece of size k is free, -1 if the arena is spent."""
    start = used[1 + k]
    if start >= 0:
        used[1 + k] = words[start]  # a free piece holds where the next one is
        return start
    start = used[0]
    if start + 2 * ROOMS[k] > words.shape[0]:
        return np.int64(-1)
    used[0] += 2 * ROOMS[k]
    return start


@kernel
def put_list(heads, words, used, viewer, at, ties, count):
    """Lay a list of `count` ties down, keys first, then values, for a viewer who has none.

    Returns:
        False if the arena is spent.
    """
    if count == 0:
        return True
    k = _size(count)
    start = _piece(words, used, k)
    if start < 0:
        return False
    room = ROOMS[k]
    for i in range(room):
        words[start + i] = ties[i] if i < count else 0
        words[start + room + i] = ties[count + i] if i < count else 0
    head = heads[viewer]
    head[at + START], head[at + COUNT], head[at + ROOM] = start, count, room
    return True


@kernel
def _give_back(words, used, start, room):
    for i in range(start, start + 2 * room):  # nothing of it stays behind
        words[i] = 0
    k = _size(room)
    words[start] = used[1 + k]
    used[1 + k] = start


@kernel
def clear_ties(heads, words, used, viewer):
    """Forget both lists of a viewer."""
    head = heads[viewer]
    for at in (SHOWN, OTHER):
        if head[at + ROOM] > 0:
            _give_back(words, used, np.int64(head[at + START]), head[at + ROOM])
    head[:] = 0


@kernel
def drop_kinds(heads, words, viewer, at, first, last):
    """Drop a list's ties of kinds first..last; the others keep their order."""
    head = heads[viewer]
    start, room, kept = np.int64(head[at + START]), head[at + ROOM], 0
    for i in range(head[at + COUNT]):
        kind = (words[start + i] >> KIND_SHIFT) & 15
        if kind < first or kind > last:
            words[start + kept] = words[start + i]
            words[start + room + kept] = words[start + room + i]
            kept += 1
    for i in range(kept, head[at + COUNT]):
        words[start + i] = words[start + room + i] = 0
    head[at + COUNT] = kept


@kernel
def show(heads, words, used, viewer, video, kind, value):
    """The video was SERVED to the viewer or SEEN by them.

    Seeing turns what was SERVED into SEEN: one tie. What is served again long after it was
    seen has both, so that neither the session nor the horizon forgets it.
    """
    if kind == SEEN and find_tie(heads, words, viewer, SEEN, video) < 0:
        found = find_tie(heads, words, viewer, SERVED, video)
        if found >= 0:
            words[found] = tie_key(SEEN, video)
            words[found + heads[viewer, SHOWN + ROOM]] = value
            return True
    return set_tie(heads, words, used, viewer, kind, video, value)


@allocating
def take_over(heads, words, used, source, viewer):
    """What `source` was tied to, `viewer` is too: the later time, all bits."""
    head = heads[source].copy()
    for at in (SHOWN, OTHER):
        start, room = np.int64(head[at + START]), head[at + ROOM]
        for i in range(head[at + COUNT]):
            key, value = words[start + i], words[start + room + i]
            kind, row = (key >> KIND_SHIFT) & 15, key & ROW_MASK
            if kind == SEEN or kind == SERVED:  # noqa: SIM109 - a kernel
                if not show(heads, words, used, viewer, row, kind, value):
                    return False
                continue
            mine = get_tie(heads, words, viewer, kind, row)
            both = max(mine, value) if kind >= LESS_PERSON else mine | value
            if not set_tie(heads, words, used, viewer, kind, row, both):
                return False
    return True


@kernel
def copy_list(heads, words, sequence, viewer, at, out, tries):
    """Copy a list as it was at one moment: keys to out[0], values to out[1].

    Returns:
        Its length; if that is more than `out` (2, n) holds, nothing was copied; -1 if the
        list was being written all the while.
    """
    for _ in range(tries):
        before = sequence[viewer]
        fence()
        if before & 1 == 0:
            start, count = np.int64(heads[viewer, at + START]), heads[viewer, at + COUNT]
            room = heads[viewer, at + ROOM]
            inside = start >= 0 and 0 <= count <= room and start + 2 * room <= words.shape[0]
            if inside and count <= out.shape[1]:
                for i in range(count):
                    out[0, i] = words[start + i]
                    out[1, i] = words[start + room + i]
            fence()
            if inside and sequence[viewer] == before:
                return count
    return -1


class Ties:
    """The arrays. `capacity` is the arena's size in words, reserved and not used."""

    def __init__(self, viewers: int, capacity: int = 1 << 29, memory: Memory | None = None) -> None:
        memory = memory or Private()
        self.heads: Ints = memory.region("tie_heads", viewers * 24).view(np.int32).reshape(-1, 6)
        self.words: Ints = memory.region("tie_words", capacity * 4).view(np.int32)
        self.used = np.full(1 + len(ROOMS), -1, np.int64)
        self.used[0] = 0

    def set(self, viewer: int, kind: int, row: int, value: int) -> None:
        if not set_tie(self.heads, self.words, self.used, viewer, kind, row, value):
            raise Unavailable("the table of ties is full; raise its capacity and start again")

    def get(self, viewer: int, kind: int, row: int) -> int:
        return int(get_tie(self.heads, self.words, viewer, kind, row))

    def copied(self, sequence: Any, viewer: int, at: int, tries: int = 100_000) -> Ints:
        """A viewer's list, keys and values int32 (2, n), as it was at one moment.

        Raises:
            Unavailable: it was being written all the while.
        """
        if viewer < 0:
            return np.zeros((2, 0), np.int32)
        room = 64
        while True:
            out = np.empty((2, room), np.int32)
            count = copy_list(self.heads, self.words, sequence, viewer, at, out, tries)
            if count < 0:
                raise Unavailable("a viewer's ties stayed busy")
            if count <= room:
                return out[:, :count]
            room = count + count // 4
