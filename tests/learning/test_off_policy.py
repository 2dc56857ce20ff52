"""Off-policy estimators against numbers worked out by hand, and against the truth."""

from __future__ import annotations

import numpy as np
import pytest

from freshet.domain.errors import Refused
from freshet.learning.off_policy import Logged, effective_size, estimates, halves


def logged(**changes: object) -> Logged:
    columns: dict[str, object] = {
        "reward": np.array([1.0, 0.0, 1.0, 1.0]),
        "logged": np.array([0.5, 0.5, 0.25, 0.25]),
        "asked": np.array([0.25, 0.5, 0.25, 0.0]),
        "predicted": np.array([0.5, 0.5, 1.0, 0.0]),
        "value": np.array([0.4, 0.4, 0.8, 0.8]),
    }
    return Logged(**columns | changes)  # type: ignore[arg-type]


def test_each_estimator_is_its_formula():
    found = estimates(logged(), np.random.default_rng(0))  # weights .5, 1, 1, 0
    assert found["ips"].value == pytest.approx(1.5 / 4)
    assert found["snips"].value == pytest.approx(1.5 / 2.5)
    assert found["dm"].value == pytest.approx(2.4 / 4)
    assert found["dr"].value == pytest.approx((2.4 + 0.25 - 0.5) / 4)
    assert effective_size(logged().weight) == pytest.approx(2.5**2 / 2.25)


def test_a_policy_judged_by_its_own_log_gets_the_mean_of_it():
    same = np.full(4, 0.5)
    found = estimates(logged(logged=same, asked=same), np.random.default_rng(0))
    assert found["ips"].value == found["snips"].value == 0.75


def test_without_predictions_there_is_no_model_based_estimate():
    found = estimates(logged(predicted=None, value=None), np.random.default_rng(0))
    assert set(found) == {"ips", "snips"}


def test_right_predictions_leave_doubly_robust_no_error():
    reward = np.array([1.0, 0.0, 1.0, 1.0])
    found = estimates(logged(predicted=reward, value=reward), np.random.default_rng(0))
    assert found["dr"].value == found["dm"].value


def test_decisions_of_one_viewer_are_drawn_together():
    """100 viewers who each said the same ten times know no more than 100 decisions."""
    rng = np.random.default_rng(0)
    reward = np.repeat((rng.random(100) < 0.5).astype(float), 10)
    log = Logged(reward, np.full(1000, 0.5), np.full(1000, 0.5))
    apart = estimates(log, rng)["ips"]
    together = estimates(log, rng, unit=np.repeat(np.arange(100), 10))["ips"]
    assert (together.high - together.low) / (apart.high - apart.low) == pytest.approx(
        np.sqrt(10), rel=0.2
    )


def test_no_row_is_predicted_by_what_saw_it():
    asked = []
    for fit, ask in halves(11, np.random.default_rng(0)):
        assert not set(fit) & set(ask)
        asked += ask.tolist()
    assert sorted(asked) == [*range(11)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"logged": np.array([0.5, 0.0, 0.5, 0.5])}, "logged"),
        ({"asked": np.array([0.5, 1.5, 0.5, 0.5])}, "asked"),
        ({"value": np.ones(3)}, "value"),
    ],
)
def test_what_is_no_probability_is_refused(changes, field):
    with pytest.raises(Refused) as refused:
        logged(**changes)
    assert refused.value.field == field
