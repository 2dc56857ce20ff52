"""Projections: any start, any cut of the log into batches, gives the same state."""

from __future__ import annotations

import asyncio
import json
import threading
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from freshet.backends.memory import MemoryLog
from freshet.backends.sqlite_log import SqliteLog
from freshet.domain.errors import Broken, Corrupt, Refused, Unavailable
from freshet.domain.events import Event, Watch
from freshet.log.epochs import begin_epoch
from freshet.log.follow import Follower, catch_up, follow
from freshet.log.ports import Batch, EventLog, Offset
from freshet.log.snapshots import Snapshots, load_block, load_value, save_block, save_value
from tests.log.making import Clock, event_id, watch, watches


class Watched:
    """Decayed watch time per viewer: a fold whose result depends on every event's place."""

    def __init__(self, name: str = "watched", fold_version: int = 1) -> None:
        self.name, self.fold_version = name, fold_version
        self.viewers: list[str] = []
        self.decayed = np.zeros(0, np.float32)
        self.given: list[Offset] = []

    def apply(self, batch: Batch) -> None:
        self.given.append(batch.first)
        for event in batch.events:
            if not isinstance(event, Watch):
                continue
            if event.viewer not in self.viewers:
                self.viewers.append(event.viewer)
                self.decayed = np.append(self.decayed, np.float32(0))
            self.decayed *= np.float32(0.99)
            self.decayed[self.viewers.index(event.viewer)] += np.float32(event.watched_ms)

    def save(self, folder: Path) -> None:
        save_value(folder, "viewers", self.viewers)
        save_block(folder, "decayed", self.decayed)

    def load(self, folder: Path) -> None:
        self.viewers = load_value(folder, "viewers", list[str])
        self.decayed = load_block(folder, "decayed", dtype=np.float32)

    @property
    def state(self) -> tuple[list[str], bytes]:
        return self.viewers, self.decayed.tobytes()


def folded(events: Sequence[Event]) -> tuple[list[str], bytes]:
    projection = Watched()
    projection.apply(Batch(1, events))
    return projection.state


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "snapshots")


async def log_of(count: int) -> MemoryLog:
    log = MemoryLog(Clock())
    await log.append(watches(0, count))
    return log


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 40), max_size=6), saves=st.sets(st.integers(0, 5)))
def test_any_cut_and_any_snapshot_give_the_same_state(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], saves: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("snapshots")

    async def run() -> None:
        log, events = MemoryLog(Clock()), watches(0, 40)
        for step, (start, stop) in enumerate(
            zip([0, *sorted(cuts)], [*sorted(cuts), 40], strict=True)
        ):
            await log.append(events[start:stop])
            follower = Follower(log, [projection := Watched()], Snapshots(folder))
            assert await follower.catch_up() == stop
            assert projection.state == folded(events[:stop]) or stop == 0
            if step in saves:
                follower.save()

    asyncio.run(run())


async def test_catching_up_starts_from_the_newest_snapshot(snapshots: Snapshots) -> None:
    log = await log_of(10)
    follower = Follower(log, [Watched()], snapshots)
    await follower.catch_up()
    follower.save()
    await log.append(watches(10, 13))
    projection = Watched()
    assert await catch_up(log, [projection], snapshots) == 13
    assert projection.given == [11]
    assert projection.state == folded(watches(0, 13))


async def test_a_new_projection_starts_from_0_beside_one_with_a_snapshot(
    snapshots: Snapshots,
) -> None:
    log = await log_of(10)
    follower = Follower(log, [Watched("old")], snapshots)
    await follower.catch_up()
    follower.save()
    await log.append(watches(10, 12))
    old, new = Watched("old"), Watched("new")
    assert await catch_up(log, [old, new], snapshots) == 12
    assert (old.given[0], new.given[0]) == (11, 1)
    assert old.state == new.state == folded(watches(0, 12))


