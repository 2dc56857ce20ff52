"""A world in which viewers have tastes and videos meet them or not.

A viewer likes 2 to 4 topics, a certain length and a certain family of sounds. How well a
video suits a viewer is one number, the affinity; every outcome follows from it by a logistic
model with noise, so that there is something true to learn and something that cannot be known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

NO = -1  # no topic, no sound
SOUND_FAMILIES = 12
TOPICS_PER_VIEWER, TOPICS_PER_VIDEO, HASHTAGS_PER_VIDEO = 4, 2, 3

# Chance of an act on a video of affinity x is 1 / (1 + e^-(slope x + offset)).
ACTS: dict[str, tuple[float, float]] = {
    "like": (1.3, -3.6), "comment": (1.0, -5.2), "share": (1.1, -5.4), "favorite": (1.2, -4.9),
    "follow": (1.2, -5.6), "profile_visit": (0.9, -4.4), "not_interested": (-1.4, -5.6),
    "hide": (-1.3, -7.2), "report": (-1.0, -8.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """Columns of videos (M rows) and viewers (N rows)."""

    topics: int
    hashtags: int
    # videos
    creator: Ints  # (M,)
    sound: Ints  # (M,) NO = none
    video_topics: Ints  # (M, 2) NO where there is but one
    video_hashtags: Ints  # (M, 3) NO where there are fewer
    duration_ms: Ints  # (M,)
    quality: Floats  # (M,) mean 0, what suits everybody
    # viewers
    viewer_topics: Ints  # (N, 4) NO where there are fewer
    length_taste: Floats  # (N,) logarithm of the seconds liked best
    sound_taste: Ints  # (N,) family of sounds liked best
    activity: Floats  # (N,) share of all views, sums to 1

    @property
    def videos(self) -> int:
        return len(self.creator)

    @property
    def viewers(self) -> int:
        return len(self.activity)

    def affinity(self, viewer: Ints, video: Ints) -> Floats:
        """How well each `video` suits each `viewer`, about -3 to 3; shapes alike."""
        likes = self.viewer_topics[viewer]  # (n, 4)
        about = self.video_topics[video]  # (n, 2)
        hits = ((likes[:, :, None] == about[:, None, :]) & (about[:, None, :] != NO)).any(axis=1)
        seconds = np.log(self.duration_ms[video] / 1000)
        too_long = np.abs(seconds - self.length_taste[viewer])
        sound = self.sound[video]
        sings = (sound != NO) & (sound % SOUND_FAMILIES == self.sound_taste[viewer])
        value = -0.4 + 1.5 * hits.sum(axis=1) - 0.5 * too_long + 0.7 * sings + self.quality[video]
        return np.asarray(value, np.float32)

    def watched_ms(self, affinity: Floats, video: Ints, rng: np.random.Generator) -> Ints:
        """Playback of a view: many leave within two seconds, some see it more than once."""
        n = len(affinity)
        left = rng.random(n, np.float32) < 1 / (1 + np.exp(1.1 * affinity + 0.2))
        ratio = np.exp(0.7 * affinity - 0.7 + 0.8 * rng.standard_normal(n, np.float32))
        duration = self.duration_ms[video]
        seen = np.where(left, np.minimum(duration, 2_000 * rng.random(n, np.float32)),
                        np.minimum(ratio, 4) * duration)  # fmt: skip
        return seen.astype(np.int32)

    def does(self, act: str, affinity: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
        slope, offset = ACTS[act]
        chance = 1 / (1 + np.exp(-(slope * affinity + offset)))
        return np.asarray(rng.random(len(affinity), np.float32) < chance)


def chances(affinity: float) -> list[float]:
    """Of every act of `ACTS`, for one video.

    >>> [round(chance, 4) for chance in chances(2.0)][:2]
    [0.2689, 0.0392]
    """
    return [1 / (1 + math.exp(-(slope * affinity + offset))) for slope, offset in ACTS.values()]


def make_world(
    seed: int,
    *,
    viewers: int,
    videos: int,
    topics: int = 30,
    hashtags: int | None = None,
    creators: int | None = None,
    sounds: int | None = None,
) -> World:
    """A world from `seed`; sizes not given follow from the number of videos."""
    rng = np.random.default_rng(seed)
    creators = creators or max(videos // 8, 1)
    sounds = sounds or max(videos // 5, 1)
    hashtags = hashtags or max(topics * 4, videos // 50)
    return World(
        topics=topics,
        hashtags=hashtags,
        creator=_skewed(rng, creators, videos, 1.5),
        sound=np.where(rng.random(videos) < 0.85, _skewed(rng, sounds, videos, 2.5), NO)
        .astype(np.int32),
        video_topics=(about := _several(rng, videos, TOPICS_PER_VIDEO, topics, 1)),
        video_hashtags=_hashtags(rng, about, topics, hashtags),
        duration_ms=np.clip(rng.lognormal(10.0, 0.8, videos), 4_000, 600_000).astype(np.int32),
        quality=(0.6 * rng.standard_normal(videos)).astype(np.float32),
        viewer_topics=_several(rng, viewers, TOPICS_PER_VIEWER, topics, 2),
        length_taste=rng.normal(3.0, 0.7, viewers).astype(np.float32),
        sound_taste=rng.integers(0, SOUND_FAMILIES, viewers, np.int32),
        activity=_shares(rng.lognormal(0, 1.2, viewers)),
    )  # fmt: skip


def _skewed(rng: np.random.Generator, kinds: int, n: int, power: float) -> Ints:
    """`n` draws of 0 … kinds-1 in which low ones are more frequent."""
    return (kinds * rng.random(n) ** power).astype(np.int32)


def _several(rng: np.random.Generator, n: int, most: int, kinds: int, least: int) -> Ints:
    """`least` to `most` different kinds for each of `n`, filled up with NO."""
    first = rng.integers(0, kinds, n)
    # Steps of a stride keep them different without drawing again.
    stride = rng.integers(1, max(kinds // most, 2), n)
    chosen = (first[:, None] + stride[:, None] * np.arange(most)) % kinds
    count = rng.integers(least, most + 1, n)
    return np.where(np.arange(most) < count[:, None], chosen, NO).astype(np.int32)


def _hashtags(rng: np.random.Generator, about: Ints, topics: int, hashtags: int) -> Ints:
    """Hashtags belong to topics: tag t to topic t % topics. One in five is off topic."""
    n, per_topic = len(about), max(hashtags // topics, 1)
    own = about[:, :1] + topics * rng.integers(0, per_topic, (n, HASHTAGS_PER_VIDEO))
    off = rng.integers(0, hashtags, own.shape)
    tags = np.where(rng.random(own.shape) < 0.2, off, own)
    return np.where(rng.random(own.shape) < 0.8, tags, NO).astype(np.int32)


def _shares(weights: NDArray[np.float64]) -> Floats:
    return np.asarray(weights / weights.sum(), np.float32)
