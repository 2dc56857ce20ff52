"""The model goes back when an earlier version is shown to predict better, and only then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from freshet.domain.errors import Corrupt, Refused
from freshet.lab.generate.columns import Columns
from freshet.lab.throughput import records_of
from freshet.learning import guard as g
from freshet.learning.live import Live
from freshet.learning.settings import Shadow, Versions
from tests.learning.making_records import begun, fold, folded, reversed_between, world
from tests.learning.telling import differing

VIEWS = 22_000
VERSIONS = Versions(every=12_000, trial=500)
NONE = Versions(every=0)


@pytest.fixture(scope="module")
def honest() -> Columns:
    return world(VIEWS)


@pytest.fixture(scope="module")
def poisoned(honest: Columns) -> Columns:
    """4,000 hostile views, then honest ones again."""
    return reversed_between(honest, 13_000, 17_000)


@pytest.fixture(scope="module")
def rescued(poisoned: Columns) -> Live:
    return folded(poisoned, VERSIONS)


# --- worse ----------------------------------------------------------------------------------


def test_a_model_that_was_fed_lies_goes_back_once_they_are_over(
    rescued: Live, poisoned: Columns
) -> None:
    found = rescued.standing()
    assert found.went_back == 1
    assert found.backs[0].to_version == 1
    assert "skill dropped" in found.backs[0].cause
    assert 17_000 < found.backs[0].views < 20_000
    assert found.backs[0].its_loss < found.backs[0].loss
    alone = folded(poisoned, NONE).standing()
    assert alone.went_back == 0
    assert found.loss_long < alone.loss_long  # predicted before learned, all views alike


def test_a_world_that_changed_for_good_is_followed_not_fled(honest: Columns) -> None:
    live = folded(reversed_between(honest, 14_000, VIEWS), VERSIONS)
    assert live.standing().went_back == 0
    assert live.standing().skill > 0.1


def test_a_model_that_is_well_is_left_alone_to_the_bit(honest: Columns) -> None:
    watched, alone = folded(honest, VERSIONS), folded(honest, NONE)
    assert watched.standing().went_back == 0
    assert [one.number for one in watched.standing().versions] == [0, 1]
    assert [a.tobytes() for a in watched.params] == [a.tobytes() for a in alone.params]


def test_the_oldest_version_makes_room(honest: Columns) -> None:
    live = folded(honest, Versions(every=3_000, trial=200, kept=2))
    numbers = [one.number for one in live.standing().versions]
    assert len(numbers) == 2
    assert numbers[1] == numbers[0] + 1 > 3
    views = [one.views for one in live.standing().versions]
    assert views[1] - views[0] == 3_200  # a trial comes before each


# --- the same again -------------------------------------------------------------------------


def test_ways_back_are_the_same_however_the_log_is_cut(rescued: Live, poisoned: Columns) -> None:
    again = fold(begun(poisoned, versions=VERSIONS), records_of(poisoned), chunk=997)
    assert differing(again, rescued) == []


def test_a_fold_goes_on_from_the_middle_of_a_trial(
    rescued: Live, poisoned: Columns, tmp_path: Path
) -> None:
    records, live = records_of(poisoned), begun(poisoned, versions=VERSIONS)
    vectors, at = np.zeros((0, live.inputs), np.float32), 0
    while live.views_learned < 17_000 or not live.standing().trial:
        live.fold_records(records[at : at + 64], vectors)
        at += 64
    live.save(tmp_path)
    resumed = Live(capacity={"viewer": 1_000, "video": 1_000}, pending=1 << 10, versions=VERSIONS)
    resumed.load(tmp_path)
    assert differing(fold(resumed, records[at:]), rescued) == []


@pytest.mark.parametrize(
    "other", [{"versions": Versions(kept=4)}, {"versions": VERSIONS, "shadow": Shadow(on=True)}]
)
def test_a_snapshot_learned_by_other_settings_is_folded_anew(
    other: dict[str, Versions | Shadow], honest: Columns, tmp_path: Path
) -> None:
    begun(honest, versions=VERSIONS).save(tmp_path)
    with pytest.raises(Corrupt, match="other settings"):
        begun(honest, **other).load(tmp_path)


# --- not finite -----------------------------------------------------------------------------


@pytest.fixture
def grown(honest: Columns) -> tuple[Live, np.ndarray]:
    """A model with versions 1 and 2, and the records to come."""
    records = records_of(honest)
    live = begun(honest, versions=Versions(every=1_000, trial=100))
    fold(live, records[:6_000])
    assert [one.number for one in live.standing().versions][-2:] == [1, 2]
    return live, records[6_000:]


@pytest.mark.parametrize(("name", "value"), [("w3", np.nan), ("w1", np.inf), ("b", -np.inf)])
def test_a_weight_that_is_not_finite_is_gone_with_the_next_view(
    grown: tuple[Live, np.ndarray], name: str, value: float
) -> None:
    live, records = grown
    getattr(live.params, name)[:] = value
    learned = live.views_learned
    while live.views_learned == learned:
        fold(live, records[:1])
        records = records[1:]
    back = live.standing().backs[0]
    assert (back.to_version, back.cause) == (2, "a parameter or a prediction was not finite")
    assert all(np.isfinite(array).all() for array in live.params)


@pytest.mark.parametrize("name", ["mean", "variance", "odds", "tuning", "a3"])
def test_what_predictions_hide_is_found_by_looking(
    grown: tuple[Live, np.ndarray], name: str
) -> None:
    """What is cut off at a bound looks like a number."""
    live, records = grown
    getattr(live.params, name)[np.isfinite(getattr(live.params, name))] = np.nan
    fold(live, records[: 4 * g.CHECK])
    assert live.standing().went_back >= 1
    assert all(np.isfinite(array).all() for array in live.params)


def test_if_it_happens_again_it_goes_further_back(grown: tuple[Live, np.ndarray]) -> None:
    live, records = grown
    for at in range(2):
        live.params.w3[:] = np.nan
        fold(live, records[20 * at : 20 * at + 20])
    assert [back.to_version for back in live.standing().backs] == [1, 2]
    assert [one.number for one in live.standing().versions] == [0, 1]


def test_before_any_version_it_begins_anew(honest: Columns) -> None:
    live = begun(honest, versions=NONE)
    records = records_of(honest)
    fold(live, records[:500])
    live.params.b[:] = np.nan
    fold(live, records[500:600])
    assert live.standing().backs[0].to_version == 0
    assert all(np.isfinite(array).all() for array in live.params)


# --- settings -------------------------------------------------------------------------------


def test_a_trial_longer_than_the_time_between_versions_is_refused() -> None:
    with pytest.raises(Refused, match="not above trial"):
        Versions(every=500, trial=1_000)
