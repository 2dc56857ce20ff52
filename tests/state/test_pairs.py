"""Ties: a table that holds what a dict would, in bytes that depend on the order alone."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.domain.errors import Unavailable
from freshet.state.pairs import PERSON, SEEN, SOUND, TOPIC, VIDEO, Pairs

KINDS = (SEEN, VIDEO, PERSON, SOUND, TOPIC)
keys = st.tuples(st.integers(0, 2**29 - 1), st.sampled_from(KINDS), st.integers(0, 2**31 - 1))
acts = st.lists(st.tuples(keys, st.integers(-(2**31), 2**31 - 1)), max_size=200)


class Small(Pairs):
    START = 8  # so that a test can see it grow


def small(capacity: int = 1 << 10) -> Pairs:
    return Small(capacity)


@given(acts)
def test_the_table_holds_what_a_dict_would(acts: list[tuple[tuple[int, int, int], int]]) -> None:
    pairs, expected = small(), {}
    for key, value in acts:
        pairs.set(*key, value)
        expected[key] = value
    assert {key: pairs.get(*key) for key in expected} == expected
    assert pairs.used[0] == len(expected)


@given(acts)
def test_the_same_order_gives_the_same_bytes(acts: list[tuple[tuple[int, int, int], int]]) -> None:
    one, two = small(), small()
    for pairs in (one, two):
        for key, value in acts:
            pairs.set(*key, value)
    assert {k: v.tobytes() for k, v in one.state().items()} == {
        k: v.tobytes() for k, v in two.state().items()
    }


@given(acts, st.integers(0, 200))
def test_a_restored_table_goes_on_as_if_nothing_had_been(
    acts: list[tuple[tuple[int, int, int], int]], cut: int
) -> None:
    straight, before = small(), small()
    for key, value in acts:
        straight.set(*key, value)
    for key, value in acts[:cut]:
        before.set(*key, value)
    after = small()
    after.restore(before.state())
    for key, value in acts[cut:]:
        after.set(*key, value)
    assert {k: v.tobytes() for k, v in straight.state().items()} == {
        k: v.tobytes() for k, v in after.state().items()
    }


def test_the_table_doubles_when_half_full_and_nothing_moves_in_memory() -> None:
    pairs = small()
    address, sizes = pairs.keys.ctypes.data, []
    for row in range(100):
        pairs.set(1, VIDEO, row, row + 1)
        sizes.append(int(pairs.used[1]))
    assert list(dict.fromkeys(sizes)) == [8, 16, 32, 64, 128, 256]
    assert pairs.keys.ctypes.data == address
    assert pairs.get_many(1, VIDEO, np.arange(100)).tolist() == list(range(1, 101))


def test_what_was_never_tied_is_0() -> None:
    pairs = small()
    pairs.set(3, VIDEO, 5, 9)
    assert (pairs.get(5, VIDEO, 3), pairs.get(3, SOUND, 5), pairs.get(3, VIDEO, 6)) == (0, 0, 0)


def test_nobody_and_nothing_have_no_ties() -> None:
    pairs = small()
    pairs.set(0, VIDEO, 0, 1)
    assert (pairs.get(-1, VIDEO, 0), pairs.get(0, VIDEO, -1)) == (0, 0)
    assert pairs.get_many(-1, VIDEO, np.arange(2)).tolist() == [0, 0]


def test_kinds_of_things_do_not_meet() -> None:
    pairs = small()
    for kind in KINDS:
        pairs.set(1, kind, 1, kind + 10)
    assert [pairs.get(1, kind, 1) for kind in KINDS] == [kind + 10 for kind in KINDS]


@pytest.mark.parametrize("capacity", [4, 32])
def test_a_full_table_says_so_and_keeps_what_it_has(capacity: int) -> None:
    pairs = small(capacity)
    held = capacity // 2
    for row in range(held):
        pairs.set(0, VIDEO, row, row + 1)
    with pytest.raises(Unavailable, match="raise its capacity"):
        pairs.set(0, VIDEO, held, 1)
    assert pairs.get_many(0, VIDEO, np.arange(held)).tolist() == list(range(1, held + 1))


def test_a_table_too_small_for_what_was_saved_says_so() -> None:
    large = small()
    for row in islice(range(100), 40):
        large.set(0, VIDEO, row, 1)
    with pytest.raises(Unavailable, match="needs 128 slots"):
        small(32).restore(large.state())
