"""How new videos fare: one on its way, why it stalls, and all stages for the operator."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.params import PathParameter

from freshet.distribution.diagnosis import Diagnosis, PersonDiagnosis
from freshet.distribution.standing import Funnel, JourneySoFar
from freshet.domain.errors import NotFound
from freshet.http.callers import Caller
from freshet.http.guard import caller_of, needs
from freshet.http.ports import Engine
from freshet.http.viewers import name_of
from freshet.http.whom import entered, known_key

OWN = [needs("feed", viewer_tokens=True)]
VIDEO = Annotated[str, PathParameter(description="the video's id")]


def own(engine: Engine, caller: Caller, video: str) -> str:
    """The video's id, for its creator or an app that asks for them.

    Raises:
        NotFound: there is none, or it is somebody else's: they are not told which.
    """
    if caller.viewer and engine.keys.known(caller.viewer) != engine.creator_of(video):
        raise NotFound("video", f"{video!r} is none of this token's viewer", "one of their own")
    return video


@get(
    "/v1/videos/{video:str}/journey",
    guards=OWN,
    tags=["videos"],
    summary="A new video on its way from stage to stage",
)
async def get_journey(request: Request[Any, Any, State], video: VIDEO) -> JourneySoFar:
    """Its stage, the impressions of that, what its views are worth beyond what was expected of
    such viewers, the bar that its cohort sets, and every decision with what it was made on. A
    viewer token shows its own viewer's videos. 404 for a video that was never on trial."""
    engine = entered(request, ())
    return await engine.journey(own(engine, caller_of(request), video))


@get(
    "/v1/videos/{video:str}/diagnosis",
    guards=OWN,
    tags=["videos"],
    summary="Why a video stalls, and what would help",
)
async def get_diagnosis(request: Request[Any, Any, State], video: VIDEO) -> Diagnosis:
    """Its journey, who saw it, its numbers beside those of its like with 95 % intervals, where
    they leave, the next decision; and if it stalls, which of three causes it has (the wrong people
    saw it, they did not watch, a penalty), with evidence. A viewer token shows its own viewer's
    videos."""
    engine = entered(request, ())
    return await engine.diagnosis(own(engine, caller_of(request), video))


@get(
    "/v1/people/{person:str}/diagnosis",
    guards=OWN,
    tags=["people"],
    summary="How all of a creator's videos fare",
)
async def get_person_diagnosis(
    request: Request[Any, Any, State],
    person: Annotated[str, PathParameter(description="the app's own id of the person")],
) -> PersonDiagnosis:
    """Their newest videos with stage, reach and cause of a stall, what the profile is taken to be
    about, habits that hold it back, penalties. A viewer token shows its own viewer's."""
    engine = entered(request, ())
    name = name_of(caller_of(request), person)
    found = await engine.person_diagnosis(known_key(engine, name, "person"))
    return msgspec.structs.replace(found, person=name)


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
