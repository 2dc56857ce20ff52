"""What was decided of oneself and one's videos, and appeals against it."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import PathParameter
from msgspec import Meta

from freshet.domain.errors import Refused
from freshet.http import examples
from freshet.http.described import body_of
from freshet.http.guard import caller_of, needs
from freshet.http.rulings import Id, for_owner
from freshet.http.shelf import Asked, decoded, entered
from freshet.http.viewers import name_of
from freshet.http.whom import known_key
from freshet.moderation import asks
from freshet.moderation.asks import AppealTo, Ruling, StandingOf
from freshet.moderation.checks import TEXT_MAX

OWN = [needs("feed", viewer_tokens=True)]
TAGS = ["moderation"]


class Bearing(msgspec.Struct, frozen=True):
    """A decision that bears, or bore, on the person."""

    ruling: Ruling
    may_appeal: bool


class PersonStanding(msgspec.Struct, frozen=True):
    """Where a person stands."""

    person: str
    penalised: bool  # none of their videos is recommended, but to who follows them
    penalised_until: int  # ms since 1970; 0 = not penalised, or for good
    decisions: tuple[Bearing, ...]  # the newest first; also those that hold no longer


class Appealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a decision is wrong, in the words of whom it is about."""

    decision: Id
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
    person: Id = ""  # the app's own id; with a viewer token theirs, or left out


@get(
    "/v1/people/{person:str}/standing",
    guards=OWN,
    tags=TAGS,
    summary="What was decided of a person and their videos",
    opt={"example": examples.STANDING},
)
async def get_standing(
    request: Asked,
    person: Annotated[str, PathParameter(description="the app's own id of the person")],
) -> PersonStanding:
    """Each decision with its reason, effect and end, whether it may be appealed against, and
    what became of an appeal. A viewer token shows its own viewer's."""
    engine, name = entered(request), name_of(caller_of(request), person)
    key = known_key(engine, name, "person")
    found: asks.Standing = await engine.moderate(StandingOf(key))
    decisions = tuple(
        Bearing(for_owner(engine, one), one.state == "stands" and one.appeal is None)
        for one in found.decisions
    )
    return PersonStanding(name, found.penalised, found.penalised_until, decisions)


@post(
    "/v1/appeals",
    status_code=200,
    guards=OWN,
    tags=TAGS,
    operation_class=body_of(Appealed, examples.APPEALED),
    summary="Appeal against a decision",
)
async def post_appeal(request: Asked) -> Ruling:
    """By whom the decision is about, while it stands, once; it goes before a moderator."""
    engine, caller = entered(request), caller_of(request)
    told = decoded(await request.body(), Appealed)
    name = name_of(caller, told.person)
    if "\0" in told.text or not told.text.strip():
        raise Refused("text", "is no text", "what is wrong with the decision")
    key = await asyncio.to_thread(engine.keys.known, name)
    asked = AppealTo(told.decision, key or "", told.text)
    return for_owner(engine, await engine.moderate(asked))


ROUTES = [get_standing, post_appeal]
