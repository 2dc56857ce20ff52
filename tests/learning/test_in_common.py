"""What a viewer lately did with videos that share something: exact, and none that was undone."""

from __future__ import annotations

import numpy as np
import pytest

from freshet.domain import events as ev
from freshet.features.ring import HISTORY
from tests.learning.telling import Story


@pytest.fixture
def story() -> Story:
    story = Story()
    story.publish("a", "b", "c", hashtags=("tea",), topics=("cooking",), sound="hum")
    story.publish("d", creator="bob", hashtags=("cake", "tea"), sound="own", original_sound=True)
    story.publish("e", creator="bob", sound="own", original_sound=True)
    return story


def told(story: Story, kind: str, video: str = "d") -> tuple[str, int] | None:
    """Which act is told of a thing of the video, and of how many videos."""
    viewer, rows = story.live.viewer_row("ann"), np.array([story.live.video_row(video)], np.int32)
    _, act, times, _ = story.live.in_common(viewer, rows).acts[kind][0]
    return (story.live.acts[act], times) if times else None


def since(story: Story, kind: str, video: str = "d") -> tuple[int, int]:
    """Seconds since the first of those views, and since when nothing is missing."""
    viewer, rows = story.live.viewer_row("ann"), np.array([story.live.video_row(video)], np.int32)
    found = story.live.in_common(viewer, rows)
    now_s = story.now_ms // 1000 - 1_577_836_800
    return now_s - found.acts[kind][0][3], now_s - found.whole_since_s


def test_the_strongest_act_is_told(story: Story) -> None:
    story.views("ann", "a", 5)
    assert told(story, "hashtag") is None  # a glance is no act
    story.views("ann", "b", 20)
    assert told(story, "hashtag") == ("watched", 1)
    story.views("ann", "c", 60)
    assert told(story, "hashtag") == ("watched", 2)
    story.views("ann", "a", 60)
    assert told(story, "hashtag") == ("finished", 2)
    story.tell(ev.Like, viewer="ann", video="a")
    assert told(story, "hashtag") == ("finished", 2)  # one like of two says less
    story.tell(ev.Like, viewer="ann", video="c")
    assert told(story, "hashtag") == ("liked", 2)


def test_of_several_tags_the_one_that_most_was_done_with(story: Story) -> None:
    story.views("ann", "a", 60)
    story.views("ann", "b", 60)
    viewer, rows = story.live.viewer_row("ann"), np.array([story.live.video_row("d")], np.int32)
    found = story.live.in_common(viewer, rows).acts["hashtag"][0]
    assert story.live.names("hashtag", found[0]) == "tea"


def test_a_video_watched_twice_is_one_video(story: Story) -> None:
    story.views("ann", "a", 60)
    story.views("ann", "a", 60)
    assert told(story, "hashtag") == ("finished", 1)


def test_an_original_sound_is_nobody_elses(story: Story) -> None:
    story.views("ann", "e", 60)
    assert told(story, "sound") is None
    assert told(story, "creator") == ("finished", 1)


def test_a_like_that_was_taken_back_is_none_in_whichever_view_it_was_given(story: Story) -> None:
    story.views("ann", "a", 60)
    story.tell(ev.Like, viewer="ann", video="a")
    assert told(story, "hashtag") == ("liked", 1)
    story.views("ann", "a", 60)
    story.tell(ev.Unlike, viewer="ann", video="a")
    assert told(story, "hashtag") == ("finished", 1)


def test_what_was_before_a_reset_is_not_told(story: Story) -> None:
    story.views("ann", "a", 60)
    story.tell(ev.ResetFeed, viewer="ann")
    assert told(story, "hashtag") is None
    story.views("ann", "b", 60)
    assert told(story, "hashtag") == ("finished", 1)


def test_a_view_from_before_the_log_has_no_time_and_is_not_told(story: Story) -> None:
    story.tell(ev.HistoryKnown, viewer="ann", watched=("a",), long_watched=("a",), liked=("a",))
    assert told(story, "hashtag") is None


def test_what_is_told_has_the_time_of_the_first_of_those_views(story: Story) -> None:
    story.views("ann", "a", 60)
    story.wait(3_000)
    story.views("ann", "b", 60)
    ago_s, whole_s = since(story, "hashtag")
    assert 3_000 <= ago_s <= 3_010
    assert whole_s > 10**9  # all there ever were


def test_what_fell_out_of_the_history_may_be_missing(story: Story) -> None:
    for k in range(HISTORY):
        story.publish(f"other{k}", creator=f"maker{k}")
        story.views("ann", f"other{k}", 3)
    story.wait(600)
    story.views("ann", "a", 60)
    ago_s, whole_s = since(story, "hashtag")
    assert ago_s < 10
    assert 600 < whole_s < 800


def rest(story: Story, kind: str, video: str) -> list[float]:
    viewer, rows = story.live.viewer_row("ann"), np.array([story.live.video_row(video)], np.int32)
    found: list[float] = story.live.in_common(viewer, rows).rest[kind][0].tolist()
    return found


def inputs(story: Story, kind: str, video: str) -> list[float]:
    values = story.values("ann", video)
    return [values[f"{kind}_{name}"] for name in ("shown", "long", "surprise")]


def test_without_what_is_named_the_inputs_are_as_if_it_had_not_been(story: Story) -> None:
    story.publish("f", creator="cy", hashtags=("cake",), topics=("cooking",))
    story.views("ann", "f", 4)
    story.views("ann", "b", 9)
    for kind in ("creator", "hashtag", "topic", "sound"):  # nothing is named: nothing goes
        assert rest(story, kind, "d") == pytest.approx(inputs(story, kind, "d"), abs=1e-5)
    before = inputs(story, "hashtag", "d")
    story.views("ann", "a", 60)
    story.views("ann", "c", 60)
    story.views("ann", "c", 2)  # a view of what is named goes with it
    assert told(story, "hashtag") == ("finished", 2)
    assert rest(story, "hashtag", "d") == pytest.approx(before, abs=1e-5)
    assert inputs(story, "hashtag", "d") != pytest.approx(before, abs=1e-2)


def test_nothing_is_told_of_somebody_unknown(story: Story) -> None:
    found = story.live.in_common(-1, np.array([story.live.video_row("d")], np.int32))
    assert {times for each in found.acts.values() for _, _, times, _ in each} == {0}
    assert not any(each.any() for each in found.rest.values())
