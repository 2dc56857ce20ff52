"""One block of state per kind of entity: fixed-width rows in memory that never moves.

The whole capacity is reserved as address space at the start; pages become real when a
row is first written, so growth copies nothing and a pointer into the block stays good.
In shared memory (`memory.py`) other processes map the block read-only. The one writer makes
a row's sequence number odd before it changes the row and even after; a reader copies the
row and tries again if the number was odd or changed meanwhile (a seqlock).
"""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import config, types
from numba.extending import intrinsic

from freshet.domain.errors import Unavailable
from freshet.state.compiled import kernel
from freshet.state.memory import Memory, Private

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


@intrinsic
def fence(typing_context: Any) -> Any:
    """A full memory fence: neither the compiler nor the processor moves accesses across it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.fence("seq_cst")
        return ir.Constant(ir.IntType(32), 0)

    return types.int32(), generate


@intrinsic
def out_of_line(typing_context: Any) -> Any:
    """Called in a kernel: keep that kernel one function instead of pasting it into its callers.

    Large kernels called from several places would otherwise be optimised once per place,
    which takes minutes and gains nothing.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.function.attributes.add("noinline")
        return ir.Constant(ir.IntType(32), 0)

    return types.int32(), generate


if config.DISABLE_JIT:  # as plain Python there is one thread and nothing to paste

    def fence() -> int:
        return 0

    def out_of_line() -> int:
        return 0


@kernel
def begin(sequence, row):
    """The writer is about to change `row`."""
    sequence[row] += 1
    fence()


@kernel
def end(sequence, row):
    fence()
    sequence[row] += 1


@kernel
def read_rows(words, sequence, rows, out, tries):
    """Copy `rows` of a block another process may be writing, each as it was at one moment.

    Args:
        words: int32 (capacity, width), the block's rows as plain words.
        out: int32 (len(rows), width).
        tries: how often a row is read again before giving up.

    Returns:
        The number of rows that stayed torn; 0 is success.
    """
    torn = 0
    for k in range(rows.shape[0]):
        row = rows[k]
        good = False
        for _ in range(tries):
            before = sequence[row]
            fence()
            if before & 1 == 0:
                for j in range(words.shape[1]):
                    out[k, j] = words[row, j]
                fence()
                if sequence[row] == before:
                    good = True
                    break
        if not good:
            torn += 1
    return torn


@kernel
def read_slot(words, sequence, slots, row, out, tries):
    """As `read_rows`, one row, which lies where `slots` says and may move meanwhile."""
    for _ in range(tries):
        before = sequence[row]
        fence()
        if before & 1 == 0:
            slot = slots[row]
            for j in range(words.shape[1]):
                out[j] = words[slot, j]
            fence()
            if sequence[row] == before:
                return True
    return False


class Block:
    """Rows of `width` 32-bit words, seen as float32 (`floats`) and as int32 (`ints`).

    Args:
        name: says in errors and files which entity it holds.
        width: words per row.
        capacity: rows reserved; a fixed bound, not memory used.
        memory: where it lies; this process's own by default.
    """

    def __init__(self, name: str, width: int, capacity: int, memory: Memory | None = None) -> None:
        self.name, self.width, self.capacity = name, width, capacity
        rows_bytes = capacity * width * 4
        size = max(rows_bytes + capacity * 4, mmap.PAGESIZE)
        region = (memory or Private()).region(name, size)
        self.ints: Ints = region[:rows_bytes].view(np.int32).reshape(capacity, width)
        self.floats: Floats = self.ints.view(np.float32)
        self.sequence = region[rows_bytes : rows_bytes + capacity * 4].view(np.uint32)

    def check_room(self, rows: int) -> None:
        """Raises Unavailable if `rows` rows do not fit."""
        if rows > self.capacity:
            raise Unavailable(
                f"block {self.name!r} is full at {self.capacity} rows; raise its capacity"
            )

    def read(self, rows: npt.NDArray[np.int64], tries: int = 1000) -> Ints:
        """Consistent copies of `rows`, int32 (n, width).

        Raises:
            Unavailable: a row was being written all the while.
        """
        out = np.empty((len(rows), self.width), np.int32)
        if read_rows(self.ints, self.sequence, rows, out, tries):
            raise Unavailable(f"a row of block {self.name!r} stayed busy")
        return out
