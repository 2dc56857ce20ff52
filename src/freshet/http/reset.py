"""POST /v1/viewers/{viewer}/reset: a feed that begins anew."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.params import PathParameter

from freshet.domain.events import ResetFeed
from freshet.http.guard import needs
from freshet.http.whom import entered, known_key


class Done(msgspec.Struct, frozen=True):
    offset: int  # a feed asked for now reflects the log up to here


@post(
    "/v1/viewers/{viewer:str}/reset",
    status_code=200,
    guards=[needs("ingest")],
    tags=["viewers"],
    summary="Forget what was learned of a viewer",
)
async def post_reset(
    request: Request[Any, Any, State],
    viewer: Annotated[str, PathParameter(description="the app's own id of the viewer")],
) -> Done:
    """The next feed is ranked as for somebody new. What was seen, hidden or blocked stays so.

    The same as a `reset_feed` event, for an app that has none of its own to send.
    """
    engine = entered(request, ())
    key = known_key(engine, viewer)
    event_id, now_ms = engine.new_request_id(), engine.now_ms()
    taken = await engine.record([ResetFeed(event_id=event_id, time=now_ms, viewer=key)])
    return Done(taken.last)
