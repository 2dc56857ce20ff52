"""What shares and rates of two orders are made of: sums per viewer, and resamples of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.domain.outcomes import OUTCOMES
from freshet.feed.logged import Doubles
from freshet.feed.reorder import Put, tau
from freshet.feed.value import WATCH
from freshet.learning.off_policy import resampled

Ints = NDArray[np.int64]

NAMES = (*OUTCOMES, WATCH)
TOP = 3
W_MAX = 10.0
RESAMPLES = 400


class Items:
    """Every item of every slate, one below the other."""

    def __init__(self, put: Sequence[Put]) -> None:
        self.unit = np.repeat(_units(put), [len(one.slate.videos) for one in put])
        self.shown = _column(range(len(one.slate.videos)) for one in put)
        self.old = _column(np.argsort(one.old).tolist() for one in put)
        self.new = _column(np.argsort(one.new).tolist() for one in put)
        self.predictions = np.concatenate([one.slate.predictions for one in put])
        came = [one.slate.came.get(k) for one in put for k in range(len(one.slate.videos))]
        self.seen = np.array([one is not None for one in came])
        self.came = np.zeros(self.predictions.shape)
        for row in np.flatnonzero(self.seen).tolist():
            told = came[row]
            assert told is not None
            self.came[row] = told.outcomes()

    def weight(self, reach: Doubles, place: Ints) -> Doubles:
        """w (items,) of an order; 0 of what nobody saw."""
        shown = np.where(self.seen, reach[self.shown], 1.0)
        return np.where(self.seen, np.minimum(reach[place] / shown, W_MAX), 0.0)


def _units(put: Sequence[Put]) -> Ints:
    number: dict[str, int] = {}
    return np.array([number.setdefault(one.slate.viewer, len(number)) for one in put])


def _column(parts: Any) -> Ints:
    return np.concatenate([np.array(part, np.int64) for part in parts])


class Sums:
    """What all shares and rates are made of, summed per viewer."""

    def __init__(self, put: Sequence[Put], items: Items, reach: Doubles) -> None:
        self.names: list[str] = []
        sums = list[Doubles]()

        def add(name: str, column: Any, unit: Ints) -> None:
            self.names.append(name)
            sums.append(np.bincount(unit, np.asarray(column, np.float64)).astype(np.float64))

        by_slate, size = _units(put), np.array([len(one.slate.videos) for one in put])
        add("slates", np.ones(len(put)), by_slate)
        add("changed", [one.old != one.new for one in put], by_slate)
        add("tau", [tau(one.old, one.new) for one in put], by_slate)
        add("first", [one.old[0] != one.new[0] for one in put], by_slate)
        add("longer", size > TOP, by_slate)
        add("top", [set(one.old[:TOP]) != set(one.new[:TOP]) for one in put], by_slate)
        add("places", size, by_slate)
        add("moved", items.old != items.new, items.unit)
        for order, place in (("old", items.old), ("new", items.new)):
            theta, weight = reach[place], items.weight(reach, place)
            add(f"{order} reach", theta, items.unit)
            add(f"{order} weight", weight, items.unit)
            for index, name in enumerate(NAMES):
                add(f"{order} expected {name}", theta * items.predictions[:, index], items.unit)
                add(f"{order} came {name}", weight * items.came[:, index], items.unit)
        self.per_unit = np.column_stack(sums)

    def resampled(self, rng: np.random.Generator) -> tuple[Ratios, Ratios]:
        drawn = resampled(self.per_unit, rng, RESAMPLES)
        return (
            Ratios(dict(zip(self.names, self.per_unit.sum(axis=0), strict=True))),
            Ratios(dict(zip(self.names, drawn.T, strict=True))),
        )


@dataclass(frozen=True, slots=True)
class Ratios:
    """Sums by name: of all viewers, or of each resample."""

    sums: Mapping[str, Any]

    def of(self, above: str, below: str) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.divide(self.sums[above], self.sums[below])

    def change(self, what: str, below: str) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            return (
                np.divide(
                    self.of(f"new {what}", f"new {below}"), self.of(f"old {what}", f"old {below}")
                )
                - 1.0
            )
