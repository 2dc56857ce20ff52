"""One person behind two names, and a person who must be forgotten."""

from __future__ import annotations

import numpy as np

from freshet.domain import events as ev
from freshet.learning.live import Live
from freshet.learning.space import Space
from freshet.state.ties import SHOWN
from tests.learning.telling import START_MS, Story, everything

DAY_S = 86_400


def rows(live: Live, *videos: str) -> np.ndarray:
    return np.array([live.video_row(video) for video in videos], np.int32)


def seen(story: Story, viewer: str, *videos: str) -> list[bool]:
    live = story.live
    found = live.seen(live.viewer_row(viewer), rows(live, *videos), story.now_ms)
    return found.tolist()


# --- merging ----------------------------------------------------------------------------------


def test_a_guest_who_signs_in_brings_everything_along() -> None:
    story = Story()
    story.publish("a", "b", "c", topics=("tea",))
    story.watches("guest", "a", 30, left=True)
    story.tell(ev.Follow, viewer="guest", person="star")
    story.tell(ev.Hide, viewer="guest", kind="video", target="c")
    before = story.values("guest", "b")
    story.tell(ev.ViewersMerged, viewer="guest", into="anna")
    live = story.live
    anna = live.viewer_row("anna")
    assert seen(story, "anna", "a", "b") == [True, False]
    assert live.follows(anna).tolist() == [live.viewer_row("star")]
    assert live.hidden(anna, rows(live, "b", "c")).tolist() == [False, True]
    assert live.recent(anna).tolist() == rows(live, "a").tolist()
    after = story.values("anna", "b")
    assert after["topic_shown"] == before["topic_shown"] > 0
    assert after["viewer_views"] == before["viewer_views"] > 0


def test_what_comes_under_the_old_name_is_the_new_ones() -> None:
    story = Story()
    story.publish("a", "b")
    story.tell(ev.ViewersMerged, viewer="guest", into="anna")
    story.watches("guest", "a", 5, left=True)
    assert story.live.viewer_row("guest") == story.live.viewer_row("anna")
    assert seen(story, "anna", "a") == [True]


def test_two_histories_become_one_in_the_order_of_their_times() -> None:
    story = Story()
    videos = [f"v{n}" for n in range(30)]
    story.publish(*videos)
    for n, video in enumerate(videos):
        story.watches("guest" if n % 2 else "anna", video, 5, left=True)
    views = story.values("anna", "v0")["viewer_views"], story.values("guest", "v0")["viewer_views"]
    story.tell(ev.ViewersMerged, viewer="guest", into="anna")
    live = story.live
    newest = rows(live, *reversed(videos[-24:])).tolist()
    assert live.recent(live.viewer_row("anna")).tolist() == newest
    both = np.expm1(views[0]) + np.expm1(views[1])
    assert np.isclose(np.expm1(story.values("anna", "v0")["viewer_views"]), both)
    story.watches("anna", "v3", 5, left=True)
    assert live.recent(live.viewer_row("anna"))[0] == live.video_row("v3")


def test_a_merge_told_twice_changes_nothing_more() -> None:
    story = Story()
    story.publish("a")
    story.watches("guest", "a", 5, left=True)
    story.tell(ev.ViewersMerged, viewer="guest", into="anna")
    before = everything(story.live)
    story.tell(ev.ViewersMerged, viewer="guest", into="anna")
    after = everything(story.live)
    assert {name for name in before if before[name] != after[name]} == {"at"}


# --- forgetting -------------------------------------------------------------------------------


def test_nothing_of_a_person_who_is_erased_stays_in_the_state() -> None:
    story = Story()
    story.publish("hers", creator="anna")
    story.publish("a", "b")
    story.tell(ev.PersonSaved, person="anna", country="dk", language="da")
    story.watches("anna", "a", 30, left=True)
    story.shows("anna", "b")  # still on her screen
    story.tell(ev.LessOf, viewer="anna", kind="topic", target="tea")
    live, anna = story.live, story.live.viewer_row("anna")
    story.tell(ev.PersonErased, person="anna")
    assert live.viewer_row("anna") == -1
    assert "anna" not in str(list(live.columns.names["viewer"]))
    assert not live.row_of(anna).any()
    assert not live.ties.heads[anna].any()
    assert not live.space.served.ints[live.space.slots.of[anna]].any()
    assert (live.columns.viewers.ints[anna, :3] == -1).all()
    assert not (live.pending.viewer[live.pending.status > 0] == anna).any()
    assert live.eligible[rows(live, "hers", "a")].tolist() == [False, True]
    story.watches("anna", "a", 5, left=True)  # somebody of the same name, later
    assert live.viewer_row("anna") != anna


# --- wishes -----------------------------------------------------------------------------------


def test_less_of_is_felt_at_once_fades_and_can_be_undone() -> None:
    story = Story()
    story.publish("a", topics=("tea",), sound="song")
    story.publish("b", topics=("chess",), creator="anna")
    live = story.live
    story.tell(ev.LessOf, viewer="vera", kind="topic", target="tea")
    vera, videos = live.viewer_row("vera"), rows(live, "a", "b")

    def wish(days: float) -> list[float]:
        now_ms = story.now_ms + int(days * DAY_S * 1000)
        return live.less_of(vera, videos, now_ms, 14 * DAY_S).round(2).tolist()

    assert (wish(0), wish(14), wish(28)) == ([1, 0], [0.5, 0], [0.25, 0])
    story.tell(ev.LessOf, viewer="vera", kind="creator", target="anna")
    assert wish(0) == [1, 1]
    story.tell(ev.UndoLessOf, viewer="vera", kind="topic", target="tea")
    assert wish(0) == [0, 1]
    story.tell(ev.ResetFeed, viewer="vera")
    assert wish(0) == [0, 0]


