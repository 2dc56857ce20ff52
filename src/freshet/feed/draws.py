"""Chance that can be drawn again: numbers that follow from a seed and a stream alone.

SplitMix64 (Steele, Lea and Flood, 2014): the i-th number is a hash of the i-th multiple of the
golden ratio. Setting up a generator of numpy's takes 40 µs, and a feed needs five of them.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1, MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
TO_UNIT = 2.0**-53
STREAM_SHIFT = 56  # a seed has 48 bits


class Draws:
    """One stream of numbers; going on where the last call ended.

    >>> Draws(7, 1).below(10, 5).tolist() == Draws(7, 1).below(10, 5).tolist()
    True
    """

    def __init__(self, seed: int, stream: int) -> None:
        mixed = np.empty(1, np.float64)
        self._start = np.uint64(_unit(np.uint64(seed | stream << STREAM_SHIFT), 0, mixed))
        self._next = 0

    def random(self, n: int) -> NDArray[np.float64]:
        """(n,) evenly in [0, 1)."""
        out = np.empty(n, np.float64)
        _unit(self._start, self._next, out)
        self._next += n
        return out

    def normal(self, n: int) -> NDArray[np.float32]:
        """(n,) of the standard normal distribution (Box and Muller, 1958)."""
        out = np.empty(n, np.float32)
        _normal(self.random(n + n % 2), out)
        return out

    def below(self, end: int, n: int) -> NDArray[np.int32]:
        """(n,) evenly of 0 ... end - 1, with replacement."""
        found: NDArray[np.int32] = (self.random(n) * end).astype(np.int32)
        return found

    def some(self, rows: NDArray[np.int32], n: int) -> NDArray[np.int32]:
        """`n` of `rows`, or all of fewer, each at most once, in their order."""
        if n >= len(rows):
            return rows
        chosen = np.argpartition(self.random(len(rows)), n)[:n]
        return rows[np.sort(chosen)]


@njit(cache=True)
def _unit(start, first, out):  # type: ignore[no-untyped-def]
    """Fill `out`; the last number's bits are returned, to begin another stream by."""
    z = np.uint64(0)
    for i in range(out.shape[0]):
        z = start + np.uint64(first + i + 1) * GOLDEN
        z = (z ^ (z >> np.uint64(30))) * MIX_1
        z = (z ^ (z >> np.uint64(27))) * MIX_2
        z = z ^ (z >> np.uint64(31))
        out[i] = np.float64(z >> np.uint64(11)) * TO_UNIT
    return z


@njit(cache=True)
def _normal(even, out):  # type: ignore[no-untyped-def]
    for i in range(0, len(even), 2):
        far, turn = np.sqrt(-2.0 * np.log(1.0 - even[i])), 2.0 * np.pi * even[i + 1]
        out[i] = far * np.cos(turn)
        if i + 1 < len(out):
            out[i + 1] = far * np.sin(turn)
