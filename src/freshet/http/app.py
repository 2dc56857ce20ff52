"""The HTTP app: routes over an engine, and errors in one shape.

request ─▶ Requests (id, log line, numbers) ─▶ CORS ─▶ route ─▶ Gate (size, load, time)
        ─▶ guard (key, scope, rate) ─▶ handler

The two routes that matter most have a way of their own from `Requests` to `Gate` (`Direct`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import msgspec
from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from freshet.domain.errors import FreshetError, Refused
from freshet.http import (
    fingerprints,
    hashtags,
    moderation,
    openapi,
    people,
    sounds,
    standing,
    videos,
)
from freshet.http.admin import get_alerts
from freshet.http.arms import get_arms
from freshet.http.direct import Direct
from freshet.http.events import Taking, post_events
from freshet.http.feeds import get_feed, post_feed
from freshet.http.gate import Gate
from freshet.http.health import get_live, get_metrics, get_ready
from freshet.http.metrics import HttpMetrics
from freshet.http.ports import Engine
from freshet.http.problems import framework, ours, unexpected
from freshet.http.rank import post_rank
from freshet.http.rates import Rates
from freshet.http.related import get_related
from freshet.http.requests import Requests
from freshet.http.reset import post_reset
from freshet.http.settings import Http
from freshet.http.stages import get_diagnosis, get_journey, get_person_diagnosis, get_stages
from freshet.http.viewer_tokens import post_viewer_token
from freshet.http.why import get_why

CATALOGUE = [*people.ROUTES, *videos.ROUTES, *sounds.ROUTES, *hashtags.ROUTES]
MODERATION = [*moderation.ROUTES, *standing.ROUTES, *fingerprints.ROUTES]
ROUTES = [
    post_events, get_feed, post_feed, get_why, post_rank, get_related, post_reset,
    post_viewer_token, *CATALOGUE, *MODERATION, get_journey, get_diagnosis,
    get_person_diagnosis, get_stages, get_arms, get_alerts,
    get_live, get_ready, get_metrics,
]  # fmt: skip


def create_app(
    engine: Engine,
    timer: Callable[[], float] = time.monotonic,
    more: Sequence[HTTPRouteHandler] = (),
) -> Litestar:
    """An ASGI app. Folds run in the background while it is up.

    Args:
        timer: seconds that never go back, by which rates are counted.
        more: routes beside ours, of an app that lives in the same process.

    Raises:
        Refused: the engine has no API key; writes are never open.
    """
    http = engine.http
    if not http.api_key:
        raise Refused("api_key", "is empty", "a secret of at least 16 characters")
    metrics = HttpMetrics()
    metrics.keys(lambda: engine.access, engine.now_ms)
    engine.telemetry.add(metrics.registry)
    rates, gate = Rates(http.limits, timer), Gate(http.limits)
    app = Litestar(
        route_handlers=[*ROUTES, *more],
        state=State({"engine": engine, "metrics": metrics, "rates": rates}),
        lifespan=[lambda _: engine.running(), lambda _: engine.telemetry.telling()],
        middleware=[gate],
        exception_handlers={FreshetError: ours, HTTPException: framework, Exception: unexpected},
        cors_config=_cors(http),
        openapi_config=openapi.config(),
        request_max_body_size=http.limits.body_bytes,
    )
    direct = Direct(app.asgi_handler, engine, Taking(engine, rates, metrics), gate)
    app.asgi_handler = Requests(
        direct, metrics, engine.new_request_id, time.perf_counter, http.access_log
    )
    return app


def described() -> bytes:
    """The description of the API as JSON, without a server: what typed clients are made from."""
    app = Litestar(route_handlers=ROUTES, openapi_config=openapi.config())
    return msgspec.json.format(msgspec.json.encode(openapi.description(app), order="sorted"))


def _cors(http: Http) -> CORSConfig | None:
    """Pages of these origins may call from a browser; tokens, not cookies, say who they are."""
    if not http.cors_origins:
        return None
    return CORSConfig(
        allow_origins=list(http.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-Request-Id"],
        expose_headers=["X-Request-Id", "Retry-After"],
        max_age=600,
    )
