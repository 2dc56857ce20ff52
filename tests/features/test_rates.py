"""Rates over everybody: of the world, a place, an hour, a length, a video and its content.

A rate enters as evidence: 0 where nothing sets it apart from what was to be expected.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from freshet.domain import events as ev
from freshet.features.duration import BUMPS
from tests.learning.telling import START_MS, Story

DAY_S = 86_400


def liked(story: Story, video: str, viewers: int = 20, **fields: str) -> None:
    for n in range(viewers):
        story.views(f"fan{n}", video, 70, **fields)
        story.tell(ev.Like, viewer=f"fan{n}", video=video)


def left_at_once(story: Story, video: str, viewers: int = 20, **fields: str) -> None:
    for n in range(viewers):
        story.views(f"passer{n}", video, 0.5, **fields)


@pytest.fixture
def story() -> Story:
    """Two videos of two kinds, one liked by all, one left by all; and one more of each kind."""
    story = Story()
    cats = {"topics": ("cats",), "hashtags": ("cat", "pet"), "sound": "meow",
            "traits": {"filter": "warm"}, "duration_ms": 60_000}  # fmt: skip
    dogs = {"topics": ("dogs",), "hashtags": ("dog", "pet"), "sound": "woof",
            "traits": {"filter": "cold"}, "duration_ms": 9_000}  # fmt: skip
    story.publish("loved", creator="a", **cats)
    story.publish("new cat", creator="b", **cats)
    story.publish("left", creator="c", **dogs)
    story.publish("new dog", creator="d", **dogs)
    story.publish("of nothing", creator="e", duration_ms=0)
    liked(story, "loved")
    left_at_once(story, "left")
    return story


def test_a_video_is_known_by_how_it_fared(story: Story) -> None:
    loved, left = story.values("nobody", "loved"), story.values("nobody", "left")
    for outcome in ("watched_2s", "long_view", "like", "log_watch"):
        assert loved[f"video_{outcome}"] > 0 > left[f"video_{outcome}"]
    assert loved["video_views"] == pytest.approx(math.log(1 + 20))


def test_a_video_that_nobody_saw_has_no_evidence_of_its_own(story: Story) -> None:
    values = story.values("nobody", "new cat")
    own = ("video_watched", "video_finish", "video_long", "video_like", "video_views",
           "video_recent", "video_here", "video_surprise", "video_liking",
           "video_verdicts")  # fmt: skip
    own_values = [value for name, value in values.items() if name.startswith(own)]
    assert own_values == pytest.approx([0] * len(own_values), abs=1e-6)


def test_a_new_video_is_known_by_what_it_is_made_of(story: Story) -> None:
    cat, dog = story.values("nobody", "new cat"), story.values("nobody", "new dog")
    for part in ("topic", "hashtag", "sound", "video_trait", "span"):
        assert cat[f"{part}_like"] > dog[f"{part}_like"], part
        assert cat[f"{part}_log_watch"] > 0 > dog[f"{part}_log_watch"], part


def test_several_hashtags_count_as_their_mean(story: Story) -> None:
    given: dict[str, Any] = {"duration_ms": 60_000, "creator": "f"}
    for name, tags in (("cat", ("cat",)), ("pet", ("pet",)), ("both", ("cat", "pet"))):
        story.publish(name, hashtags=tags, **given)
    cat, pet, both = (story.values("nobody", v)["hashtag_like"] for v in ("cat", "pet", "both"))
    assert both == pytest.approx((cat + pet) / 2, abs=1e-5)


def test_a_video_made_of_nothing_known_has_no_evidence_of_content(story: Story) -> None:
    values = story.values("nobody", "of nothing")
    content = ("topic_", "hashtag_", "sound_", "video_trait_")
    assert not any(value for name, value in values.items() if name.startswith(content))
    assert values["duration_unknown"] == 1


def test_a_sounds_rates_are_those_of_the_videos_with_it(story: Story) -> None:
    at = story.live.composed.layout("sound.tally")
    meow = story.live.blocks["sound"].floats[story.live.columns.names["sound"].row("meow")]
    assert meow[at] == 20


def test_lately_fades_and_in_all_does_not(story: Story) -> None:
    now = story.values("nobody", "loved")
    story.wait(3 * DAY_S)
    later = story.values("nobody", "loved")
    assert 0 < later["video_recent_views"] < 0.1 * now["video_recent_views"]
    assert later["video_views"] == now["video_views"]
    assert later["video_speed"] < now["video_speed"]


@pytest.mark.parametrize("entity", ["topic", "hashtag", "sound", "video"])
@pytest.mark.parametrize("second", [0, 7, 9, 15])
def test_what_is_watched_often_does_not_fade_faster(entity: str, second: int) -> None:
    """A thousand acts within one second take no time."""
    story = Story()
    story.publish("a", topics=("t",), hashtags=("h",), sound="s")
    for n in range(500):
        story.now_ms = START_MS + 3_600_000 + second * 1_000
        story.shows(f"fan{n}", "a")
        story.now_ms -= 1_000
        story.watches(f"fan{n}", "a", 5, left=True)
    at = story.live.space.video_slots.of[0] if entity == "video" else 0
    row = story.live.blocks[entity].floats[at]
    tally, recent = (story.live.composed.layout(f"{entity}.{name}") for name in ("tally", "recent"))
    assert row[tally] == 500
    assert row[recent] == pytest.approx(500, rel=0.001)


def test_a_videos_age_grows(story: Story) -> None:
    young = story.values("nobody", "loved")["video_age_h"]
    story.wait(DAY_S)
    assert story.values("nobody", "loved")["video_age_h"] > young


def test_a_video_from_the_future_or_the_last_century_has_a_finite_age(story: Story) -> None:
    story.publish("future", created=story.now_ms + 10**12)
    story.publish("old", created=-(10**12))
    future, old = (story.values("nobody", video)["video_age_h"] for video in ("future", "old"))
    assert future < story.values("nobody", "loved")["video_age_h"] < old < 20


def test_a_length_is_a_smooth_code(story: Story) -> None:
    story.publish("as long", duration_ms=60_100)
    story.publish("longest", duration_ms=2**31 + 5)
    bumps = [f"duration_bump_{k}" for k in range(BUMPS)]
    one, near, far = (
        [story.values("nobody", video)[bump] for bump in bumps]
        for video in ("loved", "as long", "left")
    )
    assert one == pytest.approx(near, abs=0.01)
    assert one != pytest.approx(far, abs=0.3)
    assert math.isfinite(story.values("nobody", "longest")["duration_log"])


def test_a_place_is_known_by_how_views_go_there() -> None:
    story = Story()
    story.publish("a", "b")
    liked(story, "a", surface="for_you")
    left_at_once(story, "a", surface="search")
    story.tell(ev.OpenApp, viewer="nobody")
    row = np.array([story.live.video_row("b")], np.int32)
    here, there = (
        dict(zip(story.live.feature_names,
                 story.live.rank(-1, row, story.now_ms, surface).features[0], strict=True))
        for surface in ("for_you", "search")
    )  # fmt: skip
    for part in ("placement", "span_placement"):
        assert here[f"{part}_log_watch"] > there[f"{part}_log_watch"]
    assert [here["placement_is_0"], here["placement_is_1"]] == [1, 0]
    assert [there["placement_is_0"], there["placement_is_1"]] == [0, 1]


def test_a_video_has_rates_of_its_own_in_each_place() -> None:
    story = Story()
    story.publish("a")
    liked(story, "a", surface="for_you")
    left_at_once(story, "a", surface="search")
    row = np.array([story.live.video_row("a")], np.int32)
    at = story.live.feature_names.index("video_here_views")
    like = story.live.feature_names.index("video_here_like")
    for surface, views in (("for_you", 20), ("search", 20), ("friends", 0)):
        x = story.live.rank(-1, row, story.now_ms, surface).features[0]
        expected = views if surface != "friends" else 20  # a place nobody named is the first one
        assert x[at] == pytest.approx(math.log(1 + expected)), surface
        assert (x[like] > 0) == (surface != "search")


def test_more_places_than_there_are_columns_for_share_the_last() -> None:
    story = Story()
    story.publish("a")
    for n in range(300):
        story.views("ann", "a", 5, context=f"tab{n}")
    assert len(story.live.columns.names["placement"]) == 255
    assert story.tally("video", "a") == 300


def test_an_hour_of_the_day_is_known_by_how_views_go_then() -> None:
    story = Story()
    story.publish("a")
    liked(story, "a", viewers=10)
    at_night = story.values("nobody", "a")["hour_like"]
    story.wait(3_600 * 5)
    left_at_once(story, "a", viewers=10)
    in_the_morning = story.values("nobody", "a")["hour_like"]
    story.wait(3_600 * 19)
    assert at_night > in_the_morning
    assert story.values("nobody", "a")["hour_like"] > in_the_morning


def test_everything_counts_for_the_world_once(story: Story) -> None:
    assert story.tally("all", "") == 40
    assert story.tally("all", "", "like") == 20


def test_views_of_old_say_how_a_video_and_a_viewer_fared_and_change_no_tally(story: Story) -> None:
    story.publish("held", "passed by")
    before = story.tallies()
    for n in range(20):
        story.tell(ev.HistoryKnown, viewer=f"old{n}", watched=("held", "passed by"),
                   long_watched=("held",), liked=("held",))  # fmt: skip
    story.tell(ev.HistoryKnown, viewer="patient", watched=("held",), long_watched=("held",))
    held, passed_by = story.values("nobody", "held"), story.values("nobody", "passed by")
    assert held["video_known_views"] == pytest.approx(math.log(1 + 21))
    for outcome in ("long_view", "like"):
        assert held[f"video_known_{outcome}"] > 0 > passed_by[f"video_known_{outcome}"]
    patient = story.values("patient", "new cat")
    assert patient["viewer_known_long_view"] > 0 == patient["video_known_views"]
    assert held["viewer_known_views"] == 0
    assert story.tallies() == before
