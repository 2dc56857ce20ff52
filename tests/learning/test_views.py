"""When a view is over, and that it is then learned, once."""

from __future__ import annotations

import numpy as np
import pytest

from freshet.domain import events as ev
from freshet.features.ring import HISTORY
from freshet.learning.live import Recorder
from tests.learning.telling import Story


@pytest.fixture
def story() -> Story:
    """A world with three videos, in which nobody has watched anything."""
    story = Story()
    story.publish("a", "b", "c")
    return story


def test_leaving_ends_a_view(story: Story) -> None:
    story.shows("ann", "a")
    story.watches("ann", "a", 5)
    assert story.learned == 0
    story.watches("ann", "a", 8, left=True)
    assert story.learned == 1


def test_the_next_impression_ends_a_view_that_was_watched(story: Story) -> None:
    story.shows("ann", "a")
    story.watches("ann", "a", 5)
    story.shows("ann", "b")
    assert story.learned == 1


def test_the_next_impression_leaves_a_view_open_whose_report_may_be_on_its_way(
    story: Story,
) -> None:
    story.shows("ann", "a")
    story.shows("ann", "b")
    assert story.learned == 0
    story.watches("ann", "a", 5, left=True)
    assert story.learned == 1
    assert story.tally("video", "a", "watched_2s") == 1


def test_somebody_elses_impression_ends_nothing(story: Story) -> None:
    story.shows("ann", "a")
    story.watches("ann", "a", 5)
    story.shows("bob", "b")
    assert story.learned == 0


def test_half_an_hour_ends_a_view_by_the_time_of_whatever_comes_next(story: Story) -> None:
    story.shows("ann", "a")
    story.now_ms += 30 * 60_000 - 2_000
    story.shows("bob", "b")
    assert story.learned == 0
    story.shows("bob", "c")
    assert story.learned == 1


def test_a_view_that_nobody_watched_is_a_view(story: Story) -> None:
    story.shows("ann", "a")
    story.wait(31 * 60)
    assert story.learned == 1
    assert story.tally("video", "a") == 1
    assert story.tally("video", "a", "watched_2s") == 0


def test_a_view_counts_only_once_something_is_known_of_it(story: Story) -> None:
    story.shows("ann", "a")
    assert story.tally("video", "a") == 0
    story.watches("ann", "a", 1)
    assert story.tally("video", "a") == 1


def test_a_view_that_must_make_room_ends_early() -> None:
    story = Story(pending=4)
    story.publish(*"abcdef")
    for viewer, video in zip(["v1", "v2", "v3", "v4", "v5", "v6"], "abcdef", strict=True):
        story.shows(viewer, video)
    assert story.learned == 2
    assert [story.tally("video", video) for video in "abc"] == [1, 1, 0]


def test_a_view_that_leaves_the_history_unwatched_ends_there(story: Story) -> None:
    for _ in range(HISTORY + 3):
        story.shows("ann", "a")  # the same video over and over: each is a view of its own
    assert story.learned == 3
    story.wait(31 * 60)
    assert story.learned == story.tally("video", "a") == HISTORY + 3


def test_history_told_late_ends_the_views_that_it_pushes_out(story: Story) -> None:
    for _ in range(HISTORY):
        story.shows("ann", "a")
    story.tell(ev.HistoryKnown, viewer="ann", watched=("b", "c"))
    assert story.learned == 2


def test_a_view_is_learned_once_whatever_comes_later(story: Story) -> None:
    story.shows("ann", "a")
    for _ in range(3):
        story.watches("ann", "a", 5, left=True)
    story.shows("ann", "b")
    story.watches("ann", "a", 9, left=True)
    story.wait(31 * 60)
    story.tell(ev.Like, viewer="ann", video="a")
    story.wait(31 * 60)
    assert story.learned == 2  # a and b
    assert (story.tally("video", "a"), story.tally("video", "b")) == (1, 1)


