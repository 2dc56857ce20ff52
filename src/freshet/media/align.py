"""How a picture has to be moved and stretched to lie on another, and how alike they are then.

Least squares after Lucas and Kanade, "An Iterative Image Registration Technique" (IJCAI 1981),
for four numbers, scale and shift across and down, from blurred pictures to sharp ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freshet.media.grid import Grid, Sampling, blurred, places, sampling

ROUNDS = ((3.0, 6), (1.2, 5), (0.0, 4))  # blur in cells, and how often at that blur
OVERLAP_MIN = 0.6
SCALE, SHIFT = (0.8, 1.25), (-0.25, 0.25)  # that are looked for
STEP_MAX = 0.08


@dataclass(frozen=True, slots=True)
class Stretch:
    """Place p of the fixed picture is at scale · p + shift of the moved one."""

    scale_x: float = 1.0
    shift_x: float = 0.0
    scale_y: float = 1.0
    shift_y: float = 0.0


def aligned(moved: Grid, fixed: Grid, start: Stretch) -> tuple[float, Stretch]:
    """Correlation of the two where they overlap, and the stretch found for it."""
    found = start
    for sigma, rounds in ROUNDS:
        m, f = (blurred(grid, sigma) if sigma else grid for grid in (moved, fixed))
        down, across = np.gradient(m, axis=0), np.gradient(m, axis=1)
        for _ in range(rounds):
            found = _nearer(m, across, down, f, found)
    return correlation(moved, fixed, found), found


def correlation(moved: Grid, fixed: Grid, by: Stretch) -> float:
    """Pearson's, where they overlap; 0 if that is too little or one of them is plain."""
    (wx, inside_x), (wy, inside_y) = _samplings(len(fixed), by)
    if inside_x.mean() * inside_y.mean() < OVERLAP_MIN:
        return 0.0
    both = np.ix_(inside_y, inside_x)
    a, b = (wy @ moved @ wx.T)[both].ravel(), fixed[both].ravel()
    a, b = a - a.mean(), b - b.mean()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 0 else 0.0


def _samplings(cells: int, by: Stretch) -> tuple[Sampling, Sampling]:
    """Across and down."""
    return sampling(cells, by.scale_x, by.shift_x), sampling(cells, by.scale_y, by.shift_y)


def _nearer(m: Grid, across: Grid, down: Grid, f: Grid, by: Stretch) -> Stretch:
    """One round of Gauss and Newton; a gain and an offset of brightness are fitted along."""
    cells = len(f)
    (wx, inside_x), (wy, inside_y) = _samplings(cells, by)
    both = np.ix_(inside_y, inside_x)
    x, y = places(cells)[inside_x][None], places(cells)[inside_y][:, None]
    now, right, below = ((wy @ grid @ wx.T)[both] for grid in (m, across, down))
    right, below = right * cells / 2, below * cells / 2  # per place, not per cell
    columns = (right * x, right, below * y, below, now, np.ones_like(now))
    slopes = np.stack([column.ravel() for column in columns], 1)
    square = slopes.T @ slopes
    square[np.diag_indices(6)] = 1.001 * square.diagonal() + 1e-3
    step = np.linalg.solve(square, slopes.T @ (f[both] - now).ravel())
    step = np.clip(step[:4], -STEP_MAX, STEP_MAX)
    had = (by.scale_x, by.shift_x, by.scale_y, by.shift_y)
    return Stretch(*(
        float(np.clip(value + more, *limits))
        for value, more, limits in zip(had, step, (SCALE, SHIFT) * 2, strict=True)
    ))  # fmt: skip
