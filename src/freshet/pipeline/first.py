"""Which of many rows come for the first time: sources find the same videos."""

from __future__ import annotations

import numpy as np
from numba import njit

from freshet.pipeline.candidates import Mask, Rows


def first_of_each(rows: Rows) -> Mask:
    """(n,) true where a row, 0 or more, stands for the first time.

    >>> first_of_each(np.array([4, 7, 4, 2, 7], np.int32)).tolist()
    [True, True, False, True, False]
    """
    size = 1 << (2 * len(rows) + 1).bit_length()  # a power of two, never more than half full
    first = np.empty(len(rows), np.bool_)
    _mark(np.asarray(rows, np.int32), np.full(size, -1, np.int32), first)
    return first


@njit(cache=True)
def _mark(rows, table, first):  # type: ignore[no-untyped-def]
    """
    Args:
        table: int32, scratch, filled with -1: the rows by their hashes.
    """
    mask = np.int64(len(table) - 1)
    for i in range(len(rows)):
        row = rows[i]
        at = (np.int64(row) * 0x9E3779B1 >> 7) & mask
        while table[at] >= 0 and table[at] != row:
            at = (at + 1) & mask
        first[i] = table[at] < 0
        table[at] = row
