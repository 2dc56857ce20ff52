"""A world of creators and viewers in which the quality of every video is hidden and known.

    video    a topic, a quality ~ N(0, 1) that nothing shows, a length, a creator
    viewer   two or three topics, a generosity
    p(long)  = sigmoid(level + 1.0 × quality + 2.0 × [the topic is one of theirs] + generosity)

Followers have nothing to do with quality: creators get them from a log-normal of their own. A
follower is likelier to like, whatever is posted: what a crowd of fans does says less of a video.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL, BY_QUALITY, BY_TOPIC, BY_FOLLOWING, GENEROUS = -2.2, 1.0, 2.0, 0.5, 0.5
LENGTHS_S = (12.0, 18.0)  # alike, so that watch time tells how well videos were chosen
ON_TOPIC = 0.8  # of a creator's videos


@dataclass(frozen=True, slots=True)
class Shape:
    """What can be asked of a world."""

    viewers: int = 4_000
    creators: int = 2_000
    topics: int = 8
    # Videos there are when it begins: as many as are uploaded in 90 days. As anywhere, most were
    # hardly seen.
    old: int = 7_200
    per_day: int = 40_000  # impressions
    per_upload: int = 500  # impressions for each upload
    warm_days: float = 0.5  # before uploads count
    counted_days: float = 4.0  # of uploads that count
    hours: int = 48  # each has


@dataclass(slots=True, eq=False)
class World:
    shape: Shape
    likes: NDArray[np.bool_]  # (viewers, topics)
    generous: Doubles  # (viewers,)
    followers: Ints  # (creators,)
    follows: list[set[int]]  # creators, by viewer
    topic_of: Ints  # (creators,)
    topic: Ints  # (videos,) what they show
    named: Ints  # (videos,) and what they say they show
    quality: Doubles
    creator: Ints
    length_ms: Ints

    @classmethod
    def made(cls, shape: Shape, videos: int, seed: int) -> World:
        rng = np.random.default_rng([seed, 11])
        likes = np.zeros((shape.viewers, shape.topics), np.bool_)
        for row in likes:
            row[rng.choice(shape.topics, int(rng.integers(2, 4)), replace=False)] = True
        fame = np.minimum(rng.lognormal(1.5, 1.6, shape.creators), shape.viewers / 5).astype(int)
        topic_of = rng.integers(0, shape.topics, shape.creators)
        follows: list[set[int]] = [set() for _ in range(shape.viewers)]
        for person, count in enumerate(fame):
            # Fans of the topic follow; others now and then.
            weights = np.where(likes[:, topic_of[person]], 1.0, 0.1)
            fans = rng.choice(shape.viewers, int(count), replace=False, p=weights / weights.sum())
            for viewer in fans.tolist():
                follows[viewer].add(person)
        creator = rng.integers(0, shape.creators, videos)
        strays = rng.random(videos) > ON_TOPIC
        topic = np.where(strays, rng.integers(0, shape.topics, videos), topic_of[creator])
        low, high = np.log(LENGTHS_S)
        length_ms = (1000 * np.exp(rng.uniform(low, high, videos))).astype(np.int64)
        return cls(
            shape, likes, rng.normal(0, GENEROUS, shape.viewers), fame, follows, topic_of, topic,
            topic.copy(), rng.normal(size=videos), creator, length_ms,
        )  # fmt: skip

    def chance(self, viewer: int, video: int, quality: float | None = None) -> float:
        """That a view becomes a long one; of a video of another quality, if one is given."""
        quality = self.quality[video] if quality is None else quality
        x = LEVEL + BY_QUALITY * quality + self.generous[viewer]
        x += BY_TOPIC * self.likes[viewer, self.topic[video]]
        x += BY_FOLLOWING * (int(self.creator[video]) in self.follows[viewer])
        return float(1.0 / (1.0 + np.exp(-x)))

    def to_best_audience(self) -> Doubles:
        """(videos,) chance of a long view among those who like its topic: what it is worth to
        its best audience. Lengths and followers say nothing of it."""
        value: Doubles = 1.0 / (1.0 + np.exp(-(LEVEL + BY_TOPIC + BY_QUALITY * self.quality)))
        return value
