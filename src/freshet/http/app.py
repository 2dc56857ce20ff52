"""The HTTP app: routes over an engine, and errors in one shape."""

from __future__ import annotations

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from freshet import __version__
from freshet.domain.errors import FreshetError, Refused
from freshet.http.events import BODY_MAX_BYTES, post_events
from freshet.http.feeds import get_for_you, get_why
from freshet.http.health import get_live, get_metrics, get_ready
from freshet.http.ports import Engine
from freshet.http.problems import framework, ours, unexpected

ROUTES = [post_events, get_for_you, get_why, get_live, get_ready, get_metrics]


def create_app(engine: Engine) -> Litestar:
    """An ASGI app. Folds run in the background while it is up.

    Raises:
        Refused: the engine has no API key; writes are never open.
    """
    if not engine.http.api_key:
        raise Refused("api_key", "is empty", "a secret of at least 16 characters")
    return Litestar(
        route_handlers=ROUTES,
        state=State({"engine": engine}),
        lifespan=[lambda _: engine.running()],
        exception_handlers={FreshetError: ours, HTTPException: framework, Exception: unexpected},
        openapi_config=OpenAPIConfig(
            title="Freshet",
            version=__version__,
            components=Components(
                security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}
            ),
            security=[{"key": []}],
        ),
        request_max_body_size=BODY_MAX_BYTES,
    )
