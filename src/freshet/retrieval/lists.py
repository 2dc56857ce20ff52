"""Inverted lists: videos filed under the nearest of a few thousand directions (faiss).

A search looks through the lists nearest to the asked vector. Vectors are int8, as item
vectors are by nature, one byte a dimension; a video's id in the lists is its row, and every
row up to `size` is in them, those without a vector as all 0. Videos can be added and moved
at any time without training anew.
"""

from __future__ import annotations

from math import log2
from threading import Lock
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BY_ROW = 1  # faiss.DirectMap.Array: where each row is filed, so that it can be moved
UNIT = 127.0  # length of a stored vector
PER_LIST = 32  # vectors a list's direction is trained on
ROUNDS = 6  # of k-means


def lists_for(videos: int) -> int:
    """How many lists: 2 to 4 √n, a power of two.

    >>> [lists_for(n) for n in (5_000, 100_000, 1_000_000)]
    [256, 1024, 2048]
    """
    return 1 << max(int(log2(4 * videos**0.5)), 4)


class Lists:
    """Lists trained on `sample`, float32 (n, d) of length 1, for `videos` videos."""

    def __init__(self, sample: Floats, videos: int, probes: int, seed: int) -> None:
        one_thread()
        count = min(lists_for(videos), max(len(sample) // 2, 1))
        self._directions = faiss.IndexFlatIP(sample.shape[1])
        kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
        # Not by residual: a code is the vector itself.
        self._lists: Any = faiss.IndexIVFScalarQuantizer(
            self._directions, sample.shape[1], count, kind, faiss.METRIC_INNER_PRODUCT, False
        )
        training = self._lists.cp
        training.seed, training.niter, training.spherical = seed + 1, ROUNDS, True
        training.min_points_per_centroid, training.max_points_per_centroid = 1, PER_LIST
        self._lists.train(_stored(sample))
        self._lists.set_direct_map_type(BY_ROW)
        self._probes = probes
        self._lock = Lock()  # faiss does not search while something is added
        self.planned = videos

    @property
    def size(self) -> int:
        return int(self._lists.ntotal)

    def add(self, vectors: Floats) -> None:
        """The next rows."""
        with self._lock:
            self._lists.add(_stored(vectors))

    def move(self, rows: NDArray[np.int64], vectors: Floats) -> None:
        """These rows have other vectors now."""
        with self._lock:
            self._lists.update_vectors(rows, _stored(vectors))

    def search(self, vectors: Floats, n: int, probes: int = 0) -> tuple[NDArray[np.int64], Floats]:
        """Rows (k, n), -1 where there are no more, and their cosines, best first. `probes`
        lists are looked through, where it is given."""
        one_thread()  # whoever built the lists has said so for themselves alone
        with self._lock:
            self._lists.nprobe = min(probes or self._probes, self._lists.nlist)
            cosines, rows = self._lists.search(_stored(vectors), n)
        return rows, cosines / np.float32(UNIT * UNIT)


def _stored(vectors: Floats) -> Floats:
    stored: Floats = np.rint(np.ascontiguousarray(vectors, np.float32) * np.float32(UNIT))
    return stored


def one_thread() -> None:
    """faiss starts no threads for the thread that calls this: a server's cores are busy with
    other requests. OpenMP keeps that number per thread, and setting it takes half a µs."""
    faiss.omp_set_num_threads(1)
