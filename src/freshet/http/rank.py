"""POST /v1/rank: an app's own list, scored, and if asked served as a slate."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, post
from litestar.datastructures import State
from litestar.params import JSONBody
from msgspec import Meta

from freshet.feed.answer import Answer, in_language, spoken_all
from freshet.feed.options import Boost, Filters, Id, Ids, Options, Place
from freshet.feed.rank import Ranking
from freshet.http.feeds import N_MAX, ShortText
from freshet.http.guard import needs
from freshet.http.languages import LANGUAGE_MAX, asked_language, language_of
from freshet.http.whom import entered, key_of, keyed_options
from freshet.surfaces.surfaces import Question

VIDEOS_MAX = 1_000


class RankBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list to rank for a viewer."""

    viewer: Id  # the app's own id
    videos: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=VIDEOS_MAX)]
    surface: Literal["for_you", "following"] = "for_you"  # whose value table ranks it
    reasons: bool = False  # explain each
    serve: bool = False  # log the best of it as a slate, spaced, and answer that too
    n: Annotated[int, Meta(ge=1, le=N_MAX)] = N_MAX  # of the slate
    request_id: ShortText = ""  # of the slate
    session_id: ShortText = ""
    # Of the reasons; else as Accept-Language wishes, else the viewer's own.
    language: Annotated[str, Meta(max_length=LANGUAGE_MAX)] = ""
    filters: Filters = Filters()
    exclude: Ids = ()
    pins: dict[str, Place] = {}  # of the slate
    boosts: Annotated[tuple[Boost, ...], Meta(max_length=100)] = ()
    personalised: bool = True


class Ranked(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every known video of the list, best first, whether it may be shown or not; and the
    slate that was served of it, if that was asked."""

    ranking: Ranking
    slate: Answer | None = None


@post(
    "/v1/rank",
    status_code=200,
    guards=[needs("feed")],
    tags=["feeds"],
    summary="Score a given list for a viewer",
)
async def post_rank(request: Request[Any, Any, State], data: JSONBody[RankBody]) -> Ranked:
    """Values, predictions and flags for up to 1,000 videos; unknown ids are reported. Nothing
    is logged unless `serve` is true: then what may be shown of it is one more slate."""
    engine, asked_for = entered(request, ()), asked_language(data.language)
    viewer = await key_of(engine, data.viewer)
    options = Options(
        filters=data.filters,
        exclude=data.exclude,
        pins=data.pins,
        boosts=data.boosts,
        personalised=data.personalised,
    )
    options = keyed_options(engine, options)
    accept = request.headers.get("accept-language", "")
    language = language_of(engine, asked_for, accept, viewer)
    ranking = await engine.rank(data.surface, viewer, data.videos, options, data.reasons)
    ranking = _in_language(ranking, language)
    if not data.serve:
        return Ranked(ranking)
    n, ids = min(data.n, len(data.videos)), (data.request_id, data.session_id)
    asked = Question(viewer, n, *ids, options=options, given=data.videos)
    slate = in_language(await engine.ask(data.surface, asked), language)
    return Ranked(ranking, msgspec.structs.replace(slate, trace=None))


def _in_language(ranking: Ranking, language: str) -> Ranking:
    items = [
        msgspec.structs.replace(one, reasons=spoken_all(one.reasons, language))
        for one in ranking.items
    ]
    return msgspec.structs.replace(ranking, items=tuple(items))
