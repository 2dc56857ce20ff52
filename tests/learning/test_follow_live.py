"""The live state behind a log: stopped anywhere and started again, it is the same state."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from freshet.backends.sqlite_log import SqliteLog
from freshet.learning.live import Live
from freshet.log.follow import Follower, catch_up
from freshet.log.ports import Batch, Offset
from freshet.log.snapshots import Snapshots
from tests.learning.telling import differing, small_live
from tests.learning.test_fold import MANY


async def opened(folder: Path) -> SqliteLog:
    return SqliteLog(folder / "data", lambda: MANY[-1].time, mode="import")


async def append(log: SqliteLog, first: int, end: int) -> None:
    for start in range(first, end, 700):
        await log.append(MANY[start : min(start + 700, end)])


async def started(folder: Path, log: SqliteLog) -> tuple[Live, Offset]:
    """A new state as a new process would start it, and the offset of its snapshot."""
    live = small_live()
    follower = Follower(log, [live], Snapshots(folder / "snapshots"))
    offset = await follower.start()
    await follower.catch_up()
    return live, offset


@pytest.mark.parametrize("stopped_at", [1, 1_234, 3_999])
async def test_a_state_that_was_stopped_and_started_again_is_the_same(
    tmp_path: Path, stopped_at: int
) -> None:
    log = await opened(tmp_path)
    await append(log, 0, stopped_at)
    follower = Follower(log, [small_live()], Snapshots(tmp_path / "snapshots"))
    await follower.catch_up()
    follower.save()
    await log.close()

    log = await opened(tmp_path)
    await append(log, stopped_at, len(MANY))
    restarted, offset = await started(tmp_path, log)
    straight = small_live()
    await catch_up(log, [straight])
    await log.close()
    assert offset == stopped_at
    assert restarted.offset == straight.offset == len(MANY)
    assert differing(restarted, straight) == []


async def test_a_state_saved_while_it_follows_is_the_same(tmp_path: Path) -> None:
    log = await opened(tmp_path)
    live = small_live()
    follower = Follower(log, [live], Snapshots(tmp_path / "snapshots"), snapshot_every=3_000)
    for first in range(0, len(MANY), 700):
        await append(log, first, min(first + 700, len(MANY)))
        await follower.catch_up()
    restarted, offset = await started(tmp_path, log)
    await log.close()
    assert 0 < offset < len(MANY)
    assert differing(restarted, live) == []


def test_a_state_that_folded_on_while_it_was_saved_is_saved_as_it_was(tmp_path: Path) -> None:
    live = small_live()
    live.apply(Batch(1, MANY[:2_000]))
    live.save(made(tmp_path / "plain"))
    save = live.freeze()
    live.apply(Batch(2_001, MANY[2_000:]))
    save(made(tmp_path / "frozen"))
    plain, frozen = (files_in(tmp_path / name) for name in ("plain", "frozen"))
    assert [name for name in plain | frozen if plain.get(name) != frozen.get(name)] == []


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_a_damaged_snapshot_is_refolded_from_the_log(tmp_path: Path) -> None:
    log = await opened(tmp_path)
    await append(log, 0, 1_000)
    live = small_live()
    follower = Follower(log, [live], Snapshots(tmp_path / "snapshots"))
    await follower.catch_up()
    follower.save()
    block = tmp_path / "snapshots" / "1000" / "live" / "params.w1.npy"
    block.write_bytes(block.read_bytes()[:-1])
    with capture_logs() as warnings:
        restarted, offset = await started(tmp_path, log)
    await log.close()
    assert offset == 0
    assert [warning["event"] for warning in warnings] == ["snapshot passed over"]
    assert differing(restarted, live) == []
