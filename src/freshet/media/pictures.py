"""What a video shows, in a few thousand bytes: a still and how it moves.

The still is the mean of all pictures: words that stand, rooms, bodies where they mostly are.
It hardly changes when an end is cut off or the speed changes, so it can be compared without
knowing what was cut. The motion is a row of coarse pictures at fixed times: two videos filmed
from one tripod have one still and different motion.

What looks like a border, rows or columns of one colour throughout, may be somebody's frame or
the video's own sky. So there is a still of the whole and, beside it, one of what is within.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freshet.media.decode import Decoded
from freshet.media.decode import Pictures as Raw
from freshet.media.grid import Grid, blurred, resized

STILL, MOTION = 48, 8  # cells to a side

EVEN, SAME = 4.0, 10.0  # grey levels: how much a border may vary, and differ from its edge
BORDER_MAX = 0.42  # of a side

Box = tuple[int, int, int, int]  # first and past-last row, first and past-last column


@dataclass(frozen=True, slots=True)
class Pictures:
    stills: NDArray[np.uint8]  # (1 or 2, STILL, STILL): the whole, and what is within its border
    motion: NDArray[np.uint8]  # (pictures, MOTION, MOTION), within the border
    step_s: float  # between two pictures
    box: Box  # of what is within, in cells of SIDE × SIDE


def describe(decoded: Decoded) -> Pictures:
    raw = decoded.pictures
    whole, box = (0, raw.shape[1], 0, raw.shape[2]), content_box(raw)
    mean = raw.mean(0)
    stills = [resized(mean, STILL, one) for one in dict.fromkeys((whole, box))]
    return Pictures(
        _bytes(np.array(stills)), _bytes(resized(raw, MOTION, box)), decoded.step_s, box
    )


def _bytes(grid: Grid) -> NDArray[np.uint8]:
    return np.clip(np.rint(grid), 0, 255).astype(np.uint8)


def content_box(raw: Raw) -> Box:
    """Of what is no border; the whole where nothing else is left."""
    return (*_edges(raw), *_edges(raw.transpose(0, 2, 1)))


def _edges(raw: Raw) -> tuple[int, int]:
    """First and past-last row of what is no border."""
    rows = raw.transpose(1, 0, 2).reshape(raw.shape[1], -1).astype(np.float32)
    level, spread = rows.mean(1), rows.std(1)
    most = int(BORDER_MAX * len(rows))

    def border(first: int, step: int) -> int:
        even = (spread < EVEN) & (np.abs(level - level[first]) < SAME)
        n = int(np.argmin(np.append(even[::step], False)))
        return n + 1 if n else 0  # the next one is half border

    before, behind = border(0, 1), border(len(rows) - 1, -1)
    return (before, len(rows) - behind) if max(before, behind) <= most else (0, len(rows))


def detail(still: NDArray[np.uint8], sigma: float) -> Grid:
    """What stands out from its surroundings, as much in the dark as in the light."""
    grid = still.astype(np.float32)
    out = grid - blurred(grid, sigma)
    loud = np.sqrt(blurred(out**2, 1.5 * sigma))
    return np.asarray(out / (loud + 4.0), np.float32)
