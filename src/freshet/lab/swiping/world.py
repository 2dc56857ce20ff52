"""A world of viewers and videos whose tastes are known, so that an oracle can be asked.

    video    one hidden topic, a tag that names it 70 % of the time, a length, a sound of a genre
    viewer   two to four topics, a length they like, genres they like
    p        = sigmoid(sharpness × (taste - bar)): the chance that a view becomes a long one

`bar` is set so that a quarter of random views are long, `sharpness` so that p itself, the best
prediction there is, has AUC .80: the rest is noise that nobody can learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

LONG_SHARE, TRUE_AUC = 0.25, 0.80
SOUNDS, GENRES = 400, 10
LOG_S = (log(5.0), log(90.0))  # of videos, in seconds


@dataclass(frozen=True, slots=True)
class Shape:
    """What can be asked of a world."""

    videos: int = 5_000
    topics: int = 30
    tag_accuracy: float = 0.7
    viewers: int = 3_000  # who act first
    new: int = 200  # who come then


@dataclass(frozen=True, slots=True, eq=False)
class World:
    shape: Shape
    tag: Ints  # (videos,) a topic, right or wrong
    sound: Ints  # (videos,)
    duration_ms: Ints  # (videos,)
    p: NDArray[np.float32]  # (viewers + new, videos)

    @classmethod
    def made(cls, shape: Shape, seed: int) -> World:
        rng = np.random.default_rng([seed, 1])
        topic = rng.integers(0, shape.topics, shape.videos)
        other = (topic + rng.integers(1, max(shape.topics, 2), shape.videos)) % shape.topics
        tag = np.where(rng.random(shape.videos) < shape.tag_accuracy, topic, other)
        sound, genre = rng.integers(0, SOUNDS, shape.videos), rng.integers(0, GENRES, SOUNDS)
        log_s = rng.uniform(*LOG_S, size=shape.videos)
        people = shape.viewers + shape.new
        taste = np.empty((people, shape.videos), np.float32)
        for viewer in range(people):
            likes = np.zeros(shape.topics)
            few = rng.choice(
                shape.topics, min(int(rng.integers(2, 5)), shape.topics), replace=False
            )
            likes[few] = rng.uniform(0.6, 1.4, len(few))
            length = -np.abs(log_s - rng.uniform(*LOG_S))
            genres = rng.normal(size=GENRES)[genre[sound]]
            taste[viewer] = 2.0 * likes[topic] + 0.5 * length + 0.3 * genres
        return cls(shape, tag, sound, (np.exp(log_s) * 1000).astype(np.int64), _chances(taste))

    def watched_ms(self, viewer: int, video: int, luck: Doubles) -> tuple[int, bool]:
        """One view: how long, and whether it became a long one. `luck` is two numbers in [0, 1)."""
        long = bool(luck[0] < self.p[viewer, video])
        duration_ms = int(self.duration_ms[video])
        if long:  # to the end, or at least 18 s: what the system calls long
            return int(duration_ms * (1 + 0.2 * luck[1])), True
        return int(luck[1] ** 2 * min(0.9 * duration_ms, 17_000)), False


def _chances(taste: NDArray[np.float32]) -> NDArray[np.float32]:
    some = taste[:: max(len(taste) // 200, 1)].ravel()[::7].astype(np.float64)
    low, high = 0.05, 50.0
    for _ in range(40):
        sharp = (low * high) ** 0.5
        if true_auc(_sigmoid(sharp * (some - _bar(some, sharp)))) < TRUE_AUC:
            low = sharp
        else:
            high = sharp
    found: NDArray[np.float32] = _sigmoid(sharp * (taste - np.float32(_bar(some, sharp))))
    return found.astype(np.float32)


def _bar(taste: Doubles, sharp: float) -> float:
    """Where the mean chance is `LONG_SHARE`."""
    low, high = float(taste.min()) - 5, float(taste.max()) + 5
    for _ in range(40):
        bar = (low + high) / 2
        if _sigmoid(sharp * (taste - bar)).mean() > LONG_SHARE:
            low = bar
        else:
            high = bar
    return bar


def true_auc(p: Doubles) -> float:
    """AUC that chances p have as predictions of what they are the chances of.

    >>> true_auc(np.array([0.0, 1.0])), true_auc(np.array([0.5, 0.5]))
    (1.0, 0.5)
    """
    p = np.sort(p)
    misses = 1 - p
    below = np.cumsum(misses) - misses / 2  # a chance ties with itself
    return float((p * below).sum() / (p.sum() * misses.sum()))


def _sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    chances: NDArray[Any] = 1.0 / (1.0 + np.exp(-x))
    return chances
