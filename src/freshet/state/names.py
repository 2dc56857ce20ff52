"""Dense rows for string ids, given out in the order in which the log first names them."""

from __future__ import annotations

from freshet.domain.ids import NO_ROW


class Names:
    """A growing two-way map of strings and rows 0, 1, 2, ...

    >>> names = Names()
    >>> names.add("a"), names.add("b"), names.add("a"), names.row("c"), names[1]
    (0, 1, 0, -1, 'b')
    """

    def __init__(self, items: list[str] | None = None) -> None:
        self.items: list[str] = items or []
        self._rows = {name: row for row, name in enumerate(self.items)}

    def add(self, name: str) -> int:
        """The row of `name`, a new one if it has none."""
        row = self._rows.setdefault(name, len(self.items))
        if row == len(self.items):
            self.items.append(name)
        return row

    def add_or_none(self, name: str) -> int:
        """As `add`, but "" has no row."""
        return self.add(name) if name else NO_ROW

    def row(self, name: str) -> int:
        """The row of `name`, -1 if it has none."""
        return self._rows.get(name, NO_ROW)

    def __getitem__(self, row: int) -> str:
        return self.items[row]

    def __len__(self) -> int:
        return len(self.items)
