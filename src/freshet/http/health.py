"""Is it alive, may it get traffic, and its counters."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.openapi import ResponseSpec

from freshet.http.ports import Engine


class Health(msgspec.Struct, frozen=True):
    """Whether all is well, and what is not."""

    ok: bool
    problems: tuple[str, ...] = ()


EXAMPLE = {"example": {"ok": True, "problems": []}}


@get("/health/live", tags=["health"], summary="The process answers", opt=EXAMPLE)
async def get_live() -> Health:
    """200 while the process runs at all."""
    return Health(True)


@get(
    "/health/ready",
    tags=["health"],
    summary="It may get traffic",
    opt=EXAMPLE,
    responses={503: ResponseSpec(Health, description="Not now; `problems` says why.")},
)
async def get_ready(request: Request[Any, Any, State]) -> Response[Health]:
    """503 while the folds lag, have failed, or the log is closed."""
    problems = tuple((await request.app.state.engine.health()).problems)
    return Response(Health(not problems, problems), status_code=503 if problems else 200)


@get(
    "/metrics",
    tags=["health"],
    media_type="text/plain",
    summary="Counters for Prometheus",
    opt={"example": 'freshet_events_total{worker="0",outcome="accepted"} 1204.0\n'},
)
async def get_metrics(request: Request[Any, Any, State]) -> str:
    """Numbers of every process of this server, told apart by the label `worker`."""
    engine: Engine = request.app.state.engine
    return engine.telemetry.metrics()
