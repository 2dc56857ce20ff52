"""Where rows lie: who was away for long has none in memory, nor has a video that was removed.

A viewer and a video keep their number for good, and everything that names them goes by it.
Their rows lie at a *slot*, which is theirs while they are needed and another's afterwards. So
memory holds who comes and what can be shown, not all there ever was. What lies at which slot is
nobody's business: states are saved and compared by number.

Slot NOBODY is a row of zeros that is never written: who reads for a viewer or a video without
rows reads that, and nothing of another. The slot after it is, for viewers, one more of the kind
(COLD); for videos it is WASTE: what is noted of a video without rows is written there, and
nobody reads it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from freshet.domain.errors import Unavailable
from freshet.state.compiled import kernel
from freshet.state.memory import Memory, Private

NOBODY = 0  # there are no rows: of a viewer who has done nothing yet, of a video that is gone
COLD = 1  # of a viewer: they are on disk
WASTE = 1  # of videos
FIRST = 2

Ints = npt.NDArray[np.int32]


@kernel
def to_write(slots, row):
    """Where something is noted of a video: at its slot, or, if it has none, where nobody looks."""
    return max(slots[row], WASTE)


class Slots:
    """Slots of `capacity` of an entity. One process gives them out, any may read `of`."""

    def __init__(self, entity: str, capacity: int, memory: Memory | None = None) -> None:
        region = (memory or Private()).region(f"{entity}_slots", capacity * 4)
        self.entity = entity
        self.of: Ints = region.view(np.int32)
        self.rows = capacity + FIRST  # what a block needs that is addressed by slot
        self._end = FIRST
        self._free: list[int] = []

    def take(self, count: int) -> Ints:
        """Slots that are nobody's, whose rows are zeros.

        >>> slots = Slots("video", 8)
        >>> slots.take(3).tolist(), slots.give_back(np.array([3])), slots.take(2).tolist()
        ([2, 3, 4], None, [3, 5])
        """
        again = [self._free.pop() for _ in range(min(count, len(self._free)))]
        fresh = count - len(again)
        if self._end + fresh > self.rows:
            raise Unavailable(f"all {self.rows - FIRST} slots of {self.entity}s are taken")
        self._end += fresh
        return np.array([*again, *range(self._end - fresh, self._end)], np.int32)

    def give(self, rows: npt.NDArray[np.integer]) -> None:
        """Slots for `rows`, each of which has none."""
        self.of[rows] = self.take(len(rows))

    def give_back(self, slots: npt.NDArray[np.integer]) -> None:
        """Their rows must be zeros again."""
        self._free.extend(slots.tolist())

    @property
    def taken(self) -> int:
        return self._end - FIRST - len(self._free)


class ViewerSlots(Slots):
    """Slots of viewers, who come and go."""

    def __init__(self, capacity: int, memory: Memory | None = None) -> None:
        super().__init__("viewer", capacity, memory)
        # Who will be cold soon unless they come: a request that begins now must say so, since
        # it may still read when they go.
        self.going = (memory or Private()).region("viewer_going", capacity)

    def away(self, viewer: int) -> bool:
        """Whether a viewer must be called before anything is read of them."""
        return bool(self.of[viewer] == COLD or self.going[viewer])
