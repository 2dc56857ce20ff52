"""Videos near a vector: exact while they are few, by inverted lists when they are many.

A cache beside the live state, one per process, read from the shared block of item vectors:

    lists   rows 0 ... size - 1    trained in the background at fixed growth points, swapped in
    tail    the rows after them    compared one by one, so a new video is found at once

A block's row has a number that grows with every change (its seqlock), so what changed is
known by comparing numbers: moved videos are filed anew in small slices, and a removed one,
whose vector is all 0, comes out of no search. Requests wait for none of this.
"""

from __future__ import annotations

import time
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from freshet.catalogue.content import WIDTH
from freshet.retrieval.lists import Lists, one_thread
from freshet.retrieval.nearest import cosines_to
from freshet.retrieval.settings import Retrieval

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]

SLICE = 64  # videos filed under one lock: about .7 ms at 100,000 videos
BUILD_SLICE = 2_048  # videos read at once while lists are built; other threads run between
MOVED_MAX = 2_048  # moved videos filed anew in one look
GROWTH = 2  # lists are trained anew when the catalogue has grown by this
NEVER = np.uint32(0xFFFFFFFF)  # a number no row has, for it is odd


class Items(Protocol):
    """The item vectors as the live state has them."""

    @property
    def vector_sequence(self) -> NDArray[np.uint32]: ...  # per row, grows with every change

    def video_count(self) -> int: ...

    def items(self, rows: Rows) -> Floats:
        """float32 (n, 64) of length 1, or all 0."""
        ...


