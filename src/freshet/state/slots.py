"""Where the rows of those who are about lie: who was away for long has none in memory.

A viewer keeps their number for good, and everything that names them goes by it. The rows of a
viewer lie at a *slot*, which is theirs while they are about and somebody else's afterwards. So
memory holds those who come, not all who ever came. What lies at which slot is nobody's
business: states are saved and compared by number.

Slots NOBODY and COLD are rows of zeros that are never written: who reads for a viewer without
rows reads those, and nothing of anybody.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from freshet.domain.errors import Unavailable
from freshet.state.memory import Memory, Private

NOBODY = 0  # there are no rows of this viewer: they have done nothing yet
COLD = 1  # they are on disk
FIRST = 2

Ints = npt.NDArray[np.int32]


class Slots:
    """Slots of `capacity` viewers. One process gives them out, any may read `of`."""

    def __init__(self, capacity: int, memory: Memory | None = None) -> None:
        region = (memory or Private()).region("viewer_slots", capacity * 4)
        self.of: Ints = region.view(np.int32)
        # Who will be cold soon unless they come: a request that begins now must say so, since
        # it may still read when they go.
        self.going = (memory or Private()).region("viewer_going", capacity)
        self.rows = capacity + FIRST  # what a block needs that is addressed by slot
        self._end = FIRST
        self._free: list[int] = []

    def take(self, count: int) -> Ints:
        """Slots that are nobody's, whose rows are zeros.

        >>> slots = Slots(8)
        >>> slots.take(3).tolist(), slots.give_back(np.array([3])), slots.take(2).tolist()
        ([2, 3, 4], None, [3, 5])
        """
        again = [self._free.pop() for _ in range(min(count, len(self._free)))]
        fresh = count - len(again)
        if self._end + fresh > self.rows:
            raise Unavailable(f"all {self.rows - FIRST} slots of viewers are taken")
        self._end += fresh
        return np.array([*again, *range(self._end - fresh, self._end)], np.int32)

    def give_back(self, slots: npt.NDArray[np.integer]) -> None:
        """Their rows must be zeros again."""
        self._free.extend(slots.tolist())

    def away(self, viewer: int) -> bool:
        """Whether a viewer must be called before anything is read of them."""
        return bool(self.of[viewer] == COLD or self.going[viewer])

    @property
    def taken(self) -> int:
        return self._end - FIRST - len(self._free)
