"""GET /v1/admin/alerts: what is not as it should be, for those who run it."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State

from freshet.feed.watching import Alert
from freshet.http.guard import needs
from freshet.http.ports import Engine

EXAMPLE = {
    "alerts": [
        {
            "code": "miscalibrated", "subject": "like", "value": 0.41, "limit": 1.5,
            "text": "like came 312 times, predicted were 761", "worker": "0",
        }
    ]
}  # fmt: skip


class AlertsNow(msgspec.Struct, frozen=True):
    alerts: tuple[Alert, ...]


@get(
    "/v1/admin/alerts",
    guards=[needs("admin")],
    tags=["admin"],
    summary="What is out of its limits now",
    opt={"example": EXAMPLE},
)
async def get_alerts(request: Request[Any, Any, State]) -> AlertsNow:
    """Predictions that do not come true, feeds filled by the ladder, sources that fail or find
    nothing: over the last hours, by every process. Limits: the settings `alerts`."""
    engine: Engine = request.app.state.engine
    return AlertsNow(tuple(engine.telemetry.alerts()))
