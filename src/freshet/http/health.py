"""Is it alive, may it get traffic, and its counters."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State


class Health(msgspec.Struct, frozen=True):
    ok: bool
    problems: tuple[str, ...] = ()


@get("/health/live", tags=["health"], summary="The process answers")
async def get_live() -> Health:
    return Health(True)


@get("/health/ready", tags=["health"], summary="It may get traffic")
async def get_ready(request: Request[Any, Any, State]) -> Response[Health]:
    """503 while the folds lag, have failed, or the log is closed."""
    problems = tuple((await request.app.state.engine.health()).problems)
    return Response(Health(not problems, problems), status_code=503 if problems else 200)


@get("/metrics", tags=["health"], media_type="text/plain", summary="Counters for Prometheus")
async def get_metrics(request: Request[Any, Any, State]) -> bytes:
    counters: bytes = request.app.state.engine.metrics()
    return counters
