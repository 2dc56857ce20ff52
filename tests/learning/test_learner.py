"""The ranker: it goes down the gradient, stays finite, and its watch times make sense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from freshet.learning.calibration import tune
from freshet.learning.learner import (
    CLIP,
    HEADS,
    MIDDLES_S,
    THRESHOLDS_S,
    WIDTH,
    alike,
    chances,
    forward,
    forward_many,
    learn,
    meet,
    meet_watch,
    standardise,
    watch_times,
)
from freshet.learning.params import new_params

Floats = NDArray[np.float32]
INPUTS = 6


class Model:
    """Parameters and the arrays their kernels write in."""

    def __init__(self, seed: int = 0) -> None:
        self.params = new_params(INPUTS, seed)
        self.z, self.pre = np.zeros(INPUTS, np.float32), np.zeros(WIDTH, np.float32)
        self.logits, self.p = np.zeros(HEADS, np.float32), np.zeros(HEADS, np.float32)
        self.work = np.zeros((3, max(WIDTH, HEADS)), np.float32)

    def predict(self, x: Any) -> Floats:
        standardise(self.params, np.asarray(x, np.float32), self.z)
        forward(self.params, self.z, self.pre, self.logits)
        chances(self.params, self.logits, self.p)
        return self.p

    def learn(self, x: Any, target: Any) -> None:
        meet(self.params, np.asarray(x, np.float32))
        self.predict(x)
        self.learn_predicted(target)

    def learn_predicted(self, target: Any) -> None:
        told = np.asarray(target, np.float32)
        tune(self.params.odds, self.params.tuning, self.logits, told, self.params.seen[1])
        learn(self.params, self.z, self.pre, self.logits, told, self.work)


def loss(params: dict[str, Any], z: Any, target: Any) -> float:
    """The model as its formula says, in float64: log loss, summed over the heads."""
    hidden = np.maximum(z @ params["w1"] + params["b1"], 0)
    logit = z @ params["w3"] + hidden @ params["w2"] + params["b"]
    return float(np.sum(np.logaddexp(0, logit) - target * logit))


@pytest.mark.parametrize("name", ["w1", "b1", "w2", "w3", "b"])
def test_a_step_goes_down_the_gradient(name: str) -> None:
    """Each weight has a step size of its own: a step times the root of the weight's sum of
    squares is proportional to its gradient. That is found by differences, in float64."""
    model, dice = Model(seed=3), np.random.default_rng(1)
    for array in (model.params.b1, model.params.w3, model.params.b):  # they start at 0
        array[:] = dice.normal(0, 0.2, array.shape)
    z = dice.normal(size=INPUTS).astype(np.float32)
    target = dice.integers(0, 2, HEADS).astype(np.float32)
    before = {key: np.asarray(value, np.float64).copy()
              for key, value in model.params._asdict().items()}  # fmt: skip

    forward(model.params, z, model.pre, model.logits)
    learn(model.params, z, model.pre, model.logits, target, model.work)

    squares = getattr(model.params, f"a{name.removeprefix('w')}")
    step = (before[name] - getattr(model.params, name)) * np.sqrt(squares)
    gradient = np.zeros_like(step)
    for at in np.ndindex(*gradient.shape):
        for sign in (1, -1):
            moved = {**before, name: before[name].copy()}
            moved[name][at] += sign * 1e-5
            gradient[at] += sign * loss(moved, z, target) / 2e-5
    cosine = np.sum(step * gradient) / np.linalg.norm(step) / np.linalg.norm(gradient)
    assert np.linalg.norm(gradient) > 0.1
    assert cosine > 0.9999


def test_what_can_be_learned_is_learned() -> None:
    """One input tells the outcome, another tells it only together with a third."""
    model, dice = Model(), np.random.default_rng(2)
    for _ in range(6_000):
        x = dice.normal(size=INPUTS)
        target = np.zeros(HEADS)
        target[0], target[1] = x[0] > 0, x[1] * x[2] > 0
        model.learn(x, target)
    likely, unlikely = model.predict([2, 0, 0, 0, 0, 0])[0], model.predict([-2, 0, 0, 0, 0, 0])[0]
    assert (likely > 0.9, unlikely < 0.1) == (True, True)
    both, one = model.predict([0, 2, 2, 0, 0, 0])[1], model.predict([0, 2, -2, 0, 0, 0])[1]
    assert (both > 0.8, one < 0.2) == (True, True)
    assert model.predict(np.zeros(INPUTS))[2:].max() < 0.05  # what never happens


@given(st.lists(st.floats(width=32), min_size=INPUTS, max_size=INPUTS))
def test_any_input_gives_probabilities_and_leaves_the_model_finite(x: list[float]) -> None:
    model = Model()
    model.learn(x, np.ones(HEADS))
    for name, array in model.params._asdict().items():
        assert np.isfinite(array).all(), name
    assert ((model.predict(x) > 0) & (model.p < 1)).all()
    assert (np.abs(model.z) <= CLIP).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_an_absurd_input_says_nothing_of_the_next_one(value: float) -> None:
    model, spared = Model(), Model()
    usual = np.random.default_rng(3).normal(size=(200, INPUTS)).astype(np.float32)
    for x in usual:
        meet(model.params, x)
        meet(spared.params, x)
    meet(model.params, np.full(INPUTS, value, np.float32))
    assert (model.params.mean == spared.params.mean).all()
    assert (model.params.variance == spared.params.variance).all()


@given(
    st.lists(st.floats(-(2.0**99), 2.0**99, width=32), min_size=INPUTS, max_size=INPUTS),
    st.lists(st.booleans(), min_size=HEADS, max_size=HEADS),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=50)
def test_no_view_moves_a_weight_by_more_than_a_step(
    x: list[float], target: list[bool], seed: int
) -> None:
    """Adagrad divides a gradient by at least itself: whatever a view says, it says little."""
    model = Model(seed % 1000)
    for array in (model.params.w1, model.params.w2, model.params.w3, model.params.b):
        array[:] = np.random.default_rng(seed).normal(0, 20, array.shape)
    before = {name: array.copy() for name, array in model.params._asdict().items()}
    model.learn(x, target)
    for name, step in {"w1": 0.02, "w2": 0.02, "b1": 0.02, "w3": 0.01, "b": 0.01}.items():
        moved = np.abs(getattr(model.params, name) - before[name])
        most = step * (1.0 + 8e-4 * np.abs(before[name])) + 1e-5
        assert (moved <= most).all(), name


@pytest.mark.parametrize("value", [1e8, -1e8, 65_504.0])
def test_a_far_input_moves_the_scale_little(value: float) -> None:
    """Of 20,000 vectors one lies: the others are still told apart."""
    model, dice = Model(), np.random.default_rng(3)
    for _ in range(20_000):
        meet(model.params, dice.normal(size=INPUTS).astype(np.float32))
    deviation = np.sqrt(model.params.variance).copy()
    meet(model.params, np.full(INPUTS, value, np.float32))
    assert (np.abs(model.params.mean) < 0.1).all()
    assert (np.sqrt(model.params.variance) < 1.5 * deviation).all()


def test_inputs_are_standardised_by_those_that_came_before() -> None:
    model = Model()
    dice = np.random.default_rng(4)
    for _ in range(5_000):
        meet(model.params, dice.normal(5, 3, INPUTS).astype(np.float32))
    standardise(model.params, np.array([5, 8, 2, 5, 1e9, -1e9], np.float32), model.z)
    assert model.z == pytest.approx([0, 1, -1, 0, CLIP, -CLIP], abs=0.1)


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, two, other = new_params(INPUTS, 1), new_params(INPUTS, 1), new_params(INPUTS, 2)
    assert [a.tobytes() for a in one] == [a.tobytes() for a in two]
    assert [a.tobytes() for a in one] != [a.tobytes() for a in other]


# --- watch times ----------------------------------------------------------------------------

probabilities = st.lists(
    st.floats(0.001, 0.999), min_size=len(THRESHOLDS_S), max_size=len(THRESHOLDS_S)
)


def times(above: Any, params: Any = None) -> dict[str, float]:
    """What P(watched more than t) at each threshold says of the watch time, in seconds."""
    p, out = np.full(HEADS, 0.3, np.float32), np.zeros(4, np.float32)
    p[HEADS - len(THRESHOLDS_S) :] = above
    watch_times(params or new_params(INPUTS, 0), p, out)
    return dict(zip(("expected", "median", "mean", "log_mean"), out.tolist(), strict=True))


def values(found: dict[str, float]) -> NDArray[np.float64]:
    return np.array(list(found.values()))


@given(probabilities)
def test_times_lie_between_none_and_the_longest(above: list[float]) -> None:
    found, longest = times(above), MIDDLES_S[-1] * 1.001
    assert 0 <= found["expected"] <= longest
    assert 0 <= found["median"] <= 2 * THRESHOLDS_S[-1]
    assert np.expm1(found["log_mean"]) <= found["mean"] * 1.001 <= longest * 1.001  # Jensen


@given(probabilities, st.integers(0, len(THRESHOLDS_S) - 1))
def test_a_view_that_is_likelier_to_be_longer_is_never_said_shorter(
    above: list[float], k: int
) -> None:
    more = list(above)
    more[k] = min(more[k] + 0.2, 0.999)
    assert (values(times(more)) >= values(times(above)) - 1e-3).all()


@given(probabilities)
@settings(max_examples=50)
def test_a_head_that_contradicts_an_earlier_one_is_held_to_it(above: list[float]) -> None:
    assert values(times(above)) == pytest.approx(
        values(times(np.minimum.accumulate(above))), abs=1e-3
    )


def test_the_median_is_where_half_have_left() -> None:
    above = np.where(THRESHOLDS_S < 10, 0.9, 0.1)
    last, first = THRESHOLDS_S[THRESHOLDS_S < 10][-1], THRESHOLDS_S[THRESHOLDS_S >= 10][0]
    assert last < times(above)["median"] <= first


def test_who_leaves_at_once_and_who_stays() -> None:
    assert times(np.full(len(THRESHOLDS_S), 1e-6))["median"] < THRESHOLDS_S[0]
    assert times(np.full(len(THRESHOLDS_S), 1 - 1e-6))["median"] >= THRESHOLDS_S[-1]


def test_the_expected_time_is_on_the_scale_of_how_long_views_are() -> None:
    """The same middling rank is a short time where views are short, a long one elsewhere."""
    short, long = new_params(INPUTS, 0), new_params(INPUTS, 0)
    for _ in range(1_000):
        meet_watch(short, 3.0)
        meet_watch(long, 60.0)
    above = np.full(len(THRESHOLDS_S), 0.5)
    assert times(above, short)["expected"] < 5 < 40 < times(above, long)["expected"]


@given(st.integers(0, 20), st.integers(0, 2**32 - 1))
def test_many_at_once_are_predicted_to_the_very_bits_of_each_alone(n: int, seed: int) -> None:
    model, random = Model(), np.random.default_rng(seed)
    for _ in range(20):
        model.learn(random.normal(size=INPUTS), random.random(HEADS) < 0.3)
    x = (10 * random.normal(size=(n, INPUTS))).astype(np.float32)
    x[random.random(x.shape) < 0.05] = np.nan
    shared = int(random.integers(0, INPUTS + 1))
    x[:, :shared] = x[:1, :shared]
    found, whole = np.empty((n, HEADS), np.float32), np.empty((n, HEADS), np.float32)
    forward_many(model.params, x, shared, found)
    forward_many(model.params, x, 0, whole)
    assert [row.tobytes() for row in found] == [model.predict(row).tobytes() for row in x]
    assert found.tobytes() == whole.tobytes()


def test_what_vectors_begin_with_alike_is_counted() -> None:
    x = np.zeros((3, 5), np.float32)
    assert alike(x) == alike(x[:1]) == 5
    x[2, 3] = 1
    assert alike(x) == 3
    assert alike(x[:0]) == 5
    x[1, 0] = np.nan
    assert alike(x) == 0
