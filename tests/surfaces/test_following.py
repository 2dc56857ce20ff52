"""Following: only whom one follows, newest windows first, further back as one pages."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from freshet.domain import events as e
from freshet.feed.ladder import Filled
from freshet.feed.options import Filters, Options
from freshet.feed.query import FeedQuery
from freshet.feed.settings import Following
from freshet.feed.wanted import wanted
from freshet.pipeline import Rows
from freshet.surfaces.following import following
from tests.feed.making import live_of, make, video, watched
from tests.feed.world import NOW_MS, FakeLive


def follow(*people: str) -> list[e.Event]:
    return [make(e.Follow, viewer="v", person=person) for person in people]


def by(creator: str, *ages_h: float, **more: Any) -> list[e.Event]:
    return [video(f"{creator}{age:g}", creator, age, **more) for age in ages_h]


async def fill(
    live: FakeLive, n: int = 10, viewer: str = "v", served: Rows | Sequence[int] = (),
    options: Options | None = None, **settings: Any,
) -> Filled:  # fmt: skip
    query = FeedQuery(
        viewer=live.viewer_row(viewer), n=n, now_ms=NOW_MS, seed=1, surface="following",
        served=np.array(served, np.int32), wanted=wanted(options or Options(), live),
        served_since_s=NOW_MS,
    )  # fmt: skip
    return await following(live, Following(**settings)).fill(query)


def names(live: FakeLive, filled: Filled) -> list[str]:
    return [live.video_id(int(row)) for row in filled.slate.rows]


async def test_only_whom_one_follows_is_in_it_and_every_item_says_so() -> None:
    live = live_of([*by("ann", 1), *by("bob", 2), *by("cy", 3), *follow("ann", "cy")])
    filled = await fill(live)
    assert sorted(names(live, filled)) == ["ann1", "cy3"]
    assert [why[0].code for why in filled.slate["reasons"]] == ["followed", "followed"]
    assert filled.rung.name == ""


async def test_who_follows_nobody_is_told_so() -> None:
    live = live_of([*by("ann", 1), *follow("ann"), make(e.Unfollow, viewer="v", person="ann")])
    for viewer in ("v", "nobody"):
        filled = await fill(live, viewer=viewer)
        assert (len(filled.slate), filled.rung.name) == (0, "no_follows")


async def test_what_was_seen_hidden_or_barred_is_not_in_it() -> None:
    live = live_of(
        [*by("ann", 1, 2, 3, 4), *follow("ann"), *watched("v", "ann1"),
         make(e.NotInterested, viewer="v", video="ann2"),
         make(e.LabelSet, video="ann3", label="spam", actor="m")]
    )  # fmt: skip
    assert names(live, await fill(live)) == ["ann4"]


async def test_the_window_holds_the_newest_and_moves_back_as_one_pages() -> None:
    people = ["ann", "bob"]
    live = live_of([*(x for one in people for x in by(one, *range(1, 31))), *follow(*people)])
    shown: list[int] = []
    for page in range(6):
        filled = await fill(live, n=10, served=shown, window=12)
        ages = [int(name.strip("anbo")) for name in names(live, filled)]
        assert len(ages) == 10
        # At most two of each window stay behind.
        assert max(ages) <= 5 * page + 6
        shown += filled.slate.rows.tolist()
    assert len(set(shown)) == 60
    assert (await fill(live, served=shown)).rung.name == "exhausted"


async def test_a_long_past_of_seen_videos_is_looked_through() -> None:
    live = live_of([*by("ann", *range(1, 101)), *by("bob", 200), *follow("ann", "bob")])
    seen = [live.video_row(f"ann{age}") for age in range(1, 100)]
    assert sorted(names(live, await fill(live, served=seen))) == ["ann100", "bob200"]
    # A creator's past beyond `depth` is not.
    assert names(live, await fill(live, served=seen, depth=64)) == ["bob200"]


async def test_creators_and_sounds_are_spaced() -> None:
    live = live_of([*by("ann", 1, 2, 3), *by("bob", 50, sound="s"), *by("cy", 60, sound="s"),
                    *follow("ann", "bob", "cy")])  # fmt: skip
    rows = (await fill(live)).slate.rows
    creators, sounds = live.creator[rows].tolist(), live.sound[rows].tolist()
    assert len(rows) == 5
    assert all(one != other for one, other in itertools.pairwise(creators))
    assert all(a != b or a < 0 for a, b in itertools.pairwise(sounds))


async def test_its_value_table_is_its_own() -> None:
    live = live_of([*by("ann", 10), *by("bob", 20), *follow("ann", "bob")])
    up = await fill(live, weights={"long_view": 1.0})
    down = await fill(live, weights={"long_view": -1.0})
    assert names(live, up) == names(live, down)[::-1]


async def test_seen_ones_come_again_only_if_that_is_set_the_longest_ago_first() -> None:
    seen = [*watched("v", "ann1", time=NOW_MS - 1_000), *watched("v", "bob2", time=NOW_MS - 9_000)]
    live = live_of([*by("ann", 1), *by("bob", 2), *follow("ann", "bob"), *seen])
    assert (await fill(live)).rung.name == "exhausted"
    again = await fill(live, reopen_seen=True)
    assert (names(live, again), again.rung.name) == (["bob2", "ann1"], "reopened")


async def test_filters_narrow_it_and_say_so_when_nothing_is_left() -> None:
    live = live_of([*by("ann", 1, topics=("tea",)), *by("bob", 2), *follow("ann", "bob")])
    tea, none = (Options(filters=Filters(topics=topics)) for topics in (("tea",), ("chess",)))
    assert names(live, await fill(live, options=tea)) == ["ann1"]
    assert (await fill(live, options=none)).rung.name == "filtered"
