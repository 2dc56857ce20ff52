"""Dense rows for string ids, given out in the order in which the log first names them.

A `NameTable` holds them: a hash of rows over one arena of bytes, 40 bytes a name of twenty
letters, where a dictionary and its strings take five times that; other processes read it too.
The writer's `Names` keeps at hand what was lately asked for.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from freshet.domain.errors import Corrupt, Unavailable
from freshet.domain.ids import NO_ROW
from freshet.state.block import fence
from freshet.state.compiled import kernel
from freshet.state.memory import Memory, Private

BYTES_PER_NAME = 64  # reserved, on average
AT_HAND = 1 << 16  # names whose rows are found without the table
ROOM = 1 << 12  # at first, of a table that nobody else reads


@dataclass(frozen=True, slots=True)
class Text:
    """Names one behind the other.

    Raises:
        Corrupt: they do not end where the text does, or in order.
    """

    text: npt.NDArray[np.uint8]  # UTF-8
    ends: npt.NDArray[np.int64]  # (n,) of each

    def __post_init__(self) -> None:
        last = int(self.ends[-1]) if len(self.ends) else 0
        if last != len(self.text) or (np.diff(self.ends, prepend=0) < 0).any():
            raise Corrupt(f"{len(self.ends)} names do not fill {len(self.text)} bytes")

    @classmethod
    def of(cls, names: Sequence[str]) -> Text:
        """
        >>> Text.of(["a", "bc"]).ends.tolist()
        [1, 3]
        """
        encoded = [name.encode() for name in names]
        ends = np.cumsum([len(name) for name in encoded], dtype=np.int64)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), ends)

    def __len__(self) -> int:
        return len(self.ends)


class Names:
    """A growing two-way map of strings and rows 0, 1, 2, ...

    Args:
        names, moved: as they were when saved.
        table: an empty one.

    >>> names = Names()
    >>> names.add("a"), names.add("b"), names.add("a"), names.row("c"), names[1]
    (0, 1, 0, -1, 'b')
    >>> names.move("b", 0)
    >>> names.row("b"), names.moved
    (0, {1: 0})
    """

    def __init__(
        self,
        names: Text | Sequence[str] = (),
        moved: dict[int, int] | None = None,
        table: NameTable | None = None,
    ) -> None:
        self.moved: dict[int, int] = moved or {}  # rows whose name stands for another row now
        self._own = table is None
        text = names if isinstance(names, Text) else Text.of(names)
        self._fill(_own_table(text) if table is None else table, text)
        self._at_hand: dict[str, int] = {}

    def _fill(self, table: NameTable, text: Text) -> None:
        self._table, self._count = table, len(text)
        table.add_all(text)
        for old, row in self.moved.items():
            table.move(old, row)

    def add(self, name: str) -> int:
        """The row of `name`, a new one if it has none."""
        row = self.row(name)
        if row != NO_ROW:
            return row
        try:
            self._table.add_all(Text.of([name]))
        except Unavailable:
            if not self._own:
                raise
            self._fill(_own_table(self.text(), len(name)), self.text())
            return self.add(name)
        self._count += 1
        return self._count - 1

    def add_or_none(self, name: str) -> int:
        """As `add`, but "" has no row."""
        return self.add(name) if name else NO_ROW

    def row(self, name: str) -> int:
        """The row of `name`, -1 if it has none."""
        found = self._at_hand.get(name)
        if found is not None:
            return found
        row = self._table.row(name)
        if row != NO_ROW:
            if len(self._at_hand) >= AT_HAND:
                self._at_hand.clear()
            self._at_hand[name] = row
        return row

    def move(self, name: str, row: int) -> None:
        """From now on `name` stands for `row`; the row it had stays behind, empty."""
        was = self.add(name)
        for old in [was, *(old for old, to in self.moved.items() if to == was)]:
            self.moved[old] = row
            self._table.move(old, row)
        self._at_hand.clear()

    def forget(self, row: int) -> None:
        """The row has no name from now on, for good: zeros stand there, and no id holds one."""
        for old in [row, *(old for old, to in self.moved.items() if to == row)]:
            self.moved.pop(old, None)
            self._table.blank(old)
        self._at_hand.clear()

    def text(self) -> Text:
        """All, as they lie here."""
        return self._table.text()

    def __getitem__(self, row: int) -> str:
        return self._table[row]

    def __len__(self) -> int:
        return self._count


@kernel
def _hash(name, seed):
    h = np.uint64(0xCBF29CE484222325) ^ np.uint64(seed)  # FNV-1a
    for i in range(name.shape[0]):
        h = (h ^ np.uint64(name[i])) * np.uint64(0x100000001B3)
    return h ^ (h >> np.uint64(29))


@kernel
def _find(head, ends, slots, arena, name):
    """Row of a name, -1 if it has none."""
    mask = np.int64(slots.shape[0] - 1)
    at = np.int64(_hash(name, head[1])) & mask
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
def _add_all(head, ends, slots, rows, arena, names, name_ends):
    """Add names that stand one behind the other; returns how many fitted."""
    first = 0
    for k in range(name_ends.shape[0]):
        name = names[first : name_ends[k]]
        first = name_ends[k]
        row = head[0]
        start = ends[row]
        if row + 1 >= ends.shape[0] or start + name.shape[0] > arena.shape[0]:
            return k
        for i in range(name.shape[0]):
            arena[start + i] = name[i]
        ends[row + 1] = start + name.shape[0]
        rows[row] = np.int32(row)
        mask = np.int64(slots.shape[0] - 1)
        at = np.int64(_hash(name, head[1])) & mask
        while slots[at] != 0:
            at = (at + 1) & mask
        fence()  # whoever finds the row finds its name too
        slots[at] = np.int32(row + 1)
        head[0] = row + 1
    return name_ends.shape[0]


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

        # How many, and what hashes begin with: whoever chooses names cannot make them meet.
        self._head = region("head", 16, np.int64)
        self._ends = region("ends", 8 * (capacity + 1), np.int64)
        self._slots = region("slots", 4 * slots, np.int32)
        self._rows = region("rows", 4 * capacity, np.int32)
        self._arena = region("arena", capacity * BYTES_PER_NAME + 4096, np.uint8)

    def add_all(self, names: Text) -> None:
        """Names that are none of those here.

        Raises:
            Unavailable: there is no room.
        """
        if not self._head[1]:
            self._head[1] = secrets.randbits(63) | 1
        arrays = (self._head, self._ends, self._slots, self._rows, self._arena)
        if _add_all(*arrays, names.text, names.ends) < len(names):
            raise Unavailable(f"the table of names of {self.kind!r} is full; raise its capacity")

    def text(self) -> Text:
        """All, as they lie here."""
        ends = self._ends[1 : len(self) + 1]
        return Text(self._arena[: ends[-1] if len(ends) else 0], ends)

    def move(self, old: int, row: int) -> None:
        self._rows[old] = row

    def blank(self, row: int) -> None:
        self._arena[self._ends[row] : self._ends[row + 1]] = 0
        self._rows[row] = row

    def row(self, name: str) -> int:
        """The row of `name`, -1 if it has none."""
        found = int(
            _find(
                self._head,
                self._ends,
                self._slots,
                self._arena,
                np.frombuffer(name.encode(), np.uint8),
            )
        )
        return int(self._rows[found]) if found >= 0 else NO_ROW

    def __getitem__(self, row: int) -> str:
        if not 0 <= row < len(self):
            raise IndexError(row)
        return bytes(self._arena[self._ends[row] : self._ends[row + 1]]).decode()

    def __len__(self) -> int:
        return int(self._head[0])


def _own_table(text: Text, more: int = 0) -> NameTable:
    """Room for twice what there is and `more` bytes, for this process alone."""
    room = max(2 * len(text), 2 * (len(text.text) + more) // BYTES_PER_NAME, ROOM)
    return NameTable("", room, Private())
