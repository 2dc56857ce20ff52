"""/v1/videos: what can be watched."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import PathParameter

from freshet.catalogue.store import checks
from freshet.catalogue.store.records import StoredVideo, Video
from freshet.catalogue.store.videos import VideoRemoved
from freshet.http.described import batch_of, change_of
from freshet.http.shelf import GUARDS, PARTIAL, Asked, Cursor, Filter, MaxCount, Saved, Slice

VIDEOS = Slice("videos", Video, lambda catalogue: catalogue.videos)
TAGS = ["videos"]

VideoId = Annotated[str, PathParameter(description="the video's id")]

EXAMPLE = {
    "id": "v-1001",
    "creator": "u-71",
    "video_description": "How to pour a flat white #coffee",
    "hashtag_names": ["coffee", "barista"],
    "music_id": "s-9",
    "topics": ["food"],
    "language": "en",
    "region_code": "GB",
    "duration_ms": 17000,
    "width": 1080,
    "height": 1920,
    "cover_image_url": "https://cdn.example.org/v-1001.jpg",
    "vector": [0.12, -0.5, 0.33],
}


class VideosPage(msgspec.Struct, frozen=True):
    videos: list[StoredVideo]  # without `vector`, for their size
    cursor: str  # asks for the next page; "" at the end
    has_more: bool


@post(
    "/v1/videos",
    status_code=200,
    guards=GUARDS,
    tags=TAGS,
    operation_class=batch_of(Video, "videos", EXAMPLE),
    summary="Save videos",
    opt=PARTIAL,
)
async def post_videos(request: Asked) -> Response[Saved]:
    """Inserts or replaces up to 1,000 videos: fields left out fall back to their defaults,
    `create_time` stays. Creator and sound must be known. Good records are kept; 400 when none
    is good. When this answers, the next feed may hold them."""
    return await VIDEOS.save(request)


@get("/v1/videos", guards=GUARDS, tags=TAGS, summary="Videos, in the order of their ids")
async def list_videos(
    request: Asked,
    cursor: Cursor = "",
    max_count: MaxCount = 100,
    creator: Filter = "",
    music_id: Filter = "",
    hashtag: Filter = "",
) -> VideosPage:
    """Ask on with the `cursor` of the answer until `has_more` is false."""
    tag = checks.hashtag("hashtag", hashtag) if hashtag else ""
    narrowed = {"creator": creator, "music_id": music_id, "hashtag": tag}
    page, following = await VIDEOS.page(request, cursor, max_count, narrowed)
    shown = [msgspec.structs.replace(video, vector=()) for video in page]
    return VideosPage(shown, following, bool(following))


@get("/v1/videos/{video:str}", guards=GUARDS, tags=TAGS, summary="One video")
async def get_video(request: Asked, video: VideoId) -> StoredVideo:
    """As saved, with the time of the last change."""
    return await VIDEOS.get(request, video)


@patch(
    "/v1/videos/{video:str}",
    guards=GUARDS,
    tags=TAGS,
    operation_class=change_of(Video, {"privacy_level": "SELF_ONLY"}),
    summary="Change fields of a video",
)
async def patch_video(request: Asked, video: VideoId) -> StoredVideo:
    """Only the fields given change; answers with the whole."""
    return await VIDEOS.change(request, video)


@delete(
    "/v1/videos/{video:str}", status_code=200, guards=GUARDS, tags=TAGS, summary="Remove a video"
)
async def delete_video(request: Asked, video: VideoId) -> VideoRemoved:
    """Gone for everybody: when this answers, no feed holds it any more."""
    removed: VideoRemoved = await VIDEOS.remove(request, video)
    return removed


ROUTES = [post_videos, list_videos, get_video, patch_video, delete_video]