async def test_no_snapshot_is_saved_while_one_projection_is_behind(snapshots: Snapshots) -> None:
    log = await log_of(10)
    follower = Follower(log, [Watched("old")], snapshots)
    await follower.catch_up()
    follower.save()
    mixed = Follower(log, [Watched("old"), Watched("new")], snapshots)
    await mixed.start()
    mixed.apply(Batch(1, watches(0, 5)))
    mixed.save()
    assert snapshots.offsets() == [10]
    await mixed.catch_up()
    mixed.save()
    manifest = snapshots.manifest(10)
    assert manifest is not None
    assert sorted(manifest.projections) == ["new", "old"]


async def test_an_older_fold_version_is_folded_again(snapshots: Snapshots) -> None:
    log = await log_of(10)
    await saved(log, snapshots)
    with capture_logs() as said:
        projection = Watched(fold_version=2)
        await catch_up(log, [projection], snapshots)
    assert projection.given[0] == 1
    assert said == [passed_over(10, "fold version 1, now 2")]


class Choosy(Watched):
    """Loads nothing: each snapshot is of another layout."""

    def load(self, folder: Path) -> None:
        raise Corrupt("of another layout")


async def test_a_snapshot_its_projection_cannot_load_is_folded_again(snapshots: Snapshots) -> None:
    log = await log_of(10)
    await saved(log, snapshots)
    projection = Choosy()
    with capture_logs() as said:
        await catch_up(log, [projection], snapshots)
    assert projection.state == folded(watches(0, 10))
    assert [entry["reason"] for entry in said] == ["of another layout"]


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "add", "manifest"])
async def test_a_damaged_snapshot_is_passed_over_for_the_one_before(
    snapshots: Snapshots, damage: str
) -> None:
    log = await log_of(10)
    await saved(log, snapshots)
    await log.append(watches(10, 20))
    harm(await saved(log, snapshots), damage)
    with capture_logs() as said:
        projection = Watched()
        assert await catch_up(log, [projection], snapshots) == 20
    assert projection.given[0] == 11
    assert projection.state == folded(watches(0, 20))
    assert [(line["event"], line["offset"]) for line in said] == [("snapshot passed over", 20)]


async def test_a_snapshot_of_another_log_is_passed_over(snapshots: Snapshots) -> None:
    await saved(await log_of(10), snapshots)
    other = MemoryLog(Clock())
    await other.append(watches(500, 520))
    with capture_logs() as said:
        projection = Watched()
        await catch_up(other, [projection], snapshots)
    assert projection.state == folded(watches(500, 520))
    assert said[0]["reason"] == "of another log"


async def test_a_snapshot_ahead_of_the_log_is_passed_over(snapshots: Snapshots) -> None:
    await saved(await log_of(10), snapshots)
    projection = Watched()
    assert await catch_up(await log_of(9), [projection], snapshots) == 9
    assert projection.state == folded(watches(0, 9))


async def test_a_snapshot_that_was_not_finished_is_not_there(snapshots: Snapshots) -> None:
    class Failing(Watched):
        def save(self, folder: Path) -> None:
            super().save(folder)
            raise OSError("power cut")

    log = await log_of(10)
    follower = Follower(log, [Failing()], snapshots)
    await follower.catch_up()
    with pytest.raises(OSError, match="power cut"):
        follower.save()
    assert snapshots.offsets() == []
    await saved(log, snapshots)
    assert names_in(snapshots.folder) == ["10"]


class Copied(Watched):
    """Gives the one copy it has away."""

    def __init__(self, copy: np.ndarray) -> None:
        super().__init__()
        self.copies = [copy]

    def freeze(self) -> Callable[[Path], None]:
        mine = self.copies.pop()
        return lambda folder: save_block(folder, "mine", mine)


def test_a_copy_is_let_go_when_it_is_written(snapshots: Snapshots) -> None:
    copies = [np.zeros(1_000)]
    held = weakref.ref(copies[0])
    saving = snapshots.begin(0)
    saving.freeze(Copied(copies.pop()))
    assert held() is not None
    saving.finish("")
    assert held() is None


