"""The world lives through the engine: uploads come, viewers swipe, and what happens is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.config import Feed, Log, Settings
from freshet.distribution.settings import Stages
from freshet.domain.events import Event, Follow, Impression, Like, VideoPublished, Watch
from freshet.feed.settings import ForYou
from freshet.lab.acting import Acting, acting
from freshet.lab.fairstart.world import Shape, World

SLATE = 10
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
OLD_MS = 120 * DAY_MS
LIKED = 0.15  # of long views, twice as often where the creator is followed
TOLD = 20  # slates between two words of progress

Tell = Callable[[str, int, int], None]


@dataclass(slots=True)
class Lived:
    """What came of every video, and of everybody's time."""

    uploaded_ms: NDArray[np.int64]  # (videos,) since it began; below 0 = long before
    shown: NDArray[np.int64]  # (videos,) impressions within the hours that each has
    watched_s: float  # by everybody, once it was warm


def videos_of(shape: Shape) -> int:
    """How many videos a world of this shape needs."""
    return shape.old + _impressions(shape) // shape.per_upload + 1


def _impressions(shape: Shape) -> int:
    return int((shape.warm_days + shape.counted_days + shape.hours / 24) * shape.per_day)


def settings_of(seed: int, stages: bool) -> Settings:
    return Settings(
        feed=Feed(for_you=ForYou(seed=seed)), log=Log(tick_ms=0), stages=Stages(on=stages)
    )


async def lived(world: World, settings: Settings, seed: int, name: str, tell: Tell) -> Lived:
    """One life, with or without stages; all chance of the world follows from `seed`."""
    async with acting(settings, seed) as on:
        return await Life(world, on, seed).through(name, tell)


class Life:
    def __init__(self, world: World, on: Acting, seed: int) -> None:
        self.world, self.on, self.shape = world, on, world.shape
        self.rng = np.random.default_rng([seed, 12])
        videos = len(world.topic)
        self.uploaded_ms = np.full(videos, -OLD_MS, np.int64)
        self.shown = np.zeros(videos, np.int64)
        self.began_ms = on.clock.now_ms
        self.next = 0  # video to be published
        self.watched_s = 0.0

    async def through(self, name: str, tell: Tell) -> Lived:
        shape, clock = self.shape, self.on.clock
        await self._begin()
        total, per_slate_ms = _impressions(shape), DAY_MS * SLATE / shape.per_day
        for done in range(0, total, SLATE):
            clock.now_ms = self.began_ms + int(done / SLATE * per_slate_ms)
            if done % shape.per_upload == 0:
                await self.publish(clock.now_ms - self.began_ms)
            await self._session(int(self.rng.integers(0, shape.viewers)))
            if done // SLATE % TOLD == 0:
                tell(name, done, total)
        return Lived(self.uploaded_ms, self.shown, self.watched_s)

    async def _begin(self) -> None:
        now_ms, world = self.on.clock.now_ms, self.world
        await self.on.record([
            Follow(
                event_id=self.on.event_id(), time=now_ms, viewer=f"v{viewer}", person=f"c{person}"
            )
            for viewer, people in enumerate(world.follows) for person in sorted(people)
        ])  # fmt: skip
        for _ in range(self.shape.old):
            await self.publish(-OLD_MS)

    async def publish(self, at_ms: int) -> None:
        video, world, now_ms = self.next, self.world, self.on.clock.now_ms
        if video >= len(world.topic):
            return
        self.next += 1
        self.uploaded_ms[video] = at_ms
        await self.on.record([
            VideoPublished(
                event_id=self.on.event_id(), time=now_ms, video=str(video),
                creator=f"c{world.creator[video]}", created=self.began_ms + at_ms,
                duration_ms=int(world.length_ms[video]), **self.told(video),
            )
        ])  # fmt: skip

    def told(self, video: int) -> dict[str, Any]:
        """What is said of a video when it is published."""
        return {"topics": (f"topic {self.world.named[video]}",)}

    async def _session(self, viewer: int) -> None:
        """One slate, watched to its last video."""
        on = self.on
        slate = await on.slate(f"v{viewer}", SLATE)
        happened: list[Event] = []
        since_ms = on.clock.now_ms - self.began_ms
        for position, name in enumerate(slate):
            video = int(name)
            if 0 <= since_ms - self.uploaded_ms[video] <= self.shape.hours * HOUR_MS:
                self.shown[video] += 1
            happened += self.view(viewer, video, position, since_ms)
        if happened:
            await on.record(happened)

    def view(self, viewer: int, video: int, position: int, since_ms: int) -> list[Event]:
        on, world = self.on, self.world
        luck, how, likes = self.rng.random(3)
        long = bool(luck < world.chance(viewer, video))
        length_ms = int(world.length_ms[video])
        watched_ms = int(length_ms * (1 + 0.2 * how)) if long else int(how**2 * 0.8 * length_ms)
        if since_ms >= self.shape.warm_days * DAY_MS:
            self.watched_s += watched_ms / 1000
        who, now_ms = f"v{viewer}", on.clock.now_ms
        happened: list[Event] = [
            Impression(
                event_id=on.event_id(), time=now_ms, viewer=who, video=str(video),
                position=position,
            ),
            Watch(
                event_id=on.event_id(), time=now_ms, viewer=who, video=str(video),
                watched_ms=watched_ms, left=True, completed=long,
            ),
        ]  # fmt: skip
        fan = int(world.creator[video]) in world.follows[viewer]
        if long and likes < LIKED * (1 + fan):
            happened.append(Like(event_id=on.event_id(), time=now_ms, viewer=who, video=str(video)))
        return happened
