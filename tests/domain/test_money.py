"""Money is exact: integers of a millionth, one currency at a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.domain.errors import Refused
from freshet.domain.money import Money

pytestmark = pytest.mark.thorough

micros = st.integers(-(10**18), 10**18)


@given(micros)
def test_an_amount_written_and_read_is_the_same(amount: int) -> None:
    money = Money(amount, "EUR")
    assert Money.parse(str(money).split()[0], "EUR") == money


@given(micros, micros)
def test_what_is_added_can_be_taken_away(one: int, other: int) -> None:
    assert Money(one, "EUR") + Money(other, "EUR") - Money(other, "EUR") == Money(one, "EUR")


@pytest.mark.parametrize("text", ["", "ten", "0.0000001", "NaN", "Infinity", "-inf"])
def test_an_amount_that_is_not_an_exact_number_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        Money.parse(text, "EUR")
    assert refusal.value.field == "amount"


def test_two_currencies_do_not_meet() -> None:
    with pytest.raises(Refused, match="USD meets EUR"):
        Money(1, "EUR") + Money(1, "USD")
