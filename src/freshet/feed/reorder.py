"""The items of a logged slate in the order that a value table would give them.

Best first, no two neighbours of one creator or sound; what a pin, chance or a new topic placed
stays where it was. So the rule differs from the feed's by what the log does not hold: the
candidates that did not make the slate, and what familiar topics cost beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from freshet.feed.logged import Described, Doubles, Slate
from freshet.feed.value import Value


@dataclass(frozen=True, slots=True, eq=False)
class Put:
    """A slate by both tables: each order holds the places shown, by place."""

    slate: Slate
    old: list[int]
    new: list[int]
    same_table: bool


def put_in_order(slate: Slate, old: Value, new: Value, described: Mapping[str, Described]) -> Put:
    p, watch_s = slate.predictions[:, :-1], slate.predictions[:, -1]
    keys = [described.get(video, Described()) for video in slate.videos]
    logged = slate.value - slate.boost + slate.less_of
    lost = np.divide(slate.less_of, np.abs(logged), out=np.zeros(len(p)), where=logged != 0)

    def order(table: Value) -> list[int]:
        worth = table.of(p, watch_s)
        return ordered(worth + slate.boost - lost * np.abs(worth), slate.fixed, keys)

    near = 1e-3 * np.maximum(1.0, np.abs(logged))
    same = bool((np.abs(old.of(p, watch_s) - logged) <= near).all())
    return Put(slate, order(old), order(new), same)


def ordered(value: Doubles, fixed: Sequence[bool], keys: Sequence[Described]) -> list[int]:
    """Items by place: best first, the first of equals, spaced as far as that is possible.

    >>> one, other = Described("ada"), Described("bo")
    >>> ordered(np.array([1.0, 2.0, 3.0]), [False] * 3, [other, one, one])
    [2, 0, 1]
    >>> ordered(np.array([1.0, 2.0, 3.0]), [True, False, False], [other, one, one])
    [0, 2, 1]
    """
    free = [i for i in np.argsort(-value, kind="stable").tolist() if not fixed[i]]
    order: list[int] = []
    for place, stays in enumerate(fixed):
        if stays:
            order.append(place)
            continue
        beside = [keys[order[-1]]] if order else []
        if place + 1 < len(fixed) and fixed[place + 1]:
            beside.append(keys[place + 1])
        fits = (i for i in free if not any(_equal(keys[i], other) for other in beside))
        order.append(next(fits, free[0]))
        free.remove(order[-1])
    return order


def _equal(one: Described, other: Described) -> bool:
    return one.creator == other.creator != "" or one.sound == other.sound != ""


def tau(one: Sequence[int], other: Sequence[int]) -> float:
    """Kendall's, of two orders of the same n >= 2 items.

    >>> tau([0, 1, 2], [0, 1, 2]), tau([0, 1, 2], [2, 1, 0])
    (1.0, -1.0)
    """
    n = len(one)
    at = np.empty(n, np.int64)
    at[list(other)] = np.arange(n)
    then = at[list(one)]
    turned = int(np.triu(then[:, None] > then[None]).sum())
    return 1.0 - 4.0 * turned / (n * (n - 1))


def reach_of(slates: Sequence[Slate]) -> Doubles:
    """θ (places,): impressions at a place / slates that have it."""
    places = max(len(slate.videos) for slate in slates)
    seen, there = np.zeros(places), np.zeros(places)
    for slate in slates:
        there[: len(slate.videos)] += 1
        seen[list(slate.came)] += 1
    return seen / there
