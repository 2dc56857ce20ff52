"""Where new videos stand in their trial, as rows that the writer keeps and feeds read.

A video that is tried out has a slot; `of` says which by the video's row. Slot 0 is nobody's: a
video without a trial is `OPEN`, which is what all of them come to that are not stopped.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.state.memory import Memory, Private

SLOTS = 1 << 17  # 2,000 uploads a day for two months

# states of a trial
OPEN, RUNNING, STOPPED, ENDED = 0, 1, 2, 3
STATES = ("open", "running", "stopped", "ended")
# whom a running trial's video is shown
EVERYBODY, FOLLOWERS = 0, 1
FANS = 1 / 4  # of a stage's impressions that may go to followers

SLOT = np.dtype(
    [
        ("video", np.int32),
        ("creator", np.int32),
        ("state", np.int8),
        ("stage", np.int8),
        ("audience", np.int8),
        ("extended", np.int8),  # times this stage was made longer
        ("since_s", np.int32),  # the stage began, seconds since 2020
        ("quota", np.int32),  # impressions of this stage
        ("shown", np.int32),  # of those, had
        ("flying", np.int32),  # served in a feed, perhaps on their way to a screen
        ("fans", np.int32),  # of both, by followers of the creator
        ("mean", np.float32),  # what a view is thought to be worth
        ("sd", np.float32),  # and how far that may be off
    ]
)


class Trials:
    """The slots.

    Args:
        videos: rows of videos there can be.
        memory: shared with serving processes; None keeps the slots in this one.
    """

    def __init__(self, videos: int, memory: Memory | None = None, slots: int = SLOTS) -> None:
        memory = memory or Private()
        self.of: NDArray[np.int32] = memory.region("trial_of", 4 * videos).view(np.int32)
        self.slots: NDArray[Any] = memory.region("trials", SLOT.itemsize * slots).view(SLOT)
        self._used = memory.region("trials_used", 8).view(np.int64)

    @property
    def used(self) -> int:
        """Slots from 1 to below this were given out."""
        return max(int(self._used[0]), 1)

    @used.setter
    def used(self, used: int) -> None:
        self._used[0] = used

    def at(self, rows: Any) -> NDArray[Any]:
        """SLOT (n,) of videos; an empty one for those that have none."""
        found: NDArray[Any] = self.slots[self.of[rows]]
        return found

    def wanting(self) -> NDArray[np.int32]:
        """Rows of videos whose running stage still has room."""
        slots = self.slots[: self.used]
        rows: NDArray[np.int32] = slots["video"][(slots["state"] == RUNNING) & has_room(slots)]
        return rows


def has_room(slots: NDArray[Any]) -> NDArray[np.bool_]:
    """(n,) whether the stage has impressions to give."""
    room: NDArray[np.bool_] = slots["shown"] + slots["flying"] < slots["quota"]
    return room


def has_room_for_fans(slots: NDArray[Any]) -> NDArray[np.bool_]:
    """(n,) whether some of them may go to followers."""
    room: NDArray[np.bool_] = slots["fans"] < FANS * slots["quota"]
    return room
