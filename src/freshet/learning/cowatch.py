"""What is watched by whom, and after what: two linear models over all pairs of videos.

For catalogues up to some 20,000 videos, whose pairs fit into memory (1.6 GB a matrix then).
Of a viewer's views, oldest first, with weights that fall with age:

    E  += x xᵀ             x = Σ .95^age e(video), the view itself included
    G  += x xᵀ, F += τ eᵀ  x = Σ .9^age e(video) before the view, e = the view,
                           τ = Σ .7^lag x as it was `lag` views ago

    around  P = (E + λ I)⁻¹, B = -P / diag(P), diagonal 0      EASE, Steck 2019, over recent views
    onward  C = (G + λ I)⁻¹ F                                  what the past says of what follows
    score   = mean of x B and x C, each standardised over the catalogue, x = Σ .9^age e(video)

Both models are solved from sums that each view adds to, so a view costs some thousand
additions and nothing is ever counted anew; solving is for the background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from freshet.domain.errors import Broken

Floats = NDArray[np.float32]
Rows = NDArray[Any]

SPAN = 64  # views back that count
AROUND, BEFORE, LATER = 0.95, 0.9, 0.7  # what one view further away is worth
AROUND_RIDGE, ONWARD_RIDGE = 300.0, 1000.0


@dataclass(slots=True)
class Cowatch:
    """The sums over all pairs of `videos` videos."""

    videos: int
    together: Floats = field(init=False)  # E
    past: Floats = field(init=False)  # G
    future: Floats = field(init=False)  # F, (what came before, what followed)

    def __post_init__(self) -> None:
        shape = (self.videos, self.videos)
        self.together, self.past, self.future = (np.zeros(shape, np.float32) for _ in range(3))

    def views(self, history: Rows, first: int = 0) -> None:
        """A viewer liked `history`, oldest first, of which all before `first` is counted."""
        rows = history.astype(np.int64)
        for at in range(first, len(rows)):
            _view(self.together, self.past, self.future, rows, at)

    def grown(self, videos: int) -> Cowatch:
        """The same sums with room for more videos."""
        more = Cowatch(videos)
        for name in ("together", "past", "future"):
            getattr(more, name)[: self.videos, : self.videos] = getattr(self, name)
        return more

    def solved(self, around: float = AROUND_RIDGE, onward: float = ONWARD_RIDGE) -> Onward:
        """Both models as of now; `around` and `onward` are their ridges λ."""
        return Onward(ease(self.together, around), _ridge(self.past, self.future, onward))


@dataclass(frozen=True, slots=True)
class Onward:
    """What to show next."""

    around: Floats  # (n, n)
    onward: Floats  # (n, n)

    def scores(self, histories: Sequence[Rows]) -> Floats:
        """(m, n) for viewers who liked `histories`, each oldest first."""
        one, other = (np.empty((len(histories), len(self.around)), np.float32) for _ in range(2))
        for viewer, history in enumerate(histories):
            one[viewer], other[viewer] = self.both(history)
        return (_standard(one) + _standard(other)) / np.float32(2.0)

    def both(self, history: Rows) -> tuple[Floats, Floats]:
        """(n,) by what is watched together, and by what follows, the last views first of all."""
        rows = history[-SPAN:]
        share = (BEFORE ** np.arange(len(rows) - 1, -1, -1)).astype(np.float32)
        return share @ self.around[rows], share @ self.onward[rows]


def ease(together: Floats, ridge: float) -> Floats:
    """Embarrassingly shallow autoencoder (Steck 2019): videos from the others watched with them.

    Raises:
        Broken: the sums are not those of views.
    """
    # Not at the top: a quarter of a second of every start, for catalogues that are small.
    from scipy.linalg.lapack import spotrf, spotri

    gram = np.array(together, np.float32, order="F")
    gram.flat[:: len(gram) + 1] += np.float32(ridge)
    gram, failed = spotrf(gram, lower=True, clean=False, overwrite_a=True)
    inverse, failed_too = (gram, 1) if failed else spotri(gram, lower=True, overwrite_c=True)
    if failed or failed_too:
        raise Broken("the sums of what was watched together are not positive definite")
    lower = np.tril(inverse, -1)
    diagonal = inverse.diagonal().copy()
    weights: Floats = (lower + lower.T) / -diagonal
    return weights


def _ridge(past: Floats, future: Floats, ridge: float) -> Floats:
    from scipy.linalg import cho_factor, cho_solve  # as above

    gram = np.array(past, np.float32, order="F")
    gram.flat[:: len(gram) + 1] += np.float32(ridge)
    factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    weights: Floats = cho_solve(factor, future, check_finite=False)
    return weights


def _standard(scores: Floats) -> Floats:
    spread = scores.std(axis=1, keepdims=True)
    standard: Floats = (scores - scores.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-12)
    return standard


@njit(cache=True)
def _view(together, past, future, history, at):  # type: ignore[no-untyped-def]
    """The view history[at], after all before it."""
    video = history[at]
    first = max(at - SPAN, 0)
    for i in range(first, at):
        row, age = history[i], at - 1 - i
        was, then = AROUND**age, BEFORE**age
        # All that was counted fades by one view more: x' = .95 x + e.
        fades = was * (AROUND * AROUND - 1.0)
        for j in range(first, at):
            other, other_age = history[j], at - 1 - j
            together[row, other] += np.float32(fades * AROUND**other_age)
            past[row, other] += np.float32(then * BEFORE**other_age)
        together[row, video] += np.float32(was * AROUND)
        together[video, row] += np.float32(was * AROUND)
        # Σ over lag of .7^lag .9^(age - lag), in closed form.
        trace = (BEFORE ** (age + 1) - LATER ** (age + 1)) / (BEFORE - LATER)
        future[row, video] += np.float32(trace)
    together[video, video] += np.float32(1.0)