async def test_only_the_newest_snapshots_are_kept(snapshots: Snapshots) -> None:
    log = MemoryLog(Clock())
    follower = Follower(log, [Watched()], snapshots, snapshot_every=10)
    for start in range(0, 60, 5):
        await log.append(watches(start, start + 5))
        await follower.catch_up()
    assert snapshots.offsets() == [60, 50]


class Freezing(Watched):
    """Keeps a copy, and waits with writing it until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_write = threading.Event()

    def freeze(self) -> Callable[[Path], None]:
        copied = Watched(self.name)
        copied.viewers, copied.decayed = list(self.viewers), self.decayed.copy()

        def save(folder: Path) -> None:
            assert self.may_write.wait(10)
            copied.save(folder)

        return save


async def test_folding_goes_on_while_a_snapshot_is_written_aside(
    tmp_path: Path, snapshots: Snapshots
) -> None:
    log, projection = await log_of(10), Freezing()
    follower = Follower(log, [projection], snapshots)
    await follower.catch_up()
    saving = asyncio.create_task(follower.save_aside())
    await asyncio.sleep(0)
    await log.append(watches(10, 20))
    assert await follower.catch_up() == 20
    assert follower.save() == 20  # while one is being written, another is not begun
    assert snapshots.offsets() == []
    projection.may_write.set()
    assert (await saving, follower.saved) == (10, 10)
    assert projection.state == folded(watches(0, 20))
    plain = Snapshots(tmp_path / "plain")
    await saved(await log_of(10), plain)
    assert snapshots.manifest(10) == plain.manifest(10)


async def test_a_projection_that_cannot_be_copied_is_saved_while_folding_stands_still(
    snapshots: Snapshots,
) -> None:
    log = await log_of(10)
    follower = Follower(log, [Watched("plain")], snapshots)
    await follower.catch_up()
    saving = asyncio.create_task(follower.save_aside())
    await asyncio.sleep(0)
    await log.append(watches(10, 15))
    await asyncio.gather(saving, follower.catch_up())
    projection = Watched("plain")
    assert await catch_up(log, [projection], snapshots) == 15
    assert projection.given == [11]


async def test_who_is_cancelled_while_saving_aside_leaves_a_whole_snapshot(
    snapshots: Snapshots,
) -> None:
    log, projection = await log_of(10), Freezing()
    follower = Follower(log, [projection], snapshots)
    await follower.catch_up()
    saving = asyncio.create_task(follower.save_aside())
    await asyncio.sleep(0.05)  # wherever it is by then
    saving.cancel()
    projection.may_write.set()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert snapshots.at(10, Watched()) is not None


async def test_a_batch_that_comes_late_does_not_change_what_the_snapshot_says_is_its_last_event(
    snapshots: Snapshots,
) -> None:
    log = await log_of(10)
    follower = Follower(log, [Watched()], snapshots)
    await follower.catch_up()
    follower.apply(Batch(1, watches(0, 5)))  # as a slower one of two that catch up would
    follower.save()
    manifest = snapshots.manifest(10)
    assert manifest is not None
    assert manifest.event_id == event_id(9)


async def test_following_folds_what_comes_until_cancelled() -> None:
    log, projection = await log_of(3), Watched()
    follower = Follower(log, [projection])
    following = asyncio.create_task(follower.follow())
    await asyncio.wait_for(follower.reached(3), 5)
    last = (await log.append(watches(3, 8))).last
    await asyncio.wait_for(follower.reached(last), 5)
    following.cancel()
    assert projection.state == folded(watches(0, 8))


async def test_others_run_between_the_pieces_of_a_large_batch() -> None:
    log, projection = await log_of(600), Watched()
    seen: list[Offset] = []
    follower = Follower(log, [projection])

    async def another() -> None:
        while follower.offset < 600:
            seen.append(follower.offset)
            await asyncio.sleep(0)

    beside = asyncio.create_task(another())
    await follower.catch_up()
    await beside
    assert projection.given == [1, 257, 513]
    assert {256, 512} <= set(seen)


async def test_following_ends_when_the_log_is_closed() -> None:
    log = await log_of(3)
    following = asyncio.create_task(follow(log, [Watched()]))
    await asyncio.sleep(0)
    await log.close()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(following, 5)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_an_epoch_begins_from_its_base_snapshot(
    tmp_path: Path, snapshots: Snapshots, kind: str
) -> None:
    log: EventLog = SqliteLog(tmp_path, Clock()) if kind == "sqlite" else MemoryLog(Clock())
    await log.append(watches(0, 10))
    await saved(log, snapshots)
    await log.append(watches(10, 14))
    await begin_epoch(log, snapshots, [Watched()], 10)
    for start in range(14, 44, 10):  # newer snapshots never push the base out
        await log.append(watches(start, start + 10))
        await saved(log, snapshots)
    assert snapshots.offsets() == [44, 34, 10]
    for newer in (44, 34):
        harm(snapshots.folder / str(newer), "flip")
    projection = Watched()
    assert await catch_up(log, [projection], snapshots) == 44
    assert projection.given[0] == 11
    assert projection.state == folded(watches(0, 44))
    await log.close()


async def test_no_epoch_without_a_good_base_snapshot(snapshots: Snapshots) -> None:
    log = await log_of(10)
    with pytest.raises(Refused, match="no good snapshot of 'watched' at offset 5"):
        await begin_epoch(log, snapshots, [Watched()], 5)
    assert (log.epoch, log.base) == (1, 0)


async def test_state_that_cannot_be_rebuilt_is_said_loudly(snapshots: Snapshots) -> None:
    log = await log_of(10)
    await saved(log, snapshots)
    await begin_epoch(log, snapshots, [Watched()], 10)
    with pytest.raises(Broken, match="dropped by epoch 2"):
        await catch_up(log, [Watched(fold_version=2)], snapshots)


def test_blocks_come_back_as_they_were(tmp_path: Path) -> None:
    big_endian = np.arange(12, dtype=">i4").reshape(3, 4).T
    save_block(tmp_path, "numbers", big_endian)
    loaded = load_block(tmp_path, "numbers", dtype="<i4")
    assert loaded.tolist() == big_endian.tolist()
    assert not load_block(tmp_path, "numbers", writable=False).flags.writeable
    with pytest.raises(Corrupt, match="holds int32, not float32"):
        load_block(tmp_path, "numbers", dtype=np.float32)
    with pytest.raises(Corrupt, match="block 'absent'"):
        load_block(tmp_path, "absent")
    save_value(tmp_path, "words", ["a", "b"])
    with pytest.raises(Corrupt, match="block 'words'"):
        load_value(tmp_path, "words", list[int])


async def saved(log: EventLog, snapshots: Snapshots) -> Path:
    follower = Follower(log, [Watched()], snapshots)
    await follower.catch_up()
    return snapshots.folder / str(follower.save())


def harm(snapshot: Path, damage: str) -> None:
    block = snapshot / "watched" / "decayed.npy"
    content = bytearray(block.read_bytes())
    match damage:
        case "flip":
            content[-1] ^= 1
            block.write_bytes(content)
        case "cut":
            block.write_bytes(content[:-1])
        case "remove":
            block.unlink()
        case "add":
            (snapshot / "watched" / "more.npy").write_bytes(content)
        case "manifest":
            manifest = snapshot / "manifest.json"
            manifest.write_bytes(manifest.read_bytes()[:-5])


def passed_over(offset: int, reason: str) -> dict[str, object]:
    said = {"event": "snapshot passed over", "log_level": "warning"}
    return said | {"offset": offset, "projection": "watched", "reason": reason}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_manifest_says_what_is_in_a_snapshot(tmp_path: Path) -> None:
    projection = Watched()
    projection.apply(Batch(1, [watch(1)]))
    folder = Snapshots(tmp_path).save(1, "an-id", [projection], epoch=3)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert (manifest["offset"], manifest["epoch"], manifest["event_id"]) == (1, 3, "an-id")
    assert sorted(manifest["projections"]["watched"]["blocks"]) == [
        "decayed.npy",
        "viewers.msgpack",
    ]
