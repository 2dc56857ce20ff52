"""One block of state per kind of entity: fixed-width rows in memory that never moves.

The whole capacity is reserved as address space at the start; pages become real when a
row is first written, so growth copies nothing and a pointer into the block stays good.
With a path the block is a file that other processes map read-only. The one writer makes
a row's sequence number odd before it changes the row and even after; a reader copies the
row and tries again if the number was odd or changed meanwhile (a seqlock).
"""

from __future__ import annotations

import mmap
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import config, types
from numba.extending import intrinsic

from freshet.domain.errors import Broken, Unavailable
from freshet.state.compiled import kernel

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


def anonymous(size: int) -> mmap.mmap:
    """Zeroed memory of this process, in large pages where the system has them: rows are read
    at random, and a quarter of that time would go into finding their pages."""
    memory = mmap.mmap(-1, size)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel built without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    return memory


class Block:
    """Rows of `width` 32-bit words, seen as float32 (`floats`) and as int32 (`ints`).

    Args:
        name: says in errors and files which entity it holds.
        width: words per row.
        capacity: rows reserved; a fixed bound, not memory used.
        path: file to share it through; None keeps it in this process.
        writable: False maps an existing file read-only.
    """

    def __init__(
        self, name: str, width: int, capacity: int, path: Path | None = None, writable: bool = True
    ) -> None:
        self.name, self.width, self.capacity = name, width, capacity
        rows_bytes = capacity * width * 4
        size = max(rows_bytes + capacity * 4, mmap.PAGESIZE)
        if path is None:
            self._map = anonymous(size)
        else:
            if writable:
                path.unlink(missing_ok=True)  # who still maps an older one keeps it whole
                with path.open("xb") as file:
                    file.truncate(size)  # sparse: nothing is stored until it is written
            elif path.stat().st_size != size:
                raise Broken(f"{path.name} holds {path.stat().st_size} bytes, its layout {size}")
            with path.open("r+b" if writable else "rb") as file:
                access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
                self._map = mmap.mmap(file.fileno(), size, access=access)
        self.ints: Ints = np.frombuffer(self._map, np.int32, capacity * width).reshape(
            capacity, width
        )
        self.floats: Floats = self.ints.view(np.float32)
        self.sequence = np.frombuffer(self._map, np.uint32, capacity, offset=rows_bytes)

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
