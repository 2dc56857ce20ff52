"""Results of arms: sums of the log, intervals that cover, differences that are found."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from freshet.domain import events as e
from freshet.domain.errors import NotFound
from freshet.feed.arm_table import MEASURES, ArmTable, arm_table, interval, ratio
from freshet.feed.arms import ArmSums, Sums
from freshet.feed.experiments import Arm, Experiment
from freshet.log.ports import Batch
from tests.feed.making import make
from tests.feed.world import DAY_MS, NOW_MS

START_MS = NOW_MS // DAY_MS * DAY_MS


def served(viewer: str, arm: str, time: int = START_MS, **more: Any) -> e.SlateServed:
    return make(e.SlateServed, time, viewer=viewer, request_id="r", items=(), arm=arm, **more)  # type: ignore[no-any-return]


def viewed(viewer: str, video: str, *watched_s: float, time: int = START_MS) -> list[e.Event]:
    acts: list[e.Event] = [make(e.Impression, time, viewer=viewer, video=video)]
    for s in watched_s:
        told = {"watched_ms": int(1000 * s), "duration_ms": 10_000}
        acts.append(make(e.Watch, time, viewer=viewer, video=video, **told))
    return acts


def folded(*events: e.Event, **more: Any) -> ArmSums:
    sums = ArmSums(**more)
    sums.apply(Batch(1, events))
    return sums


def sums_of(sums: ArmSums, viewer: str) -> Sums:
    return sums.samples["x"].viewers[viewer]


def test_views_count_once_however_often_they_are_reported() -> None:
    sums = folded(
        served("v", "x/a"),
        *viewed("v", "one", 2, 5, 4, 5),
        *viewed("v", "two", 9.9, 99),  # finished; watch time up to three durations
        make(e.Watch, viewer="v", video="one", watched_ms=7_000, duration_ms=10_000),  # late
        *viewed("v", "one", 1),  # seen again: a view of its own
    )
    mine = sums_of(sums, "v")
    assert (mine.impressions, mine.watched_ms, mine.finishes) == (3, 7_000 + 30_000 + 1_000, 1)


def test_a_like_taken_back_is_none() -> None:
    like, unlike = (make(kind, viewer="v", video="one") for kind in (e.Like, e.Unlike))
    assert sums_of(folded(served("v", "x/a"), like, like, unlike), "v").likes == 1


def test_what_was_done_before_elsewhere_or_by_others_does_not_count() -> None:
    elsewhere = make(e.Impression, viewer="v", video="one", surface="profile")
    sums = folded(*viewed("v", "one", 5), served("v", "x/a"), elsewhere, *viewed("w", "one", 5))
    assert sums_of(sums, "v").impressions == 0
    assert set(sums.samples["x"].viewers) == {"v"}


def test_a_day_right_after_another_is_a_return() -> None:
    days = [0, 0, 1, 2, 5, 6]
    sums = folded(*(served("v", "x/a", START_MS + day * DAY_MS) for day in days))
    mine = sums_of(sums, "v")
    assert (mine.feeds, mine.days, mine.returns) == (6, 5, 3)
    # Whether they come back tomorrow is not known today: five days less the last.
    rows = arm_table(sums, "x").arms[0].measures["return_rate"]
    assert rows.value == pytest.approx(3 / 4)


def test_a_viewer_split_anew_begins_anew_and_who_is_erased_or_merged_is_gone() -> None:
    sums = folded(served("v", "x/a"), *viewed("v", "one", 5), served("v", "x/b"))
    assert (sums_of(sums, "v").arm, sums_of(sums, "v").impressions) == ("b", 0)
    erased = make(e.PersonErased, person="v")
    merged = make(e.ViewersMerged, viewer="w", into="z")
    sums = folded(served("v", "x/a"), served("w", "x/a"), served("z", "x/a"), erased, merged)
    assert set(sums.samples["x"].viewers) == {"z"}


def many(viewers: int) -> list[e.Event]:
    return [served(f"p{i % viewers}", f"x/{'ab'[i % 2]}") for i in range(3 * viewers)]


@pytest.mark.parametrize("cut", [1, 7, 1_000])
def test_a_sample_is_the_same_however_the_log_is_cut(cut: int) -> None:
    events = many(200)
    whole, parts = folded(*events, viewers_max=50), ArmSums(viewers_max=50)
    for first in range(0, len(events), cut):
        parts.apply(Batch(first + 1, events[first : first + cut]))
    assert parts.samples == whole.samples
    sample = whole.samples["x"]
    assert 0 < len(sample.viewers) <= 50
    assert sample.keep in (1 / 4, 1 / 8)
    # Those who stay were counted from their first feed on.
    assert {sums.feeds for sums in sample.viewers.values()} == {3}


def test_a_snapshot_gives_the_same_back(tmp_path: Path) -> None:
    sums = folded(*many(20), *viewed("p3", "one", 5))
    sums.save(tmp_path)
    again = ArmSums()
    again.load(tmp_path)
    assert (again.samples, again.now_ms) == (sums.samples, sums.now_ms)


def test_what_nobody_was_served_by_is_not_found() -> None:
    sums = folded(served("v", "x/a"))
    with pytest.raises(NotFound):
        arm_table(sums, "y")
    with pytest.raises(NotFound):
        arm_table(sums, "x", "b")


def test_too_little_is_told_without_an_interval() -> None:
    (arm,) = arm_table(folded(served("v", "x/a")), "x").arms
    assert arm.measures["feeds_per_viewer"].value == 1
    assert arm.measures["feeds_per_viewer"].low is None
    assert arm.measures["watch_s_per_impression"].value is None


# --- are the intervals right ------------------------------------------------------------------


def drawn(rng: np.random.Generator, viewers: int, lift: float = 1.0) -> np.ndarray:
    """Viewers who differ in how much they come and how long they watch: (viewers, FIELDS)."""
    days = 1 + rng.poisson(3, viewers)
    feeds = days * (1 + rng.poisson(1, viewers))
    impressions = rng.poisson(8 * feeds)
    taste = rng.lognormal(0, 0.5, viewers)
    watch_s = impressions * 7 * taste * rng.lognormal(0, 0.3, viewers) * lift
    finishes = rng.binomial(impressions, np.clip(0.3 * taste, 0, 1))
    likes = rng.binomial(impressions, np.clip(0.02 * taste, 0, 1))
    returns = rng.binomial(days, 0.4)
    one = np.ones(viewers)
    return np.stack([one, feeds, impressions, watch_s, finishes, likes, returns, days], axis=1)


def test_between_two_equal_arms_nothing_differs_in_95_of_100_experiments() -> None:
    rng, rounds = np.random.default_rng(1), 400
    covered = dict.fromkeys(MEASURES, 0)
    for _ in range(rounds):
        a, b = drawn(rng, 300), drawn(rng, 300)
        for measure in MEASURES:
            (mine, mine_var), (theirs, theirs_var) = ratio(a, measure), ratio(b, measure)
            found = interval(mine - theirs, mine_var + theirs_var)
            assert found.low is not None
            assert found.high is not None
            covered[measure] += found.low <= 0 <= found.high
    for measure, count in covered.items():
        assert 0.92 <= count / rounds <= 0.98, measure


def test_an_interval_covers_the_truth_of_a_ratio() -> None:
    rng = np.random.default_rng(2)
    truth, _ = ratio(drawn(rng, 400_000), "watch_s_per_impression")
    inside = 0
    for _ in range(300):
        found = interval(*ratio(drawn(rng, 200), "watch_s_per_impression"))
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= truth <= found.high
    assert 0.91 <= inside / 300 <= 0.98


def simulated(lift: float, seed: int) -> ArmTable:
    """A week of 600 viewers, event by event; those of arm b watch `lift` as long."""
    random, experiment = Random(seed), Experiment(arms={"a": Arm(share=0.5), "b": Arm(share=0.5)})
    events: list[e.Event] = []
    for i in range(600):
        viewer, taste = f"p{seed}-{i}", random.lognormvariate(0, 0.4)
        arm = experiment.arm_of("x", viewer)
        for day in range(5):
            if random.random() < 0.5:
                at = START_MS + day * DAY_MS + i
                events.append(served(viewer, f"x/{arm}", at))
                for k in range(6):
                    s = 3 * taste * random.lognormvariate(0, 0.5) * (lift if arm == "b" else 1)
                    events += viewed(viewer, f"{viewer} {day} {k}", s / 2, s, time=at)
    events.sort(key=lambda event: event.received)
    return arm_table(folded(*events), "x", "a")


def test_a_planted_difference_is_found_and_none_is_where_none_was_planted() -> None:
    lifted = {one.arm: one for one in simulated(1.3, seed=3).arms}
    found = lifted["b"].differences["watch_s_per_impression"]
    assert found.low is not None
    assert found.low > 0
    a = lifted["a"].measures["watch_s_per_impression"].value
    assert a is not None
    assert found.value == pytest.approx(0.3 * a, rel=0.5)
    same = lifted["b"].differences["feeds_per_viewer"]
    assert same.low is not None
    assert same.high is not None
    assert same.low < 0 < same.high
    assert lifted["a"].differences == {}
