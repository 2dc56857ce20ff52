"""Uploads made to stall, and the cause of each stall, which only the world knows.

audience   good, but the wrong people see it: half say in their topic something else than they
           show, half come from a creator whose followers came for something else
watching   what it says, to whom it is for, and bad
penalty    good, by a creator whom a moderator penalised
none       good, and nothing wrong
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.catalogue.content import content_vector
from freshet.domain.events import Event
from freshet.domain.ids import uuid7
from freshet.lab.acting import Acting
from freshet.lab.fairstart.living import Life, videos_of
from freshet.lab.fairstart.world import Shape, World
from freshet.moderation.asks import Decide

CLEAR = 0.1  # share of long views
CAUSES = ("audience", "watching", "penalty", "none")
AUDIENCE, WATCHING, PENALTY, NONE = range(4)
GOOD, BAD = 0.75, -2.5  # quality, in deviations of all videos
NICHES, NICHE = 4, 0.02  # topics, and the share of viewers who like one
WORDS, SAID = 12, 4  # of each topic, and of those in each caption


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
    niche = rng.random((shape.viewers, NICHES)) < NICHE
    world.likes = np.hstack([world.likes, niche])
    causes = np.full(len(world.topic), -1)
    uploads = np.arange(shape.old, len(world.topic))
    causes[uploads] = rng.permutation(uploads) % len(CAUSES)
    world.quality[uploads] = np.where(causes[uploads] == WATCHING, BAD, GOOD)
    rogues = rng.permutation(shape.creators)[: shape.creators // 10]
    honest = np.setdiff1d(np.arange(shape.creators), rogues)
    for video in uploads.tolist():
        creator = rng.choice(rogues if causes[video] == PENALTY else honest)
        topic = named = world.topic_of[creator]
        if causes[video] == AUDIENCE and video % 2:
            topic = named = shape.topics + rng.integers(0, NICHES)
        elif causes[video] == AUDIENCE:
            named = (topic + rng.integers(1, shape.topics)) % shape.topics
        world.creator[video], world.topic[video], world.named[video] = creator, topic, named
    return world, causes


class Stalling(Life):
    """Keeps what it knows of who saw each video; creators are penalised when they upload."""

    def __init__(self, world: World, on: Acting, seed: int, causes: NDArray[np.int64]) -> None:
        super().__init__(world, on, seed)
        self.made_for = causes
        self._penalised: set[int] = set()
        # (videos, 3): views, and of those the chances of the video and of one like the others
        self._seen = np.zeros((len(causes), 3))

    def told(self, video: int) -> dict[str, Any]:
        """Words and hashtags speak of what it shows, its topic as it is named."""
        topic = int(self.world.topic[video])
        words = self.rng.permutation(WORDS)[:SAID]
        tags = tuple(f"t{topic}w{word}" for word in words[:2])
        named = super().told(video)
        caption = " ".join(f"t{topic}w{word}" for word in words)
        vector = content_vector(caption, tags, topics=named["topics"])
        return {**named, "hashtags": tags, "vector": vector}

    async def publish(self, at_ms: int) -> None:
        video = self.next
        await super().publish(at_ms)
        if video >= len(self.made_for) or self.made_for[video] != PENALTY:
            return
        creator = int(self.world.creator[video])
        if creator not in self._penalised:
            self._penalised.add(creator)
            asked = Decide(
                uuid7(self.on.clock.now_ms, self.on.random), "moderator:world", "penalised",
                "bought views", person=f"c{creator}",
            )  # fmt: skip
            await self.on.engine.moderate(asked)

    def view(self, viewer: int, video: int, position: int, since_ms: int) -> list[Event]:
        if self.made_for[video] >= 0:
            chances = self.world.chance(viewer, video), self.world.chance(viewer, video, GOOD)
            self._seen[video] += 1, *chances
        return super().view(viewer, video, position, since_ms)

    def cause(self, video: int) -> str:
        """Why it stalls, by what the world knows; "none" = bad luck."""
        if self.made_for[video] == PENALTY:
            return "penalty"
        views, own, like_others = self._seen[video]
        uploads = self._seen[self.made_for >= 0].sum(axis=0)
        if not views:
            return "none"
        audience = uploads[2] / uploads[0] - like_others / views
        watching = (like_others - own) / views
        if max(audience, watching) < max(CLEAR, 2 * min(audience, watching)):
            return "none"
        return "audience" if audience > watching else "watching"
