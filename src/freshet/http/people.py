"""/v1/people: who watches and who makes videos."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import PathParameter

from freshet.catalogue.store.erasure import Erased
from freshet.catalogue.store.records import Id, Person, StoredPerson
from freshet.http.described import batch_of, body_of, change_of
from freshet.http.shelf import (
    GUARDS,
    PARTIAL,
    Asked,
    Cursor,
    Filter,
    MaxCount,
    Saved,
    Slice,
    decoded,
    entered,
)

PEOPLE = Slice("people", Person, lambda catalogue: catalogue.people)
TAGS = ["people"]

PersonId = Annotated[str, PathParameter(description="the app's own id of the person")]

EXAMPLE = {
    "id": "u-71",
    "account": "creator",
    "username": "vera.pours",
    "display_name": "Vera",
    "language": "en",
    "country": "GB",
    "interests": ["food", "travel"],
    "category": "food",
    "consent": True,
}


class PeoplePage(msgspec.Struct, frozen=True):
    people: list[StoredPerson]
    cursor: str  # asks for the next page; "" at the end
    has_more: bool


class Merge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a person was before they signed in."""

    anonymous: Id  # the id their acts had


class Merged(msgspec.Struct, frozen=True):
    person: str
    anonymous: str
    merged: bool  # False: they were one before


@post(
    "/v1/people",
    status_code=200,
    guards=GUARDS,
    tags=TAGS,
    operation_class=batch_of(Person, "people", EXAMPLE),
    summary="Save people",
    opt=PARTIAL,
)
async def post_people(request: Asked) -> Response[Saved]:
    """Inserts or replaces up to 1,000 people: fields left out fall back to their defaults,
    `create_time` stays. Good records are kept; 400 when none is good."""
    return await PEOPLE.save(request)


@get("/v1/people", guards=GUARDS, tags=TAGS, summary="People, in the order of their ids")
async def list_people(
    request: Asked,
    cursor: Cursor = "",
    max_count: MaxCount = 100,
    account: Filter = "",
    country: Filter = "",
) -> PeoplePage:
    """Ask on with the `cursor` of the answer until `has_more` is false."""
    narrowed = {"account": account, "country": country}
    page, following = await PEOPLE.page(request, cursor, max_count, narrowed)
    return PeoplePage(page, following, bool(following))


@get("/v1/people/{person:str}", guards=GUARDS, tags=TAGS, summary="One person")
async def get_person(request: Asked, person: PersonId) -> StoredPerson:
    """As saved, with the time of the last change."""
    return await PEOPLE.get(request, person)


@patch(
    "/v1/people/{person:str}",
    guards=GUARDS,
    tags=TAGS,
    operation_class=change_of(Person, {"country": "FR"}),
    summary="Change fields of a person",
)
async def patch_person(request: Asked, person: PersonId) -> StoredPerson:
    """Only the fields given change; answers with the whole."""
    return await PEOPLE.change(request, person)


@delete(
    "/v1/people/{person:str}", status_code=200, guards=GUARDS, tags=TAGS, summary="Erase a person"
)
async def delete_person(request: Asked, person: PersonId) -> Erased:
    """Their row, videos, own sounds, mentions and key are gone when this answers, and what the
    log holds of them is anonymous. Also for a viewer known by their acts alone."""
    erased: Erased = await PEOPLE.remove(request, person)
    return erased


@post(
    "/v1/people/{person:str}/merge",
    status_code=200,
    guards=GUARDS,
    tags=TAGS,
    operation_class=body_of(Merge, {"anonymous": "device-3f9a"}),
    summary="Merge an anonymous viewer into a person",
)
async def post_merge(request: Asked, person: PersonId) -> Merged:
    """At sign-in: what the anonymous viewer saw and did is the person's from now on. May be
    repeated. Refused for somebody who is in the catalogue or was merged into another person."""
    engine = entered(request)
    anonymous = decoded(await request.body(), Merge).anonymous
    merged = await asyncio.to_thread(engine.catalogue.people.merge, person, anonymous)
    await engine.relay()
    return Merged(person, anonymous, merged)


ROUTES = [post_people, list_people, get_person, patch_person, delete_person, post_merge]
