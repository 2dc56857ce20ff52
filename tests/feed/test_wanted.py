"""An app's options: filters in rows, bounded boosts, and what cannot be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from freshet.domain import events as e
from freshet.domain.errors import Refused
from freshet.feed.options import Boost, Filters, Options
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.feed.wanted import NOTHING_ASKED, Asked, Boosts, Matching, Pinned, wanted
from freshet.pipeline import Candidates
from tests.feed.making import make, parts_of, video
from tests.feed.world import HOUR_MS, NOW_MS

QUERY = FeedQuery(viewer=-1, n=10, now_ms=NOW_MS, seed=1)
WORLD = [
    video("a", "ann", 1, sound="s", hashtags=("tea",), topics=("food",), language="de"),
    video("b", "bob", 2, sound="s", original_sound=True, hashtags=("tea", "cake")),
    video("c", "cy", 3, topics=("art", "food"), country="AT"),
    make(e.VideoPublished, video="d", creator="dee", created=NOW_MS - 4 * HOUR_MS),
]


def passing(**filters: Any) -> list[str]:
    parts = parts_of(WORLD)
    asked = wanted(Options(filters=Filters(**filters)), parts.live)
    rows = np.arange(4, dtype=np.int32)
    return [parts.live.video_id(int(row)) for row in rows[asked.passes(parts.live, rows)]]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"creators": ("ann", "dee")}, "ad"),
        ({"sounds": ("s",)}, "a"),  # b's is an original sound: none
        ({"hashtags": ("cake", "tea")}, "ab"),
        ({"hashtags": ("cake",)}, "b"),
        ({"topics": ("food",)}, "ac"),
        ({"languages": ("de",)}, "a"),
        ({"countries": ("AT",)}, "c"),
        ({"videos": ("d", "b", "nobody's")}, "bd"),
        ({"duration_max_ms": 60_000}, "abc"),  # d's duration is unknown
        ({"duration_min_ms": 15_000, "duration_max_ms": 15_000}, "abc"),
        ({"duration_min_ms": 15_001}, ""),
        ({"created_after": NOW_MS - 2 * HOUR_MS}, "ab"),
        ({"created_before": NOW_MS - 2 * HOUR_MS}, "cd"),
        ({"topics": ("food",), "creators": ("cy",)}, "c"),
        ({"topics": ("unheard of",)}, ""),
        ({"creators": ()}, ""),
        ({}, "abcd"),
    ],
)
def test_a_video_passes_if_it_meets_every_filter(filters: Any, expected: str) -> None:
    assert passing(**filters) == list(expected)


async def test_exclusions_and_filters_are_one_column_and_nothing_asked_costs_nothing() -> None:
    parts = parts_of(WORLD)
    query = replace(QUERY, wanted=wanted(Options(exclude=("a", "c")), parts.live))
    some = Candidates.of([0, 1, 2, 3])
    assert (await Asked(parts).columns(query, some))["asked"].tolist() == [False, True, False, True]
    assert (await Asked(parts).columns(QUERY, some))["asked"].all()
    assert not Asked(parts).default(some)["asked"].any()
    assert wanted(Options(personalised=False), parts.live) is NOTHING_ASKED


async def test_a_narrow_filter_finds_what_a_sample_of_a_large_catalogue_would_miss() -> None:
    rare = [video("rare", topics=("rare",))]
    parts = parts_of([*(video(f"v{i}") for i in range(300)), *rare], candidates=5)
    query = replace(QUERY, wanted=wanted(Options(filters=Filters(topics=("rare",))), parts.live))
    assert (await Matching(parts).fetch(query)).rows.tolist() == [300]
    assert len((await Matching(parts).fetch(QUERY)).rows) == 0
    many = replace(QUERY, wanted=wanted(Options(exclude=("v1",)), parts.live))
    assert len((await Matching(parts).fetch(many)).rows) == 5


async def test_pins_are_brought_by_place() -> None:
    parts = parts_of(WORLD)
    asked = wanted(Options(pins={"c": 4, "a": 1, "ghost": 0}), parts.live)
    assert (await Pinned(parts).fetch(replace(QUERY, wanted=asked))).rows.tolist() == [0, 2]
    assert asked.unknown_pins == (("ghost", 0),)


def boosted(parts: Parts, worth: list[float], *boosts: Boost) -> list[float]:
    query = replace(QUERY, wanted=wanted(Options(boosts=boosts), parts.live))
    some = Candidates.of([0, 1, 2, 3], worth=worth)
    added: list[float] = Boosts(parts).score(query, some).tolist()
    return added


def test_boosts_multiply_and_add_within_bounds() -> None:
    parts = parts_of(WORLD)
    tea, ann = (
        Boost(kind="hashtag", target="tea", multiply=2.0),
        Boost(kind="creator", target="ann", multiply=3.0, add=0.5),
    )
    assert boosted(parts, [1, 1, 1, 1], tea) == [1, 1, 0, 0]
    assert boosted(parts, [1, 1, 1, 1], tea, ann) == [5.5, 1, 0, 0]
    assert boosted(parts, [1, 0, 0, 0], *[ann] * 9) == [9 + 4.5, 0, 0, 0]  # ten times at most
    assert boosted(parts, [0, 0, 2, 0], Boost(kind="video", target="c", multiply=0)) == [
        0,
        0,
        -2,
        0,
    ]


def test_a_boost_raises_a_worth_below_zero_too() -> None:
    assert (
        boosted(parts_of(WORLD), [-2, 0, 0, 0], Boost(kind="video", target="a", multiply=2))[0] == 2
    )


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (Options(pins={"a": 5}), "pins.a"),
        (Options(pins={"a": 1, "b": 1}), "pins.b"),
        (Options(filters=Filters(duration_min_ms=9, duration_max_ms=8)), "filters.duration_max_ms"),
        (Options(filters=Filters(created_after=9, created_before=8)), "filters.created_before"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(options: Options, field: str) -> None:
    with pytest.raises(Refused) as caught:
        options.check(5)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "plain",
    [
        {"filters": {"mood": []}},
        {"boosts": [{"kind": "mood", "target": "x"}]},
        {"boosts": [{"kind": "video", "target": "x", "multiply": 11}]},
        {"boosts": [{"kind": "video", "target": "x", "add": -11}]},
        {"pins": {"a": -1}},
        {"exclude": ["v"] * 1_001},
        {"exclude": [""]},
    ],
)
def test_options_beyond_their_bounds_do_not_decode(plain: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(plain, Options)
