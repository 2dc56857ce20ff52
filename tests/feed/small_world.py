"""A real data folder, made in a second or two: viewers with a taste swipe through real feeds."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from freshet.app import open_catalogue, open_engine
from freshet.catalogue.store.records import Person, Video
from freshet.config import Log, Settings
from freshet.domain import events as e
from freshet.domain.ids import uuid7
from freshet.engine import OneProcess

START_MS = 1_767_571_200_000
TOPICS = ("tea", "coffee", "cake", "bread")
SWIPE_MS = 12_000


class Clock:
    def __init__(self) -> None:
        self.now = START_MS

    def __call__(self) -> int:
        return self.now


async def make_world(
    folder: Path, viewers: int = 30, videos: int = 80, feeds: int = 4, n: int = 8, seed: int = 5
) -> None:
    """Each viewer likes one topic, gets down a feed as far as chance says, and watches, likes,
    shares and dislikes by taste."""
    clock, dice = Clock(), Random(seed)
    with open_catalogue(folder, clock) as catalogue:
        catalogue.people.save([Person(id=f"p{i}") for i in range(videos // 4)])
        catalogue.videos.save([
            Video(
                id=f"v{i}", creator=f"p{i % (videos // 4)}", title=f"{TOPICS[i % 4]} number {i}",
                duration_ms=8_000 + 1_000 * (i % 20), topics=(TOPICS[i % 4],),
                hashtag_names=(TOPICS[i % 4],),
            )
            for i in range(videos)
        ])  # fmt: skip
    settings = Settings(data=str(folder), log=Log(tick_ms=0))
    async with open_engine(settings, clock=clock) as engine:
        await engine.relay()
        for turn in range(feeds):
            for i in range(viewers):
                await _swipe(engine, clock, dice, f"viewer-{i}", TOPICS[i % 4], f"s{turn}", n)


async def _swipe(
    engine: OneProcess, clock: Clock, dice: Random, name: str, taste: str, session: str, n: int
) -> None:
    key = engine.keys.key(name)
    await engine.catch_up()
    slate = await engine.feed("for_you", key, n, session_id=session)
    events: list[e.Event] = []

    def tell(kind: type[e.Event], video: str, **more: Any) -> None:
        told = {"event_id": uuid7(clock.now, dice), "time": clock.now, "viewer": key}
        events.append(kind(**told, session_id=session, video=video, **more))

    for item in slate.items:
        if dice.random() < 0.15 * item.position:
            break
        clock.now += SWIPE_MS
        number = int(item.video[1:])
        wanted = TOPICS[number % 4] == taste
        lasts = 8_000 + 1_000 * (number % 20)
        tell(e.Impression, item.video, position=item.position)
        watched_ms = int(lasts * dice.random() ** (0.3 if wanted else 3))
        if dice.random() < (0.5 if wanted else 0.05):
            tell(e.Like, item.video)
        if dice.random() < (0.1 if number % 3 == 0 else 0.01):
            tell(e.Share, item.video)
        if dice.random() < (0.0 if wanted else 0.1):
            tell(e.NotInterested, item.video)
        tell(e.Watch, item.video, watched_ms=watched_ms, duration_ms=lasts, left=True)
    if events:
        await engine.record(events)
    await engine.catch_up()
