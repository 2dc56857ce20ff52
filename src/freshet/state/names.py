"""Dense rows for string ids, given out in the order in which the log first names them.

The writer keeps a dictionary. What it adds it also writes into a `NameTable` in shared
memory, if it has one: a hash of rows over one arena of bytes, which other processes read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from freshet.domain.errors import Unavailable
from freshet.domain.ids import NO_ROW
from freshet.state.block import fence
from freshet.state.compiled import kernel
from freshet.state.memory import Memory

BYTES_PER_NAME = 64  # reserved, on average


class Names:
    """A growing two-way map of strings and rows 0, 1, 2, ...

    Args:
        items, moved: as they were when saved.

    >>> names = Names()
    >>> names.add("a"), names.add("b"), names.add("a"), names.row("c"), names[1]
    (0, 1, 0, -1, 'b')
    >>> names.move("b", 0)
    >>> names.row("b"), names.moved
    (0, {1: 0})
    """

    def __init__(
        self,
        items: list[str] | None = None,
        moved: dict[int, int] | None = None,
        table: NameTable | None = None,
    ) -> None:
        self.items: list[str] = items or []
        self.moved: dict[int, int] = moved or {}  # rows whose name stands for another row now
        self._rows = {name: self.moved.get(row, row) for row, name in enumerate(self.items)}
        self._table = table
        if table is not None:
            table.add_all(self.items)
            for old, row in self.moved.items():
                table.move(old, row)

    def add(self, name: str) -> int:
        """The row of `name`, a new one if it has none."""
        row = self._rows.setdefault(name, len(self.items))
        if row == len(self.items):
            self.items.append(name)
            if self._table is not None:
                self._table.add_all([name])
        return row

    def add_or_none(self, name: str) -> int:
        """As `add`, but "" has no row."""
        return self.add(name) if name else NO_ROW

    def row(self, name: str) -> int:
        """The row of `name`, -1 if it has none."""
        return self._rows.get(name, NO_ROW)

    def move(self, name: str, row: int) -> None:
        """From now on `name` stands for `row`; the row it had stays behind, empty."""
        for old in [self.add(name), *(o for o, to in self.moved.items() if to == self.row(name))]:
            self.moved[old] = row
            self._rows[self.items[old]] = row
            if self._table is not None:
                self._table.move(old, row)

    def forget(self, row: int) -> None:
        """The row has no name from now on, for good."""
        for old in [row, *(old for old, to in self.moved.items() if to == row)]:
            del self._rows[self.items[old]]
            self.moved.pop(old, None)
            # Something must stand there, or rows would shift; no id begins like this.
            self.items[old] = f"\0{old}"
            self._rows[self.items[old]] = old
            if self._table is not None:
                self._table.blank(old)

    def __getitem__(self, row: int) -> str:
        return self.items[row]

    def __len__(self) -> int:
        return len(self.items)


@kernel
def _hash(name):
    h = np.uint64(0xCBF29CE484222325)  # FNV-1a
    for i in range(name.shape[0]):
        h = (h ^ np.uint64(name[i])) * np.uint64(0x100000001B3)
    return h ^ (h >> np.uint64(29))


@kernel
def _find(ends, slots, arena, name):
    """Row of a name, -1 if it has none."""
    mask = np.int64(slots.shape[0] - 1)
    at = np.int64(_hash(name)) & mask
    while slots[at] != 0:
        row = slots[at] - 1
        start, end = ends[row], ends[row + 1]
        if end - start == name.shape[0]:
            same = True
            for i in range(name.shape[0]):
                if arena[start + i] != name[i]:
                    same = False
                    break
            if same:
                return np.int64(row)
        at = (at + 1) & mask
    return np.int64(-1)


@kernel
def _add_all(head, ends, slots, rows, arena, names, lengths):
    """Add names that stand one behind the other; returns how many fitted."""
    first = 0
    for k in range(lengths.shape[0]):
        name = names[first : first + lengths[k]]
        first += lengths[k]
        row = head[0]
        start = ends[row]
        if row + 1 >= ends.shape[0] or start + name.shape[0] > arena.shape[0]:
            return k
        for i in range(name.shape[0]):
            arena[start + i] = name[i]
        ends[row + 1] = start + name.shape[0]
        rows[row] = np.int32(row)
        mask = np.int64(slots.shape[0] - 1)
        at = np.int64(_hash(name)) & mask
        while slots[at] != 0:
            at = (at + 1) & mask
        fence()  # whoever finds the row finds its name too
        slots[at] = np.int32(row + 1)
        head[0] = row + 1
    return lengths.shape[0]


class NameTable:
    """Names in memory that processes share; one writes, any may read.

    Args:
        capacity: names at the most.
    """

    def __init__(self, kind: str, capacity: int, memory: Memory) -> None:
        self.kind = kind
        slots = 1 << (2 * capacity - 1).bit_length()

        def region(name: str, size: int, dtype: Any) -> Any:
            return memory.region(f"names_{kind}_{name}", size).view(dtype)

        self._head = region("head", 8, np.int64)
        self._ends = region("ends", 8 * (capacity + 1), np.int64)
        self._slots = region("slots", 4 * slots, np.int32)
        self._rows = region("rows", 4 * capacity, np.int32)
        self._arena = region("arena", capacity * BYTES_PER_NAME + 4096, np.uint8)

    def add_all(self, names: list[str]) -> None:
        encoded = [name.encode() for name in names]
        lengths = np.array([len(name) for name in encoded], np.int64)
        joined = np.frombuffer(b"".join(encoded), np.uint8)
        arrays = (self._head, self._ends, self._slots, self._rows, self._arena)
        if _add_all(*arrays, joined, lengths) < len(names):
            raise Unavailable(f"the table of names of {self.kind!r} is full; raise its capacity")

    def move(self, old: int, row: int) -> None:
        self._rows[old] = row

    def blank(self, row: int) -> None:
        self._arena[self._ends[row] : self._ends[row + 1]] = 0
        self._rows[row] = row

    def row(self, name: str) -> int:
        """The row of `name`, -1 if it has none."""
        found = int(
            _find(self._ends, self._slots, self._arena, np.frombuffer(name.encode(), np.uint8))
        )
        return int(self._rows[found]) if found >= 0 else NO_ROW

    def __getitem__(self, row: int) -> str:
        if not 0 <= row < len(self):
            raise IndexError(row)
        return bytes(self._arena[self._ends[row] : self._ends[row + 1]]).decode()

    def __len__(self) -> int:
        return int(self._head[0])
