"""What was made of near videos counts for this one, by how near they are."""

from __future__ import annotations

import pytest

from tests.learning.telling import Story


@pytest.fixture
def story() -> Story:
    """Ann watched cats to their end and left cars at once; nobody watched chess."""
    story = Story()
    for topic in ("cats", "cars", "chess"):
        story.publish(*(f"{topic}{n}" for n in range(4)), creator=topic, topics=(topic,))
    for n in range(3):
        story.views("ann", f"cats{n}", 60)
        story.views("ann", f"cars{n}", 0.5)
    return story


def test_nearness_to_what_was_liked_speaks_for_a_video_and_to_what_was_not_against(
    story: Story,
) -> None:
    cats, cars, chess = (story.values("ann", f"{topic}3") for topic in ("cats", "cars", "chess"))
    assert cats["alike_surprise"] > 0.2 > 0 > cars["alike_surprise"]
    assert abs(chess["alike_surprise"]) < 0.1
    assert cats["alike_shown"] > 1 > chess["alike_shown"]
    assert cats["alike_long"] > 1 > cars["alike_long"]
    assert cats["alike_nearest"] > 0.95 > chess["alike_nearest"]


def test_a_stranger_is_told_nothing(story: Story) -> None:
    named = {name: value for name, value in story.values("nobody", "cats3").items()
             if name.startswith("alike")}  # fmt: skip
    assert named == dict.fromkeys(named, 0.0)
    assert len(named) == 4


def test_a_view_still_on_screen_says_nothing(story: Story) -> None:
    before = story.values("ann", "chess3")
    story.shows("ann", "chess0")
    after = story.values("ann", "chess3")
    assert all(after[name] == before[name] for name in before if name.startswith("alike"))


def test_a_wrong_hashtag_is_seen_through_once_those_who_like_the_truth_have_watched(
    story: Story,
) -> None:
    story.publish("odd", creator="odd", topics=("cars",))
    before = story.values("ann", "odd")["alike_surprise"]
    for n in range(25):
        for k in range(3):
            story.views(f"lover{n}", f"cats{k}", 60)
        story.views(f"lover{n}", "odd", 60)
    assert story.values("ann", "odd")["alike_surprise"] > before + 0.1
