"""Every wish of a viewer is felt in the next feed, and its undo takes it back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from freshet.engine import OneProcess
from freshet.http.app import create_app
from tests.feed.making import engine_of
from tests.feed.world import DAY_MS
from tests.http.asking import APP, Asking, codes

TEA = {"creator": "tess", "sound": "song", "hashtags": ["tea"], "topics": ["drinks"]}


@pytest.fixture
def engine(tmp_path: Path) -> OneProcess:
    return engine_of(tmp_path, explore_share=0.0)


@pytest.fixture
def app(engine: OneProcess) -> Iterator[Asking]:
    with TestClient(create_app(engine), raise_server_exceptions=False) as client:
        app = Asking(client)
        app.publish("tea", **TEA)
        app.publish("a", "b", "c")
        yield app


def may_come(app: Asking) -> bool:
    (item,) = app.rank("tea").json()["ranking"]["items"]
    return not item.get("hidden")


@pytest.mark.parametrize(
    ("act", "undo"),
    [
        ({"type": "not_interested", "video": "tea"}, "undo_not_interested"),
        ({"type": "block", "person": "tess"}, "unblock"),
        *(
            ({"type": "hide", "kind": kind, "target": target}, "unhide")
            for kind, target in [("video", "tea"), ("creator", "tess"), ("sound", "song"),
                                 ("hashtag", "tea"), ("topic", "drinks")]
        ),
    ],
    ids=lambda x: x if isinstance(x, str) else x.get("kind", x["type"]),
)  # fmt: skip
def test_what_is_hidden_is_gone_until_it_is_taken_back(
    app: Asking, act: dict[str, Any], undo: str
) -> None:
    app.tell(act)
    assert "tea" not in app.feed(n=4)
    assert not may_come(app)
    app.tell({**act, "type": undo})
    assert app.feed(n=4) == ["tea"]
    assert may_come(app)


@pytest.mark.parametrize(
    ("kind", "target"),
    [("creator", "tess"), ("sound", "song"), ("hashtag", "tea"), ("topic", "drinks")],
)
def test_less_of_this_is_felt_at_once_and_fades(
    app: Asking, engine: OneProcess, kind: str, target: str
) -> None:
    before = app.values("tea")["tea"]
    lost = 0.9 * abs(before)
    wish = {"type": "less_of", "kind": kind, "target": target}
    app.tell(wish)
    assert app.values("tea")["tea"] == pytest.approx(before - lost, rel=1e-3)
    answer = app.get(n=4)
    assert answer.json()["items"][-1]["video"] == "tea"
    assert codes(answer)[-1][-1] == "less_of"
    assert answer.json()["trace"]["less_of"]["tea"] == pytest.approx(lost, rel=1e-3)
    assert app.why("tea")["less_of"] == pytest.approx(lost, rel=1e-3)
    assert app.values("tea", viewer="another")["tea"] == pytest.approx(before)

    engine.now_ms.now += 14 * DAY_MS  # type: ignore[attr-defined]
    later = app.values("tea", viewer="another")["tea"]
    assert app.values("tea")["tea"] == pytest.approx(later - 0.45 * abs(later), rel=1e-3)

    app.tell({**wish, "type": "undo_less_of"})
    assert app.values("tea")["tea"] == pytest.approx(later)


def test_a_follow_is_in_following_at_once_and_an_unfollow_too(app: Asking) -> None:
    assert app.get("following").json()["rung"] == "no_follows"
    app.act("follow", person="tess")
    app.act("follow", person="by a")
    assert set(app.feed("following", n=1)) <= {"tea", "a"}
    app.act("unfollow", person="tess")
    app.act("unfollow", person="by a")
    assert app.get("following").json()["rung"] == "no_follows"


def test_a_reset_feed_begins_anew_and_what_was_seen_stays_seen(app: Asking) -> None:
    app.publish("more", **TEA)
    app.watch("tea")
    app.tell({"type": "less_of", "kind": "topic", "target": "drinks"})
    app.act("not_interested", video="b")
    stranger = app.values("more", viewer="a stranger")
    assert app.values("more") != stranger
    answer = app.http.post("/v1/viewers/vera/reset", headers=APP)
    assert answer.status_code == 200
    assert answer.json()["offset"] > 0
    assert app.values("more") == stranger
    assert not {"tea", "b"} & set(app.feed(n=9))


def test_there_is_nothing_to_reset_for_somebody_unheard_of(app: Asking) -> None:
    answer = app.http.post("/v1/viewers/nobody/reset", headers=APP)
    assert answer.status_code == 404
    assert app.http.post("/v1/viewers/vera/reset").status_code == 401
