"""How much one view says of a video is learned, and what it said is remembered as such."""

from __future__ import annotations

import numpy as np
import pytest

from freshet.features.effect import BUCKETS, K_FIRST, KS, NOISE_FIRST, VIEWS, refit
from tests.learning.telling import Story


def fitted(k: float, noise: float, seen: float) -> tuple[float, float]:
    """What is found where errors shrink as they do with k views a video, `seen` of each bucket."""
    world = np.zeros(2 * BUCKETS + 2, np.float32)
    world[0 : 2 * BUCKETS : 2] = seen
    world[1 : 2 * BUCKETS : 2] = noise * (1 + 1 / (VIEWS + k))
    refit(world, 0, 2 * BUCKETS)
    return K_FIRST + float(world[-2]), NOISE_FIRST + float(world[-1])


@pytest.mark.parametrize("k", KS.tolist())
def test_how_much_videos_differ_is_seen_from_how_errors_shrink(k: float) -> None:
    found, noise = fitted(k, 0.5, seen=4_000)
    assert found == (pytest.approx(k, rel=0.1) if k < 40 else pytest.approx(k, rel=0.5))
    assert noise == pytest.approx(0.5, rel=0.02)


def test_few_views_say_little_of_it() -> None:
    assert fitted(0.2, 0.5, seen=0.0) == (K_FIRST, pytest.approx(NOISE_FIRST))
    assert fitted(0.2, 0.5, seen=0.05)[0] > 3


def test_a_video_that_holds_longer_than_expected_is_said_to() -> None:
    story = Story()
    story.publish("gem", "dud", "other")
    for n in range(12):
        story.views(f"viewer{n}", "gem", 55)
        story.views(f"viewer{n}", "dud", 1)
    gem, dud, other = (story.values("nobody", video) for video in ("gem", "dud", "other"))
    for name in ("video_effect_long_view", "video_effect_log_watch"):
        assert gem[name] > 0.02 > other[name] == 0.0 > dud[name]


def test_views_of_one_video_say_nothing_of_another() -> None:
    story = Story()
    story.publish("gem", "other", creator="star")
    for n in range(5):
        story.views(f"viewer{n}", "gem", 55)
    assert story.values("nobody", "other")["video_effect_log_watch"] == 0.0


def test_views_from_before_k_was_found_say_no_less_than_later_ones() -> None:
    story = Story()
    story.publish("gem")
    story.views("viewer", "gem", 55)
    trust = story.live.blocks["all"].floats[0]
    at = story.live.composed.layout("all.trust")
    k = K_FIRST + float(trust[at])
    before = story.values("nobody", "gem")["video_effect_log_watch"]
    trust[at] = 0.1 - K_FIRST  # as if found meanwhile: one view says nearly all
    after = story.values("nobody", "gem")["video_effect_log_watch"]
    assert after == pytest.approx(before * (1 + k) / 1.1, rel=1e-3)
    assert after > 5 * before > 0
