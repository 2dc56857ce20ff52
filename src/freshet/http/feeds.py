"""GET and POST /v1/feeds/{surface}: a surface's next videos for a viewer, page by page."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, Parameter, PathParameter
from msgspec import Meta

from freshet.feed.answer import Answer, in_language
from freshet.feed.options import Boost, Filters, Ids, Options, Place
from freshet.http import examples
from freshet.http.asked import NAMES, options_of
from freshet.http.callers import Caller
from freshet.http.guard import caller_of, needs
from freshet.http.languages import LANGUAGE_MAX, Language, asked_language, language_of
from freshet.http.ports import Engine
from freshet.http.problems import Forbidden
from freshet.http.viewers import viewer_of
from freshet.http.whom import entered, keyed_options
from freshet.surfaces.surfaces import Question

N_MAX = 50
CURSOR_MAX = 1_000
QUERY = NAMES | {
    "viewer",
    "n",
    "request_id",
    "session_id",
    "cursor",
    "consent",
    "trace",
    "features",
    "language",
    "utc_offset_min",
}

SurfaceName = Annotated[str, PathParameter(description="for_you or following")]
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
Cursor = Annotated[
    str, Parameter(max_length=CURSOR_MAX, description="of the answer before: its next page")
]
Consent = Annotated[
    int,
    Parameter(
        ge=0, le=1, description="0: this viewer may not be learned from; a viewer token says itself"
    ),
]
Flag = Annotated[int, Parameter(ge=0, le=1, description="1 adds the trace")]
Features = Annotated[
    int,
    Parameter(
        ge=0, le=1,
        description="1 adds the trace, with every input of each prediction; not for viewer tokens",
    ),
]  # fmt: skip
UTC_OFFSET_MAX = 14 * 60
UtcOffset = Annotated[
    int | None,
    Parameter(
        ge=-UTC_OFFSET_MAX,
        le=UTC_OFFSET_MAX,
        description="minutes the viewer's clock is ahead of UTC: reasons can then say 'today'",
    ),
]

Id = Annotated[str, Meta(min_length=1, max_length=200)]
ShortText = Annotated[str, Meta(max_length=100)]


class FeedBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked of a feed: the fields of the query, and its options as JSON."""

    viewer: Annotated[str, Meta(max_length=200)] = ""  # the app's own id, or a token's
    n: Annotated[int, Meta(ge=1, le=N_MAX)] = 10
    request_id: ShortText = ""
    session_id: ShortText = ""
    cursor: Annotated[str, Meta(max_length=CURSOR_MAX)] = ""
    consent: bool = True  # False: this viewer may not be learned from; a token says itself
    trace: bool = False
    features: bool = False  # the trace, with every input of each prediction; not for tokens
    # Of the reasons; else as Accept-Language wishes, else the viewer's own.
    language: Annotated[str, Meta(max_length=LANGUAGE_MAX)] = ""
    # How far the viewer's clock is ahead of UTC: reasons can then say "today".
    utc_offset_min: Annotated[int, Meta(ge=-UTC_OFFSET_MAX, le=UTC_OFFSET_MAX)] | None = None
    filters: Filters = Filters()
    exclude: Ids = ()
    pins: dict[str, Place] = {}
    boosts: Annotated[tuple[Boost, ...], Meta(max_length=100)] = ()
    personalised: bool = True

    @property
    def options(self) -> Options:
        return Options(
            filters=self.filters,
            exclude=self.exclude,
            pins=self.pins,
            boosts=self.boosts,
            personalised=self.personalised,
        )


FEED = needs("feed", viewer_tokens=True)


@get(
    "/v1/feeds/{surface:str}",
    guards=[FEED],
    tags=["feeds"],
    dependencies={"options": Provide(options_of)},
    summary="The next videos for a viewer",
    opt={"example": examples.FEED},
)
async def get_feed(
    request: Request[Any, Any, State],
    surface: SurfaceName,
    options: NamedDependency[Options],
    viewer: Viewer = "",
    n: Count = 10,
    request_id: RequestId = "",
    session_id: SessionId = "",
    cursor: Cursor = "",
    consent: Consent = 1,
    trace: Flag = 0,
    features: Features = 0,
    language: Language = "",
    utc_offset_min: UtcOffset = None,
) -> Answer:
    """Up to `n` videos the viewer has not seen, best first. Fewer when no more may follow;
    none with a `rung` that says why."""
    engine = entered(request, QUERY)
    body = FeedBody(
        viewer=viewer, n=n, request_id=request_id, session_id=session_id, cursor=cursor,
        consent=bool(consent), trace=bool(trace), features=bool(features),
        language=language,
        utc_offset_min=utc_offset_min,
    )  # fmt: skip
    accept = request.headers.get("accept-language", "")
    return await answered(engine, caller_of(request), surface, body, options, accept)


@post(
    "/v1/feeds/{surface:str}",
    status_code=200,
    guards=[FEED],
    tags=["feeds"],
    summary="The next videos for a viewer, with options as JSON",
    opt={"example": examples.FEED},
)
async def post_feed(
    request: Request[Any, Any, State], surface: SurfaceName, data: JSONBody[FeedBody]
) -> Answer:
    """As GET, for filters, pins and boosts that are too long for a query."""
    engine = entered(request, ())
    accept = request.headers.get("accept-language", "")
    return await answered(engine, caller_of(request), surface, data, data.options, accept)


async def answered(
    engine: Engine, caller: Caller, surface: str, body: FeedBody, options: Options, accept: str
) -> Answer:
    """What a caller is answered who asks a surface for its next videos.

    Args:
        accept: the header Accept-Language.
    """
    asked_for = asked_language(body.language)
    if body.features and caller.viewer:
        raise Forbidden("features", "is not for viewer tokens", "trace")
    whom = await viewer_of(engine, caller, body.viewer, body.session_id, body.consent)
    if not whom.personalised:
        options = msgspec.structs.replace(options, personalised=False)
    asked = Question(
        viewer=whom.key,
        n=body.n,
        request_id=body.request_id,
        session_id=whom.session_id,
        options=keyed_options(engine, options),
        cursor=body.cursor,
        features=body.features,
        utc_offset_min=body.utc_offset_min,
        may_shed=True,
    )
    answer = await engine.ask(surface, asked)
    answer = in_language(answer, language_of(engine, asked_for, accept, whom.own))
    return answer if body.trace or body.features else msgspec.structs.replace(answer, trace=None)
