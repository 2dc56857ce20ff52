import numpy as np
import pytest

from freshet.domain.errors import Refused
from freshet.lab import extras, lightgbm_nightly, vowpal
from freshet.lab.lightgbm_nightly import nights
from freshet.lab.metrics import auc, xauc
from freshet.lab.peers import run_peers
from freshet.lab.vowpal import learning_order

DAY_MS = 86_400_000
START_MS = 1_650_816_000_000  # 2022-04-25 00:00 in Beijing
LAST_DAY = 20220427
SMALL = {
    "lightgbm": {"small": {"num_leaves": 7, "min_data_in_leaf": 50, "learning_rate": 0.1}},
    "vw": {"small": "--ignore r -l 0.2", "quick": "--ignore r -l 0.8"},
}


@pytest.fixture(autouse=True)
def few_settings(monkeypatch):
    monkeypatch.setattr(lightgbm_nightly, "GRID", SMALL["lightgbm"])
    monkeypatch.setattr(lightgbm_nightly, "TREES", 30)
    monkeypatch.setattr(vowpal, "GRID", SMALL["vw"])


def run(name, recording):
    return run_peers([name], recording, recording.window(LAST_DAY), seed=0)[name]


@pytest.fixture(params=["lightgbm", "vw"])
def peer(request):
    return request.param


def test_a_peer_learns_what_the_vectors_tell(made_up, peer):
    recording = made_up()
    found, window = run(peer, recording), recording.window(LAST_DAY)
    label = recording.labels[window, 0]
    assert auc(label, found.forecast.main[window]) > 0.75
    assert found.grid[found.setting] == max(found.grid.values())
    assert set(found.grid) == set(SMALL[peer])
    watched_s = np.minimum(recording.watched_s, 3 * recording.duration_s)[window]
    mean_s, median_s = found.forecast.watch_mean_s[window], found.forecast.watch_median_s[window]
    assert xauc(watched_s, mean_s) > 0.6
    assert xauc(watched_s, median_s) > 0.6


def test_a_peer_says_the_same_again(made_up, peer):
    recording = made_up(800)
    first, second = run(peer, recording), run(peer, recording)
    for name in ("main", "watch_mean_s", "watch_median_s"):
        np.testing.assert_array_equal(getattr(first.forecast, name), getattr(second.forecast, name))


def test_a_peer_knows_no_outcome_before_it_is_known(made_up, peer, monkeypatch):
    # The best setting is picked with hindsight, on purpose: leave one to pick from.
    monkeypatch.setattr(vowpal, "GRID", {"small": "--ignore r -l 0.2"})
    an_hour_later_ms = made_up().time_ms + 3_600_000
    recording = made_up(learn_ms=an_hour_later_ms)
    now_ms = START_MS + 2 * DAY_MS + DAY_MS // 2
    unknown = recording.learn_ms >= now_ms
    flipped = np.where(unknown[:, None], 1 - recording.labels, recording.labels)
    longer_s = np.where(unknown, recording.watched_s + 5, recording.watched_s)
    changed = made_up(
        labels=flipped.astype(np.uint8),
        watched_s=longer_s.astype(np.float32),
        learn_ms=an_hour_later_ms,
    )
    first, second = run(peer, recording), run(peer, changed)
    before = recording.time_ms < now_ms
    for name in ("main", "watch_mean_s", "watch_median_s"):
        np.testing.assert_array_equal(
            getattr(first.forecast, name)[before], getattr(second.forecast, name)[before]
        )


def test_outcomes_that_never_become_known_teach_a_peer_nothing(made_up, peer):
    recording = made_up(learn_ms=np.full(3000, START_MS + 10 * DAY_MS))
    assert np.ptp(run(peer, recording).forecast.main) < 1e-6


def test_gauc_needs_the_second_pass(made_up, peer):
    assert run(peer, made_up(500)).forecast.gauc_main is None
    recording = made_up(500)
    frozen = made_up(500, features_frozen=recording.features)
    window = frozen.window(LAST_DAY)
    assert np.isfinite(run(peer, frozen).forecast.gauc_main[window]).all()


def test_days_are_cut_at_the_logs_midnight_even_where_dates_are_stamped_late(made_up):
    recording = made_up(900)
    hour_later_ms = recording.time_ms + 3_600_000
    date = recording.date.copy()
    late = np.searchsorted(recording.time_ms, START_MS + DAY_MS) - 5
    date[late : late + 5] = 20220426
    found = list(nights(made_up(900, date=date, learn_ms=hour_later_ms)))
    assert len(found) == 2
    for number, night in enumerate(found, start=1):
        midnight_ms = START_MS + number * DAY_MS
        assert hour_later_ms[night.known].max() < midnight_ms
        assert recording.time_ms[night.day].min() >= midnight_ms


def test_in_one_millisecond_all_is_predicted_before_anything_is_learned(made_up):
    same = np.full(3, START_MS)
    recording = made_up(3, time_ms=same, learn_ms=same, date=np.full(3, 20220425))
    row, learned = learning_order(recording)
    assert row.tolist() == [0, 1, 2, 0, 1, 2]
    assert learned.tolist() == [False] * 3 + [True] * 3


def test_an_unknown_peer_is_refused_with_those_there_are(made_up):
    with pytest.raises(Refused, match="lightgbm, vw"):
        run("xgboost", made_up(100))


def test_a_peer_without_its_library_is_refused_with_the_way_to_get_it(made_up, peer, monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(extras, "import_module", absent)
    with pytest.raises(Refused, match=r"pip install freshet\[bench\]"):
        run(peer, made_up(100))


def test_a_peer_learns_nothing_of_impressions_that_the_main_outcome_does_not_judge(made_up, peer):
    base = made_up()
    hated, random = base.labels[:, 0], np.random.default_rng(3)
    liked = (1 - hated) * (random.random(len(base)) < 0.5)
    labels = np.column_stack([hated, liked]).astype(np.uint8)
    both = {"outcomes": ("not_interested", "like"), "main": ("not_interested", "like")}
    recording, window = made_up(labels=labels, **both), base.window(LAST_DAY)
    found = run(peer, recording).forecast.main
    neither = (hated + liked) == 0
    share = hated[~neither].mean()
    assert abs(found[window].mean() - share) < abs(found[window].mean() - hated.mean())
    judged = window & ~neither
    assert auc(hated[judged], found[judged]) > 0.75


def test_nightly_says_where_no_night_came_before(made_up):
    one_day = made_up(days=1)
    found = run_peers(["lightgbm"], one_day, one_day.window(), seed=0)["lightgbm"]
    assert found.remark == "no night before 3,000 impressions reported: a constant"
    assert run("lightgbm", made_up()).remark == ""
