"""The log on disk beyond the contract: reopening, locking, damage, back-pressure."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from freshet.backends import sqlite_log, sqlite_store
from freshet.backends.sqlite_log import SqliteLog
from freshet.backends.sqlite_reader import SqliteReader
from freshet.backends.sqlite_store import Store
from freshet.domain.errors import Broken, Corrupt, NotFound, Overloaded, Refused, Unavailable
from freshet.log import files
from freshet.log.inspect import verify
from tests.log.making import DAY_MS, NOW_MS, Clock, event_id, everything, ids_of, watch, watches


async def test_a_reopened_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    clock = Clock()
    for n in range(3):
        log = SqliteLog(tmp_path, clock)
        assert log.last == 2 * n
        await log.append([watch(2 * n), watch(2 * n + 1)])
        clock.now_ms -= 1000  # the machine's clock was set back
        await log.close()
    log = SqliteLog(tmp_path, clock)
    events = await everything(log)
    assert [event.event_id for event in events] == [event_id(n) for n in range(6)]
    assert {event.received for event in events} == {NOW_MS}
    await log.close()


@pytest.mark.parametrize("seal_at", [3, 10, 65_536])
async def test_repeats_are_known_after_reopening(tmp_path: Path, seal_at: int) -> None:
    log = SqliteLog(tmp_path, Clock(), seal_at=seal_at)
    for n in range(0, 40, 4):
        await log.append(watches(n, n + 4))
    await log.close()
    log = SqliteLog(tmp_path, Clock(), seal_at=seal_at, index_bytes=1)
    again = await log.append(watches(0, 41))
    assert again.repeated == tuple(range(40))
    assert again.offsets == tuple(range(1, 42))
    await log.close()


async def test_repeats_of_dropped_events_are_known_after_reopening(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock())
    await log.append(watches(1, 11))
    await log.begin_epoch(7)
    await log.close()
    log = SqliteLog(tmp_path, Clock())
    assert (log.epoch, log.base, log.last) == (2, 7, 10)
    assert (await log.append(watches(1, 12))).offsets == tuple(range(1, 12))
    await log.close()


async def test_dropped_events_are_no_longer_in_the_file(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock())
    await log.append([watch(1, viewer="to-be-forgotten"), watch(2, viewer="to-be-kept")])
    await log.begin_epoch(1)
    content = b"".join(files_in(tmp_path).values())
    assert b"to-be-forgotten" not in content
    assert b"to-be-kept" in content
    await log.close()


async def test_a_large_log_is_dropped_in_steps_and_gives_its_room_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "DROP_BYTES", 1000)
    log = SqliteLog(tmp_path, Clock())
    for n in range(20):
        await log.append(watches(100 * n, 100 * n + 100))
    await log.begin_epoch(1950)
    assert verify(log.rows(), log.base).damage == []
    assert await ids_of(log, 1950) == [event_id(n) for n in range(1950, 2000)]
    sizes = {name: len(content) for name, content in files_in(tmp_path).items()}
    assert (sizes["log.sqlite"] < 64 * 1024, sizes["log.sqlite-wal"]) == (True, 0)
    await log.close()


async def test_an_epoch_whose_dropping_broke_off_has_begun_and_the_next_one_finishes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SqliteLog(tmp_path, Clock())
    for n in range(20):
        await log.append([watch(n, viewer=f"viewer-{n}")])
    with monkeypatch.context() as broken:
        broken.setattr(Store, "drop", lambda _: 1 / 0)
        with pytest.raises(Broken):
            await log.begin_epoch(7)
    await log.close()
    log = SqliteLog(tmp_path, Clock())
    assert (log.epoch, log.base, log.last) == (2, 7, 20)
    assert verify(log.rows(), log.base).damage == []
    assert await ids_of(log, 7) == [event_id(n) for n in range(7, 20)]
    with pytest.raises(Refused, match="dropped by epoch 2"):
        await ids_of(log, 6)
    await log.begin_epoch(8)
    content = b"".join(files_in(tmp_path).values())
    assert (b"viewer-3" in content, b"viewer-9" in content) == (False, True)
    await log.close()


async def test_an_epoch_says_when_a_reader_keeps_old_bytes_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_log, "COMPACT_TRIES", 2)
    log = SqliteLog(tmp_path, Clock())
    await log.append(watches(0, 5))
    reader = apsw.Connection(str(tmp_path / "log.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    reader.execute("BEGIN; SELECT * FROM meta").fetchone()
    with pytest.raises(Unavailable, match="a reader keeps"):
        await log.begin_epoch(3)
    reader.close()
    assert (log.epoch, log.base) == (2, 3)
    await log.close()


async def test_damaged_ids_are_rebuilt_from_the_events(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock(), seal_at=10)
    await log.append(watches(0, 7))
    await log.append(watches(7, 25))
    await log.close()
    change(tmp_path, "UPDATE ids SET keys = zeroblob(length(keys))")
    log = SqliteLog(tmp_path, Clock(), seal_at=10)
    assert (await log.append(watches(0, 25))).repeated == tuple(range(25))
    await log.close()


async def test_a_lost_index_of_ids_is_rebuilt_from_the_events(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock(), seal_at=10)
    for n in range(0, 60, 6):
        await log.append(watches(n, n + 6))
    await log.close()
    change(tmp_path, "DELETE FROM ids")
    log = SqliteLog(tmp_path, Clock(), seal_at=10)
    assert (await log.append(watches(0, 60))).repeated == tuple(range(60))
    await log.close()


async def test_ids_that_no_longer_count_leave_the_index(tmp_path: Path) -> None:
    clock = Clock()
    log = SqliteLog(tmp_path, clock, seal_at=10)
    for day in range(30):
        clock.now_ms = NOW_MS + day * DAY_MS
        await log.append(watches(100 * day, 100 * day + 10, clock.now_ms))
    await log.close()
    store = Store(tmp_path / "log.sqlite", writes=False)
    assert [chunk.first for chunk in store.sealed()] == [1 + 10 * day for day in range(22, 30)]
    store.close()


async def test_only_one_process_writes_to_a_folder(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock())
    with pytest.raises(Unavailable, match="is being written by process"):
        SqliteLog(tmp_path, Clock())
    await log.close()
    await SqliteLog(tmp_path, Clock()).close()


async def test_another_process_reads_while_we_write(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock())
    await log.append(watches(0, 5))
    script = (
        "import sys; from pathlib import Path; from freshet.backends.sqlite_reader import *;"
        "print(SqliteReader(Path(sys.argv[1])).last)"
    )
    path = [path for path in sys.path if path]
    child = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{script}", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert child.stdout == "5\n", child.stderr
    await log.close()


async def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock())
    reader = SqliteReader(tmp_path)
    assert (reader.last, reader.epoch, reader.base) == (0, 1, 0)
    waiting = asyncio.create_task(reader.wait(3))
    await log.append(watches(1, 6))
    await asyncio.wait_for(waiting, 5)
    assert await ids_of(reader, 2) == [event_id(n) for n in range(3, 6)]
    with pytest.raises(Refused, match="opened for reading"):
        await reader.append([watch(9)])
    await reader.close()
    await log.close()


async def test_reading_where_no_log_is_says_so_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no log\.sqlite"):
        SqliteReader(tmp_path)
    assert files_in(tmp_path) == {}


async def test_a_folder_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    await SqliteLog(tmp_path, Clock()).close()
    change(tmp_path, "UPDATE meta SET value = 99 WHERE name = 'format'")
    before = (tmp_path / "log.sqlite").read_bytes()
    with pytest.raises(Refused, match="format 99, this Freshet reads up to 1"):
        SqliteLog(tmp_path, Clock())
    with pytest.raises(Refused, match="a newer Freshet"):
        SqliteReader(tmp_path)
    assert (tmp_path / "log.sqlite").read_bytes() == before


async def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    change(tmp_path, "CREATE TABLE songs (title)")
    with pytest.raises(Refused, match="is not a log of Freshet"):
        SqliteLog(tmp_path, Clock())


async def test_a_file_that_is_no_database_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").write_bytes(b"not a database " * 1000)
    with pytest.raises(Corrupt):
        SqliteLog(tmp_path, Clock())


async def test_a_damaged_row_is_never_read_as_events(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock())
    await log.append(watches(0, 3))
    await log.append(watches(3, 5))
    await log.close()
    change(tmp_path, "UPDATE batches SET received = received + 1 WHERE first = 1")
    with pytest.raises(Corrupt, match="offset 1 does not match its checksum"):
        await everything(SqliteReader(tmp_path))
    assert await ids_of(SqliteReader(tmp_path), 3) == [event_id(3), event_id(4)]


async def test_a_missing_row_is_not_skipped(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock())
    for n in range(3):
        await log.append([watch(n)])
    await log.close()
    change(tmp_path, "DELETE FROM batches WHERE first = 2")
    with pytest.raises(Corrupt, match="no event at offset 2"):
        await everything(SqliteReader(tmp_path))


async def test_a_log_marked_as_import_takes_more_imports_until_it_is_live(tmp_path: Path) -> None:
    for n in range(2):
        log = SqliteLog(tmp_path, Clock(), mode="import")
        await log.append([watch(n, NOW_MS - 10 * DAY_MS + n)])
        await log.close()
    log = SqliteLog(tmp_path, Clock())
    await log.append([watch(5)])
    received = [event.received for event in await everything(log)]
    assert received == [NOW_MS - 10 * DAY_MS, NOW_MS - 10 * DAY_MS + 1, NOW_MS]
    await log.close()
    with pytest.raises(Refused, match="holds live events"):
        SqliteLog(tmp_path, Clock(), mode="import")


async def test_a_full_queue_refuses_the_whole_call_and_keeps_the_rest(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock(), queue_events=10)
    with held(log) as release:
        taken = [asyncio.create_task(log.append([watch(0)]))]
        await asyncio.to_thread(release.entered.wait, 5)
        taken += [asyncio.create_task(log.append(watches(n, n + 5))) for n in (1, 6)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await log.append([watch(99)])
        assert refused.value.retry_after_s > 0
    await asyncio.gather(*taken)
    assert await ids_of(log) == [event_id(n) for n in range(11)]
    await log.close()


async def test_what_is_queued_while_a_commit_runs_shares_the_next(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock())
    with held(log) as release:
        taken = [asyncio.create_task(log.append([watch(0)]))]
        await asyncio.to_thread(release.entered.wait, 5)
        taken += [asyncio.create_task(log.append([watch(n)])) for n in range(1, 20)]
        await asyncio.sleep(0)
    await asyncio.gather(*taken)
    assert [(row.first, row.count) for row in log.rows()] == [(1, 1), (2, 19)]
    await log.close()


async def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock())
    tasks = [asyncio.create_task(log.append([watch(n)])) for n in range(50)]
    await asyncio.sleep(0)
    await log.close()
    await asyncio.gather(*tasks)
    await log.close()
    assert SqliteReader(tmp_path).last == 50


async def test_a_caller_who_gives_up_harms_nobody(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, Clock())
    impatient = asyncio.create_task(log.append([watch(0)]))
    patient = asyncio.create_task(log.append([watch(1)]))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).last in (1, 2)
    assert (await log.append([watch(0)])).repeated == (0,)
    await log.close()


async def test_a_failed_write_stops_the_log_until_it_is_reopened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SqliteLog(tmp_path, Clock())
    await log.append([watch(0)])
    with monkeypatch.context() as broken:
        broken.setattr(Store, "_insert", failing(apsw.IOError("disk gone")))
        with pytest.raises(Broken, match="disk gone"):
            await log.append([watch(1)])
    with pytest.raises(Broken, match="reopen"):
        await log.append([watch(2)])
    await log.close()
    log = SqliteLog(tmp_path, Clock())
    assert (await log.append([watch(2), watch(0)])).offsets == (2, 1)
    await log.close()


async def test_a_full_disk_is_said_and_nothing_is_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SqliteLog(tmp_path, Clock())
    await log.append([watch(0)])
    with monkeypatch.context() as full:
        full.setattr(Store, "_write_meta", failing(apsw.FullError("disk is full")))
        full.setattr(Store, "_insert_chunk", failing(apsw.FullError("disk is full")))
        log._recent._seal_at = 1
        with pytest.raises(Unavailable, match="disk is full"):
            await log.append([watch(1)])
    assert (log.last, await ids_of(log)) == (1, [event_id(0)])
    assert (await log.append([watch(1)])).offsets == (2,)
    await log.close()


def test_new_folders_are_made_durable_from_the_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    files.make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]
    assert (tmp_path / "a" / "b").is_dir()


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def change(folder: Path, sql: str) -> None:
    """Do to the file what no code of ours does."""
    db = apsw.Connection(str(folder / "log.sqlite"))
    db.execute(sql)
    db.close()


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


class held:  # noqa: N801 - reads as a word
    """Holds the writer inside its next commit until the block ends."""

    def __init__(self, log: SqliteLog) -> None:
        self.entered, self._leave = threading.Event(), threading.Event()
        self._writer, self._commit = log._writer, log._writer._commit

    def __enter__(self) -> held:
        def commit(calls: list[object]) -> object:
            self.entered.set()
            self._leave.wait(5)
            return self._commit(calls)  # type: ignore[arg-type]

        self._writer._commit = commit  # type: ignore[assignment]
        return self

    def __exit__(self, *_: object) -> None:
        self._writer._commit = self._commit
        self._leave.set()
