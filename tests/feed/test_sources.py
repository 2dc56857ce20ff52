"""Sources that find: near what was liked, by whom one follows, rising, for a first audience."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from freshet.domain import events as e
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.feed.settings import ForYou
from freshet.feed.sources import (
    Everything,
    Explore,
    FirstAudience,
    Followed,
    Interests,
    Proven,
    Rising,
    Similar,
)
from freshet.feed.value import Value
from freshet.retrieval.nearby import Nearby
from freshet.retrieval.settings import Retrieval
from tests.feed.making import live_of, make, video, watched
from tests.feed.world import NOW_MS

VERA = FeedQuery(viewer=0, n=10, now_ms=NOW_MS, seed=1)
NOBODY = replace(VERA, viewer=-1)

WORLD = [
    make(e.PersonSaved, person="vera", country="FR", language="fr"),
    *(video(f"cat{n}", topics=("cats",)) for n in range(6)),
    *(video(f"car{n}", topics=("cars",)) for n in range(6)),
    *watched("vera", "cat0"),
]


def parts_of(*more: e.Event, **settings: Any) -> Parts:
    live = live_of([*WORLD, *more])
    told = ForYou(**settings)
    worth = Value(told.weights, live.outcomes).to_anybody(live)
    return Parts(
        live, told, Nearby(live, Retrieval(), lambda: NOW_MS, worth, told.explore_shown_max)
    )


async def found(source: Any, query: FeedQuery = VERA) -> list[str]:
    rows = (await source.fetch(replace(query))).rows.tolist()  # a request of its own
    assert len(rows) == len(set(rows))
    return [source.parts.live.video_id(row) for row in rows]


@pytest.mark.parametrize(("kind", "setting"), [(Similar, "similar"), (Interests, "interests")])
async def test_what_is_near_what_was_liked_is_found(kind: Any, setting: str) -> None:
    names = await found(kind(parts_of(**{setting: 6})))
    assert set(names) == {f"cat{n}" for n in range(6)}
    assert await found(kind(parts_of()), NOBODY) == []


@pytest.mark.parametrize("kind", [Proven, FirstAudience])
async def test_no_pool_holds_what_may_not_be_shown(kind: Any) -> None:
    parts = parts_of(make(e.LabelSet, video="cat3", label="spam", actor="m"))
    assert "cat3" not in await found(kind(parts))


async def test_a_source_that_is_set_to_none_brings_none() -> None:
    parts = parts_of(similar=0, interests=0, proven=0, rising=0, first_audience=0, followed=0)
    for kind in (Similar, Interests, Proven, Rising, FirstAudience):
        assert await found(kind(parts)) == []


async def test_what_rises_in_the_viewers_country_comes_first_then_the_worlds() -> None:
    parts = parts_of(
        video("here", country="FR"), video("there", country="DE"), video("still", country="FR"),
        *watched("w", "there", "there", "here"), rising=2,
    )  # fmt: skip
    assert await found(Rising(parts)) == ["here", "there"]
    assert (await found(Rising(parts), NOBODY))[0] == "there"


async def test_what_is_worth_most_to_anybody_is_found_and_the_fitting_of_it_first() -> None:
    parts = parts_of(*watched("w", *["car2"] * 9, *["cat2"] * 8), proven=2)
    assert await found(Proven(parts), NOBODY) == ["car2", "cat2"]
    assert (await found(Proven(parts)))[0] == "cat2"


async def test_who_has_seen_what_is_proven_is_brought_the_next_best() -> None:
    best = [*watched("w", *["cat1"] * 9, *["cat2"] * 8, *["cat3"] * 7), *watched("vera", "cat1")]
    assert await found(Proven(parts_of(*best, proven=2))) == ["cat2", "cat3"]


async def test_new_videos_go_to_those_whom_they_fit() -> None:
    french = video("chat", topics=("cats",), language="fr", country="FR")
    parts = parts_of(french, first_audience=3, explore_shown_max=0)
    assert (await found(FirstAudience(parts)))[0] == "chat"
    assert "cat0" not in await found(FirstAudience(parts))  # it was shown before
    assert len(await found(FirstAudience(parts), NOBODY)) == 3


async def test_the_newest_of_followed_creators_are_found_last_followed_first() -> None:
    follows = [make(e.Follow, viewer="vera", person=f"creator of {name}") for name in ("cat2", "x")]
    mine = [video(f"x{n}", "creator of x", age_h=99 - n) for n in (1, 2, 3)]
    parts = parts_of(*mine, *follows, followed=3)
    assert await found(Followed(parts)) == ["x3", "x2", "x1"]
    parts = parts_of(*mine, *follows, followed=4)
    assert await found(Followed(parts)) == ["x3", "x2", "x1", "cat2"]
    assert await found(Followed(parts), NOBODY) == []


async def test_of_a_large_catalogue_everything_is_a_sample_that_is_larger_for_strangers() -> None:
    parts = parts_of(candidates=8, sample=3, least=0)
    assert len(await found(Everything(parts))) <= 3
    assert 3 < len(await found(Everything(parts), NOBODY)) <= 8


async def test_as_many_are_drawn_where_most_of_a_catalogue_is_gone() -> None:
    gone = [make(e.LabelSet, video=f"x{n}", label="spam", actor="m") for n in range(600)]
    parts = parts_of(
        *(video(f"x{n}") for n in range(600)), *gone, *(video(f"y{n}") for n in range(200)),
        candidates=100, explore=10,
    )  # fmt: skip
    everything, little_shown = Everything(parts), Explore(parts)
    for seed in range(5):
        query = replace(NOBODY, seed=seed)
        for source, least in ((everything, 60), (little_shown, 10)):
            names = await found(source, query)
            assert len(names) >= least
            assert not any(name.startswith("x") for name in names)


async def test_what_tastes_leave_of_the_least_is_drawn_from_the_whole() -> None:
    none = dict.fromkeys(("proven", "rising", "first_audience", "fresh", "explore"), 0)
    parts = parts_of(**none, candidates=10, sample=0, similar=6, interests=6, least=10)
    query = replace(VERA)
    near = [(await source(parts).fetch(query)).rows for source in (Similar, Interests)]
    drawn = (await Everything(parts).fetch(query)).rows
    alone = (await Everything(parts).fetch(replace(VERA))).rows  # nothing was near
    assert len(set(near[0].tolist()) | set(near[1].tolist())) == 6  # one of them was seen
    assert len(drawn) <= 10 - 5 < len(alone)
