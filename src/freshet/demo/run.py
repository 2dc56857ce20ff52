"""The demo from start to end.

make the world (a process) ─▶ first clips there ─▶ serve ─▶ a past, once ─▶ browser
                                                                └─▶ life (a process)
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from granian.server.embed import Server

from freshet.app import Tell, open_engine
from freshet.cli_feed import api_key, serve_until_stopped
from freshet.config import Settings
from freshet.demo import cards, door, glass, media, page, session, studio
from freshet.demo.cards import Shop
from freshet.demo.children import Child
from freshet.demo.door import Door
from freshet.demo.measured import Measured
from freshet.demo.place import Place
from freshet.demo.reactions import Reactions
from freshet.domain.errors import Broken, NotFound
from freshet.engine import OneProcess
from freshet.feed.settings import ForYou
from freshet.http.app import create_app
from freshet.log.ports import EventLog
from freshet.world.api import Api
from freshet.world.cli_world import KEY_VARIABLE
from freshet.world.manifest import World, read_world
from freshet.world.plan import FIRST
from freshet.world.publish import Posted, introduce, publish

ROUTES = [
    *page.ROUTES, *session.ROUTES, *cards.ROUTES, *glass.ROUTES, *media.ROUTES, *door.ROUTES,
    *studio.ROUTES,
]  # fmt: skip
KEPT_BACK = 4  # one clip of so many is posted while one watches
STATE = "live.json"  # what was posted
# A feed knows nothing of anybody before somebody watched. So those who live in the world watch
# for a few seconds before it opens, in a hurry.
HURRY_PER_S, HASTE = 200, 200
# Twenty clips of one topic among 240 stand out by three deviations once one likes it: so much
# weigh the others, too, lest it is all that one sees, or one that was never shown.
VARIED = {"topic_spread": 10.0, "topic_novelty": 3.0}
LOOK_S = 0.5  # how often the folder is looked at for new clips

Opened = Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True)
class Demo:
    """What a demo is run with.

    Args:
        settings: those of its server; host and port are free.
        rate: swipes a second of the simulated viewers; 0 = there are none.
        past: their swipes before it opens for the first time.
    """

    data: Path
    place: Place
    settings: Settings
    rate: float
    past: int = 0

    @property
    def world(self) -> Path:
        return self.data / "world"

    @property
    def url(self) -> str:
        return f"http://{self.settings.http.host}:{self.settings.http.port}"


async def run(demo: Demo, tell: Tell, opened: Opened) -> None:
    """Until a signal.

    Args:
        tell: hears of what takes long.
        opened: is told once the feed is open: its address, and the operator's link.

    Raises:
        Refused, Unavailable, Corrupt, Broken: it cannot; says why.
    """
    http = msgspec.structs.replace(
        demo.settings.http,
        api_key=api_key(demo.settings),
        admin_key=demo.settings.http.admin_key or secrets.token_urlsafe(),
        access_log=False,
    )
    demo = replace(demo, settings=msgspec.structs.replace(varied(demo.settings), http=http))
    async with AsyncExitStack() as stack:
        making = await stack.enter_async_context(_making(demo))
        engine = await stack.enter_async_context(open_engine(demo.settings, tell))
        tell("compiling the feed")
        for feed in engine.feeds.values():
            await feed.warm()
        world = await _ready(demo, making, tell)
        await serve(demo, engine, world, tell, opened)


def varied(settings: Settings) -> Settings:
    """With what makes a feed of twelve topics a varied one, where nothing else was set."""
    usual, for_you = ForYou(), settings.feed.for_you
    ours = {
        name: to for name, to in VARIED.items() if getattr(for_you, name) == getattr(usual, name)
    }
    for_you = msgspec.structs.replace(for_you, **ours)
    feed = msgspec.structs.replace(settings.feed, for_you=for_you)
    return msgspec.structs.replace(settings, feed=feed)


def _making(demo: Demo) -> Child:
    """Ends at once if the world is whole."""
    place = demo.place
    return Child(
        demo.data / "world.log", "world", "make", "--out", demo.world,
        "--creators", place.creators, "--clips", place.clips, "--seed", place.seed,
    )  # fmt: skip


def _living(demo: Demo, *manner: object) -> Child:
    return Child(
        demo.data / "life.log", "world", "live", "--url", demo.url, "--world", demo.world,
        "--media", f"{demo.url}/media", "--state", demo.data / STATE,
        "--reserve", demo.place.clips // KEPT_BACK if demo.rate else 0, *manner,
        more={KEY_VARIABLE: demo.settings.http.admin_key},
    )  # fmt: skip


async def _ready(demo: Demo, making: Child, tell: Tell) -> World:
    """The world, once enough of it is there to open a feed.

    Raises:
        Broken: it cannot be made.
    """
    ended = asyncio.create_task(making.ended())
    try:
        while True:
            done, _ = await asyncio.wait([ended], timeout=LOOK_S)
            world = _world(demo.world)
            if world is not None and world.ready:
                return world
            if done and ended.result():
                raise Broken(f"the world could not be made: {making.last_words}")
            if world is not None:
                tell("making the first clips", len(world.made), len(world.plan.clips[:FIRST]))
    finally:
        ended.cancel()


def _world(folder: Path) -> World | None:
    try:
        return read_world(folder)
    except NotFound:
        return None


async def serve(demo: Demo, engine: OneProcess, world: World, tell: Tell, opened: Opened) -> None:
    """The page, its feed and its files, until a signal."""
    reactions, measured = Reactions(), Measured()
    app = create_app(engine, more=ROUTES)
    app.state.shop = Shop(engine, world, reactions, measured, demo.settings.feed.for_you)
    app.state.media = demo.world
    app.state.door = Door(secrets.token_urlsafe)

    async def beside(_: Server) -> None:
        async with AsyncExitStack() as stack:
            if demo.past and not (demo.data / STATE).exists():
                tell("letting others watch first")
                await _live_the_past(demo)
            if demo.rate:
                await stack.enter_async_context(_living(demo, "--rate", demo.rate))
            else:
                await _post_all(demo, world)
            await opened(demo.url, f"{demo.url}/operator#{app.state.door.code}")
            async with asyncio.TaskGroup() as going:
                going.create_task(_counting(engine.log, reactions, measured))
                going.create_task(_growing(demo, app.state.shop))

    await serve_until_stopped(engine, engine.http, beside, app=app)


async def _live_the_past(demo: Demo) -> None:
    """
    Raises:
        Broken: it went wrong; says how.
    """
    hurry = "--rate", HURRY_PER_S, "--haste", HASTE, "--swipes", demo.past
    async with _living(demo, *hurry) as living:
        if await living.ended():
            raise Broken(f"nobody could live in the world: {living.last_words}")


async def _post_all(demo: Demo, world: World) -> None:
    """What life would do, too: without it, nobody else posts what is there."""
    state = demo.data / STATE
    posted = Posted.read(state, time.time_ns() // 1_000_000)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # what it asks of us is no news
    async with Api(demo.url, demo.settings.http.admin_key) as api:
        await introduce(world.plan, api)
        await publish(api, world.clips, posted, media=f"{demo.url}/media")
    posted.save(state)


async def _counting(log: EventLog, *folds: Reactions | Measured) -> None:
    """All that the log holds, then whatever comes."""
    offset = log.base
    while True:
        async for batch in log.read(offset):
            for fold in folds:
                fold.apply(batch)
            offset = batch.last
        await log.wait(offset)


async def _growing(demo: Demo, shop: Shop) -> None:
    """Clips that are made later get cards, too."""
    while shop.world.missing:
        await asyncio.sleep(LOOK_S)
        shop.world = await asyncio.to_thread(read_world, demo.world)
        if not demo.rate:
            await _post_all(demo, shop.world)
