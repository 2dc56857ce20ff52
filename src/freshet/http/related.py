"""GET /v1/videos/{video}/related: videos like a video."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.params import Parameter, PathParameter

from freshet.domain.errors import Refused
from freshet.http.feeds import N_MAX
from freshet.http.guard import needs
from freshet.http.ports import Engine


class Related(msgspec.Struct, frozen=True):
    """Ids of videos, nearest first."""

    video: str
    videos: tuple[str, ...]


@get(
    "/v1/videos/{video:str}/related",
    guards=[needs("feed")],
    tags=["videos"],
    summary="Videos like a video",
)
async def get_related(
    request: Request[Any, Any, State],
    video: Annotated[str, PathParameter(description="the video's id")],
    n: Annotated[int, Parameter(ge=1, le=N_MAX, description="how many videos")] = 10,
    viewer: Annotated[
        str, Parameter(max_length=200, description="leaves out what they have seen or hidden")
    ] = "",
) -> Related:
    """Up to `n` videos that may be shown, nearest first; nothing is logged as served."""
    engine: Engine = request.app.state.engine
    known = {"n", "viewer"}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise Refused(unknown[0], "is not a known parameter", ", ".join(sorted(known)))
    # A viewer never heard of has seen and hidden nothing.
    key = engine.keys.known(viewer) if viewer else None
    return Related(video, tuple(await engine.related(video, key or "", n)))
