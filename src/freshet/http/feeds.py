"""GET /v1/feeds/for_you, and why a video was in it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.params import Parameter, PathParameter

from freshet.domain.errors import NotFound, Refused
from freshet.feed.answer import Answer
from freshet.feed.reasons import Reason
from freshet.http import examples
from freshet.http.guard import caller_of, needs
from freshet.http.ports import Engine
from freshet.http.viewers import name_of, viewer_of

N_MAX = 50

Viewer = Annotated[
    str,
    Parameter(
        max_length=200,
        description="the app's own id of the viewer; with a viewer token theirs, or left out",
    ),
]
Count = Annotated[int, Parameter(ge=1, le=N_MAX, description="how many videos")]
RequestId = Annotated[
    str, Parameter(max_length=100, description="the same one gets the same slate again")
]
SessionId = Annotated[str, Parameter(max_length=100)]
Consent = Annotated[
    int,
    Parameter(
        ge=0, le=1, description="0: this viewer may not be learned from; a viewer token says itself"
    ),
]
Flag = Annotated[int, Parameter(ge=0, le=1, description="1 adds the trace")]


class Why(msgspec.Struct, frozen=True):
    """Why a video was served: from the record of that very ranking."""

    video: str
    request_id: str
    time: int
    position: int
    source: str
    propensity: float
    value: float
    predictions: dict[str, float]
    reasons: tuple[Reason, ...]
    model_version: str
    rung: str = ""


@get(
    "/v1/feeds/for_you",
    guards=[needs("feed", viewer_tokens=True)],
    tags=["feeds"],
    summary="The next videos for a viewer",
    opt={"example": examples.FEED},
)
async def get_for_you(
    request: Request[Any, Any, State],
    viewer: Viewer = "",
    n: Count = 10,
    request_id: RequestId = "",
    session_id: SessionId = "",
    consent: Consent = 1,
    trace: Flag = 0,
) -> Answer:
    """Up to `n` videos the viewer has not seen, best first. Fewer when no more may follow."""
    known = {"viewer", "n", "request_id", "session_id", "consent", "trace"}
    engine = _entered(request, known)
    whom = await viewer_of(engine, caller_of(request), viewer, session_id, bool(consent))
    made = request_id or engine.new_request_id()
    answer = await engine.feed("for_you", whom.key, n, made, whom.session_id)
    return answer if trace else msgspec.structs.replace(answer, trace=None)


@get(
    "/v1/feeds/for_you/why/{video:str}",
    guards=[needs("feed", viewer_tokens=True)],
    tags=["feeds"],
    summary="Why this video",
    opt={"example": examples.WHY},
)
async def get_why(
    request: Request[Any, Any, State],
    video: Annotated[str, PathParameter(description="the video's id")],
    viewer: Viewer = "",
    session_id: SessionId = "",
    consent: Consent = 1,
) -> Why:
    """Reasons of the latest slate that showed the video to the viewer."""
    engine = _entered(request, {"viewer", "session_id", "consent"})
    caller = caller_of(request)
    name = name_of(caller, viewer)
    if engine.keys.known(name) is None and caller.consent and consent:
        raise NotFound("viewer", f"{name!r} is not known here")  # and asking makes nobody known
    whom = await viewer_of(engine, caller, name, session_id, bool(consent))
    slate, item = engine.why("for_you", whom.key, video)
    return Why(
        video=video,
        request_id=slate.request_id,
        time=slate.time,
        position=item.position,
        source=item.source,
        propensity=item.propensity,
        value=item.value,
        predictions=item.predictions,
        reasons=item.reasons,
        model_version=item.model_version,
        rung=slate.rung,
    )


def _entered(request: Request[Any, Any, State], known: set[str]) -> Engine:
    """The engine, once the names of the query's fields are right."""
    engine: Engine = request.app.state.engine
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise Refused(unknown[0], "is not a known parameter", ", ".join(sorted(known)))
    return engine
