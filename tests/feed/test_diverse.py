"""The slate's order: spacing always holds, chance is exactly what is logged."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshet.domain.errors import Refused
from freshet.feed.diverse import Diverse
from freshet.feed.query import FeedQuery
from freshet.pipeline import NOTHING, Candidates


def some(value: Any, creator: Any = None, sound: Any = None, topic: Any = None, **more: Any) -> Any:
    n = len(value)
    topics = np.full((n, 3), -1, np.int32)
    if topic is not None:
        topics[:, 0] = topic
    columns = {
        "value": np.asarray(value, np.float32),
        "creator": np.arange(n) if creator is None else creator,
        "sound": np.full(n, -1) if sound is None else sound,
        "topics": topics,
        "explorable": np.zeros(n, np.bool_),
    }
    return Candidates.of(np.arange(n), **{**columns, **more})


def query(n: int = 10, seed: int = 0, now_ms: int = 0, **more: Any) -> FeedQuery:
    return FeedQuery(viewer=-1, n=n, now_ms=now_ms, seed=seed, **more)


def picked(selector: Diverse, candidates: Candidates, asked: FeedQuery) -> list[int]:
    return selector.select(asked, candidates).rows.tolist()


def test_without_anything_in_common_the_order_is_by_value() -> None:
    assert picked(Diverse(), some([1, 3, 2]), query()) == [1, 2, 0]


def test_never_two_in_a_row_by_one_creator() -> None:
    assert picked(Diverse(), some([5, 4, 3, 2], creator=[0, 0, 1, 1]), query()) == [0, 2, 1, 3]


def test_never_two_in_a_row_with_one_sound_but_no_sound_is_no_sound() -> None:
    assert picked(Diverse(), some([5, 4, 3], sound=[8, 8, -1]), query()) == [0, 2, 1]
    assert picked(Diverse(), some([5, 4, 3], sound=[-1, -1, -1]), query()) == [0, 1, 2]


def test_spacing_is_not_given_up_for_length() -> None:
    assert picked(Diverse(), some([5, 4, 3], creator=[7, 7, 7]), query()) == [0]


def test_the_first_item_keeps_its_distance_from_the_request_before() -> None:
    adjacent = Candidates.of([90, 91], creator=[0, 50], sound=[-1, 8])
    behind = query(adjacent=adjacent)
    candidates = some([5, 4, 3], creator=[0, 1, 2], sound=[-1, 8, 8])
    assert picked(Diverse(), candidates, behind) == []
    assert picked(Diverse(lift_first=True), candidates, behind) == [0, 1]


def test_a_familiar_topic_yields_to_a_new_one_of_nearly_the_same_value() -> None:
    candidates = some([1.0, 0.99, 0.98, 0.0], topic=[1, 1, 2, 3])
    assert picked(Diverse(topic_spread=2.0), candidates, query()) == [0, 2, 1, 3]
    assert picked(Diverse(topic_spread=0.0), candidates, query()) == [0, 1, 2, 3]


def test_topics_of_the_request_before_are_familiar() -> None:
    before = Candidates.of([90], topics=[[1, -1, -1]])
    candidates = some([1.0, 0.99, 0.0], topic=[1, 2, 3])
    assert picked(Diverse(topic_spread=2.0), candidates, query(before=before))[0] == 1


def test_a_topic_is_new_again_once_it_left_the_window() -> None:
    # One slot of memory: topic 1, something else, topic 1 again.
    candidates = some([1.0, 0.99, 0.98, 0.97], topic=[1, 1, 2, 2])
    assert picked(Diverse(topic_spread=9.0, topic_window=1), candidates, query()) == [0, 2, 1, 3]


def test_some_places_are_for_topics_and_creators_that_were_not_shown_lately() -> None:
    met = Candidates.of(
        [90, 91, 92, 93], topics=[[1, -1, -1], [2, -1, -1]] * 2, creator=[10, 11, 12, 13]
    )
    behind = query(4, met=met)
    values, creators = [9.0, 8.0, 7.0, 6.0, 1.0, 0.5], [10, 11, 12, 13, 10, 3]
    candidates = some(values, creator=creators, topic=[1, 2, 1, 2, 3, 1])

    def asked(share: float) -> Candidates:
        return Diverse(topic_spread=0.0, new_share=share).select(behind, candidates)

    assert asked(0.0).rows.tolist() == [0, 1, 2, 3]
    assert asked(0.25).rows.tolist() == [0, 1, 2, 4]
    half = asked(0.5)
    assert half.rows.tolist() == [0, 1, 4, 5]
    assert half["novel"].tolist() == [False, False, True, False]  # the last is a new creator's
    assert half["propensity"].tolist() == [1.0] * 4


def test_a_topic_not_shown_lately_goes_before_better_videos_of_known_ones() -> None:
    met = Candidates.of([90], topics=[[1, -1, -1]])
    candidates = some([1.0, 0.9, 0.1, 0.0], topic=[1, 1, 2, -1])
    selector = Diverse(topic_spread=0.0, topic_novelty=3.0)
    slate = selector.select(query(met=met), candidates)
    assert slate.rows.tolist() == [2, 0, 1, 3]  # of no topic at all is no new topic
    assert slate["novel"].tolist() == [True, False, False, False]


def test_a_new_topic_is_new_once() -> None:
    candidates = some([1.0, 0.9, 0.1, 0.0], topic=[1, 1, 2, 2])
    selector = Diverse(topic_spread=0.0, topic_novelty=9.0)
    slate = selector.select(query(), candidates)
    assert slate.rows.tolist() == [0, 2, 1, 3]
    assert slate["novel"].tolist() == [False, True, False, False]  # the first was best anyway


def test_broken_values_come_last_but_come() -> None:
    assert picked(Diverse(), some([float("nan"), 1.0, float("inf")]), query()) == [1, 0, 2]


def test_without_chance_every_propensity_is_one() -> None:
    slate = Diverse().select(query(), some([3, 2, 1], explorable=[True, True, True]))
    assert slate["propensity"].tolist() == [1, 1, 1]
    assert not slate["explored"].any()


def test_logged_propensities_are_the_frequencies() -> None:
    candidates = some([3, 2, 1, 0], creator=[0, 0, 1, 2], explorable=[True, True, False, True])
    selector, times = Diverse(explore_share=0.3), 6_000
    count: Counter[tuple[int, ...]] = Counter()
    logged: dict[tuple[int, ...], float] = {}
    for seed in range(times):
        slate = selector.select(query(2, seed), candidates)
        key = tuple(slate.rows.tolist())
        count[key] += 1
        assert logged.setdefault(key, float(np.prod(slate["propensity"]))) == pytest.approx(
            float(np.prod(slate["propensity"]))
        )
    assert sum(logged.values()) == pytest.approx(1)
    for key, p in logged.items():
        assert abs(count[key] / times - p) < 4 * np.sqrt(p * (1 - p) / times) + 1e-9


def test_the_first_slots_propensities_sum_to_one() -> None:
    candidates = some([3, 2, 1, 0], explorable=[True, False, True, True])
    selector = Diverse(explore_share=0.4)
    logged = {}
    for seed in range(300):
        slate = selector.select(query(1, seed), candidates)
        logged[int(slate.rows[0])] = float(slate["propensity"][0])
    assert logged == pytest.approx({0: 0.6 + 0.4 / 3, 2: 0.4 / 3, 3: 0.4 / 3})


def test_the_same_seed_gives_the_same_slate() -> None:
    candidates = some(np.arange(50), explorable=np.ones(50, np.bool_))
    selector = Diverse(explore_share=0.5)
    slates = [picked(selector, candidates, query(seed=seed)) for seed in (1, 1, 2)]
    assert slates[0] == slates[1] != slates[2]


def test_spacing_by_something_unknown_is_refused() -> None:
    with pytest.raises(Refused, match="cannot space by 'mood'"):
        Diverse(by=("creator", "mood"))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Candidates, Candidates, int]:
    n = draw(st.integers(0, 12))
    few = st.integers(-1, 3)

    def column(size: int = n) -> list[int]:
        return draw(st.lists(few, min_size=size, max_size=size))

    value = draw(st.lists(st.floats(-5, 5, width=32), min_size=n, max_size=n))
    explorable = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    adjacent = Candidates.of([99], creator=column(1), sound=column(1))
    if draw(st.booleans()):
        adjacent = NOTHING
    candidates = some(
        value, np.array(column(), np.int32), np.array(column(), np.int32), column(),
        explorable=np.array(explorable, np.bool_),
    )  # fmt: skip
    return candidates, adjacent, draw(st.integers(0, 1000))


def meet(a: Candidates, i: int, b: Candidates, j: int) -> bool:
    return any(a[key][i] >= 0 and a[key][i] == b[key][j] for key in ("creator", "sound"))


@settings(max_examples=150, deadline=None)
@given(world=worlds(), share=st.sampled_from([0.0, 0.3, 1.0]), lift=st.booleans())
def test_spacing_always_holds_and_nothing_comes_twice(
    world: tuple[Candidates, Candidates, int], share: float, lift: bool
) -> None:
    candidates, adjacent, seed = world
    selector = Diverse(explore_share=share, lift_first=lift)
    slate = selector.select(query(6, seed, adjacent=adjacent), candidates)
    assert len(set(slate.rows.tolist())) == len(slate)
    assert all(not meet(slate, i, slate, i + 1) for i in range(len(slate) - 1))
    free = [
        i for i in range(len(candidates))
        if not any(meet(candidates, i, adjacent, j) for j in range(len(adjacent)))
    ]  # fmt: skip
    if free:
        assert int(slate.rows[0]) in free
    else:
        assert len(slate) == 0 or lift
        assert len(candidates) == 0 or len(slate) > 0 or not lift
    assert ((slate["propensity"] > 0) & (slate["propensity"] <= 1)).all()


def test_optimism_tries_what_little_is_known_of_and_says_nothing_of_it_in_the_value() -> None:
    lesson = np.array([0.1, 2.0, 0.0], np.float32)
    candidates = some([3, 2, 1], doubt=2 * lesson, lesson=lesson)
    slates = [Diverse(optimism=1.0).select(query(now_ms=10_000 * epoch), candidates)
              for epoch in range(60)]  # fmt: skip
    firsts = Counter(int(slate.rows[0]) for slate in slates)
    assert set(firsts) == {0, 1}
    assert firsts[1] > 10  # it draws more than half a deviation three times in ten
    assert all(slate["value"].tolist() == [3.0 - row for row in slate.rows] for slate in slates)
    assert picked(Diverse(), candidates, query()) == [0, 1, 2]


def test_what_is_drawn_for_a_video_holds_for_everybody_for_some_seconds() -> None:
    alike = np.ones(30, np.float32)
    candidates = some(np.zeros(30), doubt=alike, lesson=alike)
    orders = [picked(Diverse(optimism=1.0), candidates, query(30, seed, more)) for seed, more in
              ((1, 0), (2, 9_999), (3, 10_000))]  # fmt: skip
    assert orders[0] == orders[1] != orders[2]


def test_chance_tries_only_what_may_be_worth_a_place_by_its_doubt() -> None:
    doubt, all_of_them = np.array([0.1, 0.1, 1.0, 0.1], np.float32), np.ones(4, np.bool_)
    lesson = np.zeros(4, np.float32)
    candidates = some([3, 2, 1, 0], doubt=doubt, lesson=lesson, explorable=all_of_them)
    slates = [Diverse(explore_share=1.0, optimism=0.01).select(query(1, seed), candidates)
              for seed in range(40)]  # fmt: skip
    assert {int(slate.rows[0]) for slate in slates} == {0, 2}
    assert {float(slate["propensity"][0]) for slate in slates} == {0.5}


def test_a_broken_score_comes_last_whatever_the_hope() -> None:
    much = np.array([9.0, 0.0], np.float32)
    candidates = some([np.nan, 1], doubt=much, lesson=much)
    assert picked(Diverse(optimism=5.0), candidates, query()) == [1, 0]


def test_a_place_left_to_chance_goes_to_who_wins_a_round_as_often_as_is_logged() -> None:
    draws = np.full((4, 4), -np.inf, np.float32)
    draws[2], draws[3] = [3, 3, 3, 0], [1, 1, 1, 1]  # 2 wins three rounds of four
    candidates = some([9, 8, 0, 0], draws=draws)
    selector = Diverse(trial_share=0.4)
    came: Counter[int] = Counter()
    for seed in range(4_000):
        slate = selector.select(query(1, seed), candidates)
        came[int(slate.rows[0])] += 1
        told = {0: 0.6, 2: 0.3, 3: 0.1}[int(slate.rows[0])]
        assert float(slate["propensity"][0]) == pytest.approx(told)
    assert came[2] / 4_000 == pytest.approx(0.3, abs=0.03)
    assert came[3] / 4_000 == pytest.approx(0.1, abs=0.02)


def test_with_nothing_on_trial_chance_tries_what_is_little_shown() -> None:
    nothing = np.full((3, 4), -np.inf, np.float32)
    candidates = some([9, 8, 7], draws=nothing, explorable=np.array([False, True, True]))
    selector = Diverse(explore_share=0.5, trial_share=1.0)
    slates = [selector.select(query(1, seed), candidates) for seed in range(60)]
    told = {(int(one.rows[0]), float(one["propensity"][0])) for one in slates}
    assert told == {(0, 0.5), (1, 0.25), (2, 0.25)}


def test_who_won_a_round_wins_none_once_its_creator_stands_before() -> None:
    draws = np.array([[-np.inf], [5], [4]], np.float32)
    candidates = some([9, 0, 0], creator=[7, 7, 8], draws=draws)
    selector = Diverse(trial_share=1.0)
    slate = selector.select(
        query(3, adjacent=Candidates.of([99], creator=[7], sound=[-1])), candidates
    )
    assert slate.rows.tolist()[0] == 2
