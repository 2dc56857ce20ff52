"""What a replay is judged by: one outcome, or one against another.

    ("long_view",)               every impression counts: long, or not
    ("not_interested", "like")   those that came to one of the two: which of them

Of two outcomes, what is predicted is how much likelier the first is: the difference of the
logarithms of their odds. Where every impression came to one of them that orders as either
probability would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from freshet.lab.metrics import Array

_EDGE = 1e-7  # a probability of exactly 0 or 1 would have no logarithm of odds


@dataclass(frozen=True, slots=True, eq=False)
class MainLabel:
    happened: Array  # (n,) of the first outcome
    counts: Array  # (n,) impressions that are judged by it


def main_name(main: Sequence[str]) -> str:
    """
    >>> main_name(("not_interested", "like"))
    'not_interested against like'
    """
    return " against ".join(main)


def main_label(main: Sequence[str], outcomes: Sequence[str], labels: Array) -> MainLabel:
    """Of the outcomes' labels (n, O).

    >>> found = main_label(("hate", "like"), ("hate", "like"), np.array([[1, 0], [0, 1], [0, 0]]))
    >>> found.happened.tolist(), found.counts.tolist()
    ([1, 0, 0], [True, True, False])
    """
    columns = [labels[:, outcomes.index(name)] for name in main]
    happened = columns[0]
    if len(columns) == 1:
        return MainLabel(happened, np.ones(len(happened), np.bool_))
    return MainLabel(happened, happened != columns[1])


def main_score(main: Sequence[str], outcomes: Sequence[str], predictions: Array) -> Array:
    """(n,) what rises with the first outcome, from the outcomes' probabilities (n, O)."""
    columns = [predictions[:, outcomes.index(name)] for name in main]
    if len(columns) == 1:
        return columns[0]
    first, second = (_log_odds(column) for column in columns)
    return first - second


def _log_odds(p: Array) -> Array:
    inside = np.clip(p.astype(np.float64), _EDGE, 1 - _EDGE)
    odds: Array = np.log(inside / (1 - inside))
    return odds
