"""Two replays of one log give the same feeds: the same scores, seen lists and histories."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from freshet.learning.live import Live
from tests.learning.telling import folded, small_live
from tests.learning.test_fold import FEW, MANY


def asked(live: Live, viewers: int, videos: int) -> list[bytes]:
    """What a feed is made from, for some viewers and for one whom nobody knows."""
    rows = np.arange(min(videos, live.video_count()), dtype=np.int32)
    known = [f"viewer{n}" for n in Random(1).sample(range(viewers), 5)]
    found = []
    for viewer in (*(live.viewer_row(key) for key in known), -1):
        ranked = live.rank(viewer, rows, live.now + 1_000)
        found += [
            ranked.features.tobytes(), ranked.predictions.tobytes(), ranked.watch_s.tobytes(),
            ranked.median_s.tobytes(), ranked.by_rank_s.tobytes(), live.recent(viewer).tobytes(),
            live.seen(viewer, rows, live.now).tobytes(), live.hidden(viewer, rows).tobytes(),
        ]  # fmt: skip
    return [*found, live.eligible[rows].tobytes(), live.sound[rows].tobytes()]


def test_two_short_replays_give_the_same_feeds() -> None:
    assert asked(folded(FEW), 5, 6) == asked(folded(FEW), 5, 6)


def test_two_replays_give_the_same_feeds() -> None:
    one, two = folded(MANY), folded(MANY, Random(1).sample(range(len(MANY)), 20))
    assert asked(one, 60, 80) == asked(two, 60, 80)


def test_an_untrained_model_is_the_same_in_every_replay() -> None:
    one, two = small_live(), small_live()
    assert all((a == b).all() for a, b in zip(one.params, two.params, strict=True))


def test_another_seed_is_another_model() -> None:
    assert (small_live(seed=1).params.w1 != small_live(seed=2).params.w1).any()


@pytest.mark.parametrize("viewer", ["viewer1", "nobody"])
def test_asking_twice_gives_the_same_answer(viewer: str) -> None:
    live = folded(FEW)
    rows = np.arange(3, dtype=np.int32)
    first, second = (live.rank(live.viewer_row(viewer), rows, live.now) for _ in range(2))
    assert first.features.tobytes() == second.features.tobytes()
    assert first.predictions.tobytes() == second.predictions.tobytes()
    assert live.predict(first.features).predictions.tobytes() == first.predictions.tobytes()
