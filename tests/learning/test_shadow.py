"""The shadow is a learner like any other, and the comparison with it is fair."""

from __future__ import annotations

import numpy as np
import pytest

from freshet.lab.generate.columns import Columns
from freshet.lab.throughput import records_of
from freshet.learning.guard import N_OUTCOMES, SCORED
from freshet.learning.kernels import Calls, new_scratch
from freshet.learning.learner import HEADS, meet, meet_watch
from freshet.learning.live import Live
from freshet.learning.model import new_model, rows_of
from freshet.learning.settings import Shadow, Versions
from freshet.learning.shadow import ITS_LOSS, LESS, learn_beside, meet_beside
from freshet.learning.standing import Beside
from tests.learning.making_records import begun, fold, folded, world
from tests.learning.telling import differing
from tests.learning.test_learner import Model

VIEWS = 6_000
NONE = Versions(every=0)


@pytest.fixture(scope="module")
def honest() -> Columns:
    return world(VIEWS)


def beside(live: Live) -> Beside:
    found = live.standing().shadow
    assert found is not None
    return found


def shadow_of(live: Live) -> list[bytes]:
    return [array.tobytes() for array in rows_of(live.model)[-1]]


def test_a_shadow_with_the_same_settings_is_the_same_model(honest: Columns) -> None:
    live = folded(honest, NONE, shadow=Shadow(on=True))
    assert shadow_of(live) == [array.tobytes() for array in live.params]
    found = beside(live)
    assert (found.difference.value, found.difference.low, found.difference.high) == (0, 0, 0)


def test_a_shadow_learns_what_a_model_with_its_settings_would() -> None:
    """The same vectors and labels given to a model of its own, view by view."""
    names = tuple(f"input{j}" for j in range(6))
    model = new_model(names, 0, NONE, Shadow(on=True, seed=3, step=0.1, shrink=0.0))
    alone = Model(seed=3)
    alone.params.rates[:] = 0.1, 0.01, 0.0
    scratch = new_scratch(6, Calls._make([0] * len(Calls._fields)))
    dice, its, mine = np.random.default_rng(1), 0.0, 0.0
    for views in range(1, 401):
        x = dice.normal(size=6).astype(np.float32)
        scratch.target[:] = dice.random(HEADS) < 0.3 + 0.2 * np.sign(x[0])
        meet_beside(model, x)
        scratch.lost[0] = 0.5
        model.marks[SCORED] = views
        learn_beside(model, x, 3.0, scratch)
        meet(alone.params, x)
        p = alone.predict(x)[:N_OUTCOMES].astype(np.float64)
        y = scratch.target[:N_OUTCOMES]
        its += float(-np.log(np.where(y == 1, p, 1 - p)).mean())
        mine += 0.5
        meet_watch(alone.params, 3.0)
        alone.learn_predicted(scratch.target)
    assert [a.tobytes() for a in rows_of(model)[-1]] == [a.tobytes() for a in alone.params]
    assert model.beside[ITS_LOSS, -1] == pytest.approx(its / 400, rel=1e-5)
    assert model.beside[LESS, -1] == pytest.approx((mine - its) / 400, rel=1e-4)


def test_a_shadow_changes_nothing_that_serves(honest: Columns) -> None:
    with_one = folded(honest, NONE, shadow=Shadow(on=True, step=0.5))
    assert set(differing(with_one, folded(honest, NONE))) == {
        "model.floats", "model.doubles", "model.seen", "model.beside",
    }  # fmt: skip


def test_a_bad_shadow_is_said_to_be_worse(honest: Columns) -> None:
    found = beside(folded(honest, NONE, shadow=Shadow(on=True, step=1.0, linear_step=1.0)))
    assert 0 < found.difference.low < found.difference.value < found.difference.high
    assert "model that serves predicts better" in found.says
    assert found.outcomes["long_view"].low > 0


def test_without_what_is_taken_for_granted_it_begins_with_nothing(honest: Columns) -> None:
    live = begun(honest, shadow=Shadow(on=True, prior=0.0))
    model, shadow = rows_of(live.model)[0], rows_of(live.model)[-1]
    assert model.w3.any()
    assert not shadow.w3.any()
    assert (np.asarray(model.variance) == shadow.variance).all()


def test_few_views_tell_nothing(honest: Columns) -> None:
    live = begun(honest, shadow=Shadow(on=True, step=0.5))
    fold(live, records_of(honest)[:400])
    assert beside(live).says.startswith("Too few views")
