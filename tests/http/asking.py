"""Short ways to talk to an app of ours, through HTTP only."""

from __future__ import annotations

from random import Random
from typing import Any

from litestar.testing import TestClient

from freshet.domain.ids import uuid7
from tests.feed.world import HOUR_MS, NOW_MS

APP = {"Authorization": "Bearer key of the app"}
ADMIN = {"Authorization": "Bearer key of the admin"}
_ids = Random(11)


class Asking:
    """One viewer, vera, unless another is named."""

    def __init__(self, client: TestClient[Any]) -> None:
        self.http = client

    def publish(self, *names: str, **fields: Any) -> None:
        """Videos, each by a creator of its own (`by NAME`) unless one is named."""
        told = [
            {"type": "video_published", "video": name, "creator": f"by {name}",
             "created": NOW_MS - 99 * HOUR_MS, "duration_ms": 15_000, **fields}
            for name in names
        ]  # fmt: skip
        self.tell(*told, headers=ADMIN)

    def tell(self, *acts: dict[str, Any], headers: Any = APP) -> None:
        events = [
            {"event_id": uuid7(NOW_MS, _ids), "time": NOW_MS}
            | ({} if headers is ADMIN else {"viewer": "vera"})
            | act
            for act in acts
        ]
        answer = self.http.post("/v1/events", json={"events": events}, headers=headers)
        assert answer.json()["accepted"] == len(acts), answer.text

    def act(self, kind: str, **fields: Any) -> None:
        self.tell({"type": kind, **fields})

    def watch(self, *names: str) -> None:
        for name in names:
            self.act("impression", video=name)
            self.act("watch", video=name, watched_ms=15_000, completed=True, left=True)

    def get(self, surface: str = "for_you", viewer: str = "vera", **query: Any) -> Any:
        params = {"viewer": viewer, "trace": 1, **query}
        return self.http.get(f"/v1/feeds/{surface}", params=params, headers=APP)

    def post(self, surface: str = "for_you", viewer: str = "vera", **body: Any) -> Any:
        told = {"viewer": viewer, "trace": True, **body}
        return self.http.post(f"/v1/feeds/{surface}", json=told, headers=APP)

    def feed(self, surface: str = "for_you", **query: Any) -> list[str]:
        answer = self.get(surface, **query)
        assert answer.status_code == 200, answer.text
        return [item["video"] for item in answer.json()["items"]]

    def why(self, video: str, surface: str = "for_you", viewer: str = "vera") -> Any:
        path = f"/v1/feeds/{surface}/why/{video}"
        return self.http.get(path, params={"viewer": viewer}, headers=APP).json()

    def rank(self, *videos: str, viewer: str = "vera", **body: Any) -> Any:
        told = {"viewer": viewer, "videos": videos, **body}
        return self.http.post("/v1/rank", json=told, headers=APP)

    def values(self, *videos: str, **body: Any) -> dict[str, float]:
        items = self.rank(*videos, **body).json()["ranking"]["items"]
        return {item["video"]: item["value"] for item in items}


def said(answer: Any) -> dict[str, Any]:
    """The error of a refusal."""
    assert answer.status_code == 400, answer.text
    error: dict[str, Any] = answer.json()["error"]
    return error


def videos(answer: Any) -> list[str]:
    return [item["video"] for item in answer.json()["items"]]


def codes(answer: Any) -> list[list[str]]:
    return [[one["code"] for one in item["reasons"]] for item in answer.json()["items"]]
