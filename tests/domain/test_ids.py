"""Ids carry their time and sort by it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.domain.ids import uuid7, uuid7_ms

pytestmark = pytest.mark.thorough

times_ms = st.integers(0, 2**48 - 1)


@given(times_ms, st.integers())
def test_an_id_carries_the_millisecond_it_was_made(time_ms: int, seed: int) -> None:
    assert uuid7_ms(uuid7(time_ms, Random(seed))) == time_ms


@given(times_ms, times_ms)
def test_ids_sort_by_time(one_ms: int, other_ms: int) -> None:
    one, other = uuid7(one_ms, Random(1)), uuid7(other_ms, Random(2))
    assert (one < other) == (one_ms < other_ms) or one_ms == other_ms


def test_an_id_has_the_version_and_variant_of_rfc_9562() -> None:
    made = uuid7(1_650_812_741_436, Random(3))
    assert (made[14], made[19]) in {("7", digit) for digit in "89ab"}


@pytest.mark.parametrize("text", ["", "video-1", "c232ab00-9414-11ec-b3c8-9f6bdeced846"])
def test_what_is_no_uuid7_has_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"UUID|hexadecimal"):
        uuid7_ms(text)
