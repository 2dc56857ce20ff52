"""The world of the fair start: quality is hidden, followers say nothing of it, lives repeat."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from freshet.lab.fairstart.living import lived, settings_of, videos_of
from freshet.lab.fairstart.measure import One, as_json, interval, measure
from freshet.lab.fairstart.world import Shape, World

SMALL = Shape(
    viewers=120, creators=40, old=30, per_day=1_200, per_upload=100, warm_days=0.1,
    counted_days=0.5, hours=6,
)  # fmt: skip


def test_followers_say_nothing_of_quality_and_the_best_audience_likes_the_topic() -> None:
    world = World.made(Shape(viewers=500, creators=300), 3_000, seed=1)
    assert abs(np.corrcoef(world.quality, world.followers[world.creator])[0, 1]) < 0.06
    video = int(np.argmax(world.quality))
    fans = world.likes[:, world.topic[video]]
    chances = np.array([world.chance(viewer, video) for viewer in range(500)])
    assert chances[fans].mean() > chances[~fans].mean() + 0.15


async def test_two_lives_of_one_seed_are_one() -> None:
    world = World.made(SMALL, videos_of(SMALL), seed=2)
    told = count()
    lives = [
        await lived(world, settings_of(2, True), 2, "again", lambda *_: next(told))
        for _ in range(2)
    ]
    assert lives[0].shown.tolist() == lives[1].shown.tolist()
    assert lives[0].watched_s == lives[1].watched_s > 0
    assert (lives[0].uploaded_ms >= 0).sum() >= 8
    assert next(told) > 0


async def test_numbers_come_with_and_without_stages() -> None:
    found = await measure(SMALL, [3], lambda *_: None)
    told = as_json(found)
    assert set(told["discoverable"]) == {"with", "without"}
    assert told["discoverable"]["with"] == 0.0  # nobody can be shown 1,000 times to 120 viewers
    assert -1 <= told["follower_correlation"] <= 1
    assert isinstance(found[0], One)
    assert found[0].uploads == 6


def test_an_interval_is_students() -> None:
    mean, low, high = interval([1.0, 2.0, 3.0])
    assert (mean, low, high) == (
        2.0,
        pytest.approx(-0.484, abs=1e-3),
        pytest.approx(4.484, abs=1e-3),
    )
    assert interval([5.0]) == (5.0, 5.0, 5.0)
