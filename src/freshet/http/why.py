"""GET /v1/feeds/{surface}/why/{video}: why a video was served, from the record of that very
ranking."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.params import PathParameter

from freshet.feed.answer import spoken_all
from freshet.feed.reason import Reason
from freshet.http import examples
from freshet.http.feeds import Consent, SessionId, SurfaceName, Viewer
from freshet.http.guard import caller_of, needs
from freshet.http.languages import Language, asked_language, language_of
from freshet.http.viewers import name_of, viewer_of
from freshet.http.whom import entered, known_key

NAMES = {"viewer", "session_id", "consent", "language"}


class Why(msgspec.Struct, frozen=True):
    """Why a video was served: from the record of that very ranking."""

    video: str
    request_id: str
    time: int
    position: int
    source: str
    propensity: float
    value: float
    # What each entry of the value table brought: weight × prediction. Empty if value did not
    # place it, or if the table has changed since.
    value_parts: dict[str, float]
    boost: float  # of `value`: what the app's boosts added
    less_of: float  # of `value`: what the viewer's "less of this" took
    predictions: dict[str, float]
    watch_s: float
    reasons: tuple[Reason, ...]
    model_version: str
    surface: str
    rung: str = ""
    arm: str = ""
    personalised: bool = True


@get(
    "/v1/feeds/{surface:str}/why/{video:str}",
    guards=[needs("feed", viewer_tokens=True)],
    tags=["feeds"],
    summary="Why this video",
    opt={"example": examples.WHY},
)
async def get_why(
    request: Request[Any, Any, State],
    surface: SurfaceName,
    video: Annotated[str, PathParameter(description="the video's id")],
    viewer: Viewer = "",
    session_id: SessionId = "",
    consent: Consent = 1,
    language: Language = "",
) -> Why:
    """Reasons of the latest slate of the surface that showed the video to the viewer."""
    engine, caller = entered(request, NAMES), caller_of(request)
    asked_for, accept = asked_language(language), request.headers.get("accept-language", "")
    name = name_of(caller, viewer)
    if caller.consent and consent:
        known_key(engine, name)  # asking makes nobody known
    whom = await viewer_of(engine, caller, name, session_id, bool(consent))
    slate, item = await engine.surfaces.why(surface, whom.key, video)
    served = slate.items[item.position]
    return Why(
        video=video,
        request_id=slate.request_id,
        time=slate.time,
        position=item.position,
        source=item.source,
        propensity=item.propensity,
        value=item.value,
        value_parts=engine.surfaces.value_parts(slate, item),
        boost=served.boost,
        less_of=served.less_of,
        predictions=item.predictions,
        watch_s=served.watch_s,
        reasons=spoken_all(item.reasons, language_of(engine, asked_for, accept, whom.own)),
        model_version=item.model_version,
        surface=slate.surface,
        rung=slate.rung,
        arm=slate.arm,
        personalised=slate.personalised,
    )
