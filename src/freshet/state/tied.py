"""One viewer's ties, a copied list, looked up for many rows at once.

The rows are put in a table by their hashes, and the ties, which are many, looked up in it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from freshet.state.ties import KIND_SHIFT, ROW_MASK, Ints

Rows = npt.NDArray[np.int32]


def many(ties: Ints, kind: int, rows: Rows) -> Ints:
    """Values of one kind of tie for `rows`, int32 (n,); 0 = no tie.

    Args:
        ties: int32 (2, m), a copied list.
    """
    out = np.zeros(len(rows), np.int32)
    _values(ties, kind, np.asarray(rows, np.int32), _table(rows), out)
    return out


def reached(ties: Ints, rows: Rows, least: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """(n,) whether the value of some tie of `rows`, of a kind below len(least), is at least what
    `least` (kinds,) says of that kind. A value of 0 is no tie.

    Args:
        ties: int32 (2, m), a copied list.
    """
    out = np.zeros(len(rows), np.bool_)
    _reached(ties, np.asarray(rows, np.int32), least, _table(rows), out)
    return out


def _table(rows: Rows) -> Rows:
    """Room for rows, never more than half full."""
    return np.full(1 << (2 * len(rows) + 1).bit_length(), -1, np.int32)


@njit(cache=True)
def _home(row, table):
    return (np.int64(row) * 0x9E3779B1 >> 7) & np.int64(len(table) - 1)


@njit(cache=True)
def _next(at, table):
    return (at + 1) & np.int64(len(table) - 1)


@njit(cache=True)
def _put(rows, table):
    for i in range(len(rows)):
        at = _home(rows[i], table)
        while table[at] >= 0:
            at = _next(at, table)
        table[at] = i


@njit(cache=True)
def _values(ties, kind, rows, table, out):
    _put(rows, table)
    for j in range(ties.shape[1]):
        key = ties[0, j]
        if (key >> KIND_SHIFT) & 15 != kind:
            continue
        row = key & ROW_MASK
        at = _home(row, table)
        while table[at] >= 0:  # the same row may stand there twice
            if rows[table[at]] == row:
                out[table[at]] = ties[1, j]
            at = _next(at, table)


@njit(cache=True)
def _reached(ties, rows, least, table, out):
    _put(rows, table)
    for j in range(ties.shape[1]):
        key, value = ties[0, j], np.int64(ties[1, j])
        kind, row = (key >> KIND_SHIFT) & 15, key & ROW_MASK
        if kind >= len(least) or value == 0 or value < least[kind]:
            continue
        at = _home(row, table)
        while table[at] >= 0:
            if rows[table[at]] == row:
                out[table[at]] = True
            at = _next(at, table)
