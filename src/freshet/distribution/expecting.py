"""What a view by this viewer is worth whichever video of its kind it is.

Who sees a video on trial says more of how it is watched than the video does: a fan of cats
finishes most videos of cats. So a view counts for what it was worth beyond what such a viewer
makes of such videos (analysis of covariance): a ridge regression on what the served vector
says of the viewer and of the viewer's way with the topic, length, creator and with videos near
it, and on nothing that it says of the video itself. It is refitted as views come.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

BY = (
    "viewer_long_view", "viewer_recent_long_view", "viewer_log_watch", "viewer_surprise_long_view",
    "session_surprise", "duration_log", "topic_shown", "topic_long", "topic_surprise",
    "hashtag_surprise", "sound_surprise", "length_surprise", "interest_match", "language_match",
    "country_match", "creator_followed", "creator_surprise", "alike_shown", "alike_long",
    "alike_surprise", "alike_nearest",
)  # fmt: skip
RIDGE = 20.0  # views as which "nothing matters" counts
REFIT = 100  # views between two fits


class Fit(msgspec.Struct, array_like=True):
    """Sums of the regression, and its last coefficients."""

    products: list[list[float]]  # (k + 1, k + 1) Σ xᵢ xⱼ, the first of all being 1
    with_worth: list[float]  # (k + 1,) Σ xᵢ × worth
    by: list[float]  # coefficients
    views: int = 0


class Expecting:
    """
    Args:
        names: of the features of served vectors.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._columns = [names.index(name) for name in BY if name in names]
        size = len(self._columns) + 1
        self.fit = Fit([[0.0] * size for _ in range(size)], [0.0] * size, [0.0] * size)

    def describe(self, features: bytes, place: int, items: int) -> tuple[float, ...]:
        """What the vector at a place of a slate says of the viewer: (k + 1,); without it, all 0
        but the first."""
        nothing = (1.0, *([0.0] * len(self._columns)))
        if not features or not items:
            return nothing
        width, odd = divmod(len(features) // 2, items)
        if odd or (self._columns and width <= max(self._columns)):
            return nothing  # of another release
        vector = np.frombuffer(features, np.float16, width, 2 * width * place)
        return (1.0, *vector[self._columns].astype(np.float64).tolist())

    def worth(self, viewer: Sequence[float]) -> float:
        return sum(b * x for b, x in zip(self.fit.by, viewer, strict=True))

    def learn(self, viewer: Sequence[float], worth: float) -> None:
        fit = self.fit
        for row, x in zip(fit.products, viewer, strict=True):
            if x:
                for j, y in enumerate(viewer):
                    row[j] += x * y
        for i, x in enumerate(viewer):
            fit.with_worth[i] += x * worth
        fit.views += 1
        if fit.views % min(REFIT, max(fit.views // 10, 1) * 10) == 0:  # the fewer, the oftener
            fit.by = solved(fit.products, fit.with_worth)


def solved(products: Sequence[Sequence[float]], with_worth: Sequence[float]) -> list[float]:
    """Coefficients of the ridge regression, by elimination; the first has no penalty.

    >>> solved([[2.0, 0.0], [0.0, 20.0]], [4.0, 40.0])
    [2.0, 1.0]
    """
    size = len(with_worth)
    rows = [[*row, y] for row, y in zip(products, with_worth, strict=True)]
    for i in range(1, size):
        rows[i][i] += RIDGE
    for i in range(size):
        pivot = rows[i]
        if pivot[i] <= 1e-9:
            continue
        for other in rows[i + 1 :]:
            share = other[i] / pivot[i]
            if share:
                for j in range(i, size + 1):
                    other[j] -= share * pivot[j]
    by = [0.0] * size
    for i in range(size - 1, -1, -1):
        rest = rows[i][size] - sum(rows[i][j] * by[j] for j in range(i + 1, size))
        by[i] = rest / rows[i][i] if rows[i][i] > 1e-9 else 0.0
    return by