def test_every_view_is_learned_once_however_many_wait() -> None:
    """More at a time than there are hashes, so that many share one."""
    story = Story(pending=1 << 8)
    videos = [f"video{n}" for n in range(250)]
    story.publish(*videos)
    now_ms = story.now_ms
    for video in videos:
        story.shows(f"of {video}", video)
        story.now_ms = now_ms
    for video in videos:
        story.watches(f"of {video}", video, 5, left=True)
        story.now_ms = now_ms
    assert story.learned == 250
    assert story.live.shown[: len(videos)].tolist() == [1] * 250


def test_a_late_report_counts_though_the_view_is_over(story: Story) -> None:
    story.views("ann", "a", 3)
    weights = story.live.params.w1.copy()
    story.watches("ann", "a", 30)
    assert story.tally("video", "a", "long_view") == 1
    assert story.tally("video", "a") == 1
    assert (story.live.params.w1 == weights).all()


def test_a_report_without_an_impression_opens_a_view(story: Story) -> None:
    story.watches("ann", "a", 20, left=True)
    rows = np.array([story.live.video_row("a")], np.int32)
    assert story.learned == story.tally("video", "a", "long_view") == 1
    assert story.live.seen(story.live.viewer_row("ann"), rows, story.now_ms).all()


def test_a_second_view_of_the_same_video_is_a_view_of_its_own(story: Story) -> None:
    story.views("ann", "a", 3)
    story.views("ann", "a", 30)
    assert story.tally("video", "a") == story.learned == 2
    assert story.tally("video", "a", "long_view") == 1


# --- what is learned ------------------------------------------------------------------------


def recorded(story: Story) -> Recorder:
    story.live.recorder = Recorder([], [], [])
    return story.live.recorder


def served_vectors(story: Story, count: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(count, story.live.inputs)).astype(np.float16)


def test_a_view_is_learned_on_the_vector_it_was_served_with(story: Story) -> None:
    vectors = served_vectors(story, 2)
    story.serves("ann", ["a", "b"], vectors)
    seen = recorded(story)
    story.shows("ann", "b")
    story.shows("ann", "a")
    assert (np.concatenate(seen.features) == vectors[::-1]).all()


def test_a_view_that_was_not_served_is_learned_on_what_ranking_would_say(story: Story) -> None:
    story.views("bob", "a", 30)
    story.views("ann", "b", 3)
    ranked = story.ranks("ann", "a")
    seen = recorded(story)
    story.shows("ann", "a")
    assert seen.features[0].tobytes() == ranked.features.tobytes()


@pytest.mark.parametrize("what", ["too long ago", "of other features", "for somebody else"])
def test_a_vector_that_does_not_apply_is_not_used(story: Story, what: str) -> None:
    width = story.live.inputs + (what == "of other features")
    vectors = np.full((1, width), 7, np.float16)
    story.serves("bob" if what == "for somebody else" else "ann", ["a"], vectors)
    if what == "too long ago":
        story.wait(31 * 60)
    seen = recorded(story)
    story.shows("ann", "a")
    assert not (seen.features[0] == 7).all()


def test_a_served_video_that_the_viewer_never_reached_is_not_learned(story: Story) -> None:
    story.serves("ann", ["a", "b", "c"], served_vectors(story, 3))
    story.views("ann", "a", 10)
    story.wait(31 * 60)
    assert story.learned == 1
    assert [story.tally("video", video) for video in "abc"] == [1, 0, 0]


def test_a_served_vector_is_found_though_another_view_of_the_video_waits(story: Story) -> None:
    vectors = served_vectors(story, 1)
    story.shows("ann", "a")
    story.serves("ann", ["a"], vectors)
    seen = recorded(story)
    story.shows("ann", "a")
    assert (seen.features[0] == vectors).all()


def test_ranking_changes_nothing(story: Story) -> None:
    story.views("ann", "a", 10)
    before = {name: array.tobytes() for name, array in story.live.state().items()}
    story.ranks("ann", "a", "b", "c")
    story.ranks("nobody", "a")
    story.live.predict(np.ones((3, story.live.inputs), np.float32))
    assert {name: array.tobytes() for name, array in story.live.state().items()} == before
