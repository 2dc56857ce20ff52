"""POST /v1/rank and "why": a given list scored, and every value taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient

from freshet.domain import events as e
from freshet.engine import OneProcess
from freshet.http.app import create_app
from tests.feed.making import engine_of
from tests.http.asking import ADMIN, Asking, said, videos


@pytest.fixture
def engine(tmp_path: Path) -> OneProcess:
    return engine_of(tmp_path, explore_share=0.0)


@pytest.fixture
def app(engine: OneProcess) -> Iterator[Asking]:
    with TestClient(create_app(engine), raise_server_exceptions=False) as client:
        app = Asking(client)
        app.publish("a", "b", "c", "d")
        app.publish("e1", "e2", creator="eve", topics=["tea"])
        yield app


def slates(engine: OneProcess) -> list[e.SlateServed]:
    return [x for x in engine.log.events if isinstance(x, e.SlateServed)]  # type: ignore[attr-defined]


def test_a_list_is_scored_best_first_and_nothing_is_logged(app: Asking, engine: OneProcess) -> None:
    app.watch("e1")
    ranking = app.rank("a", "e2", "ghost", "b", "phantom").json()["ranking"]
    assert ranking["items"][0]["video"] == "e2"
    assert ranking["unknown"] == ["ghost", "phantom"]
    values = [item["value"] for item in ranking["items"]]
    assert values == sorted(values, reverse=True)
    assert set(ranking["items"][0]["predictions"]) == set(engine.live.outcomes)
    assert "reasons" not in ranking["items"][0]
    assert slates(engine) == []


def test_what_a_feed_would_not_show_is_scored_and_flagged(app: Asking) -> None:
    app.watch("a")
    app.act("not_interested", video="b")
    spam = {"type": "label_set", "video": "c", "label": "spam", "actor": "m"}
    app.tell(spam, headers=ADMIN)
    found = app.rank("a", "b", "c", "d", exclude=["d"]).json()["ranking"]["items"]
    flags = {
        item["video"]: {x for x in ("seen", "hidden", "ineligible", "filtered") if item.get(x)}
        for item in found
    }
    assert flags == {"a": {"seen"}, "b": {"hidden"}, "c": {"ineligible"}, "d": {"filtered"}}


def test_reasons_come_when_asked_for(app: Asking) -> None:
    app.watch("e1")
    (item,) = app.rank("e2", reasons=True).json()["ranking"]["items"]
    assert [one["code"] for one in item["reasons"]][:1] == ["creator"]


def test_served_it_is_one_more_slate_spaced_and_remembered(app: Asking, engine: OneProcess) -> None:
    app.watch("d")
    answer = app.rank("e1", "e2", "a", "d", serve=True, request_id="r1").json()
    shown = [item["video"] for item in answer["slate"]["items"]]
    assert shown in (["e1", "a", "e2"], ["e2", "a", "e1"])
    (slate,) = slates(engine)
    assert [item.video for item in slate.items] == shown
    assert slate.items[0].source == "given"
    again = app.rank("e1", "e2", "a", "d", serve=True, request_id="r1").json()
    assert again["slate"]["items"] == answer["slate"]["items"]
    assert not set(app.feed(n=6)) & set(shown)


def test_a_list_of_which_nothing_may_be_shown_serves_an_empty_slate(app: Asking) -> None:
    app.watch("a")
    slate = app.rank("a", "ghost", serve=True).json()["slate"]
    assert (slate["items"], slate["rung"]) == ([], "exhausted")


def test_too_long_or_empty_lists_and_unknown_fields_are_refused(app: Asking) -> None:
    assert said(app.rank(*(f"v{i}" for i in range(1_001))))["field"] == "videos"
    assert said(app.rank())["field"] == "videos"
    assert said(app.rank("a", mood="up"))["field"] == "mood"
    assert said(app.rank("a", surface="moon"))["field"] == "surface"


def test_why_takes_a_value_apart_on_every_surface(app: Asking) -> None:
    app.act("follow", person="by a")
    app.act("follow", person="by b")
    for surface in ("for_you", "following"):
        item = app.get(surface, n=1).json()["items"][0]
        why = app.why(item["video"], surface)
        assert sum(why["value_parts"].values()) == pytest.approx(item["value"], abs=1e-3)
        assert why["value_parts"].keys() >= {"watch_s", "long_view", "report"}
        assert (why["surface"], why["source"]) == (surface, item["source"])
        assert why["reasons"] == item["reasons"]
    assert why["reasons"][0]["code"] == "followed"


def test_what_value_did_not_place_is_not_taken_apart(app: Asking) -> None:
    app.publish(*(f"f{i}" for i in range(3)), creator="eve")
    assert videos(app.get(n=9, videos=["f0"]))
    second = app.get(n=9, videos=["f1"])  # by the same creator as the last one shown
    assert second.json()["rung"] == "unspaced"
    assert app.why("f1")["value_parts"]
