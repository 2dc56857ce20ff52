"""Ties: lists that hold what a dict would, in bytes that depend on the order alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.domain.errors import Unavailable
from freshet.state import ties as t
from freshet.state.tied import many, reached
from freshet.state.ties import FOLLOWS, HIDES, PERSON, SEEN, SERVED, VIDEO, Ties

VIEWERS = 6
keys = st.tuples(
    st.integers(0, VIEWERS - 1),
    st.sampled_from(range(t.SEEN, t.LESS_TOPIC + 1)),
    st.integers(0, 2**28 - 1) | st.integers(0, 3),
)
acts = st.lists(st.tuples(keys, st.integers(-(2**31), 2**31 - 1)), max_size=200)
QUIET = np.zeros(VIEWERS, np.uint32)  # sequence numbers of viewers nobody writes


def small(capacity: int = 1 << 13) -> Ties:
    return Ties(VIEWERS, capacity)


def put(ties: Ties, given_acts: list[tuple[tuple[int, int, int], int]]) -> Ties:
    for key, value in given_acts:
        ties.set(*key, value)
    return ties


def as_bytes(ties: Ties) -> dict[str, bytes]:
    used = ties.words[: int(ties.used[0])]
    return {"heads": ties.heads.tobytes(), "words": used.tobytes(), "used": ties.used.tobytes()}


@given(acts)
def test_the_lists_hold_what_a_dict_would(acts: list[tuple[tuple[int, int, int], int]]) -> None:
    ties, expected = put(small(), acts), dict(acts)
    assert {key: ties.get(*key) for key in expected} == expected
    assert sum(ties.heads[:, [t.COUNT, t.LIST + t.COUNT]].ravel()) == len(expected)


@given(acts)
def test_the_same_order_gives_the_same_bytes(acts: list[tuple[tuple[int, int, int], int]]) -> None:
    assert as_bytes(put(small(), acts)) == as_bytes(put(small(), acts))


def lists(ties: Ties) -> list[list[list[int]]]:
    return [ties.copied(QUIET, viewer, at).tolist()
            for viewer in range(VIEWERS) for at in (t.SHOWN, t.OTHER)]  # fmt: skip


@given(acts, st.integers(0, 200))
def test_lists_that_were_taken_up_and_laid_down_go_on_as_if_nothing_had_been(
    acts: list[tuple[tuple[int, int, int], int]], cut: int
) -> None:
    ties = put(small(), acts[:cut])
    for viewer in range(VIEWERS):
        copies = {at: ties.copied(QUIET, viewer, at).copy() for at in (t.SHOWN, t.OTHER)}
        t.clear_ties(ties.heads, ties.words, ties.used, viewer)
        for at, copy in copies.items():
            flat, count = copy.reshape(-1), copy.shape[1]
            assert t.put_list(ties.heads, ties.words, ties.used, viewer, at, flat, count)
    assert lists(put(ties, acts[cut:])) == lists(put(small(), acts))


def test_a_list_is_not_laid_down_where_there_is_no_room() -> None:
    ties = small(64)
    many = np.ones(200, np.int32)
    assert not t.put_list(ties.heads, ties.words, ties.used, 0, t.SHOWN, many, 100)
    assert not ties.heads[0].any()


@given(acts, st.sampled_from([SEEN, SERVED, VIDEO, t.LESS_TOPIC]), st.lists(st.integers(0, 5)))
def test_many_looks_see_what_single_ones_do(
    acts: list[tuple[tuple[int, int, int], int]], kind: int, rows: list[int]
) -> None:
    ties = put(small(), acts)
    copied = ties.copied(QUIET, 0, t.list_of(kind))
    found = many(copied, kind, np.array(rows, np.int32))
    assert found.tolist() == [ties.get(0, kind, row) for row in rows]


@given(acts, st.lists(st.integers(0, 5)), st.integers(-5, 5), st.integers(-5, 5))
def test_reached_is_what_the_values_of_each_kind_say(
    acts: list[tuple[tuple[int, int, int], int]], rows: list[int], seen: int, served: int
) -> None:
    ties = put(small(), acts)
    copied = ties.copied(QUIET, 0, t.SHOWN)
    found = reached(copied, np.array(rows, np.int32), np.array([seen, served]))
    least = {SEEN: seen, SERVED: served}
    values = [[(ties.get(0, kind, row), least[kind]) for kind in least] for row in rows]
    assert found.tolist() == [
        any(value and value >= bound for value, bound in both) for both in values
    ]


def test_nobody_and_nothing_have_no_ties() -> None:
    ties = small()
    ties.set(0, VIDEO, 0, 1)
    assert (ties.get(-1, VIDEO, 0), ties.get(0, VIDEO, -1), ties.get(0, PERSON, 0)) == (0, 0, 0)
    assert ties.copied(QUIET, -1, t.OTHER).shape == (2, 0)


def test_what_was_served_becomes_seen() -> None:
    ties = small()
    arrays = (ties.heads, ties.words, ties.used)
    t.show(*arrays, 1, 7, SERVED, 100)
    t.show(*arrays, 1, 7, SEEN, 110)
    assert (ties.get(1, SERVED, 7), ties.get(1, SEEN, 7)) == (0, 110)
    assert ties.heads[1, t.COUNT] == 1


def test_what_was_seen_long_ago_and_is_served_again_is_both() -> None:
    ties = small()
    arrays = (ties.heads, ties.words, ties.used)
    t.show(*arrays, 1, 7, SEEN, 110)
    t.show(*arrays, 1, 7, SERVED, 9_000_000)
    assert (ties.get(1, SERVED, 7), ties.get(1, SEEN, 7)) == (9_000_000, 110)
    t.show(*arrays, 1, 7, SEEN, 9_000_010)
    assert ties.get(1, SEEN, 7) == 9_000_010
    assert ties.heads[1, t.COUNT] == 2


def test_a_list_that_is_dropped_keeps_the_order_of_the_rest() -> None:
    ties = small()
    for row in range(10):
        ties.set(2, SERVED if row % 3 else SEEN, row, row + 1)
    t.drop_kinds(ties.heads, ties.words, 2, t.SHOWN, SERVED, SERVED)
    assert ties.copied(QUIET, 2, t.SHOWN)[1].tolist() == [1, 4, 7, 10]


def test_a_piece_given_back_holds_nothing_and_is_used_again() -> None:
    ties = small()
    for row in range(30):
        ties.set(0, SEEN, row, 9)
    spent = int(ties.used[0])
    t.clear_ties(ties.heads, ties.words, ties.used, 0)
    assert not ties.heads[0].any()
    assert not (ties.words[:spent] == 9).any()
    for row in range(30):
        ties.set(3, SEEN, row, 8)
    assert ties.used[0] == spent


def test_taking_over_keeps_the_later_time_and_every_bit() -> None:
    ties = small()
    ties.set(0, SEEN, 5, 50)
    ties.set(0, SERVED, 6, 60)
    ties.set(0, PERSON, 1, FOLLOWS)
    ties.set(1, SEEN, 5, 40)
    ties.set(1, PERSON, 1, HIDES)
    assert t.take_over(ties.heads, ties.words, ties.used, 0, 1)
    assert (ties.get(1, SEEN, 5), ties.get(1, SERVED, 6)) == (50, 60)
    assert ties.get(1, PERSON, 1) == FOLLOWS | HIDES


def test_the_arena_never_moves_and_says_when_it_is_full() -> None:
    ties = small(64)
    address = ties.words.ctypes.data
    with pytest.raises(Unavailable, match="raise its capacity"):
        put(ties, [((0, VIDEO, row), row + 1) for row in range(100)])
    assert ties.words.ctypes.data == address
    held = int(ties.heads[0, t.LIST + t.COUNT])
    assert [ties.get(0, VIDEO, row) for row in range(held)] == list(range(1, held + 1))
