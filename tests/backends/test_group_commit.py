"""Who shares a commit: a lone caller waits for nobody, many wait for each other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from freshet.backends.group_commit import GATHER_EVENTS, GroupCommit
from freshet.log.ports import Appended

FOR_EVER_S = 600.0


class Disk:
    """A commit that can be held up; `groups` are the calls of each."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.goes = threading.Event()
        self.begun = threading.Event()
        self.goes.set()

    def commit(self, calls: list[Sequence[Any]]) -> list[Appended]:
        self.groups.append(len(calls))
        self.begun.set()
        self.goes.wait()
        return [Appended(()) for _ in calls]


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
async def group(disk: Disk) -> AsyncIterator[GroupCommit]:
    made = GroupCommit(disk.commit, gather_s=FOR_EVER_S)
    async with asyncio.timeout(60):
        yield made
    disk.goes.set()
    await asyncio.to_thread(made.close)


def call(group: GroupCommit, events: int = 1) -> asyncio.Task[Appended]:
    return asyncio.ensure_future(group.append([object()] * events))  # type: ignore[list-item]


async def three_while_one_is_written(group: GroupCommit, disk: Disk) -> list[asyncio.Task[Any]]:
    disk.goes.clear()
    calls = [call(group)]
    await asyncio.to_thread(disk.begun.wait)
    calls += [call(group) for _ in range(3)]
    await asyncio.sleep(0)  # they are in the queue
    disk.goes.set()
    await calls[0]
    return calls[1:]


async def test_a_lone_caller_waits_for_nobody(group: GroupCommit, disk: Disk) -> None:
    for _ in range(5):
        await group.append([])
    assert disk.groups == [1] * 5


async def test_who_was_answered_is_waited_for(group: GroupCommit, disk: Disk) -> None:
    calls = await three_while_one_is_written(group, disk)
    assert disk.groups == [1]
    await asyncio.gather(*calls, call(group))
    assert disk.groups == [1, 4]


async def test_a_group_comes_together_again_one_by_one(group: GroupCommit, disk: Disk) -> None:
    calls = await three_while_one_is_written(group, disk)
    await asyncio.gather(*calls, call(group))
    calls = []
    for _ in range(4):
        assert disk.groups == [1, 4]
        calls.append(call(group))
        await asyncio.sleep(0.01)
    await asyncio.gather(*calls)
    assert disk.groups == [1, 4, 4]


async def test_many_events_wait_for_nobody(group: GroupCommit, disk: Disk) -> None:
    calls = await three_while_one_is_written(group, disk)
    await asyncio.gather(*calls, call(group, GATHER_EVENTS))
    await call(group, GATHER_EVENTS)
    assert disk.groups == [1, 4, 1]


async def test_nobody_is_waited_for_longer_than_was_said(disk: Disk) -> None:
    group = GroupCommit(disk.commit, gather_s=0.001)
    await asyncio.gather(*await three_while_one_is_written(group, disk))
    assert disk.groups == [1, 3]
    await asyncio.to_thread(group.close)


async def test_what_waits_for_others_is_written_on_closing(group: GroupCommit, disk: Disk) -> None:
    calls = await three_while_one_is_written(group, disk)
    await asyncio.to_thread(group.close)
    await asyncio.gather(*calls)
    assert disk.groups == [1, 3]
