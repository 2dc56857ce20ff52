"""Rows are given out in the order in which names are first met."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.domain.errors import Corrupt, Unavailable
from freshet.state.memory import Mapped, Shared
from freshet.state.names import Names, NameTable, Text


@given(st.lists(st.text(max_size=3)))
def test_rows_are_dense_and_in_the_order_of_first_meeting(given_names: list[str]) -> None:
    names = Names()
    rows = [names.add(name) for name in given_names]
    first_met = list(dict.fromkeys(given_names))
    assert list(names) == first_met
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


@given(st.lists(st.text(max_size=40)))
def test_another_process_finds_the_names_that_were_added(given_names: list[str]) -> None:
    memory = Shared()
    names = Names(table=NameTable("video", 256, memory))
    for name in given_names:
        names.add(name)
    read = NameTable("video", 256, Mapped(memory.files))
    assert len(read) == len(names)
    assert [read[read.row(name)] for name in given_names] == given_names
    assert read.row("never named" * 5) == -1
    memory.close()


def test_a_name_forgotten_is_nowhere_and_its_row_stays_empty() -> None:
    memory = Shared()
    names = Names(table=NameTable("viewer", 16, memory))
    names.add("anna")
    names.add("bo")
    names.forget(0)
    read = NameTable("viewer", 16, Mapped(memory.files))
    assert (names.row("anna"), read.row("anna"), names.row("bo"), read.row("bo")) == (-1, -1, 1, 1)
    assert "anna" not in list(names)
    assert "anna" not in read[0]
    assert names.add("anna") == 2
    assert Names(list(names)).add("anna") == 2


def test_a_name_that_moved_stands_for_the_other_row_and_goes_with_it() -> None:
    memory = Shared()
    names = Names(table=NameTable("viewer", 16, memory))
    for name in ("anna", "guest", "earlier guest"):
        names.add(name)
    names.move("earlier guest", 1)
    names.move("guest", 0)
    again = NameTable("viewer", 16, Shared())
    restored = Names(list(names), dict(names.moved), again)
    for where in (names, NameTable("viewer", 16, Mapped(memory.files)), restored, again):
        assert [where.row(name) for name in ("anna", "guest", "earlier guest")] == [0, 0, 0]
    names.forget(0)
    assert [names.row(name) for name in ("anna", "guest", "earlier guest")] == [-1, -1, -1]
    assert names.moved == {}


def test_a_full_table_says_so() -> None:
    names = Names(table=NameTable("topic", 2, Shared()))
    names.add("a")
    names.add("b")
    with pytest.raises(Unavailable, match="raise its capacity"):
        names.add("c")


def test_a_table_of_ones_own_grows() -> None:
    names = Names(["a" * 300_000, "b"])
    names.move("b", 0)
    told = [f"{n}" * 90 for n in range(5_000)]
    assert [names.add(name) for name in told] == list(range(2, 5_002))
    assert [names.row(name) for name in ("b", *told)] == [0, *range(2, 5_002)]
    assert names[0] == "a" * 300_000


def test_names_are_saved_as_one_text_and_found_by_it() -> None:
    names = Names(["å", "", "b"])
    text = names.text()
    assert bytes(text.text).decode() == "åb"
    again = Names(text)
    assert (list(again), again.row("b"), again.row("c")) == (["å", "", "b"], 2, -1)


def test_a_text_that_does_not_hold_what_it_says_is_refused() -> None:
    for ends in ([1, 3], [2, 1, 2]):
        with pytest.raises(Corrupt, match="do not fill"):
            Text(np.zeros(2, np.uint8), np.array(ends))


def test_what_is_at_hand_is_what_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freshet.state.names.AT_HAND", 2)
    names = Names([f"{n}" for n in range(9)])
    assert [names.row(f"{n}") for n in (*range(9), 0, 8)] == [*range(9), 0, 8]
    names.move("8", 3)
    assert names.row("8") == 3
    names.forget(3)
    assert (names.row("3"), names.row("8"), names.row("2")) == (-1, -1, 2)
