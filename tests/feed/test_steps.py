"""Filters from three arrays; sources and steps from a small world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from freshet.domain import events as e
from freshet.domain.errors import Refused
from freshet.feed.query import FeedQuery, request_seed
from freshet.feed.settings import WEIGHTS
from freshet.feed.sources import Everything, Explore, Fresh
from freshet.feed.steps import Eligible, Hydrate, LongestAgo, NotHidden, NotSeen, Predict
from freshet.feed.value import Doubt, Lesson, Value
from freshet.pipeline import Candidates
from tests.feed.making import make, parts_of, video, watched
from tests.feed.world import NOW_MS, OUTCOMES, FakeLive

QUERY = FeedQuery(viewer=-1, n=10, now_ms=NOW_MS, seed=1)


def test_filters_read_one_column_each() -> None:
    some = Candidates.of(
        [1, 2, 3], eligible=[True, False, True], seen=[True, False, False],
        hidden=[False, False, True],
    )  # fmt: skip
    assert Eligible().keep(QUERY, some).tolist() == [True, False, True]
    assert NotSeen().keep(QUERY, some).tolist() == [False, True, True]
    assert NotHidden().keep(QUERY, some).tolist() == [True, True, False]


async def test_hydrate_says_what_may_be_shown_to_this_viewer() -> None:
    parts = parts_of(
        [video("a"), video("b"), video("c"), video("d"), *watched("v", "a"),
         make(e.LabelSet, video="b", label="spam", actor="m"),
         make(e.Hide, viewer="v", kind="creator", target="creator of c")]
    )  # fmt: skip
    query = replace(QUERY, viewer=0, served=np.array([3], np.int32))
    columns = await Hydrate(parts).columns(query, Candidates.of([0, 1, 2, 3]))
    assert columns["seen"].tolist() == [True, False, False, True]
    assert columns["eligible"].tolist() == [True, False, True, True]
    assert columns["hidden"].tolist() == [False, False, True, False]


def test_what_cannot_be_read_may_not_be_shown() -> None:
    careful = Hydrate(parts_of([])).default(Candidates.of([1, 2]))
    assert not careful["eligible"].any()
    assert careful["seen"].all()
    assert careful["hidden"].all()


async def test_a_large_catalogue_is_sampled_and_the_same_seed_samples_the_same() -> None:
    parts = parts_of([video(f"v{i}") for i in range(300)], candidates=100)
    first, again, other = [
        (await Everything(parts).fetch(replace(QUERY, seed=seed))).rows for seed in (1, 1, 2)
    ]
    assert first.tolist() == again.tolist() != other.tolist()
    assert 50 < len(first) <= 100
    assert len(set(first.tolist())) == len(first)


async def test_sources_leave_out_what_is_not_eligible() -> None:
    spam = make(e.LabelSet, video="b", label="spam", actor="m")
    parts = parts_of([video("a"), video("b"), video("c"), spam])
    for source in (Everything(parts), Fresh(parts), Explore(parts)):
        assert sorted((await source.fetch(QUERY)).rows.tolist()) == [0, 2]


async def test_fresh_brings_the_newest() -> None:
    ages_h = [20, 19, 18, 17, 16, 3, 5, 4]
    parts = parts_of([video(f"v{age}", age_h=age) for age in ages_h], fresh=3)
    assert (await Fresh(parts).fetch(QUERY)).rows.tolist() == [5, 7, 6]


async def test_explore_prefers_the_little_shown_and_never_brings_the_well_known() -> None:
    parts = parts_of([video(f"v{i}") for i in range(30)], explore=5, explore_shown_max=50)
    parts.live.shown[:10] = 51  # type: ignore[index]
    parts.live.shown[10:20] = 40  # type: ignore[index]
    brought: list[int] = []
    for seed in range(200):
        brought += (await Explore(parts).fetch(replace(QUERY, seed=seed))).rows.tolist()
    assert min(brought) >= 10
    assert np.mean(np.array(brought) >= 20) > 0.9


async def test_predict_brings_vectors_predictions_and_the_typical_vector() -> None:
    parts = parts_of([video("a", age_h=1), video("b", age_h=3)])
    columns = await Predict(parts).columns(QUERY, Candidates.of([0, 1]))
    assert columns["predictions"].shape == (2, len(OUTCOMES))
    age = parts.live.feature_names.index("video_age_h")
    assert columns["typical"][:, age].tolist() == [2.0, 2.0]


async def test_longest_ago_puts_this_sessions_own_items_last() -> None:
    parts = parts_of([video("a"), video("b"), *watched("v", "a", time=NOW_MS - 5000)])
    query = replace(QUERY, viewer=0, served=np.array([1], np.int32))
    assert LongestAgo(parts).score(query, Candidates.of([0, 1])).tolist() == [5.0, 0.0]


def test_value_is_the_weighted_sum() -> None:
    value = Value({"like": 2.0, "watch_s": 0.5}, ("finish", "like"))
    some = Candidates.of([0], predictions=[[0.9, 0.25]], watch_s=[4.0])
    assert value.score(QUERY, some).tolist() == [2.5]


def test_a_rows_value_does_not_depend_on_its_neighbours() -> None:
    rng = np.random.default_rng(1)
    value = Value(WEIGHTS, OUTCOMES)
    predictions = rng.random((600, len(OUTCOMES))).astype(np.float32)
    watch_s = rng.random(600).astype(np.float32)
    together = value.of(predictions, watch_s)
    alone = [value.of(predictions[i : i + 1], watch_s[i : i + 1])[0] for i in range(600)]
    assert together.tolist() == [float(one) for one in alone]


class Trusting(FakeLive):
    """Four views say as much of a video as is known of all; log(1 + seconds) varies by 1/4."""

    trust = (4.0, 0.25)


def test_doubt_is_the_deviation_of_a_view_and_goes_with_the_views() -> None:
    doubt = Doubt(Trusting(), Value({"like": 2.0, "watch_s": 0.5}, ("like",)))
    found = doubt.score(
        FeedQuery(viewer=0, n=1, now_ms=0, seed=0),
        Candidates.of(
            np.arange(3),
            predictions=np.array([[0.5], [0.5], [0.0]]),
            watch_s=np.array([-1.0, -1.0, 7.0]),
            shown=np.array([0.0, 12.0, 0.0]),
        ),
    )
    assert found.tolist() == [0.5, 0.25, 1.0]


def test_a_lesson_is_how_far_the_next_view_may_move_what_is_thought() -> None:
    """Against drawing what a video is worth, and then what a view of it is: the mean that is
    thought after the view varies by what the formula says."""
    worth_views, noise = Trusting.trust
    rng, shown = np.random.default_rng(1), np.array([0.0, 5.0, 50.0])
    found = Lesson(Trusting()).score(
        FeedQuery(viewer=0, n=1, now_ms=0, seed=0),
        Candidates.of(np.arange(3), doubt=np.sqrt(noise / (shown + worth_views)), shown=shown),
    )
    for views, lesson in zip(shown + worth_views, found, strict=True):
        true = rng.normal(0.0, np.sqrt(noise / views), 200_000)
        view = rng.normal(true, np.sqrt(noise))
        thought = view / (views + 1)  # precisions are noise⁻¹ × views: the mean before is 0
        assert lesson == pytest.approx(thought.std(), rel=0.01)


def test_a_weight_for_an_unknown_outcome_is_refused() -> None:
    with pytest.raises(Refused, match=r"weights\.dwell: the model predicts no such outcome"):
        Value({"dwell": 1.0}, OUTCOMES)
    with pytest.raises(Refused, match="finite"):
        Value({"like": float("nan")}, OUTCOMES)


def test_seeds_differ_by_request_and_by_configuration() -> None:
    seeds = {request_seed(config, request) for config in (0, 1) for request in ("a", "b")}
    assert len(seeds) == 4
    assert max(seeds) < 2**48
