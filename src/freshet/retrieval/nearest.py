"""Cosines of vectors of length 1, one by one."""

from __future__ import annotations

import numpy as np
from numba import njit

from freshet.catalogue.content import WIDTH


# Sums in whatever order is fastest: nothing here is folded, and BLAS would start threads.
@njit(cache=True, error_model="numpy", fastmath=True)
def cosines_to(vectors, others, out):
    """out (k, m) of vectors (k, 64) and others (m, 64)."""
    for i in range(others.shape[0]):
        for q in range(vectors.shape[0]):
            total = np.float32(0.0)
            for j in range(WIDTH):  # a constant: five times as fast as the array's own width
                total += vectors[q, j] * others[i, j]
            out[q, i] = total
