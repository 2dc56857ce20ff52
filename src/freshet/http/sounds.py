"""/v1/sounds: music and original recordings."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import PathParameter

from freshet.catalogue.store.records import Sound, StoredSound
from freshet.catalogue.store.sounds import SoundRemoved
from freshet.http.described import batch_of, change_of
from freshet.http.shelf import GUARDS, PARTIAL, Asked, Cursor, Filter, MaxCount, Saved, Slice

SOUNDS = Slice("sounds", Sound, lambda catalogue: catalogue.sounds)
TAGS = ["sounds"]

SoundId = Annotated[str, PathParameter(description="the sound's id")]

EXAMPLE = {"id": "s-9", "title": "Morning", "artist": "The Grinders", "commercial": True}


class SoundsPage(msgspec.Struct, frozen=True):
    sounds: list[StoredSound]
    cursor: str  # asks for the next page; "" at the end
    has_more: bool


@post(
    "/v1/sounds",
    status_code=200,
    guards=GUARDS,
    tags=TAGS,
    operation_class=batch_of(Sound, "sounds", EXAMPLE),
    summary="Save sounds",
    opt=PARTIAL,
)
async def post_sounds(request: Asked) -> Response[Saved]:
    """Inserts or replaces up to 1,000 sounds: fields left out fall back to their defaults,
    `create_time` stays. Good records are kept; 400 when none is good. Business accounts may use
    sounds with `commercial` and their own original ones; clearance that they rely on cannot be
    taken back."""
    return await SOUNDS.save(request)


@get("/v1/sounds", guards=GUARDS, tags=TAGS, summary="Sounds, in the order of their ids")
async def list_sounds(
    request: Asked, cursor: Cursor = "", max_count: MaxCount = 100, owner: Filter = ""
) -> SoundsPage:
    """Ask on with the `cursor` of the answer until `has_more` is false."""
    page, following = await SOUNDS.page(request, cursor, max_count, {"owner": owner})
    return SoundsPage(page, following, bool(following))


@get("/v1/sounds/{sound:str}", guards=GUARDS, tags=TAGS, summary="One sound")
async def get_sound(request: Asked, sound: SoundId) -> StoredSound:
    """As saved, with the time of the last change."""
    return await SOUNDS.get(request, sound)


@patch(
    "/v1/sounds/{sound:str}",
    guards=GUARDS,
    tags=TAGS,
    operation_class=change_of(Sound, {"commercial": True}),
    summary="Change fields of a sound",
)
async def patch_sound(request: Asked, sound: SoundId) -> StoredSound:
    """Only the fields given change; answers with the whole."""
    return await SOUNDS.change(request, sound)


@delete(
    "/v1/sounds/{sound:str}", status_code=200, guards=GUARDS, tags=TAGS, summary="Remove a sound"
)
async def delete_sound(request: Asked, sound: SoundId) -> SoundRemoved:
    """Videos that used it stay, without a sound."""
    removed: SoundRemoved = await SOUNDS.remove(request, sound)
    return removed


ROUTES = [post_sounds, list_sounds, get_sound, patch_sound, delete_sound]
