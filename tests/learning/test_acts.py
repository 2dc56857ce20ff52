"""What an act adds to tallies, that it adds it once, and that undoing takes it back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from freshet.domain import events as ev
from freshet.features.ring import HISTORY
from tests.learning.telling import START_MS, Story, everything

UNDO: dict[type[ev.Event], type[ev.Event]] = {
    ev.Like: ev.Unlike, ev.Comment: ev.DeleteComment, ev.Favorite: ev.Unfavorite,
    ev.NotInterested: ev.UndoNotInterested,
}  # fmt: skip
OUTCOME: dict[type[ev.Event], str] = {
    ev.Like: "like", ev.Comment: "comment", ev.Favorite: "favorite",
    ev.NotInterested: "not_interested",
}  # fmt: skip


@pytest.fixture
def story() -> Story:
    """Two viewers have watched both videos."""
    return told()


def told() -> Story:
    story = Story()
    story.publish("a", topics=("cats",), hashtags=("cat",), sound="meow")
    story.publish("b", topics=("dogs",), hashtags=("dog",), sound="woof", creator="other")
    for viewer, video in itertools.product(("ann", "bob"), "ab"):
        story.views(viewer, video, 10)
    return story


def test_an_act_changes_the_rows_it_is_about_and_no_other(story: Story) -> None:
    live = story.live
    before = {name: block.ints.copy() for name, block in live.blocks.items()
              if name in ("viewer", "video", "topic", "hashtag", "sound")}  # fmt: skip
    slots = {"viewer": live.space.slots.of, "video": live.space.video_slots.of}
    story.tell(ev.Like, viewer="ann", video="a")
    for name, block in live.blocks.items():
        if name in before:
            rows = np.flatnonzero((block.ints != before[name]).any(axis=1))
            if name in slots:
                rows = np.flatnonzero(np.isin(slots[name], rows))
            thing = {"viewer": "ann", "video": "a", "topic": "cats", "hashtag": "cat",
                     "sound": "meow"}[name]  # fmt: skip
            assert [live.names(name, int(row)) for row in rows] == [thing]


def test_a_video_watched_to_its_end_raises_finish_for_it_alone(story: Story) -> None:
    before = story.tally("all", "", "finish")
    story.views("cleo", "a", 60)
    assert story.tally("video", "a", "finish") == story.tally("viewer", "cleo", "finish") == 1
    assert story.tally("topic", "cats", "finish") == 1
    assert story.tally("video", "b", "finish") == story.tally("viewer", "ann", "finish") == 0
    assert story.tally("topic", "dogs", "finish") == 0
    assert story.tally("all", "", "finish") == before + 1


@pytest.mark.parametrize("order", list(itertools.permutations([3.0, 7.0, 30.0])), ids=str)
def test_of_reports_in_any_order_the_farthest_counts(order: tuple[float, ...]) -> None:
    story, once = told(), told()
    for seconds in (*order, *order):
        story.watches("ann", "a", seconds)
    once.watches("ann", "a", 30)
    for entity, rows in story.tallies().items():
        np.testing.assert_allclose(rows, once.tallies()[entity], atol=1e-4, err_msg=entity)


@pytest.mark.parametrize("kind", UNDO, ids=lambda kind: kind.__name__)
def test_an_act_counts_once_a_view_however_often_it_is_sent(
    story: Story, kind: type[ev.Event]
) -> None:
    for _ in range(3):
        story.tell(kind, viewer="ann", video="a")
    assert story.tally("video", "a", OUTCOME[kind]) == 1
    assert story.tally("video", "a") == 2


def test_an_act_on_a_video_long_out_of_the_history_counts_once(story: Story) -> None:
    views_of_others(story)
    for _ in range(3):
        story.tell(ev.Like, viewer="ann", video="a")
    assert story.tally("video", "a", "like") == 1
    story.tell(ev.Unlike, viewer="ann", video="a")
    assert story.tally("video", "a", "like") == 0


@pytest.mark.parametrize("kind", UNDO, ids=lambda kind: kind.__name__)
def test_what_is_undone_has_never_been(story: Story, kind: type[ev.Event]) -> None:
    story.tell(kind, viewer="ann", video="a")
    story.tell(UNDO[kind], viewer="ann", video="a")
    assert story.tallies() == told().tallies()


def test_an_unfollow_takes_back_the_follow_and_its_outcome(story: Story) -> None:
    story.tell(ev.Follow, viewer="ann", person="star", video="a")
    assert story.values("ann", "a")["creator_followed"] == 1
    story.tell(ev.Unfollow, viewer="ann", person="star", video="a")
    assert story.values("ann", "a")["creator_followed"] == 0
    assert story.tallies() == told().tallies()


def test_an_undo_reaches_an_act_of_an_earlier_view(story: Story) -> None:
    story.tell(ev.Like, viewer="ann", video="a")
    story.views("ann", "a", 10)
    story.tell(ev.Unlike, viewer="ann", video="a")
    assert story.tally("video", "a", "like") == 0


def test_an_undo_reaches_an_act_whose_view_left_the_history(story: Story) -> None:
    story.tell(ev.Like, viewer="ann", video="a")
    views_of_others(story)
    story.tell(ev.Unlike, viewer="ann", video="a")
    assert story.tally("video", "a", "like") == 0


@pytest.mark.parametrize("viewer", ["ann", "stranger"])
def test_undoing_what_was_never_done_does_nothing(story: Story, viewer: str) -> None:
    story.tell(ev.Unlike, viewer=viewer, video="a")
    assert story.tallies() == told().tallies()


def test_a_like_from_before_the_log_is_no_ones_to_undo(story: Story) -> None:
    story.tell(ev.HistoryKnown, viewer="cleo", watched=("a",), liked=("a",))
    story.tell(ev.Unlike, viewer="cleo", video="a")
    assert story.tally("video", "a", "like") == 0
    assert story.tally("viewer", "cleo", "like") == 0


def test_an_undo_is_seen_by_the_ranker_as_if_nothing_had_been(story: Story) -> None:
    story.tell(ev.Like, viewer="ann", video="a")
    liked = story.values("ann", "a")
    story.tell(ev.Unlike, viewer="ann", video="a")
    undone = story.values("ann", "a")
    never = told()
    never.now_ms = story.now_ms
    expected = never.values("ann", "a")
    assert liked != pytest.approx(expected, abs=0.01)
    assert undone == pytest.approx(expected, abs=0.01)


def test_an_undo_after_a_year_leaves_nothing_below_nothing(story: Story) -> None:
    story.tell(ev.Like, viewer="ann", video="a")
    story.wait(365 * 86_400)
    story.tell(ev.Unlike, viewer="ann", video="a")
    never = told()
    never.now_ms = story.now_ms
    assert story.values("ann", "a") == pytest.approx(never.values("ann", "a"), abs=0.05)


# --- ties, and forgetting -------------------------------------------------------------------


def hidden(story: Story, viewer: str) -> list[bool]:
    rows = np.array([story.live.video_row(video) for video in "ab"], np.int32)
    found: list[bool] = story.live.hidden(story.live.viewer_row(viewer), rows).tolist()
    return found


@pytest.mark.parametrize(
    ("kind", "target"),
    [("video", "a"), ("creator", "star"), ("sound", "meow"), ("hashtag", "cat"), ("topic", "cats")],
)
def test_what_is_hidden_is_hidden_until_it_is_not(story: Story, kind: str, target: str) -> None:
    story.tell(ev.Hide, viewer="ann", kind=kind, target=target)
    assert hidden(story, "ann") == [True, False]
    assert hidden(story, "bob") == [False, False]
    story.tell(ev.Unhide, viewer="ann", kind=kind, target=target)
    assert hidden(story, "ann") == [False, False]


def test_a_rejected_video_is_hidden(story: Story) -> None:
    story.tell(ev.NotInterested, viewer="ann", video="b")
    assert hidden(story, "ann") == [False, True]


def test_a_like_hides_nothing(story: Story) -> None:
    for kind in (ev.Like, ev.Comment, ev.Share, ev.Favorite, ev.Click):
        story.tell(kind, viewer="stranger", video="a")
    assert hidden(story, "stranger") == [False, False]


def test_a_block_hides_both_from_each_other(story: Story) -> None:
    story.publish("of ann", creator="ann")
    story.tell(ev.Block, viewer="ann", person="star")
    rows = np.array([story.live.video_row("of ann")], np.int32)
    assert hidden(story, "ann") == [True, False]
    assert story.live.hidden(story.live.viewer_row("star"), rows).all()
    story.tell(ev.Unblock, viewer="ann", person="star")
    assert hidden(story, "ann") == [False, False]


def test_a_reset_forgets_the_viewer_but_not_what_they_saw(story: Story) -> None:
    story.tell(ev.Hide, viewer="ann", kind="sound", target="woof")
    story.tell(ev.ResetFeed, viewer="ann")
    rows = np.array([story.live.video_row(video) for video in "ab"], np.int32)
    ann = story.live.viewer_row("ann")
    assert story.live.recent(ann).tolist() == []
    assert story.live.seen(ann, rows, story.now_ms).all()
    assert hidden(story, "ann") == [False, True]
    story.tell(ev.OpenApp, viewer="newcomer")
    assert story.values("ann", "a") == story.values("newcomer", "a")


def test_a_reset_leaves_everybody_else_alone(story: Story) -> None:
    before = story.values("bob", "a")
    story.tell(ev.ResetFeed, viewer="ann")
    story.now_ms -= 1_000
    assert story.values("bob", "a") == before


def test_a_view_that_a_reset_cut_off_is_not_learned(story: Story) -> None:
    learned = story.learned
    story.shows("ann", "a")
    story.tell(ev.ResetFeed, viewer="ann")
    story.wait(31 * 60)
    assert story.learned == learned


# --- what was seen --------------------------------------------------------------------------


def test_a_video_is_seen_for_90_days_unless_told_otherwise(story: Story) -> None:
    rows = np.array([story.live.video_row("a")], np.int32)
    seen_ms = story.live.seen_ms(ann := story.live.viewer_row("ann"), rows)[0]
    day_ms = 86_400_000
    assert story.live.seen(ann, rows, seen_ms + 89 * day_ms).all()
    assert not story.live.seen(ann, rows, seen_ms + 91 * day_ms).any()
    assert not story.live.seen(ann, rows, seen_ms + 2 * day_ms, horizon_ms=day_ms).any()


@pytest.mark.parametrize("year_ms", [31_536_000_000, 788_918_400_000, 1_577_836_800_000, START_MS])
def test_a_video_is_seen_in_whatever_year_it_was(year_ms: int) -> None:
    """1971, 1995, the very second that 2020 began, and 2026."""
    story = Story(now_ms=year_ms)
    story.publish("a", created=year_ms)
    story.now_ms = year_ms
    story.shows("ann", "a")
    rows = np.array([story.live.video_row("a")], np.int32)
    assert story.live.seen(story.live.viewer_row("ann"), rows, year_ms + 60_000).all()
    assert np.isfinite(list(story.values("ann", "a").values())).all()


def test_history_from_before_the_log_is_seen_and_recent_but_in_no_tally(story: Story) -> None:
    before = story.tallies()
    story.tell(ev.HistoryKnown, viewer="cleo", watched=("a", "b"), long_watched=("b",))
    cleo = story.live.viewer_row("cleo")
    rows = np.array([story.live.video_row(video) for video in "ab"], np.int32)
    assert story.live.seen(cleo, rows, story.now_ms).all()
    assert story.live.recent(cleo).tolist() == rows[::-1].tolist()
    assert story.tallies() == before
    assert story.learned == 4


def test_recent_views_come_newest_first_and_are_bounded(story: Story) -> None:
    views_of_others(story, HISTORY - 1)
    story.views("ann", "b", 1)
    recent = [story.live.video_id(row) for row in story.live.recent(story.live.viewer_row("ann"))]
    assert len(recent) == HISTORY
    assert recent[:2] == ["b", f"other{HISTORY - 2}"]


def test_what_nobody_did_is_nothing(story: Story) -> None:
    before = everything(story.live)
    story.live.fold([])
    assert everything(story.live) == before


def views_of_others(story: Story, count: int = HISTORY) -> None:
    """Ann views so many other videos that what she viewed before leaves her history."""
    for n in range(count):
        story.publish(f"other{n}")
        story.views("ann", f"other{n}", 1)