def test_a_viewer_can_choose_a_feed_that_does_not_use_what_they_did() -> None:
    story = Story()
    story.tell(ev.PersonalisationSet, viewer="vera", on=False)
    story.tell(ev.PersonSaved, person="vera", country="dk")
    vera = story.live.viewer_row("vera")
    assert story.live.impersonal(vera)
    story.tell(ev.PersonalisationSet, viewer="vera", on=True)
    assert not story.live.impersonal(vera)
    assert not story.live.impersonal(-1)


# --- sessions ---------------------------------------------------------------------------------


def slate(story: Story, viewer: str, *videos: str, session_id: str = "", **fields: object) -> None:
    items = tuple(ev.Served(video=video, source="x", value=1.0) for video in videos)
    story.tell(ev.SlateServed, viewer=viewer, request_id="r", session_id=session_id, items=items,
               **fields)  # fmt: skip


def served(story: Story, viewer: str, *videos: str, session_id: str = "") -> list[bool]:
    live, row = story.live, story.live.viewer_row(viewer)
    session = live.session(row, session_id, "for_you", story.now_ms)
    found = live.seen(row, rows(live, *videos), story.now_ms, served_since_s=session.since_s)
    return found.tolist()


def test_what_was_served_is_not_served_again_until_the_session_ends() -> None:
    story = Story()
    story.publish("a", "b", "c")
    slate(story, "vera", "a", "b")
    story.watches("vera", "a", 5, left=True)
    assert served(story, "vera", "a", "b", "c") == [True, True, False]
    story.wait(31 * 60)
    assert served(story, "vera", "a", "b", "c") == [True, False, False]


def test_a_session_the_app_names_goes_on_through_a_pause() -> None:
    story = Story()
    story.publish("a", "b")
    slate(story, "vera", "a", session_id="s1")
    story.wait(3 * 3600)
    assert served(story, "vera", "a", "b", session_id="s1") == [True, False]
    assert served(story, "vera", "a", "b", session_id="s2") == [False, False]
    slate(story, "vera", "b", session_id="s2")
    vera = story.live.viewer_row("vera")
    shown = story.live.ties.copied(story.live.blocks["viewer"].sequence, vera, SHOWN)
    assert shown.shape[1] == 1  # what nobody got to in the first is forgotten


def test_each_place_remembers_what_it_showed_last() -> None:
    story = Story()
    story.publish(*"abcdefgh")
    slate(story, "vera", *"abcdef")
    slate(story, "vera", "g", "h", surface="following")
    live, vera = story.live, story.live.viewer_row("vera")

    def last(surface: str) -> list[str]:
        found = live.session(vera, "", surface, story.now_ms)
        assert found.slates == 2
        return [live.video_id(row) for row in found.last]

    assert (last("for_you"), last("following")) == (list("fedcb"), ["h", "g"])


# --- acts that come before their video ---------------------------------------------------------


def test_an_act_on_a_video_nobody_knows_waits_for_it_and_counts_once() -> None:
    early, late = Story(), Story()
    early.tell(ev.Watch, viewer="vera", video="a", watched_ms=30_000, left=True, parked=True)
    assert len(early.live.parked) == 1
    assert early.live.video_row("a") == -1
    early.publish("a", topics=("tea",))
    late.tell(ev.Tick)
    late.publish("a", topics=("tea",))
    late.now_ms -= 1_000
    late.tell(ev.Watch, viewer="vera", video="a", watched_ms=30_000, left=True)
    assert len(early.live.parked) == 0
    for name in ("params.w1", "block.topic", "block.video"):
        assert (early.live.state()[name] == late.live.state()[name]).all()


def test_an_act_nobody_publishes_the_video_of_counts_after_a_day() -> None:
    story = Story()
    story.tell(ev.Like, viewer="vera", video="never", parked=True)
    story.wait(DAY_S - 10)
    assert story.live.viewer_row("vera") == -1
    story.wait(20)
    assert story.live.video_row("never") >= 0
    assert len(story.live.parked) == 0


# --- availability -------------------------------------------------------------------------------


def test_a_video_is_eligible_within_its_window_alone() -> None:
    story = Story()
    story.publish("a", available_from=START_MS + 60_000, available_until=START_MS + 120_000)
    found = []
    for _ in range(3):
        found.append(bool(story.live.eligible[rows(story.live, "a")][0]))
        story.wait(60)
    assert found == [False, True, False]


def test_a_persons_videos_come_newest_first_also_when_published_again() -> None:
    story = Story()
    story.publish("a", "b", "c", creator="anna")
    story.publish("b", creator="anna", topics=("tea",))
    live = story.live
    videos = live.videos_of(live.viewer_row("anna"), 10)
    assert [live.video_id(row) for row in videos] == ["c", "b", "a"]
    assert live.videos_of(-1, 10).tolist() == []


def test_the_layout_has_a_name_that_changes_with_it() -> None:
    assert len(Space(capacity={"viewer": 8, "video": 8, "tie": 64}).digest()) == 64
