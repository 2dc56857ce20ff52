"""Uploads that stall for a cause that only the world knows.

audience   good, but the wrong people see it: half say in their topic something else than they
           show, half come from a creator whose followers came for something else
watching   what it says, to whom it is for, and bad
penalty    good, by a creator whom a moderator penalised
none       good, and nothing wrong
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from freshet.domain.ids import uuid7
from freshet.lab.acting import Acting
from freshet.lab.fairstart.living import Life, videos_of
from freshet.lab.fairstart.world import Shape, World
from freshet.moderation.asks import Decide

CAUSES = ("audience", "watching", "penalty", "none")
AUDIENCE, WATCHING, PENALTY, NONE = range(4)
GOOD, BAD = 0.75, -2.5  # quality, in deviations of all videos
KNOWN = 50  # followers from which a video goes to them first


def shape_of(stalls: int, viewers: int, per_day: int) -> Shape:
    """A world in which so many videos of each cause have a day to be seen."""
    per_upload = 500
    days = stalls * len(CAUSES) * per_upload / per_day
    return Shape(
        viewers=viewers, creators=max(viewers // 2, 10), per_day=per_day, per_upload=per_upload,
        old=max(viewers, 500), counted_days=days, hours=30,
    )  # fmt: skip


def made(shape: Shape, seed: int) -> tuple[World, NDArray[np.int64]]:
    """A world, and the cause of each of its uploads, -1 of what was there before."""
    world = World.made(shape, videos_of(shape), seed)
    rng = np.random.default_rng([seed, 21])
    videos = len(world.topic)
    causes = np.full(videos, -1)
    uploads = np.arange(shape.old, videos)
    causes[uploads] = rng.permutation(uploads) % len(CAUSES)
    world.quality[uploads] = np.where(causes[uploads] == WATCHING, BAD, GOOD)
    stars = np.flatnonzero(world.followers >= KNOWN)
    others = np.flatnonzero(world.followers < KNOWN)
    rogues, honest = others[: len(others) // 10], others[len(others) // 10 :]
    for video in uploads.tolist():
        cause = causes[video]
        creator = rng.choice(rogues if cause == PENALTY else honest)
        topic = world.topic_of[creator]
        named = topic
        if cause == AUDIENCE:
            away = (topic + rng.integers(1, shape.topics)) % shape.topics
            if len(stars) and video % 2:  # says what it shows, to followers of something else
                creator = rng.choice(stars)
                topic = named = (world.topic_of[creator] + away) % shape.topics
                if topic == world.topic_of[creator]:
                    topic = named = (topic + 1) % shape.topics
            else:
                topic = away
        world.creator[video], world.topic[video], world.named[video] = creator, topic, named
    return replace(world, topic_of=world.topic_of), causes


class Stalling(Life):
    """Creators are penalised when they upload."""

    def __init__(self, world: World, on: Acting, seed: int, causes: NDArray[np.int64]) -> None:
        super().__init__(world, on, seed)
        self.causes = causes
        self._penalised: set[int] = set()

    async def publish(self, at_ms: int) -> None:
        video = self.next
        await super().publish(at_ms)
        if video >= len(self.causes) or self.causes[video] != PENALTY:
            return
        creator = int(self.world.creator[video])
        if creator not in self._penalised:
            self._penalised.add(creator)
            asked = Decide(
                uuid7(self.on.clock.now_ms, self.on.random), "moderator:world", "penalised",
                "bought views", person=f"c{creator}",
            )  # fmt: skip
            await self.on.engine.moderate(asked)
