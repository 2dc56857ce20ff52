"""Millions of impressions as arrays, in seconds: what throughput is measured on.

A real log of moderate size fits into the processor's cache; one over a million viewers and
a million videos does not, and that is where production runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freshet.lab.generate.world import Floats, Ints, World, make_world

START_MS = 1_767_571_200_000  # 5 January 2026, 00:00 UTC
OUTCOMES = ("like", "comment", "share", "favorite", "follow", "profile_visit", "not_interested")


@dataclass(frozen=True, slots=True)
class Columns:
    """Impressions in time order. Rows of viewers and videos index the columns of `world`."""

    world: World
    viewer: Ints
    video: Ints
    time_ms: NDArray[np.int64]
    watched_ms: Ints
    duration_ms: Ints
    long_view: NDArray[np.bool_]  # all of a video up to 18 s, else 18 s of it
    outcomes: dict[str, NDArray[np.bool_]]

    def __len__(self) -> int:
        return len(self.viewer)


def make_columns(
    seed: int,
    *,
    impressions: int = 2_000_000,
    viewers: int = 1_000_000,
    videos: int = 1_000_000,
    days: float = 7.0,
) -> Columns:
    """`impressions` over a world of its own. A third of them are chosen by taste, else no
    viewer would ever meet what they like among a million videos."""
    world = make_world(seed, viewers=viewers, videos=videos)
    rng = np.random.default_rng([seed, 1])
    viewer = drawn(rng, world.activity, impressions)
    video = _shown(rng, world, viewer)
    gaps = rng.standard_exponential(impressions)
    time_ms = START_MS + (np.cumsum(gaps) / gaps.sum() * days * 86_400_000).astype(np.int64)
    return _seen(rng, world, viewer, video, time_ms)


def shown_to(
    rng: np.random.Generator, world: World, viewer: Ints, time_ms: NDArray[np.int64]
) -> Columns:
    """Impressions of a given world, for these viewers at these times."""
    return _seen(rng, world, viewer, _shown(rng, world, viewer), time_ms)


def _seen(
    rng: np.random.Generator, world: World, viewer: Ints, video: Ints, time_ms: NDArray[np.int64]
) -> Columns:
    """What came of it when each viewer was shown each video."""
    affinity = world.affinity(viewer, video)
    watched_ms, duration_ms = world.watched_ms(affinity, video, rng), world.duration_ms[video]
    return Columns(
        world, viewer, video, time_ms, watched_ms, duration_ms,
        long_view=watched_ms >= np.minimum(duration_ms, 18_000),
        outcomes={act: world.does(act, affinity, rng) for act in OUTCOMES},
    )  # fmt: skip


def drawn(rng: np.random.Generator, shares: Floats, n: int) -> Ints:
    """`n` rows, each as often as its share says."""
    edges = np.cumsum(shares, dtype=np.float64)
    rows = np.searchsorted(edges, rng.random(n) * edges[-1], side="right")
    return np.asarray(np.minimum(rows, len(shares) - 1), np.int32)


def _shown(rng: np.random.Generator, world: World, viewer: Ints) -> Ints:
    """Popular and any videos, and for a third one about a topic that the viewer likes."""
    n = len(viewer)
    video = world.videos * rng.random(n) ** np.where(rng.random(n) < 0.5, 3.0, 1.0)
    video = video.astype(np.int32)
    order = np.argsort(world.video_topics[:, 0], kind="stable")
    edges = np.searchsorted(world.video_topics[order, 0], np.arange(world.topics + 1))
    topic = world.viewer_topics[viewer, rng.integers(0, 2, n)]  # the first two are always there
    size = edges[topic + 1] - edges[topic]
    suited = order[np.minimum(edges[topic] + (size * rng.random(n)).astype(np.int64),
                              world.videos - 1)]  # fmt: skip
    by_taste = (rng.random(n) < 1 / 3) & (size > 0)
    return np.where(by_taste, suited, video).astype(np.int32)
