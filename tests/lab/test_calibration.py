import numpy as np
import pytest

from freshet.lab.calibration import calibrate


def drawn(p, seed=0):
    return (np.random.default_rng(seed).random(len(p)) < p).astype(np.uint8)


TRUE_P = 1 / (1 + np.exp(-np.random.default_rng(1).normal(size=40_000)))


def test_true_probabilities_have_slope_one_and_every_decile_right():
    found = calibrate(drawn(TRUE_P), TRUE_P)
    assert found.slope == pytest.approx(1, abs=0.05)
    assert found.intercept == pytest.approx(0, abs=0.05)
    assert found.observed_over_predicted == pytest.approx(1, abs=0.03)
    assert len(found.deciles) == 10
    for decile in found.deciles:
        assert decile.observed_over_predicted == pytest.approx(1, abs=0.12)
    assert found.log_loss < found.log_loss_constant


def test_overconfident_predictions_have_a_slope_under_one():
    logit = np.log(TRUE_P / (1 - TRUE_P))
    assert calibrate(drawn(TRUE_P), 1 / (1 + np.exp(-2 * logit))).slope == pytest.approx(
        0.5, abs=0.03
    )


def test_predictions_twice_too_high_are_seen_as_such():
    assert calibrate(drawn(TRUE_P / 2), TRUE_P).observed_over_predicted == pytest.approx(
        0.5, abs=0.02
    )


def test_one_constant_for_all_has_no_slope_and_the_constants_log_loss():
    label = drawn(np.full(1000, 0.3))
    found = calibrate(label, np.full(1000, label.mean()))
    assert np.isnan(found.slope)
    assert found.log_loss == pytest.approx(found.log_loss_constant)


def test_predictions_of_exactly_zero_and_one_stay_finite():
    found = calibrate(np.array([0, 1, 1, 0]), np.array([0.0, 1.0, 0.0, 1.0]))
    assert np.isfinite(found.log_loss)
