"""Pages through HTTP: nothing twice, nothing left out, and the same cursor the same page."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from freshet.engine import OneProcess
from freshet.http.app import create_app
from tests.feed.making import engine_of
from tests.feed.world import HOUR_MS, FakeLog
from tests.http.asking import Asking, said, videos


def client_of(engine: OneProcess) -> TestClient[Any]:
    return TestClient(create_app(engine), raise_server_exceptions=False)


@pytest.fixture
def engine(tmp_path: Path) -> OneProcess:
    return engine_of(tmp_path)


@pytest.fixture
def app(engine: OneProcess) -> Iterator[Asking]:
    with client_of(engine) as client:
        yield Asking(client)


def pages(app: Asking, surface: str = "for_you", n: int = 7, **query: Any) -> Iterator[list[str]]:
    answer = app.get(surface, n=n, **query)
    while answer.json()["items"]:
        yield videos(answer)
        answer = app.get(surface, n=n, cursor=answer.json()["cursor"], **query)
    assert "cursor" not in answer.json()


@pytest.mark.parametrize("session", ["", "s"])
def test_pages_show_everything_once(app: Asking, session: str) -> None:
    names = [f"v{i}" for i in range(40)]
    app.publish(*names)
    shown = [name for page in pages(app, session_id=session) for name in page]
    assert sorted(shown) == sorted(names)


def test_the_same_cursor_gets_the_same_page_also_at_once(app: Asking) -> None:
    app.publish(*(f"v{i}" for i in range(40)))
    cursor = app.get(n=5).json()["cursor"]
    with ThreadPoolExecutor(6) as pool:
        asked = list(pool.map(lambda _: app.get(n=5, cursor=cursor, trace=0).json(), range(12)))
    assert all(answer == asked[0] for answer in asked)
    third = app.get(n=5, cursor=asked[0]["cursor"])
    assert not set(videos(third)) & {item["video"] for item in asked[0]["items"]}


def test_pages_go_on_after_a_crash(tmp_path: Path) -> None:
    log = FakeLog()
    with client_of(engine_of(tmp_path, log)) as client:
        app = Asking(client)
        app.publish(*(f"v{i}" for i in range(20)))
        first = app.get(n=5)
        second = app.get(n=5, cursor=first.json()["cursor"])
    with client_of(engine_of(tmp_path, log)) as client:
        again = Asking(client).get(n=5, cursor=first.json()["cursor"])
        third = Asking(client).get(n=5, cursor=second.json()["cursor"])
    assert again.json()["items"] == second.json()["items"]
    assert again.json()["cursor"] == second.json()["cursor"]
    assert not set(videos(third)) & {*videos(first), *videos(second)}


def test_an_act_between_two_pages_is_in_the_next_one(app: Asking) -> None:
    app.publish(*(f"v{i}" for i in range(9)))
    first = app.get(n=3)
    left = {f"v{i}" for i in range(9)} - set(videos(first))
    gone = sorted(left)[:4]
    for name in gone:
        app.act("not_interested", video=name)
    assert set(app.feed(n=9, cursor=first.json()["cursor"])) == left - set(gone)


def test_a_foreign_cursor_is_refused_by_name(app: Asking, engine: OneProcess) -> None:
    app.publish(*(f"v{i}" for i in range(9)))
    cursor = app.get(n=2, hashtags="tea", exclude="v1").json().get("cursor", "")
    assert cursor == ""  # nothing bears that hashtag, so there is no page to go on from
    cursor = app.get(n=2, session_id="s").json()["cursor"]
    for wrong in (
        app.get(cursor=cursor[:-2] + "AA"), app.get(cursor="?"), app.get(cursor=cursor * 2),
        app.get(viewer="walt", cursor=cursor), app.get("following", cursor=cursor),
        app.get(cursor=cursor, created_after=5), app.get(cursor=cursor, boosts="video:v1:x2"),
    ):  # fmt: skip
        assert said(wrong)["field"] == "cursor"
    assert said(app.get(cursor=cursor, request_id="r"))["field"] == "request_id"
    assert said(app.get(cursor=cursor, session_id="t"))["field"] == "session_id"
    engine.now_ms.now += 25 * HOUR_MS  # type: ignore[attr-defined]
    assert "older than 24 h" in said(app.get(cursor=cursor))["reason"]


def test_a_request_id_belongs_to_one_surface(app: Asking) -> None:
    app.publish("v1", "v2")
    app.get(request_id="r1")
    assert said(app.get("following", request_id="r1"))["field"] == "request_id"


def test_following_is_paged_too(app: Asking) -> None:
    app.publish(*(f"v{i}" for i in range(12)))
    for i in range(10):
        app.act("follow", person=f"by v{i}")
    shown = [name for page in pages(app, "following", n=4) for name in page]
    assert sorted(shown) == [f"v{i}" for i in range(10)]
