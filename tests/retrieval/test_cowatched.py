"""What is watched with what, kept up from viewers' histories."""

from __future__ import annotations

from typing import Any

import numpy as np

from freshet.config import Feed, Log, Settings
from freshet.domain.events import VideoPublished
from freshet.feed.settings import ForYou
from freshet.lab.acting import Acting, acting
from freshet.learning.cowatch import Cowatch
from freshet.retrieval.cowatched import LEAST_VIEWS, CoWatched
from freshet.retrieval.settings import Retrieval

MINUTE_MS = 60_000


class Histories:
    """Viewers who liked all they watched."""

    def __init__(self, videos: int = 40) -> None:
        self.videos = videos
        self.of: list[list[int]] = []
        self.away = 0  # so many of the first cannot be read

    def video_count(self) -> int:
        return self.videos

    @property
    def view_counts(self) -> Any:
        counts = np.array([len(one) for one in self.of], np.int32)
        counts[: self.away] = -1
        return counts

    def liked_views(self, viewer: int) -> Any:
        assert viewer >= self.away
        told = np.array(self.of[viewer][:-1], np.int32)
        return told, np.arange(len(told), dtype=np.int32)


def circle(viewers: int = 150, views: int = 8, videos: int = 40) -> list[list[int]]:
    rng = np.random.default_rng(0)
    starts = rng.integers(0, videos, viewers)
    return [[int((start + step) % videos) for step in range(views)] for start in starts]


def known(histories: Histories, **settings: int) -> CoWatched:
    return CoWatched(histories, Retrieval(**settings))


def test_views_are_counted_once_however_often_it_looks() -> None:
    histories = Histories()
    often = known(histories)
    whole = circle()
    for step in (3, 4, 8):
        histories.of = [one[:step] for one in whole]
        often.maintain(step * MINUTE_MS)
    once = Cowatch(often._sums.videos)  # type: ignore[union-attr]
    for one in whole:
        once.views(np.array(one[:-1]))
    assert np.array_equal(often._sums.future, once.future)  # type: ignore[union-attr]
    assert often.views == 150 * 7 > LEAST_VIEWS


def test_who_was_on_disk_meanwhile_is_not_counted_twice() -> None:
    histories, whole = Histories(), circle()
    often = known(histories)
    for step, away in ((4, 0), (4, 60), (6, 0), (6, 90), (8, 0)):
        histories.of, histories.away = [one[:step] for one in whole], away
        often.maintain((10 * step + (away > 0)) * MINUTE_MS)
    assert often.views == 150 * 7


def test_what_follows_is_near() -> None:
    histories = Histories()
    histories.of = circle()
    kept = known(histories)
    assert kept.near(np.array([7]), 4).tolist() == []  # nothing is solved yet
    kept.maintain(0)
    assert 8 in kept.near(np.array([7, 6, 5]), 4).tolist()
    assert kept.near(np.array([], np.int32), 4).tolist() == []
    assert kept.near(np.array([5_000]), 4).tolist() == []  # newer than what was solved


def test_too_few_new_views_change_nothing_and_a_catalogue_too_large_ends_it() -> None:
    histories = Histories()
    histories.of = circle()
    kept = known(histories, cowatch_max=100)
    kept.maintain(0)
    before = kept.model
    histories.of[0] += [1, 2, 3]
    kept.maintain(MINUTE_MS)
    assert kept.model is before is not None
    histories.videos = 90  # grows within its room, then beyond it
    kept.maintain(2 * MINUTE_MS)
    assert kept._sums is not None
    assert kept._sums.videos == 100
    histories.videos = 101
    kept.maintain(3 * MINUTE_MS)
    assert kept.model is None


def test_who_was_forgotten_begins_anew() -> None:
    histories = Histories()
    histories.of = circle(viewers=1, views=20)
    kept = known(histories)
    kept.maintain(0)
    histories.of[0] = [3, 4, 5]
    kept.maintain(MINUTE_MS)
    assert kept.views == 19 + 2


async def swipe(on: Acting, viewer: str, videos: list[int]) -> None:
    for position, video in enumerate(videos):
        on.clock.now_ms += 1_000
        await on.record(on.view(viewer, str(video), position, 10_000))


async def trace_of(on: Acting, viewer: str) -> dict[str, int]:
    on.clock.now_ms += 1_000
    answer = await on.engine.feed("for_you", viewer, 3)
    assert answer.trace is not None
    return {step.stage: step.after for step in answer.trace.rungs[0].steps}


async def test_the_feed_asks_it_once_it_knows_something() -> None:
    settings = Settings(feed=Feed(for_you=ForYou(candidates=20)), log=Log(tick_ms=0))
    async with acting(settings, 0) as on:
        now_ms = on.clock.now_ms
        await on.record(
            [
                VideoPublished(
                    event_id=on.event_id(), time=now_ms, video=str(n), creator=f"c{n}",
                    created=now_ms, duration_ms=10_000,
                )
                for n in range(40)
            ]
        )  # fmt: skip
        for viewer, videos in enumerate(circle(viewers=90)):
            await swipe(on, f"v{viewer}", videos)
        assert "co_watched" not in await trace_of(on, "v1")
        assert on.engine.nearby is not None
        on.engine.nearby.maintain()
        assert (await trace_of(on, "v1"))["co_watched"] > 0
        assert (await trace_of(on, "nobody"))["co_watched"] == 0
