"""/v1/hashtags: what videos are tagged with."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import PathParameter

from freshet.catalogue.store.hashtags import HashtagRemoved
from freshet.catalogue.store.records import Hashtag, StoredHashtag
from freshet.http.described import batch_of, change_of
from freshet.http.shelf import GUARDS, PARTIAL, Asked, Cursor, MaxCount, Saved, Slice

HASHTAGS = Slice("hashtags", Hashtag, lambda catalogue: catalogue.hashtags)
TAGS = ["hashtags"]

Name = Annotated[str, PathParameter(description="the hashtag, however it is typed, without #")]

EXAMPLE = {"id": "coffee", "description": "Show us how you pour"}


class HashtagsPage(msgspec.Struct, frozen=True):
    hashtags: list[StoredHashtag]
    cursor: str  # asks for the next page; "" at the end
    has_more: bool


@post(
    "/v1/hashtags",
    status_code=200,
    guards=GUARDS,
    tags=TAGS,
    operation_class=batch_of(Hashtag, "hashtags", EXAMPLE),
    summary="Save hashtags",
    opt=PARTIAL,
)
async def post_hashtags(request: Asked) -> Response[Saved]:
    """Only for hashtags that you have something to say of: others come and go with their videos.
    Inserts or replaces up to 1,000; good records are kept; 400 when none is good."""
    return await HASHTAGS.save(request)


@get("/v1/hashtags", guards=GUARDS, tags=TAGS, summary="Hashtags, in the order of their names")
async def list_hashtags(
    request: Asked, cursor: Cursor = "", max_count: MaxCount = 100
) -> HashtagsPage:
    """Ask on with the `cursor` of the answer until `has_more` is false."""
    page, following = await HASHTAGS.page(request, cursor, max_count, {})
    return HashtagsPage(page, following, bool(following))


@get("/v1/hashtags/{hashtag:str}", guards=GUARDS, tags=TAGS, summary="One hashtag")
async def get_hashtag(request: Asked, hashtag: Name) -> StoredHashtag:
    """With its first use and the number of its videos, whatever their privacy."""
    return await HASHTAGS.get(request, hashtag)


@patch(
    "/v1/hashtags/{hashtag:str}",
    guards=GUARDS,
    tags=TAGS,
    operation_class=change_of(Hashtag, {"description": "Show us how you pour"}),
    summary="Change what is said of a hashtag",
)
async def patch_hashtag(request: Asked, hashtag: Name) -> StoredHashtag:
    """Only the fields given change; answers with the whole."""
    return await HASHTAGS.change(request, hashtag)


@delete(
    "/v1/hashtags/{hashtag:str}",
    status_code=200,
    guards=GUARDS,
    tags=TAGS,
    summary="Remove a hashtag",
)
async def delete_hashtag(request: Asked, hashtag: Name) -> HashtagRemoved:
    """Takes it off all videos that bear it."""
    removed: HashtagRemoved = await HASHTAGS.remove(request, hashtag)
    return removed


ROUTES = [post_hashtags, list_hashtags, get_hashtag, patch_hashtag, delete_hashtag]
