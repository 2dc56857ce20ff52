"""Pins stand where the app wants them, as far as spacing allows, and spacing holds around them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from freshet.feed.diverse import Diverse
from freshet.feed.query import FeedQuery
from freshet.feed.wanted import Wanted
from freshet.pipeline import Candidates


def some(creators: list[int], sounds: list[int] | None = None) -> Candidates:
    n = len(creators)
    return Candidates.of(
        list(range(n)), value=[float(n - i) for i in range(n)], creator=creators,
        sound=sounds or [-1] * n, topics=np.full((n, 3), -1), explorable=[False] * n,
    )  # fmt: skip


def picked(
    candidates: Candidates, n: int, *pins: tuple[int, int], adjacent: Any = None, **more: Any
) -> list[int]:
    placed = tuple(sorted(pins, key=lambda pin: pin[1]))
    query = FeedQuery(
        -1, n, 0, 1, wanted=Wanted(pins=placed), adjacent=adjacent or Candidates.of([])
    )
    slate = Diverse(**more).select(query, candidates)
    places = {int(row) for row, _ in pins}
    assert slate["pinned"].tolist() == [int(row) in places for row in slate.rows]
    assert slate["propensity"][slate["pinned"]].tolist() == [1.0] * int(slate["pinned"].sum())
    return [int(row) for row in slate.rows]


def test_a_pin_stands_at_its_place_and_nowhere_else() -> None:
    assert picked(some([0, 1, 2, 3, 4]), 4, (4, 0)) == [4, 0, 1, 2]
    assert picked(some([0, 1, 2, 3, 4]), 4, (0, 2), (4, 3)) == [1, 2, 0, 4]


def test_the_places_around_a_pin_keep_their_distance() -> None:
    # 0 and 3 are by one creator: 0 may stand neither right before nor right behind 3.
    assert picked(some([7, 1, 2, 7]), 3, (3, 1)) == [1, 3, 2]
    assert picked(some([0, 1, 2, 3], [5, -1, -1, 5]), 3, (3, 1)) == [1, 3, 2]


def test_of_two_neighbouring_pins_by_one_creator_the_second_falls_out() -> None:
    assert picked(some([0, 1, 7, 7]), 3, (2, 0), (3, 1)) == [2, 0, 1]


def test_a_pin_beside_what_was_shown_last_by_its_creator_falls_out() -> None:
    last = Candidates.of([90], creator=[3], sound=[-1])
    assert picked(some([0, 1, 2, 3]), 3, (3, 0), adjacent=last) == [0, 1, 2]


def test_a_pin_moves_up_rather_than_leave_a_gap() -> None:
    assert picked(some([0, 1, 2]), 8, (2, 7)) == [0, 1, 2]
    assert picked(some([0, 0, 2]), 8, (2, 7)) == [0, 2, 1]


def test_a_pin_is_shown_once_even_where_spacing_is_lifted() -> None:
    last = Candidates.of([90], creator=[0], sound=[-1])
    assert picked(some([0]), 3, (0, 2), adjacent=last, lift_first=True) == [0]
    assert picked(some([0, 0]), 3, (1, 1), adjacent=last, lift_first=True) == [0]


@given(
    creators=st.lists(st.integers(0, 3), min_size=1, max_size=9),
    places=st.lists(st.integers(0, 5), max_size=4, unique=True),
    last=st.integers(-1, 3),
)
def test_no_two_neighbours_by_one_creator_whatever_is_pinned(
    creators: list[int], places: list[int], last: int
) -> None:
    pins = [(row, place) for row, place in enumerate(places[: len(creators)])]
    rows = picked(
        some(creators), 6, *pins, adjacent=Candidates.of([90], creator=[last], sound=[-1])
    )
    by = [last, *(creators[row] for row in rows)]
    assert all(one != other for one, other in itertools.pairwise(by))
    assert len(rows) == len(set(rows))
