"""A probability comes to mean what it says, soon, and follows when rates change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from freshet.domain.outcomes import INDEX
from freshet.lab.calibration import calibrate
from freshet.learning.calibration import LATELY, MIDDLES, N_OUTCOMES, new_odds, new_tuning, tune
from freshet.learning.learner import HEADS, chances
from freshet.learning.params import new_params

LIKE = INDEX["like"]
Doubles = NDArray[np.float64]


def told(logits: Doubles, truth: Doubles, seed: int = 0) -> tuple[Doubles, Doubles]:
    """Likes that come with probability `truth` (n,), predicted one by one from `logits` (n,):
    what was said of each before it was known, and whether it came."""
    happened = np.random.default_rng(seed).random(len(truth)) < truth
    odds, tuning = new_odds(HEADS), new_tuning()
    every, target = MIDDLES.astype(np.float32), np.zeros(HEADS, np.float32)
    every = np.concatenate([every, np.zeros(HEADS - N_OUTCOMES, np.float32)])
    said = np.empty(len(logits))
    for n, logit in enumerate(logits):
        every[LIKE], target[LIKE] = logit, happened[n]
        said[n] = sigmoid(odds[0, LIKE] * every[LIKE] + odds[1, LIKE])
        tune(odds, tuning, every, target, n)
    return said, happened.astype(np.float64)


def sigmoid(logits: Any) -> Any:
    return 1 / (1 + np.exp(-logits))


@pytest.fixture(scope="module")
def truth() -> Doubles:
    """Log odds of a rare outcome."""
    return np.random.default_rng(1).normal(-3.5, 0.8, 20_000)


def test_what_says_too_little_is_stretched_and_what_says_too_much_is_shifted(
    truth: Doubles,
) -> None:
    said, happened = told(-3.0 + 0.7 * (truth + 3.5), sigmoid(truth))
    found = calibrate(happened[8_000:], said[8_000:])
    assert found.slope == pytest.approx(1, abs=0.15)
    assert found.observed_over_predicted == pytest.approx(1, abs=0.06)


def test_what_was_right_stays_so(truth: Doubles) -> None:
    said, happened = told(truth, sigmoid(truth))
    assert np.abs(said - sigmoid(truth)).mean() < 0.1 * sigmoid(truth).mean()
    assert calibrate(happened, said).slope == pytest.approx(1, abs=0.15)


def test_a_change_of_rates_is_followed(truth: Doubles) -> None:
    half = len(truth) // 2
    later = truth + np.where(np.arange(len(truth)) < half, 0.0, 0.8)
    said, happened = told(truth, sigmoid(later))
    late = slice(half + half // 3, None)
    assert happened[late].mean() / sigmoid(truth[late]).mean() > 1.6
    assert happened[late].mean() / said[late].mean() == pytest.approx(1, abs=0.12)


def test_what_has_never_happened_keeps_a_model_finite() -> None:
    odds, tuning = new_odds(HEADS), new_tuning()
    for target in (np.zeros(HEADS, np.float32), np.ones(HEADS, np.float32)):
        for logit in (-1e9, 1e9, 0.0):
            for n in range(300):
                tune(odds, tuning, np.full(HEADS, logit, np.float32), target, n)
    assert np.isfinite(odds).all()
    assert np.isfinite(tuning).all()
    assert (odds[0] > 0).all()  # what was likelier stays likelier


def test_watch_times_and_a_new_model_are_left_as_they_are() -> None:
    params = new_params(3, 0)
    logits, p = np.linspace(-3, 3, HEADS).astype(np.float32), np.empty(HEADS, np.float32)
    chances(params, logits, p)
    assert p == pytest.approx(sigmoid(logits), abs=1e-6)
    for n in range(100):
        tune(params.odds, params.tuning, logits, np.ones(HEADS, np.float32), n)
    assert (params.odds[0, N_OUTCOMES:] == 1).all()
    assert (params.odds[1, N_OUTCOMES:] == 0).all()
    assert LATELY > 1_000
