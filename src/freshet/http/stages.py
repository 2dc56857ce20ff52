"""How new videos fare: one on its way, and all stages for the operator."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.params import PathParameter

from freshet.distribution.standing import Funnel, JourneySoFar
from freshet.http.guard import needs
from freshet.http.whom import entered


@get(
    "/v1/videos/{video:str}/journey",
    guards=[needs("catalogue")],
    tags=["videos"],
    summary="A new video on its way from stage to stage",
)
async def get_journey(
    request: Request[Any, Any, State],
    video: Annotated[str, PathParameter(description="the video's id")],
) -> JourneySoFar:
    """Its stage, the impressions of that, what its views are worth beyond what was expected of
    such viewers, the bar that its cohort sets, and every decision with what it was made on. 404
    for a video that was never on trial."""
    return await entered(request, ()).journey(video)


@get(
    "/v1/admin/stages",
    guards=[needs("admin")],
    tags=["admin"],
    summary="All stages, and how large they are now",
)
async def get_stages(request: Request[Any, Any, State]) -> Funnel:
    """Per stage how many videos are in it, went on, or stopped; and by how much quotas are scaled
    for what there is to watch."""
    return await entered(request, ()).funnel()
