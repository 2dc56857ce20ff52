"""What a video is worth to a viewer: Σ weight × predicted outcome, by an open table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.domain.errors import Refused
from freshet.feed.query import FeedQuery
from freshet.pipeline import Candidates

WATCH = "watch_s"  # expected seconds of watching: the one entry that is no probability


@dataclass(frozen=True, slots=True)
class Value:
    """Adds `value` by a table of weights over a model's outcomes and `watch_s`.

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
    adds = ("value",)
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

    def score(self, query: FeedQuery, candidates: Candidates) -> NDArray[Any]:
        return self.of(candidates["predictions"], candidates[WATCH])
