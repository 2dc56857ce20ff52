"""Evidence: how far a shrunken rate lies from what was to be expected without it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.features.tally import decay, evidence, span_of

rates = st.floats(0.001, 0.999)
views = st.floats(0, 1e6)


@given(rates, st.floats(0.1, 100))
def test_no_views_are_no_evidence(prior: float, strength: float) -> None:
    assert evidence(0.0, 0.0, prior, strength, False) == pytest.approx(0, abs=2e-4)
    assert evidence(0.0, 0.0, prior, strength, True) == pytest.approx(0, abs=2e-4)


@given(rates, views)
def test_a_rate_as_expected_is_no_evidence(prior: float, views: float) -> None:
    assert evidence(prior * views, views, prior, 20.0, False) == pytest.approx(0, abs=2e-4)


@given(rates, st.floats(1, 1e5), rates)
def test_evidence_points_to_where_the_rate_lies(prior: float, views: float, rate: float) -> None:
    found = evidence(rate * views, views, prior, 20.0, False)
    assert found == 0 or (found > 0) == (rate > prior) or abs(rate - prior) < 1e-4


def test_more_of_the_same_is_stronger_evidence() -> None:
    found = [evidence(0.5 * n, float(n), 0.1, 20.0, False) for n in (1, 10, 100, 10_000)]
    assert found == sorted(found)
    assert found[-1] == pytest.approx(math.log(9), abs=0.02)


def test_a_sum_below_nothing_is_nothing() -> None:
    assert evidence(-1.0, 3.0, 0.02, 5.0, False) == evidence(0.0, 3.0, 0.02, 5.0, False)


def test_a_fading_tally_halves_in_its_half_life_and_never_grows() -> None:
    row = np.ones(4, np.float32)
    decay(row, 1, 2, 1_000.0, 1_000.0)
    assert row.tolist() == [1, 0.5, 0.5, 1]
    decay(row, 1, 2, -5_000.0, 1_000.0)  # a clock that went back
    assert row.tolist() == [1, 0.5, 0.5, 1]


def test_spans_grow_with_the_duration_and_are_few() -> None:
    durations = [0, 1, 500, 2_000, 9_000, 15_000, 60_000, 600_000, 2**31 - 1]
    spans = [span_of(ms) for ms in durations]
    assert spans == sorted(spans)
    assert (spans[0], span_of(-5), spans[1], spans[-1]) == (0, 0, 1, 15)


def test_what_always_or_never_happens_is_finite_evidence() -> None:
    assert math.isfinite(evidence(1e6, 1e6, 0.0, 20.0, False))
    assert math.isfinite(evidence(0.0, 1e6, 1.0, 20.0, False))
