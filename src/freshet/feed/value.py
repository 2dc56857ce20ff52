"""What a video is worth to a viewer: Σ weight × predicted outcome, by an open table.

worth   by the table
value   worth + what the app's boosts add − what the viewer's "less of this" takes
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.domain.errors import Refused
from freshet.feed.parts import Live
from freshet.feed.query import FeedQuery
from freshet.pipeline import Candidates, Rows

WATCH = "watch_s"  # expected seconds of watching: the one entry that is no probability


@dataclass(frozen=True, slots=True)
class Value:
    """Adds `worth` by a table of weights over a model's outcomes and `watch_s`.

    Raises:
        Refused: the table names an outcome the model does not predict, or a weight that is
            not a finite number.

    >>> value = Value({"like": 2.0, "report": -40.0, "watch_s": 0.1}, ("like", "report"))
    >>> round(float(value.of(np.array([[0.5, 0.01]]), np.array([3.0]))[0]), 6)
    0.9
    """

    weights: Mapping[str, float]
    outcomes: Sequence[str]
    row: NDArray[np.float32] = field(init=False)  # (outcomes,)
    needs = ("predictions", WATCH)
    adds = ("worth",)
    default = 0.0

    def __post_init__(self) -> None:
        for name, weight in self.weights.items():
            if name not in self.outcomes and name != WATCH:
                right = f"one of {', '.join((*self.outcomes, WATCH))}"
                raise Refused(f"weights.{name}", "the model predicts no such outcome", right)
            if not np.isfinite(weight):
                raise Refused(f"weights.{name}", f"{weight} is no weight", "a finite number")
        row = [self.weights.get(name, 0.0) for name in self.outcomes]
        object.__setattr__(self, "row", np.array(row, np.float32))

    def of(self, predictions: NDArray[Any], watch_s: NDArray[Any]) -> NDArray[Any]:
        """Σ over outcomes (n, outcomes) × (outcomes,), + weight × watch (n,) -> (n,)"""
        # einsum, not BLAS: a row's value must not depend on how many rows stand beside it.
        worth: NDArray[Any] = np.einsum("no,o->n", predictions, self.row)
        worth += np.float32(self.weights.get(WATCH, 0.0)) * watch_s
        return worth

    def parts(self, predictions: Sequence[float], watch_s: float) -> dict[str, float]:
        """What each entry of the table brings to one item's worth.

        >>> Value({"like": 2.0, "watch_s": 0.1}, ("like", "report")).parts((0.5, 0.01), 3.0)
        {'like': 1.0, 'watch_s': 0.3}
        """
        known = dict(zip(self.outcomes, predictions, strict=True)) | {WATCH: watch_s}
        return {name: round(weight * known[name], 6) for name, weight in self.weights.items()}

    def to_anybody(self, live: Live) -> Callable[[Rows, int], NDArray[Any]]:
        """The value of videos (n,) to a viewer of whom nothing is known, as of a time."""

        def worth(rows: Rows, now_ms: int) -> NDArray[Any]:
            ranked = live.rank(-1, rows, now_ms, "for_you")
            return self.of(ranked.predictions, ranked.watch_s)

        return worth

    def score(self, query: FeedQuery, candidates: Candidates) -> NDArray[Any]:
        return self.of(candidates["predictions"], candidates[WATCH])


@dataclass(frozen=True, slots=True)
class Doubt:
    """How far a video's worth to everybody may be from what is predicted: the deviation of one
    view's worth, over the root of the views there were and of those that what is known of all
    videos is worth (features/effect.py).

    Outcomes deviate as independent ones do; seconds by what log(1 + seconds) does.
    """

    live: Live
    value: Value
    needs = ("predictions", WATCH, "shown")
    adds = ("doubt",)
    default = 0.0

    def score(self, query: FeedQuery, candidates: Candidates) -> NDArray[Any]:
        p, watch_s = candidates["predictions"], candidates[WATCH]
        worth_views, noise = self.live.trust
        variance = np.einsum("no,o->n", p * (1 - p), self.value.row**2)
        per_s = np.float32(self.value.weights.get(WATCH, 0.0))
        variance += np.float32(noise) * (per_s * (1 + watch_s)) ** 2
        known = candidates["shown"] + np.float32(worth_views)
        doubt: NDArray[Any] = np.sqrt(variance / known)
        return doubt


@dataclass(frozen=True, slots=True)
class Lesson:
    """How far one more view is expected to move what is thought of a video: the deviation of
    what will be thought, doubt / √(1 + views + those that what is known of all is worth).

    The knowledge gradient's measure (Frazier, Powell and Dayanik 2008). Where doubt goes by how
    much is unknown, this goes by how much of that a view would tell: a video that was seen some
    times is tried no more only because ten more views might change its place by a little.
    """

    live: Live
    needs = ("doubt", "shown")
    adds = ("lesson",)
    default = 0.0

    def score(self, query: FeedQuery, candidates: Candidates) -> NDArray[Any]:
        worth_views, _ = self.live.trust
        after = candidates["shown"] + np.float32(1.0 + worth_views)
        lesson: NDArray[Any] = candidates["doubt"] / np.sqrt(after)
        return lesson


@dataclass(frozen=True, slots=True)
class LessOfThis:
    """What a video loses because the viewer asked for less of its creator, sound, hashtag or
    topic: at once `share` of its worth, and half as much every `half_life_s`."""

    live: Live
    share: float
    half_life_s: float
    needs = ("worth",)
    adds = ("less_of",)
    default = 0.0

    def score(self, query: FeedQuery, candidates: Candidates) -> NDArray[Any]:
        left = self.live.less_of(query.known_as, candidates.rows, query.now_ms, self.half_life_s)
        lost: NDArray[Any] = (self.share * left * np.abs(candidates["worth"])).astype(np.float32)
        return lost


@dataclass(frozen=True, slots=True)
class Total:
    """The value a slate is put in order by: worth, and what app and viewer made of it."""

    needs = ("worth", "boost", "less_of")
    adds = ("value",)
    default = 0.0

    def score(self, query: FeedQuery, candidates: Candidates) -> NDArray[Any]:
        value: NDArray[Any] = candidates["worth"] + candidates["boost"] - candidates["less_of"]
        return value
