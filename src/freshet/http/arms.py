"""GET /v1/admin/arms/{name}: what came of an experiment."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get
from litestar.datastructures import State
from litestar.params import Parameter, PathParameter

from freshet.feed.arm_table import ArmTable
from freshet.http.guard import needs
from freshet.http.whom import entered


@get(
    "/v1/admin/arms/{name:str}",
    guards=[needs("admin")],
    tags=["admin"],
    summary="An experiment's arms, compared",
)
async def get_arms(
    request: Request[Any, Any, State],
    name: Annotated[str, PathParameter(description="the experiment, as in the settings")],
    control: Annotated[
        str, Parameter(max_length=100, description="compare with this arm, not the settings'")
    ] = "",
) -> ArmTable:
    """Feeds, watch time, finishes, likes and return visits per arm, each with a 95 % interval
    over viewers and its difference to the control's."""
    engine = entered(request, {"control"})
    return await engine.arms(name, control)
