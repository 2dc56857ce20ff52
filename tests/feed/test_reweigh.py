"""Logged slates under another table: whose order stays, and what the log knows of the rest."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from freshet.domain import events as e
from freshet.domain.errors import Refused
from freshet.domain.outcomes import INDEX, OUTCOMES, VIEW_TIMEOUT_MS
from freshet.feed.logged import LoggedSlates, slate_of
from freshet.feed.reorder import ordered, put_in_order
from freshet.feed.reweigh import Tried, try_table
from freshet.feed.value import Value
from tests.feed.making import make, video
from tests.feed.world import NOW_MS

LIKES, SHARES = {"like": 1.0}, {"share": 1.0}


def item(name: str, like: float = 0.0, share: float = 0.0, **more: Any) -> e.Served:
    p = [0.0] * len(OUTCOMES)
    p[INDEX["like"]], p[INDEX["share"]] = like, share
    told = {"source": "everything", "value": like, "predictions": tuple(p)} | more
    return e.Served(name, **told)


def slate(*items: e.Served, viewer: str = "v", **more: Any) -> e.SlateServed:
    told = {"viewer": viewer, "request_id": f"r {viewer}", "items": items} | more
    return make(e.SlateServed, **told)  # type: ignore[no-any-return]


def act(kind: type[e.Event], name: str, viewer: str = "v", after_ms: int = 0, **more: Any) -> Any:
    return make(kind, NOW_MS + after_ms, viewer=viewer, video=name, **more)


def folded(*events: e.Event, **more: Any) -> LoggedSlates:
    log = LoggedSlates(**more)
    log.apply(events)
    return log


def new_order(*items: e.Served) -> list[str]:
    old, new = Value(LIKES, OUTCOMES), Value(SHARES, OUTCOMES)
    put = put_in_order(slate_of(slate(*items)), old, new, {})
    return [items[i].video for i in put.new]


def test_what_value_did_not_place_stays() -> None:
    chance = item("chance", like=0.1, share=0.9, source="explore")
    topic = item("topic", share=0.8, reasons=("new_topic?topic=tea&weight=0",))
    best, last = item("best", like=0.9, share=0.1), item("last", like=0.2, share=0.5)
    assert new_order(best, chance, topic, last) == ["last", "chance", "topic", "best"]


def test_a_wish_takes_its_share_of_the_new_worth_too() -> None:
    """Nine tenths of it were taken away: 0.4 - 0.36."""
    wished = item("wished", like=0.4, share=0.9, value=0.04, less_of=0.36)
    plain = item("plain", like=0.03, share=0.2)
    assert new_order(wished, plain) == ["plain", "wished"]


def test_an_apps_boost_stays_what_it_was() -> None:
    boosted = item("boosted", like=0.2, share=0.1, value=0.7, boost=0.5)
    plain = item("plain", like=0.6, share=0.55)
    assert new_order(boosted, plain) == ["boosted", "plain"]


def test_no_neighbours_of_one_sound_where_that_can_be() -> None:
    log = folded(
        video("a", sound="song"), video("b", sound="song"), video("c", sound="song"),
        video("d"),
    )  # fmt: skip
    keys = [log.described[name] for name in "abcd"]
    assert ordered(np.array([4.0, 3, 2, 1]), [False] * 4, keys) == [0, 3, 1, 2]


def test_an_original_sound_is_nobody_elses() -> None:
    log = folded(video("a", sound="o", original_sound=True), video("b", sound="o"))
    assert log.described["a"].sound == ""


def test_outcomes_count_once_seen_for_half_an_hour_and_can_be_taken_back() -> None:
    log = folded(
        slate(item("a"), item("b")),
        act(e.Like, "b"),  # never on screen
        act(e.Impression, "a"),
        act(e.Watch, "a", watched_ms=90_000, duration_ms=10_000),
        act(e.Watch, "a", watched_ms=7_000, duration_ms=10_000),
        act(e.Like, "a"),
        act(e.Unlike, "a"),
        make(e.Hide, viewer="v", kind="video", target="a"),
        act(e.Share, "a", after_ms=VIEW_TIMEOUT_MS + 1),
        act(e.Comment, "a", surface="profile"),
    )
    (only,) = log.slates
    assert set(only.came) == {0}
    came = dict(zip((*OUTCOMES, "watch_s"), only.came[0].outcomes(), strict=True))
    assert {name for name, value in came.items() if value} == {
        "watched_2s", "watched_6s", "finish", "long_view", "rewatch", "hide", "watch_s",
    }  # fmt: skip
    assert came["watch_s"] == 30  # three durations at most


def test_slates_that_value_did_not_order_are_left_out_and_counted() -> None:
    log = folded(
        slate(item("a"), item("b")),
        slate(item("a"), item("b"), rung="fewer_candidates"),
        slate(item("a"), item("b"), rung="popular"),
        slate(item("a"), item("b", predictions=())),
        slate(item("a")),
        slate(item("a"), item("b"), surface="following"),
    )
    assert len(log.slates) == 2
    assert log.left_out == {"not ranked by value": 2, "fewer than two videos": 1}


def test_an_erased_viewer_is_gone() -> None:
    log = folded(
        slate(item("a"), item("b")), slate(item("a"), item("b"), viewer="w"),
        make(e.PersonErased, person="v"), act(e.Impression, "a"),
    )  # fmt: skip
    assert [one.viewer for one in log.slates] == ["w"]


def test_of_too_many_slates_those_of_a_share_of_viewers_stay() -> None:
    events = [slate(item("a"), item("b"), viewer=f"v{i}") for i in range(200) for _ in (0, 1)]
    log = folded(*events, slates_max=100)
    assert len(log.slates) <= 100
    viewers = {one.viewer for one in log.slates}
    assert len(log.slates) == 2 * len(viewers)  # whole viewers
    assert log.keep in (0.25, 0.125)
    assert try_table(log, LIKES, SHARES).sampled == log.keep


def test_without_impressions_only_the_order_is_known() -> None:
    found = try_table(folded(slate(item("a", 0.2, 0.1), item("b", 0.1, 0.2))), LIKES, SHARES)
    assert found.order.changed.value == 1
    assert (found.expected, found.came) == ({}, {})


def test_no_slate_is_refused() -> None:
    with pytest.raises(Refused, match="no ranked slate of following"):
        try_table(folded(slate(item("a"), item("b")), surface="following"), LIKES, SHARES)


# --- a world whose truth is known -------------------------------------------------------------

REACH = (1.0, 0.8, 0.6, 0.4, 0.3, 0.2)  # chance that a viewer gets to a place, whatever is there


def world(viewers: int, seed: int) -> tuple[Tried, float, float]:
    """Predicted likes know nothing, predicted shares know who will be liked. Returns what is
    found, and the true likes per 1,000 impressions of both orders."""
    dice, events = Random(seed), list[e.Event]()
    likes = dict.fromkeys(("old", "new"), 0.0)
    for i in range(viewers):
        viewer, chances = f"v{i}", [dice.random() for _ in REACH]
        items = [
            item(f"{viewer}/{k}", like=0.9 - k / 10, share=chance)
            for k, chance in enumerate(chances)
        ]
        events.append(slate(*items, viewer=viewer))
        likes["old"] += float(np.dot(REACH, chances))
        likes["new"] += float(np.dot(REACH, sorted(chances, reverse=True)))
        depth = dice.random()
        for one, chance, reach in zip(items, chances, REACH, strict=True):
            if depth < reach:
                events.append(act(e.Impression, one.video, viewer))
                if dice.random() < chance:
                    events.append(act(e.Like, one.video, viewer))
    found = try_table(folded(*events), LIKES, SHARES)
    all_seen = viewers * sum(REACH)
    return found, 1000 * likes["old"] / all_seen, 1000 * likes["new"] / all_seen


def test_the_log_tells_what_another_order_would_have_brought() -> None:
    found, old, new = world(viewers=1_500, seed=3)
    like = found.came["like"]
    assert like.says == "more"
    assert like.old == pytest.approx(old, rel=0.05)
    assert like.new == pytest.approx(new, rel=0.05)
    assert like.change.low is not None
    assert like.change.high is not None
    assert like.change.low < new / old - 1 < like.change.high
    assert found.came["report"].says == "too few"  # none came
    assert 0 < found.effective < found.impressions


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    held = 0
    for seed in range(40):
        found, old, new = world(viewers=150, seed=100 + seed)
        change = found.came["like"].change
        assert change.low is not None
        assert change.high is not None
        held += change.low <= new / old - 1 <= change.high
    assert held >= 34


def test_a_small_log_cannot_tell() -> None:
    found, _, _ = world(viewers=12, seed=3)
    assert {one.says for one in found.came.values()} == {"too few"}


def test_where_predictions_knew_nothing_a_larger_log_cannot_tell() -> None:
    dice, events = Random(1), list[e.Event]()
    for i in range(300):
        viewer = f"v{i}"
        items = [item(f"{viewer}/{k}", 0.9 - k / 10, dice.random()) for k in range(5)]
        events.append(slate(*items, viewer=viewer))
        for one in items[: dice.randrange(1, 6)]:
            events.append(act(e.Impression, one.video, viewer))
            if dice.random() < 0.3:
                events.append(act(e.Like, one.video, viewer))
    assert try_table(folded(*events), LIKES, SHARES).came["like"].says == "cannot tell"
