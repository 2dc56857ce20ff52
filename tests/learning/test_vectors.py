"""Item vectors: content at once, moved by acts, gone with the video; and what a viewer is after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from freshet.catalogue.content import content_vector
from freshet.domain import events as ev
from freshet.features.item import WORDS
from tests.learning.telling import Story, small_live

CATS = [f"cat{n}" for n in range(12)]
CARS = [f"car{n}" for n in range(12)]


@pytest.fixture
def story() -> Story:
    story = Story()
    story.publish(*CATS, topics=("cats",))
    story.publish(*CARS, topics=("cars",))
    return story


def cosine(story: Story, one: str, other: str) -> float:
    a, b = story.live.items(rows(story, one, other))
    return float(a @ b)


def rows(story: Story, *videos: str) -> np.ndarray:
    return np.array([story.live.video_row(video) for video in videos], np.int32)


def test_a_new_video_lies_where_its_like_lie(story: Story) -> None:
    assert cosine(story, "cat0", "cat1") > 0.99
    assert cosine(story, "cat0", "car0") < 0.5


def test_the_vector_that_came_with_a_video_counts(story: Story) -> None:
    story.publish("told", topics=("cars",), vector=content_vector(topics=["cats"]))
    assert cosine(story, "told", "cat0") > 0.99


def test_what_the_same_viewers_like_moves_together(story: Story) -> None:
    before = cosine(story, "cat0", "car0")
    for n in range(30):
        for video in ("cat0", "cat1", "car0"):
            story.views(f"viewer{n}", video, 60)
    assert cosine(story, "cat0", "car0") > before + 0.2


def test_a_skipped_video_moves_away_from_what_its_viewers_like(story: Story) -> None:
    story.publish("dull", topics=("cats",))
    before = cosine(story, "dull", "cat5")
    for n in range(30):
        story.views(f"viewer{n}", "cat0", 60)
        story.views(f"viewer{n}", "dull", 0.5)
    assert cosine(story, "dull", "cat5") < before - 0.05


def test_a_video_without_any_content_can_be_learned(story: Story) -> None:
    story.publish("bare")
    before = cosine(story, "bare", "cat0")
    for n in range(30):
        story.views(f"viewer{n}", "cat0", 60)
        story.views(f"viewer{n}", "bare", 60)
    assert cosine(story, "bare", "cat0") > before + 0.3


def test_a_removed_video_has_no_vector(story: Story) -> None:
    story.views("ann", "cat0", 60)
    story.tell(ev.VideoRemoved, video="cat0")
    assert not story.live.items(rows(story, "cat0")).any()
    story.views("ann", "cat1", 60)  # nothing can be learned of it, or from it
    slots = story.live.space.video_slots.of[rows(story, "cat0")]
    assert not story.live.space.vectors.block.ints[slots].any()


def test_the_videos_of_an_erased_person_have_no_vector(story: Story) -> None:
    story.publish("own", creator="ann", topics=("cats",))
    story.tell(ev.PersonErased, person="ann")
    assert not story.live.items(rows(story, "own")).any()


def test_every_change_of_a_vector_is_numbered(story: Story) -> None:
    before = story.live.vector_sequence[:24].copy()
    story.views("ann", "cat0", 60)
    story.views("ann", "cat1", 60)
    changed = np.flatnonzero(story.live.vector_sequence[:24] != before).tolist()
    assert story.live.video_row("cat1") in changed
    assert len(changed) <= 2  # and perhaps one drawn by chance


def test_vectors_are_in_the_snapshot(story: Story, tmp_path: Path) -> None:
    story.views("ann", "cat0", 60)
    story.views("ann", "cat1", 60)
    story.live.save(tmp_path)
    again = small_live()
    again.load(tmp_path)
    every = np.arange(24, dtype=np.int32)
    assert again.items(every).tobytes() == story.live.items(every).tobytes()


def test_a_video_costs_at_most_200_bytes() -> None:
    assert WORDS * 4 + 4 <= 200


# --- interests --------------------------------------------------------------------------------


def test_mixed_tastes_are_told_apart_and_the_larger_weighs_more(story: Story) -> None:
    for n in range(6):
        story.views("ann", f"cat{n}", 60)
    story.views("ann", "car0", 60)
    centroids, shares = story.live.interests(story.live.viewer_row("ann"))
    cat, car = story.live.items(rows(story, "cat11", "car11"))
    assert len(centroids) == 2
    assert (centroids @ cat).max() > 0.9
    assert (centroids @ car).max() > 0.9
    assert shares[(centroids @ cat).argmax()] > 2 * shares[(centroids @ car).argmax()]
    assert float(shares.sum()) == pytest.approx(1)


def test_skipped_videos_are_no_interest(story: Story) -> None:
    story.views("ann", "cat0", 60)
    story.views("ann", "car0", 0.5)
    ann = story.live.viewer_row("ann")
    assert story.live.liked(ann).tolist() == rows(story, "cat0").tolist()
    assert len(story.live.interests(ann)[0]) == 1


def test_who_liked_nothing_has_no_interests(story: Story) -> None:
    story.shows("ann", "cat0")
    for viewer in (story.live.viewer_row("ann"), -1):
        assert not len(story.live.liked(viewer))
        assert not len(story.live.interests(viewer)[0])


def test_not_interested_takes_a_video_out_at_once(story: Story) -> None:
    story.views("ann", "cat0", 60)
    story.tell(ev.NotInterested, viewer="ann", video="cat0")
    assert not len(story.live.liked(story.live.viewer_row("ann")))


def test_liked_videos_stand_newest_first_each_once(story: Story) -> None:
    for video in ("cat0", "car0", "cat0"):
        story.views("ann", video, 60)
    assert (
        story.live.liked(story.live.viewer_row("ann")).tolist()
        == rows(story, "cat0", "car0").tolist()
    )
