"""The coarse stills of all videos in one matrix, and those near a new one's by one product.

Whole numbers throughout: their sums are exact in float32, so what is near does not depend on
where a row lies, nor on the library that multiplies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freshet.media.align import Stretch
from freshet.media.compare import Hint
from freshet.media.grid import Grid, resized, sampling
from freshet.media.pictures import STILL, Pictures, detail

CELLS, ROUGH = 12, 8.0  # to a side, and around how many of a still's cells details stand out
LOUD = 600  # length of a row, so that products stay under 2²⁴
PLAIN = 0.05  # a still whose details are fainter shows nothing to go by

SCALES = (1.0, 0.9, 1 / 0.9)
WAYS = [
    (mirrored, Stretch(scale_x=x, scale_y=y))
    for mirrored in (False, True)
    for y in SCALES
    for x in SCALES
]

Rows = NDArray[np.float32]  # (rows, CELLS²)


class Stills:
    """Of videos, by id; a freed row is taken again."""

    def __init__(self) -> None:
        self._rows: Rows = np.zeros((64, CELLS**2), np.float32)
        self._owner: list[tuple[str, int] | None] = []  # by row: video, and which still of it
        self._of: dict[str, list[int]] = {}
        self._free: list[int] = []

    def add(self, video: str, pictures: Pictures) -> None:
        self._of[video] = []
        for still, row in enumerate(_rows(np.array([rough(one) for one in pictures.stills]))):
            k = self._free.pop() if self._free else len(self._owner)
            if k == len(self._owner):
                self._owner.append(None)
            if k == len(self._rows):
                self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
            self._owner[k], self._rows[k] = (video, still), row
            self._of[video].append(k)

    def remove(self, video: str) -> None:
        for k in self._of.pop(video):
            self._owner[k], self._rows[k] = None, 0.0
            self._free.append(k)

    def nearest(self, pictures: Pictures, least: float, n: int) -> list[tuple[str, Hint]]:
        """At most `n` stills that correlate by `least` or more, and how; nearest first."""
        asked = np.concatenate([ways(rough(one)) for one in pictures.stills])
        near = self._rows[: len(self._owner)] @ _rows(asked).T  # (rows, stills · ways)
        best = near.max(1, initial=0.0)
        if len(best) > n:
            least = max(least, float(np.partition(best, -n)[-n]) / LOUD**2)
        found = [
            (-best[k], owner, int(near[k].argmax()))
            for k in np.flatnonzero(best >= least * LOUD**2)
            if (owner := self._owner[k]) is not None
        ]
        hints = []
        for _, (video, other_still), way in sorted(found)[:n]:
            still, which = divmod(way, len(WAYS))
            mirrored, stretch = WAYS[which]
            hints.append((video, Hint(mirrored, still, other_still, stretch)))
        return hints


def rough(still: NDArray[np.uint8]) -> Grid:
    found = detail(still, ROUGH)
    return found if found.std() >= PLAIN else np.zeros_like(found)


def ways(still: Grid) -> Grid:
    """(ways, STILL, STILL): mirrored or not, and stretched, as in `WAYS`."""
    made = []
    for mirrored, by in WAYS:
        across, down = (sampling(STILL, scale, 0.0)[0] for scale in (by.scale_x, by.scale_y))
        made.append(down @ (still[:, ::-1] if mirrored else still) @ across.T)
    return np.array(made)


def _rows(stills: Grid) -> Rows:
    """Each as a row of whole numbers about as long as all others."""
    rows = resized(stills, CELLS, (0, STILL, 0, STILL)).reshape(len(stills), -1)
    rows = rows - rows.mean(1, keepdims=True)
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.rint(LOUD * rows / np.where(size > 0, size, 1.0)), np.float32)