class VideoIndex:
    """Searches by cosine. `maintain` is for a thread in the background; everything else
    may be called while it runs."""

    def __init__(self, live: Items, settings: Retrieval | None = None) -> None:
        self.live, self.settings = live, settings or Retrieval()
        self.build_s = 0.0  # what the last training and filling took
        self._lists: Lists | None = None
        self._known = np.empty(0, np.uint32)  # numbers of the rows as they are in the lists
        self._tail = _Tail(live)

    @property
    def size(self) -> int:
        """Videos in the lists."""
        return 0 if self._lists is None else self._lists.size

    @property
    def is_small(self) -> bool:
        """All videos are compared one by one."""
        return self.live.video_count() <= self.settings.exact_max

    def search(self, vectors: Floats, n: int, probes: int = 0) -> tuple[Rows, Floats]:
        """The nearest videos to each vector (k, 64) of length 1.

        Args:
            probes: lists looked through, where not as many as is usual.

        Returns:
            Rows int32 (k, n) and cosines float32 (k, n), best first; where fewer have a
            cosine above 0, row -1 and cosine 0.
        """
        lists, count = self._lists, self.live.video_count()
        first = 0 if lists is None else min(lists.size, count)
        # While the first lists are in the making, only the newest are compared.
        first = max(first, count - self.settings.exact_max * GROWTH)
        if lists is None:
            return self._tail.search(vectors, first, count, n)
        filed, near = lists.search(vectors, n, probes)
        if first == count:
            return np.where(near > 0, filed, -1).astype(np.int32), np.maximum(near, 0)
        rows, cosines = self._tail.search(vectors, first, count, n)
        rows = np.concatenate([filed.astype(np.int32), rows], axis=1)
        return _best(rows, np.concatenate([near, cosines], axis=1), n)

    def related(self, video: int, n: int) -> Rows:
        """The videos nearest to a video, best first, without itself."""
        rows, _ = self.search(self.live.items(np.array([video], np.int32)), n + 1)
        found: Rows = rows[0][(rows[0] >= 0) & (rows[0] != video)][:n]
        return found

    # --- in the background --------------------------------------------------------------------

    def maintain(self) -> None:
        """Train lists if the catalogue has grown, then file what is new and what has moved."""
        one_thread()
        count, lists = self.live.video_count(), self._lists
        planned = self.settings.exact_max if lists is None else lists.planned * GROWTH
        if count > planned:
            self._build(count)
        elif lists is not None:
            self._file_new(lists, count)
            self._file_moved(lists)

    def _build(self, count: int) -> None:
        started = time.perf_counter()
        random = np.random.default_rng(self.settings.seed)
        sampled = random.choice(count, min(count, 1 << 16), replace=False).astype(np.int32)
        sample = self._read(np.sort(sampled))
        sample = sample[sample.any(axis=1)]
        if not len(sample):
            return
        lists = Lists(sample, count, self.settings.probes, self.settings.seed)
        known = np.full(count, NEVER, np.uint32)
        for first in range(0, count, BUILD_SLICE):
            rows = np.arange(first, min(first + BUILD_SLICE, count), dtype=np.int32)
            known[rows] = self.live.vector_sequence[rows]
            lists.add(self.live.items(rows))
        self._lists, self._known = lists, known
        self.build_s = time.perf_counter() - started

    def _read(self, rows: Rows) -> Floats:
        parts = np.array_split(rows, max(len(rows) // BUILD_SLICE, 1))
        return np.concatenate([self.live.items(part) for part in parts])

    def _file_new(self, lists: Lists, count: int) -> None:
        if count > lists.size:
            self._known = np.append(self._known, np.full(count - lists.size, NEVER))
        for first in range(lists.size, count, SLICE):
            rows = np.arange(first, min(first + SLICE, count), dtype=np.int32)
            self._known[rows] = self.live.vector_sequence[rows]
            lists.add(self.live.items(rows))

    def _file_moved(self, lists: Lists) -> None:
        now = self.live.vector_sequence[: len(self._known)]
        moved = np.flatnonzero(now != self._known)[:MOVED_MAX]
        for first in range(0, len(moved), SLICE):
            rows = moved[first : first + SLICE]
            self._known[rows] = self.live.vector_sequence[rows]
            lists.move(rows, self.live.items(rows.astype(np.int32)))


class _Tail:
    """Vectors of the rows from `first` on, kept from search to search."""

    def __init__(self, live: Items) -> None:
        self._live = live
        self._first, self._known = 0, np.empty(0, np.uint32)
        self._vectors = np.empty((0, WIDTH), np.float32)

    def search(self, vectors: Floats, first: int, count: int, n: int) -> tuple[Rows, Floats]:
        self._read(first, count)
        cosines = np.empty((len(vectors), len(self._vectors)), np.float32)
        cosines_to(np.ascontiguousarray(vectors, np.float32), self._vectors, cosines)
        rows = np.arange(first, first + cosines.shape[1], dtype=np.int32)
        return _best(np.broadcast_to(rows, cosines.shape), cosines, n)

    def _read(self, first: int, count: int) -> None:
        """What is not as it was is read again; mostly nothing."""
        now = self._live.vector_sequence[first:count]
        kept = self._known[first - self._first :] if first >= self._first else self._known[:0]
        kept = kept[: len(now)]
        changed = np.flatnonzero(now[: len(kept)] != kept)
        if first != self._first or len(now) != len(self._known):
            vectors = self._vectors[first - self._first :][: len(kept)] if len(kept) else None
            fresh = np.arange(first + len(kept), count, dtype=np.int32)
            read = self._live.items(fresh)
            self._vectors = read if vectors is None else np.concatenate([vectors, read])
            self._known = np.concatenate([kept, now[len(kept) :]])
            self._first = first
        if len(changed):
            self._known[changed] = now[changed]
            self._vectors[changed] = self._live.items((first + changed).astype(np.int32))


def _best(rows: Rows, cosines: Floats, n: int) -> tuple[Rows, Floats]:
    """The `n` best of each line, best first."""
    if cosines.shape[1] > n:
        top = np.argpartition(-cosines, max(n - 1, 0), axis=1)[:, :n]
        rows, cosines = np.take_along_axis(rows, top, 1), np.take_along_axis(cosines, top, 1)
    order = np.lexsort((rows, -cosines), axis=1)
    rows, cosines = np.take_along_axis(rows, order, 1), np.take_along_axis(cosines, order, 1)
    near = cosines > 0
    found = np.full((len(rows), n), -1, np.int32), np.zeros((len(rows), n), np.float32)
    found[0][:, : rows.shape[1]] = np.where(near, rows, -1)
    found[1][:, : rows.shape[1]] = np.where(near, cosines, 0)
    return found
