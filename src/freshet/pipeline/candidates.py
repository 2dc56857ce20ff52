"""What a pipeline carries: rows of the catalogue and named columns beside them.

    rows       (n,)  int32, dense rows of the catalogue
    columns    name -> (n, ...) array; `candidates["creator"][i]` belongs to `rows[i]`

No object per candidate: a stage is a few array operations whatever n is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.domain.errors import Broken

Rows = NDArray[np.int32]
Mask = NDArray[np.bool_]
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows and columns of one length. Never changed in place: each stage makes a new one.

    >>> some = Candidates(np.array([4, 7], np.int32), {"shown": np.array([0.0, 9.0])})
    >>> some.take(some["shown"] > 1).rows
    array([7], dtype=int32)
    """

    rows: Rows
    columns: Columns = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Any, **columns: Any) -> Candidates:
        """From anything array-like; for tests and hand-made candidates."""
        arrays = {name: np.asarray(column) for name, column in columns.items()}
        return cls(np.asarray(rows, dtype=np.int32).reshape(-1), arrays)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> NDArray[Any]:
        try:
            return self.columns[name]
        except KeyError:
            here = ", ".join(sorted(self.columns)) or "none"
            raise Broken(f"no column {name!r} among the candidates' ({here})") from None

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def adding(self, columns: Columns) -> Candidates:
        """The same rows with more columns.

        Raises:
            Broken: a column is not as long as the rows.
        """
        for name, column in columns.items():
            if len(column) != len(self.rows):
                raise Broken(
                    f"column {name!r} has {len(column)} values for {len(self.rows)} candidates"
                )
        return Candidates(self.rows, {**self.columns, **columns})

    def take(self, which: NDArray[Any]) -> Candidates:
        """Those of a mask (n,), or of an index array in its order."""
        columns = {name: column[which] for name, column in self.columns.items()}
        return Candidates(self.rows[which], columns)


NOTHING = Candidates(np.empty(0, np.int32))
# What a source brings that this query has no part for: it did not run, and its trace says so.
UNASKED = Candidates(np.empty(0, np.int32))
