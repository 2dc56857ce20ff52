"""How far two videos are apart: one still laid on the other, then the motion from there."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import NamedTuple

import numpy as np

from freshet.media.align import Stretch, aligned
from freshet.media.decode import SIDE
from freshet.media.grid import Grid, sampling
from freshet.media.motion import Motion, Together, moves_alike
from freshet.media.pictures import MOTION, Box, Pictures, detail

FINE = 3.0  # cells: details are what stands out from so much around it
# Motion is compared more coarsely than stills, and a border or a crop blurs it; so what it
# is short of alikeness counts a third.
MOTION_COUNTS = 1 / 3


class Hint(NamedTuple):
    """Where to begin: which stills, mirrored or not, and about how they lie on each other."""

    mirrored: bool
    still: int  # of the new one
    other_still: int
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class Compared:
    still: float  # correlation of the details
    motion: Together
    hint: Hint
    stretch: Stretch

    @property
    def apart(self) -> float:
        """0 if nothing is between them."""
        return hypot(1 - self.still, MOTION_COUNTS * (1 - self.motion.alike))


class New:
    """The one that is compared with others: what is the same for all is made once."""

    def __init__(self, pictures: Pictures) -> None:
        self.pictures = pictures
        self._details = [detail(still, FINE) for still in pictures.stills]

    def compared(self, other: Pictures, hint: Hint, enough: float) -> Compared:
        """Motion is looked at if the stills are no further than `enough` apart, else is 0."""
        moved = self._details[hint.still]
        moved = moved[:, ::-1] if hint.mirrored else moved
        still, stretch = aligned(moved, detail(other.stills[hint.other_still], FINE), hint.stretch)
        motion = Together(0.0)
        if 1 - still <= enough:
            motion = self._motion(other, hint, stretch)
        return Compared(still, motion, hint, stretch)

    def _motion(self, other: Pictures, hint: Hint, stretch: Stretch) -> Together:
        mine = self.pictures
        pictures = mine.motion[:, :, ::-1] if hint.mirrored else mine.motion
        box = _within(mine.box, hint.still, hint.mirrored)
        other_box = _within(other.box, hint.other_still, False)
        moved = _moved(pictures.astype(np.float32), box, other_box, stretch)
        return moves_alike(moved, mine.step_s, _flat(other.motion.astype(np.float32)), other.step_s)


def _within(box: Box, still: int, mirrored: bool) -> Box:
    """The box of the motion, in cells of the still: a still that was cut is all of it."""
    if still == 1:
        return (0, SIDE, 0, SIDE)
    top, bottom, left, right = box
    return (top, bottom, SIDE - right, SIDE - left) if mirrored else box


def _moved(motion: Grid, box: Box, other_box: Box, by: Stretch) -> Motion:
    """Motion as it would be in the other's box."""
    across = _sampling(box[2:], other_box[2:], by.scale_x, by.shift_x)
    down = _sampling(box[:2], other_box[:2], by.scale_y, by.shift_y)
    return _flat(np.asarray(down @ motion @ across.T, np.float32))


def _sampling(had: tuple[int, int], wanted: tuple[int, int], scale: float, shift: float) -> Grid:
    """From a place in the wanted box to the still, stretched, and back into the box had."""
    (half, middle), (other_half, other_middle) = (
        ((end - begin) / SIDE, (begin + end) / SIDE - 1) for begin, end in (had, wanted)
    )
    at = (scale * other_middle + shift - middle) / half
    return sampling(MOTION, scale * other_half / half, at)[0]


def _flat(motion: Grid) -> Motion:
    return motion.reshape(len(motion), -1)
