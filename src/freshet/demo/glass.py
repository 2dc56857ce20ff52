"""GET /demo/glass: how the running system does, for the page behind the glass."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State

from freshet.demo.cards import Shop, topic_name
from freshet.demo.measured import Point
from freshet.http.guard import needs
from freshet.world.plan import Clip


class Standing(msgspec.Struct, frozen=True):
    """Where a video stands."""

    video: str
    title: str
    topic: str
    creator: str
    shown: int
    finished: float  # share of its views that came to their end
    likes: int


class Glass(msgspec.Struct, frozen=True):
    events: int
    per_second: list[int]
    views: int
    curve: list[Point]
    weights: dict[str, float]
    topic_spread: float
    topic_novelty: float
    explore_share: float
    videos: list[Standing]


@get("/demo/glass", guards=[needs("feed", viewer_tokens=True)], include_in_schema=False)
async def get_glass(request: Request[Any, Any, State]) -> Glass:
    """What has been posted, and what came of it so far."""
    shop: Shop = request.app.state.shop
    measured, for_you = shop.measured, shop.for_you
    return Glass(
        events=measured.events,
        per_second=measured.per_second(shop.engine.now_ms()),
        views=measured.views,
        curve=list(measured.curve),
        weights=dict(for_you.weights),
        topic_spread=for_you.topic_spread,
        topic_novelty=for_you.topic_novelty,
        explore_share=for_you.explore_share,
        videos=[_standing(shop, clip) for clip in shop.world.clips],
    )


def _standing(shop: Shop, clip: Clip) -> Standing:
    measured, video = shop.measured, clip.id
    views = measured.watched[video]
    return Standing(
        video=video,
        title=clip.headline,
        topic=topic_name(clip.topic),
        creator=clip.creator,
        shown=measured.shown[video],
        finished=round(measured.finished[video] / views, 3) if views else 0.0,
        likes=shop.reactions.count("likes", video),
    )


ROUTES = [get_glass]
