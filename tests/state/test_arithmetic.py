"""Our own logarithms and powers, against those of the library in double precision."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.state.arithmetic import e_to, ln, ln1p, ln_ratio
from freshet.state.compiled import kernel

positive = st.floats(2.0**-40, 2.0**40, width=32)


@kernel
def ratio(a, b):
    return ln_ratio(a, b)


@kernel
def power(x):
    return e_to(x)


@kernel
def logs(a):
    return ln(a), ln1p(a)


@given(positive, positive)
def test_the_logarithm_of_a_ratio(a: float, b: float) -> None:
    right = log(a / b)
    assert ratio(np.float32(a), np.float32(b)) == pytest.approx(right, rel=4e-7, abs=4e-7)


@given(positive)
def test_logarithms(a: float) -> None:
    found = logs(np.float32(a))
    assert found == pytest.approx((log(a), log(1 + a)), rel=4e-7, abs=4e-7)


def test_what_is_below_0_counts_as_0_where_1_is_added() -> None:
    assert logs(np.float32(-3.0))[1] == 0.0


@given(st.floats(-80, 80, width=32))
def test_powers_of_e(x: float) -> None:
    assert power(np.float32(x)) == pytest.approx(exp(x), rel=2e-7 + 1e-7 * abs(x))


@given(st.floats(-(2.0**100), -87, width=32))
def test_the_least_power_is_a_number_and_next_to_nothing(x: float) -> None:
    assert 0 <= power(np.float32(x)) < 2e-38


def test_e_to_nothing_is_exactly_one() -> None:
    assert power(np.float32(0)) == 1.0
    assert ratio(np.float32(3), np.float32(3)) == 0.0
