"""What an app's backend adds to a creator's page: who they are, and their own videos.

In the demo all creators are made up, so its operator, and nobody else, may take the place of
one of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from freshet.demo.cards import Card, Shop, cards, topic_name
from freshet.demo.session import Session, session_of
from freshet.distribution.standing import JourneySoFar
from freshet.domain.errors import NotFound
from freshet.http.guard import caller_of, needs

OWN_MAX = 500


class Someone(msgspec.Struct, frozen=True):
    """Somebody who posts in this world."""

    id: str
    display_name: str
    topic: str
    videos: int


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    person: str


class Own(msgspec.Struct, frozen=True):
    """A video as its creator sees it in their list."""

    card: Card
    shown: int
    finished: float  # share of its views that came to their end
    journey: JourneySoFar | None  # None: it was never on trial


@get("/demo/people", guards=[needs("admin")], include_in_schema=False)
async def get_people(request: Request[Any, Any, State]) -> list[Someone]:
    """Who posts here."""
    world = request.app.state.shop.world
    videos = Counter(clip.creator for clip in world.clips)
    return [
        Someone(one.id, one.display_name, topic_name(one.topics[0]), videos[one.id])
        for one in world.plan.people
    ]


@post("/demo/studio", guards=[needs("admin")], status_code=200, include_in_schema=False)
async def post_studio(request: Request[Any, Any, State], data: JSONBody[Place]) -> Session:
    """A creator's own token, as their app would hand it to them."""
    shop: Shop = request.app.state.shop
    await asyncio.to_thread(shop.engine.catalogue.people.get, data.person)
    return session_of(shop.engine, data.person)


@get("/demo/own", guards=[needs("feed", viewer_tokens=True)], include_in_schema=False)
async def get_own(request: Request[Any, Any, State]) -> list[Own]:
    """The caller's videos, the newest first."""
    shop: Shop = request.app.state.shop
    person = caller_of(request).viewer
    own = await asyncio.to_thread(_cards, shop, person)
    return [_own(shop, card, await _journey(shop, card.video)) for card in own]


def _cards(shop: Shop, person: str) -> list[Card]:
    page = shop.engine.catalogue.videos.page("", OWN_MAX, {"creator": person})
    found = cards(shop, [video.id for video in page], person)
    return sorted(found, key=lambda card: -card.created)


def _own(shop: Shop, card: Card, journey: JourneySoFar | None) -> Own:
    measured, video = shop.measured, card.video
    views = measured.watched[video]
    finished = round(measured.finished[video] / views, 3) if views else 0.0
    return Own(card, measured.shown[video], finished, journey)


async def _journey(shop: Shop, video: str) -> JourneySoFar | None:
    try:
        return await shop.engine.journey(video)
    except NotFound:
        return None


ROUTES = [get_people, post_studio, get_own]
