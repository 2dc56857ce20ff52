"""GET /v1/videos/{video}/related."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from freshet.http.app import create_app
from tests.feed.making import engine_of
from tests.http.test_http import ADMIN, APP, event, post, published


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient[Any]]:
    with TestClient(create_app(engine_of(tmp_path)), raise_server_exceptions=False) as opened:
        videos = [published(f"cat{n}", topics=["cats"]) for n in range(4)]
        videos += [published(f"car{n}", topics=["cars"]) for n in range(4)]
        assert post(opened, *videos, headers=ADMIN).status_code == 200
        # Whoever acted reads what is folded.
        post(opened, event("impression", viewer="vera", video="cat1"))
        opened.get("/v1/feeds/for_you", params={"viewer": "vera"}, headers=APP)
        yield opened


def related(client: Any, video: str, headers: Any = APP, **query: Any) -> Any:
    return client.get(f"/v1/videos/{video}/related", params=query, headers=headers)


def test_videos_like_a_video_come_nearest_first(client: Any) -> None:
    answer = related(client, "cat0", n=3).json()
    assert answer["video"] == "cat0"
    assert set(answer["videos"]) == {"cat1", "cat2", "cat3"}


def test_a_viewer_gets_none_they_have_seen_or_hidden(client: Any) -> None:
    post(client, event("not_interested", viewer="vera", video="cat2"))
    assert "cat3" in related(client, "cat0", viewer="vera").json()["videos"]
    assert not {"cat1", "cat2"} & set(related(client, "cat0", viewer="vera").json()["videos"])
    assert "cat1" in related(client, "cat0", viewer="never heard of").json()["videos"]


def test_what_may_not_be_shown_is_related_to_nothing(client: Any) -> None:
    label = event("label_set", video="cat3", label="spam", actor="mod")
    assert post(client, label, headers=ADMIN).status_code == 200
    client.get("/v1/feeds/for_you", params={"viewer": "vera"}, headers=APP)
    # Asked for a viewer who acted just now, so that the fold has the label.
    post(client, event("like", viewer="vera", video="cat1"))
    assert "cat3" not in related(client, "cat0", viewer="vera").json()["videos"]
    assert related(client, "cat3").status_code == 404


def test_what_cannot_be_answered_says_what_would_be_right(client: Any) -> None:
    assert related(client, "nothing").json()["error"]["field"] == "video"
    assert related(client, "cat0", n=0).status_code == 400
    assert related(client, "cat0", nn=1).json()["error"]["right"] == "n, viewer"
    assert related(client, "cat0", headers={}).status_code == 401
