"""Short ways to call the API in tests: events, batches, feeds, keys of every scope."""

from __future__ import annotations

from random import Random
from typing import Any

from freshet.domain.ids import uuid7
from tests.feed.world import HOUR_MS, NOW_MS

APP = {"Authorization": "Bearer key of the app"}
ADMIN = {"Authorization": "Bearer key of the admin"}
_ids = Random(3)


def bearer(given: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {given}"}


def event(kind: str, /, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "event_id": uuid7(NOW_MS, _ids), "time": NOW_MS, **fields}


def published(name: str, **fields: Any) -> dict[str, Any]:
    made = {"video": name, "creator": f"by {name}", "created": NOW_MS - 99 * HOUR_MS, **fields}
    return event("video_published", **made)


def post(client: Any, *events: Any, headers: Any = APP, **body: Any) -> Any:
    return client.post("/v1/events", json={"events": list(events), **body}, headers=headers)


def get(client: Any, headers: Any = APP, **query: Any) -> Any:
    return client.get("/v1/feeds/for_you", params={"viewer": "vera", **query}, headers=headers)


def catalogue(client: Any, n: int = 12) -> None:
    assert post(client, *(published(f"v{i}") for i in range(n)), headers=ADMIN).status_code == 200
