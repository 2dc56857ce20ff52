"""A stage gives as many places as it has, however many feeds are ranked at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from freshet.app import open_engine
from freshet.config import Feed, Log, Settings
from freshet.distribution.settings import Stages
from freshet.domain import events as ev
from freshet.domain.ids import uuid7
from freshet.engine import OneProcess
from freshet.feed.settings import ForYou
from tests.feed.making import Clock
from tests.http.calling import _ids

HOUR_MS = 3_600_000
QUOTA, VIEWERS = 50, 160
SETTINGS = Settings(
    feed=Feed(for_you=ForYou(trial_share=0.5)),
    log=Log(tick_ms=0),
    stages=Stages(on=True, quotas=(QUOTA, 5_000), quota_min=QUOTA),
)


def published(engine: OneProcess, name: str, created: int) -> ev.Event:
    now_ms = engine.now_ms()
    return ev.VideoPublished(
        event_id=uuid7(now_ms, _ids), time=now_ms, video=name, creator=f"by {name}",
        created=created, duration_ms=15_000,
    )  # fmt: skip


async def served(engine: OneProcess, viewer: str) -> int:
    """How often a place of a feed went to the video on trial by chance."""
    answer = await engine.feed("for_you", viewer, 5)
    return sum(item.video == "new" and item.reasons[0].code == "exploring" for item in answer.items)


async def opened(engine: OneProcess) -> None:
    """Old videos and one that is new, folded."""
    now_ms = engine.now_ms()
    old = [published(engine, f"old {n}", now_ms - 99 * 24 * HOUR_MS) for n in range(30)]
    await engine.record([*old, published(engine, "new", now_ms - HOUR_MS)])
    await engine.catch_up()


async def test_feeds_that_are_ranked_at_once_share_the_places_of_a_stage(tmp_path: Path) -> None:
    async with (
        open_engine(msgspec.structs.replace(SETTINGS, data=str(tmp_path)), clock=Clock()) as engine,
        engine.running(),
    ):  # fmt: skip
        await opened(engine)
        places = sum(await asyncio.gather(*(served(engine, f"v{n}") for n in range(VIEWERS))))
        await engine.catch_up()
        told = await engine.journey("new")
        slots = engine.live.trials.slots
        slot = slots[engine.live.trials.of[engine.live.video_row("new")]]
    assert told.quota == QUOTA
    assert places == QUOTA
    assert slot["flying"] >= QUOTA  # and by its own value in a few more


async def test_a_feed_comes_though_what_took_its_place_is_not_folded_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def later() -> int:
        return engine.writer.folding.offset

    settings = msgspec.structs.replace(SETTINGS, data=str(tmp_path))
    async with open_engine(settings, clock=Clock()) as engine:
        await opened(engine)
        monkeypatch.setattr(engine.writer.follower, "catch_up", later)
        places = [await served(engine, f"v{n}") for n in range(VIEWERS)]
    assert sum(places) == QUOTA
    assert sum(places[VIEWERS // 2 :]) < sum(places[: VIEWERS // 2])
