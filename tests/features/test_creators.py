"""A creator's followers and past hits are no input of the feed (invariant 5).

Whatever others do with a creator's other videos may change what is known of topics, sounds,
hours, of the world, and of what people like in general: that is meant. It must not change
what is known of *the creator*. To tell the two apart, two worlds differ only in whose video
the others act on:

    one world                                   the other
    star    a video to be scored, a hit   ◀──   star    a video to be scored, a twin
    nobody  a video to be scored, a twin        nobody  a video to be scored, a hit   ◀──

The hit and its twin have the same content, age and history, and before the acts nobody knew
anything of either. So every tally that may differ between them is the same in both worlds,
the model learns the same examples in the same order, and all that is left to differ is what
is kept by creator. Of that the scores must know nothing: they are equal bit for bit.
"""

from __future__ import annotations

import numpy as np
import pytest

from freshet.domain import events as ev
from tests.learning.telling import Story

CONTENT = {
    "topics": ("dance",), "hashtags": ("duet", "stage"), "sound": "song", "language": "en",
    "country": "GB", "traits": {"kind": "normal"},
}  # fmt: skip


def world(star: str, times: int) -> Story:
    """Others act `times` times on a video of `star`, "star" or "nobody", and follow them."""
    story = Story()
    made_ms = story.now_ms
    for creator in ("star", "nobody"):
        for video in ("scored", "other", "known"):
            story.publish(f"{video} by {creator}", creator=creator, created=made_ms, **CONTENT)
    # The viewer knows both creators alike: one view each, by the same clock.
    for creator in ("star", "nobody"):
        story.now_ms = made_ms + 10_000
        story.views("viewer", f"known by {creator}", 20)
    for n in range(times):
        other, video = f"other{n}", f"other by {star}"
        story.shows(other, video)
        story.tell(ev.Like, viewer=other, video=video)
        story.tell(ev.Share, viewer=other, video=video)
        story.tell(ev.Follow, viewer=other, person=star, video=video)
        story.tell(ev.ProfileVisit, viewer=other, person=star, video=video)
        story.watches(other, video, 70, loops=1, left=True)
    return story


def scores(story: Story, video: str, *viewers: str) -> tuple[bytes, ...]:
    """All that ranking says of a video."""
    found = []
    for viewer in viewers:
        ranked = story.ranks(viewer, video)
        found += [
            ranked.features.tobytes(), ranked.predictions.tobytes(), ranked.watch_s.tobytes(),
            ranked.median_s.tobytes(), ranked.by_rank_s.tobytes(),
        ]  # fmt: skip
    return tuple(found)


@pytest.mark.parametrize("times", [3, pytest.param(1_000, id="a thousand")])
@pytest.mark.parametrize("scored", ["scored by star", "scored by nobody"])
def test_a_creators_followers_and_hits_change_no_score_of_their_other_videos(
    times: int, scored: str
) -> None:
    assert_nothing_is_known_of_creators(times, scored)


def test_a_few_followers_and_hits_change_no_score() -> None:
    """The same in small, for when kernels run as plain Python."""
    assert_nothing_is_known_of_creators(3, "scored by star")


def assert_nothing_is_known_of_creators(times: int, scored: str) -> None:
    of_star, of_nobody = world("star", times), world("nobody", times)
    hit, twin = (story.tally("video", "other by star", "like") for story in (of_star, of_nobody))
    assert (hit, twin) == (times, 0)
    viewers = ("viewer", "star", "nobody", "stranger")  # all but those who acted
    assert scores(of_star, scored, *viewers) == scores(of_nobody, scored, *viewers)


def test_the_two_worlds_differ_where_they_should() -> None:
    """Were they equal in everything, equal scores would prove nothing."""
    of_star, of_nobody = world("star", 3), world("nobody", 3)
    hit, twin = (scores(one, "other by star", "stranger") for one in (of_star, of_nobody))
    assert hit != twin
    assert hit == scores(of_nobody, "other by nobody", "stranger")
    assert scores(of_star, "scored by star", "other0") != (
        scores(of_nobody, "scored by star", "other0")
    )


def test_others_do_change_scores_through_what_the_videos_share() -> None:
    three, four = (scores(world("star", n), "scored by star", "stranger") for n in (3, 4))
    assert three != four


def test_what_this_viewer_made_of_a_creator_does_count() -> None:
    story = world("nobody", 0)
    before = story.values("viewer", "scored by star")
    story.views("viewer", "other by star", 60)
    after = story.values("viewer", "scored by star")
    assert after["creator_long"] > before["creator_long"] > 0
    assert story.values("stranger", "scored by star")["creator_long"] == 0


def test_following_counts_for_the_one_who_follows_alone() -> None:
    story = world("nobody", 0)
    story.tell(ev.Follow, viewer="viewer", person="star")
    followed = [story.values(who, "scored by star")["creator_followed"]
                for who in ("viewer", "other0", "star", "stranger")]  # fmt: skip
    assert followed == [1, 0, 0, 0]


def test_a_viewers_row_is_untouched_by_what_others_do_with_their_videos() -> None:
    """A creator is a viewer too; what is kept of them is what they watched themselves."""
    story = world("star", 3)
    row = story.live.row_of(story.live.viewer_row("star"))
    assert not np.asarray(row).any()
