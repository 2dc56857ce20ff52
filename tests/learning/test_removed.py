"""Rows of removed videos are used again, and nobody can tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from freshet.domain import events as ev
from freshet.learning.live import Live
from freshet.learning.removed import AFTER_MS
from freshet.state.slots import FIRST, NOBODY
from tests.learning.telling import Story, differing, small_live

DAY_S = AFTER_MS / 1_000
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # stories are long to shrink


def slot(live: Live, video: str) -> int:
    return int(live.space.video_slots.of[live.video_row(video)])


def own(live: Live, video: str) -> bytes:
    """All that is kept of a video, where it lies."""
    at = slot(live, video)
    block = live.blocks["video"].ints[at].tobytes()
    return block + live.space.vectors.block.ints[at].tobytes()


def watched() -> Story:
    """A video that was watched by some, beside another."""
    story = Story()
    story.publish("old", "other", topics=("cats",))
    for n in range(5):
        story.views(f"viewer{n}", "other", 30)
        story.views(f"viewer{n}", "old", 60)
    return story


def test_a_day_after_its_removal_a_videos_rows_are_anothers() -> None:
    story = watched()
    taken, at = story.live.space.video_slots.taken, slot(story.live, "old")
    story.tell(ev.VideoRemoved, video="old")
    story.wait(DAY_S - 60)
    assert slot(story.live, "old") == at
    story.wait(60)
    assert slot(story.live, "old") == NOBODY
    assert story.live.space.video_slots.taken == taken - 1
    story.publish("new", topics=("cats",))
    assert slot(story.live, "new") == at
    assert story.live.space.video_slots.taken == taken


def test_who_gets_the_rows_begins_as_if_they_had_been_nobodys() -> None:
    again, fresh = watched(), watched()
    again.tell(ev.VideoRemoved, video="old")
    fresh.tell(ev.Tick)
    for story in (again, fresh):
        story.wait(DAY_S)
        story.publish("new", topics=("dogs",))
    assert slot(again.live, "new") < slot(fresh.live, "new")
    assert own(again.live, "new") == own(fresh.live, "new")
    assert own(again.live, "other") == own(fresh.live, "other")


def test_views_between_removal_and_end_leave_nothing_to_who_gets_the_rows() -> None:
    again, fresh = watched(), watched()
    again.tell(ev.VideoRemoved, video="old")
    fresh.tell(ev.Tick)
    for story in (again, fresh):
        for n in range(3):
            story.views(f"viewer{n}", "old", 60)  # open when it was removed, say
        story.wait(DAY_S)
        story.publish("new", topics=("dogs",))
    assert slot(again.live, "new") < slot(fresh.live, "new")
    assert own(again.live, "new") == own(fresh.live, "new")


def test_a_late_report_on_a_video_that_is_gone_touches_nobody_elses_rows() -> None:
    story = watched()
    story.tell(ev.VideoRemoved, video="old")
    story.wait(DAY_S)
    story.publish("new", topics=("cats",))
    before = own(story.live, "new"), own(story.live, "other")
    story.views("late", "old", 60)
    story.tell(ev.Like, viewer="late", video="old")
    assert (own(story.live, "new"), own(story.live, "other")) == before
    assert not any(story.live.state()["block.video"][story.live.video_row("old")])
    rows = np.array([story.live.video_row("old")], np.int32)
    assert story.live.seen(story.live.viewer_row("late"), rows, story.now_ms).all()
    assert story.values("late", "old")["video_views"] == 0.0
    assert story.live.shown[rows].tolist() == [0.0]


def test_a_report_within_the_day_counts() -> None:
    story = watched()
    before = story.tally("video", "old")
    story.tell(ev.VideoRemoved, video="old")
    story.views("late", "old", 60)
    assert story.tally("video", "old") == before + 1


def test_a_video_that_comes_back_in_time_keeps_its_rows() -> None:
    story = watched()
    story.tell(ev.VideoRemoved, video="old")
    before = story.tally("video", "old")
    story.publish("old", topics=("cats",))
    story.wait(2 * DAY_S)
    assert slot(story.live, "old") >= FIRST
    assert story.tally("video", "old") == before


def test_who_is_removed_again_waits_anew() -> None:
    story = watched()
    story.tell(ev.VideoRemoved, video="old")
    story.wait(DAY_S / 2)
    story.publish("old", topics=("cats",))
    story.tell(ev.VideoRemoved, video="old")
    story.wait(DAY_S / 2)
    assert slot(story.live, "old") >= FIRST
    story.wait(DAY_S / 2)
    assert slot(story.live, "old") == NOBODY


def test_a_video_that_comes_back_later_begins_anew() -> None:
    story = watched()
    story.tell(ev.VideoRemoved, video="old")
    story.wait(DAY_S)
    story.publish("new")
    story.publish("old", topics=("cats",))
    assert slot(story.live, "old") >= FIRST
    assert slot(story.live, "old") != slot(story.live, "new")
    assert story.tally("video", "old") == 0
    story.views("ann", "old", 60)
    assert story.tally("video", "old") == 1
    story.tell(ev.VideoRemoved, video="old")
    story.wait(DAY_S)
    assert slot(story.live, "old") == NOBODY


def test_the_videos_of_an_erased_person_give_their_rows_back() -> None:
    story = watched()
    taken = story.live.space.video_slots.taken
    story.tell(ev.PersonErased, person="star")
    story.wait(DAY_S)
    assert story.live.space.video_slots.taken == taken - 2


def test_what_names_no_video_gives_no_video_rows() -> None:
    story = Story(capacity={"viewer": 1 << 8, "video": 4, "tie": 1 << 12})
    story.publish("a")
    for n in range(9):
        story.tell(ev.Follow, viewer="ann", person=f"person{n}")
    assert story.live.space.video_slots.taken == 1


def test_memory_follows_the_videos_there_are_not_those_there_were() -> None:
    story = Story()
    for day in range(20):
        story.publish(*(f"{day}-{n}" for n in range(5)))
        story.views("ann", f"{day}-0", 60)
        story.wait(DAY_S)
        for n in range(5):
            story.tell(ev.VideoRemoved, video=f"{day}-{n}")
    assert story.live.video_count() == 100
    assert story.live.space.video_slots.taken <= 15


acts = st.sampled_from(["publish", "view", "remove", "day", "save"])


@settings(max_examples=25, deadline=None, phases=PHASES)
@given(st.lists(st.tuples(acts, st.integers(0, 4), st.integers(0, 2)), max_size=40))
def test_a_state_saved_at_any_moment_goes_on_as_the_same(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, int, int]]
) -> None:
    story, folder = Story(), tmp_path_factory.mktemp("saved")
    others: list[Live] = []

    for n, (act, video, viewer) in enumerate([*told, ("day", 0, 0), ("view", 0, 0)]):
        match act:
            case "publish":
                story.publish(f"{video}", topics=("cats",))
            case "view":
                story.views(f"viewer{viewer}", f"{video}", 40)
            case "remove":
                story.tell(ev.VideoRemoved, video=f"{video}")
            case "day":
                story.wait(DAY_S)
            case "save":
                others.append(began(story.live, folder / f"{n}"))
    one = began(story.live, folder / "last")
    assert differing(one, story.live) == []
    for other in others:
        caught_up(other, story)
        assert differing(other, story.live) == []


def began(live: Live, folder: Path) -> Live:
    """What begins with a snapshot of `live`."""
    folder.mkdir()
    live.save(folder)
    again = small_live()
    again.load(folder)
    return again


def caught_up(live: Live, story: Story) -> None:
    for batch in story.batches:
        live.apply(batch)
