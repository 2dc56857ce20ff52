"""Slates are recorded once, whichever processes rank them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from freshet.domain import events as e
from freshet.domain.errors import Unavailable
from freshet.engine import Engine, OneProcess
from tests.feed.making import engine_of, video
from tests.feed.world import FakeLog

MANY = [video(f"v{n}") for n in range(24)]


async def opened(folder: Path, processes: int) -> tuple[OneProcess, list[Engine]]:
    """One writer, and engines that serve on it as other processes would."""
    one = engine_of(folder, FakeLog())
    await one.record(MANY)
    await one.catch_up()
    others = [
        Engine(one.writer, one.live, one.folding, one.keys, one.settings, one.now_ms, Random(n))
        for n in range(processes)
    ]
    return one, others


def slates(one: OneProcess) -> list[e.SlateServed]:
    return [event for event in one.log.events if isinstance(event, e.SlateServed)]  # type: ignore[attr-defined]


async def test_two_processes_serving_one_viewer_show_nothing_twice(tmp_path: Path) -> None:
    one, others = await opened(tmp_path, 4)
    answers = await asyncio.gather(*(engine.feed("for_you", "v", 5, "") for engine in others))
    shown = [item.video for answer in answers for item in answer.items]
    assert len(shown) == len(set(shown)) == 20
    assert len(slates(one)) == 4


async def test_one_request_answered_by_two_processes_is_one_slate(tmp_path: Path) -> None:
    one, others = await opened(tmp_path, 3)
    answers = await asyncio.gather(*(engine.feed("for_you", "v", 5, "r") for engine in others))
    assert all(answer.items == answers[0].items for answer in answers)
    assert len(slates(one)) == 1


async def test_a_slate_the_log_did_not_take_leaves_no_trace(tmp_path: Path) -> None:
    one, (engine,) = await opened(tmp_path, 1)
    one.log.broken = Unavailable("the disk is full")  # type: ignore[attr-defined]
    with pytest.raises(Unavailable):
        await engine.feed("for_you", "v", 5, "r")
    one.log.broken = None  # type: ignore[attr-defined]
    answer = await engine.feed("for_you", "v", 5, "r")
    assert answer.trace is not None
    assert not answer.trace.repeated
    assert len(slates(one)) == 1


async def test_why_finds_what_another_process_served(tmp_path: Path) -> None:
    _, (first, second) = await opened(tmp_path, 2)
    answer = await first.feed("for_you", "v", 5, "r")
    slate, item = await second.why("for_you", "v", answer.items[2].video)
    assert (slate.request_id, item.position) == ("r", 2)
