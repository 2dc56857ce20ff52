"""What an app may ask of one feed, through HTTP: filters, exclusions, pins, boosts, no person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from freshet.http.app import create_app
from tests.feed.making import engine_of
from tests.feed.world import NOW_MS
from tests.http.asking import ADMIN, Asking, codes, said, videos


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Asking]:
    engine = engine_of(tmp_path, explore_share=0.0)
    with TestClient(create_app(engine), raise_server_exceptions=False) as client:
        app = Asking(client)
        app.publish("plain", "other", "third")
        app.publish("tea1", "tea2", hashtags=["tea"])
        app.publish("short", duration_ms=3_000, language="de")
        app.publish("new", created=NOW_MS - 60_000)
        yield app


def test_filters_hold_by_query_and_by_body(app: Asking) -> None:
    assert sorted(app.feed(hashtags="tea")) == ["tea1", "tea2"]
    assert sorted(videos(app.post(viewer="w", filters={"hashtags": ["tea"]}))) == ["tea1", "tea2"]
    asked: list[tuple[dict[str, Any], set[str]]] = [
        ({"creators": ["by plain", "by new"]}, {"plain", "new"}),
        ({"videos": ["third", "tea1"], "exclude": ["tea1"]}, {"third"}),
        ({"duration_max_ms": 3_000}, {"short"}),
        ({"languages": "de"}, {"short"}),
        ({"created_after": NOW_MS - 3_600_000}, {"new"}),
        ({"created_before": NOW_MS - 3_600_000, "hashtags": "tea"}, {"tea1", "tea2"}),
    ]
    for i, (query, expected) in enumerate(asked):
        assert set(app.feed(viewer=f"viewer {i}", **query)) == expected


def test_a_hashtag_is_one_however_it_is_typed(app: Asking) -> None:
    app.publish("cake", hashtags=["#CAKE", "cake", "two words"])
    assert app.feed(hashtags="#ＣＡＫＥ") == ["cake"]
    assert app.feed(viewer="w", hashtags="two words") == ["cake"]  # no hashtag: as it was said
    boosted = app.post(viewer="x", boosts=[{"kind": "hashtag", "target": "#Tea", "add": 10}])
    assert videos(boosted)[0] in {"tea1", "tea2"}
    app.tell({"type": "hide", "kind": "hashtag", "target": "#Tea"})
    assert app.feed(hashtags="tea") == []
    app.tell({"type": "unhide", "kind": "hashtag", "target": "TEA"})
    assert app.feed(hashtags="tea") != []


def test_filters_that_let_nothing_through_say_so(app: Asking) -> None:
    for answer in (app.get(hashtags="chess"), app.post(filters={"creators": []}),
                   app.get(creators="nobody ever heard of")):  # fmt: skip
        assert answer.status_code == 200
        told = answer.json()
        assert (told["items"], told["rung"]) == ([], "filtered")
        assert "filters" in told["trace"]["empty"]
    assert len(app.feed()) == 7


def test_a_pin_stands_at_its_place_and_says_who_put_it_there(app: Asking) -> None:
    answer = app.get(pins=["tea2:0", "plain:2"], n=4)
    assert (videos(answer)[0], videos(answer)[2]) == ("tea2", "plain")
    assert codes(answer)[0] == ["pinned"]
    item = answer.json()["items"][0]
    assert (item["source"], item["propensity"]) == ("pinned", 1.0)
    assert answer.json()["trace"]["pins_dropped"] == []
    steps = answer.json()["trace"]["rungs"][0]["steps"]
    assert [x["after"] for x in steps if x["stage"] == "pinned"] == [2]


def test_a_pin_that_may_not_be_shown_is_dropped_and_said_so(app: Asking) -> None:
    app.watch("plain")
    app.act("not_interested", video="other")
    app.tell({"type": "label_set", "video": "third", "label": "spam", "actor": "m"}, headers=ADMIN)
    pins = {"plain": 0, "other": 1, "third": 2, "ghost": 3, "short": 4, "tea1": 5}
    answer = app.post(n=6, pins=pins, exclude=["short"])
    assert not set(videos(answer)) & {"plain", "other", "third", "short"}
    dropped = {x["video"]: x["reason"] for x in answer.json()["trace"]["pins_dropped"]}
    assert dropped == {
        "plain": "seen", "other": "hidden or blocked", "third": "not eligible",
        "ghost": "unknown video", "short": "outside the filters",
    }  # fmt: skip
    assert "tea1" in videos(answer)


def test_boosts_lift_are_shown_and_are_said(app: Asking) -> None:
    before = app.get(viewer="w", n=3)
    assert videos(before)[0] == "new"
    answer = app.get(boosts=["hashtag:tea:x5", "video:new:-9"], n=7)
    assert set(videos(answer)[:2]) == {"tea1", "tea2"}
    assert videos(answer)[-1] == "new"
    assert "boosted" in codes(answer)[0]
    assert answer.json()["trace"]["boosts"]["new"] == -9.0
    why = app.why("tea1")
    worth = sum(why["value_parts"].values())
    assert why["boost"] == pytest.approx(4 * abs(worth), rel=1e-3)
    assert why["value"] == pytest.approx(worth + 4 * abs(worth), rel=1e-3)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"pins": "v:50"}, "pins.v"), ({"pins": "v"}, "pins"), ({"pins": "v:-1"}, "pins"),
        ({"boosts": "video:v"}, "boosts"), ({"boosts": "mood:v:x2"}, "boosts"),
        ({"boosts": "video:v:x11"}, "boosts"), ({"boosts": "video:v:nan"}, "boosts"),
        ({"personalised": 2}, "personalised"), ({"duration_min_ms": -1}, "duration_min_ms"),
        ({"duration_min_ms": 9, "duration_max_ms": 8}, "filters.duration_max_ms"),
        ({"hashtags": ""}, "hashtags"),
        ({"hastags": "tea"}, "hastags"), ({"created_after": "noon"}, "created_after"),
    ],
)  # fmt: skip
def test_a_wrong_option_in_the_query_is_named(app: Asking, query: Any, field: str) -> None:
    assert said(app.get(**query))["field"].partition("[")[0] == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filters": {"mood": ["up"]}}, "filters.mood"),
        ({"filters": {"hashtags": "tea"}}, "filters.hashtags"),
        ({"filters": {"hashtags": [1]}}, "filters.hashtags.0"),
        ({"boosts": [{"kind": "video", "target": "v", "multiply": 99}]}, "boosts.0.multiply"),
        ({"boosts": [{"kind": "video"}]}, "boosts.0.target"),
        ({"pins": {"v": "first"}}, "pins"),
        ({"exclude": ["v"] * 1_001}, "exclude"),
        ({"pins": {"a": 1, "b": 1}}, "pins.b"),
        ({"mood": "up"}, "mood"), ({"n": 51}, "n"), ({"viewer": ""}, "viewer"),
    ],
)  # fmt: skip
def test_a_wrong_option_in_the_body_is_named(app: Asking, body: Any, field: str) -> None:
    error = said(app.post(**body))
    assert error["field"].startswith(field)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b'{"viewer": 3}', b"{}"])
def test_a_body_that_is_no_question_is_refused(app: Asking, content: bytes) -> None:
    for path in ("/v1/feeds/for_you", "/v1/rank"):
        answer = app.http.post(
            path, content=content,
            headers={"Authorization": "Bearer key of the app", "Content-Type": "application/json"},
        )  # fmt: skip
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "refused"


def test_not_personalised_it_is_ranked_as_for_a_stranger_and_claims_nothing(app: Asking) -> None:
    app.watch("tea1")
    assert app.values("tea2") != app.values("tea2", viewer="a stranger")
    plain = app.get(personalised=0, n=7)
    assert plain.json()["personalised"] is False
    assert "tea1" not in videos(plain)  # what was seen stays seen
    mine = {item["video"]: item["value"] for item in plain.json()["items"]}
    theirs = app.values(*mine, viewer="a stranger")
    assert mine == pytest.approx(theirs, abs=1e-5)
    acts = {"creator", "hashtag", "topic", "sound", "followed", "interest", "length"}
    assert not acts & {code for why in codes(plain) for code in why}
    assert app.why(videos(plain)[0])["personalised"] is False


def test_who_chose_no_personal_feed_gets_none_until_they_choose_again(app: Asking) -> None:
    app.watch("tea1")
    app.act("personalisation_set", on=False)
    assert app.get(n=1).json()["personalised"] is False
    assert app.values("tea2") == app.values("tea2", viewer="a stranger")
    app.act("personalisation_set", on=True)
    assert "personalised" not in app.get(n=1).json()
    assert app.values("tea2") != app.values("tea2", viewer="a stranger")
