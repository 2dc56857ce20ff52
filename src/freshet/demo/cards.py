"""GET /demo/cards: what the player shows of videos. A feed names them; this is the rest.

What an app's own backend adds to a feed: words, people, sounds, files, numbers, and what
this viewer did with them before. A video whose file is not in the world has no card.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.params import Parameter

from freshet.catalogue.store.records import StoredPerson
from freshet.demo.measured import Measured
from freshet.demo.reactions import Reactions
from freshet.domain.errors import NotFound
from freshet.feed.settings import ForYou
from freshet.http.guard import caller_of, needs
from freshet.http.ports import Engine
from freshet.world.manifest import Made, World
from freshet.world.words import words

CARDS_MAX = 50


class Creator(msgspec.Struct, frozen=True):
    id: str
    username: str
    display_name: str
    followers: int
    followed: bool  # by this viewer


class SoundOf(msgspec.Struct, frozen=True):
    id: str
    title: str
    original: bool


class Topic(msgspec.Struct, frozen=True):
    id: str
    name: str


class File(msgspec.Struct, frozen=True):
    type: str
    url: str


class Card(msgspec.Struct, frozen=True):
    """A video as the player shows it."""

    video: str
    creator: Creator
    sound: SoundOf
    topics: tuple[Topic, ...]
    caption: str
    title: str
    language: str
    hashtags: tuple[str, ...]
    created: int  # ms since 1970
    duration_ms: int
    cover: str
    files: tuple[File, ...]
    views: int
    likes: int
    favorites: int
    shares: int
    liked: bool  # by this viewer
    favorited: bool


class Shop(msgspec.Struct):
    """What cards are made of."""

    engine: Engine
    world: World  # replaced as clips are made
    reactions: Reactions
    measured: Measured
    for_you: ForYou  # what its feed is put together by


@get("/demo/cards", guards=[needs("feed", viewer_tokens=True)], include_in_schema=False)
async def get_cards(
    request: Request[Any, Any, State],
    videos: Annotated[list[str], Parameter(min_items=1, max_items=CARDS_MAX)],
) -> list[Card]:
    """One per video that can be shown, in the order asked for."""
    shop: Shop = request.app.state.shop
    viewer = caller_of(request).viewer
    return await asyncio.to_thread(cards, shop, videos, viewer)


def cards(shop: Shop, videos: list[str], viewer: str) -> list[Card]:
    """Reads the catalogue: in a thread."""
    key = shop.engine.keys.known(viewer) or ""
    return [card for video in videos if (card := _card(shop, video, key)) is not None]


def _card(shop: Shop, video: str, viewer: str) -> Card | None:
    catalogue, reactions = shop.engine.catalogue, shop.reactions
    made = shop.world.made.get(video)
    if made is None:
        return None
    try:
        shown = catalogue.videos.get(video)
        creator = catalogue.people.get(shown.creator)
        sound = catalogue.sounds.get(shown.music_id)
    except NotFound:
        return None
    files = _files(video, made)
    return Card(
        video=video,
        creator=_creator(shop, creator, viewer),
        sound=SoundOf(sound.id, sound.title, sound.original),
        topics=tuple(Topic(topic, topic_name(topic)) for topic in shown.topics),
        caption=shown.video_description,
        title=shown.title,
        language=shown.language,
        hashtags=shown.hashtag_names,
        created=shown.create_time,
        duration_ms=shown.duration_ms,
        cover=files["jpg"],
        files=(File("video/mp4", files["mp4"]), File("video/webm", files["webm"])),
        views=reactions.views[video],
        likes=reactions.count("likes", video),
        favorites=reactions.count("favorites", video),
        shares=reactions.shares[video],
        liked=reactions.has("likes", viewer, video),
        favorited=reactions.has("favorites", viewer, video),
    )


def _files(video: str, made: dict[str, Made]) -> dict[str, str]:
    """Addresses that change with the content, so that browsers may keep it for good."""
    return {ending: f"/media/{video}.{ending}?{file.sha256[:12]}" for ending, file in made.items()}


def _creator(shop: Shop, person: StoredPerson, viewer: str) -> Creator:
    key = shop.engine.keys.known(person.id) or ""
    return Creator(
        id=person.id,
        username=person.username,
        display_name=person.display_name,
        followers=shop.reactions.count("follows", key),
        followed=shop.reactions.has("follows", viewer, key),
    )


def topic_name(topic: str) -> str:
    """As people call it; a topic that the world does not know by its id."""
    known = words("en").get(topic)
    return known.name if known else topic


ROUTES = [get_cards]
