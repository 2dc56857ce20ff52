"""Rows are given out in the order in which names are first met."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from freshet.state.names import Names


@given(st.lists(st.text(max_size=3)))
def test_rows_are_dense_and_in_the_order_of_first_meeting(given_names: list[str]) -> None:
    names = Names()
    rows = [names.add(name) for name in given_names]
    first_met = list(dict.fromkeys(given_names))
    assert names.items == first_met
    assert [names[row] for row in rows] == given_names
    assert [names.row(name) for name in first_met] == list(range(len(names)))


def test_what_was_never_named_has_no_row() -> None:
    assert Names(["a"]).row("b") == -1


def test_nothing_has_no_row() -> None:
    names = Names()
    assert names.add_or_none("") == -1
    assert len(names) == 0


def test_names_go_on_where_they_were_left() -> None:
    names = Names(["a", "b"])
    assert (names.add("b"), names.add("c")) == (1, 2)
