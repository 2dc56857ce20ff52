"""A backup is whole, fits together, and comes back as it was, or not at all."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from random import Random

import apsw
import msgspec
import pytest

from freshet.app import open_catalogue
from freshet.backends.sqlite_copy import Pinned
from freshet.backends.sqlite_log import SqliteLog
from freshet.backends.sqlite_reader import SqliteReader
from freshet.catalogue.access import Access
from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.records import Person, Video
from freshet.catalogue.store.relay import Relay
from freshet.domain import events as e
from freshet.domain.errors import Corrupt, NotFound, Refused, Unavailable
from freshet.lake.segments import Segments, damage
from freshet.log.files import RESTORING, FolderLock
from freshet.log.inspect import Verified, verify
from freshet.ops import manifest
from freshet.ops import moment as moments
from freshet.ops.backup import UNFINISHED, backup, prune
from freshet.ops.restore import check, restore
from freshet.ops.sweep import LOCK
from tests.lake.making import act
from tests.log.making import NOW_MS, watches
from tests.ops.making import House


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a past: a snapshot, then more; keys, a catalogue, secrets."""

    async def live(house: House) -> None:
        await house.happen(watches(0, 30))
        house.follower.save()
        await house.happen(watches(30, 50))
        await house.close()

    house = House.open(tmp_path_factory.mktemp("past") / "data")
    house.keys.keys(["vera", "bob"])
    with open_catalogue(house.data, house.clock) as catalogue:
        catalogue.people.save([Person(id="vera")])
        catalogue.videos.save([Video(id="tea", creator="vera", duration_ms=9_000)])
    (house.data / "api_key").write_text("secret")
    (house.data / "api_key").chmod(0o600)
    asyncio.run(live(house))
    return house.data


@pytest.fixture
async def house(past: Path, tmp_path: Path) -> AsyncIterator[House]:
    shutil.copytree(past, tmp_path / "data")
    house = House.open(tmp_path / "data")
    house.keys.close()
    house.keys = PersonKeys(house.data / "keys.sqlite3", Random(6))  # other keys than the past's
    await house.follower.catch_up()
    yield house
    await house.close()


def verified(data: Path) -> Verified:
    with closing(SqliteReader(data).store) as store:
        return verify(store.all_rows(), store.meta.base)


async def test_what_comes_back_is_what_was_there(house: House, tmp_path: Path) -> None:
    made = backup(house.data, tmp_path / "backups", NOW_MS)
    assert made.name == "freshet-20231114T221320Z"
    found = restore(made, tmp_path / "back")
    assert (found.log.last, found.snapshots, found.left_out) == (50, (30,), ())
    assert verified(tmp_path / "back") == verified(house.data)
    again = House.open(tmp_path / "back", house.clock)
    await again.follower.catch_up()
    assert again.counted.counts == house.counted.counts
    assert again.keys.known("vera") == house.keys.known("vera")
    await again.close()
    with open_catalogue(tmp_path / "back") as catalogue:
        assert [video.id for video in catalogue.videos.all()] == ["tea"]
        assert catalogue.outbox.waiting() == 2  # and is relayed under the same ids
    assert (tmp_path / "back" / "api_key").read_text() == "secret"


def test_nothing_but_its_owner_may_read_it_and_secrets_stay_secret(
    house: House, tmp_path: Path
) -> None:
    made = backup(house.data, tmp_path / "backups", NOW_MS)
    assert {path.stat().st_mode & 0o077 for path in (made, *made.rglob("*"))} == {0}
    restore(made, tmp_path / "back")
    assert (tmp_path / "back" / "api_key").stat().st_mode & 0o777 == 0o600


async def test_what_is_repeated_after_a_restore_is_known(house: House, tmp_path: Path) -> None:
    restore(backup(house.data, tmp_path, NOW_MS), tmp_path / "back")
    log = SqliteLog(tmp_path / "back", house.clock)
    appended = await log.append(watches(0, 51))
    assert len(appended.repeated) == 50
    await log.close()


async def test_whomever_the_log_names_has_a_key_and_nobody_changes_the_catalogue_meanwhile(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two notes of how far everything is, somebody new comes and acts."""
    loop, tried = asyncio.get_running_loop(), list[str]()

    async def act_of_somebody_new(name: str) -> None:
        await house.log.append([act(e.Like, viewer=house.keys.key(name), video="tea")])

    class Slow(Pinned):
        def __init__(self, path: Path) -> None:
            live(f"in front of {path.name}")
            super().__init__(path)
            live(f"behind {path.name}")

    def live(name: str) -> None:
        asyncio.run_coroutine_threadsafe(act_of_somebody_new(name), loop).result()
        with closing(sqlite3.connect(house.data / "catalogue.sqlite3", timeout=0)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                tried.append(str(error))

    with closing(Access(house.data / "access.sqlite3", house.clock, Random(3))):
        monkeypatch.setattr(moments, "Pinned", Slow)
        found = restore(await asyncio.to_thread(backup, house.data, tmp_path, NOW_MS),
                        tmp_path / "back")  # fmt: skip
    assert tried == ["database is locked"] * 6
    assert found.log.last > 50
    again = House.open(tmp_path / "back", house.clock)
    rows = [event async for batch in again.log.read(50) for event in batch.events]
    assert all(again.keys.external(event.viewer) for event in rows)  # type: ignore[attr-defined]
    await again.close()


async def test_what_happens_while_it_copies_is_not_in_it(house: House, tmp_path: Path) -> None:
    """Somebody leaves the catalogue, and all of it is relayed: the copy knows of neither."""
    vera, told = house.keys.key("vera"), list[str]()

    def meanwhile(doing: str, done: int = 0, total: int | None = None) -> None:
        if doing == "copying catalogue.sqlite3" and doing not in told:
            catalogue.people.remove("vera")
            house.keys.erase(vera)
        told.append(doing)

    with open_catalogue(house.data, house.clock) as catalogue:
        restore(backup(house.data, tmp_path, NOW_MS, tell=meanwhile), tmp_path / "back")
        assert catalogue.outbox.waiting() == 4
    with open_catalogue(tmp_path / "back", house.clock) as catalogue:
        assert catalogue.people.get("vera").id == "vera"
        assert catalogue.keys.known("vera") == vera
        assert catalogue.outbox.waiting() == 2


async def test_an_erasure_on_its_way_is_finished_after_a_restore(
    house: House, tmp_path: Path
) -> None:
    vera = house.keys.key("vera")
    with open_catalogue(house.data, house.clock) as catalogue:
        catalogue.people.remove("vera")
    house.keys.erase(vera)  # as the relay does, just after the log's end was noted
    restore(backup(house.data, tmp_path, NOW_MS), tmp_path / "back")
    again = House.open(tmp_path / "back", house.clock)
    with open_catalogue(tmp_path / "back", house.clock) as catalogue:
        await Relay(catalogue.outbox, again.log.append, again.keys.erase).run_once()
    kinds = [
        type(event) for batch in [b async for b in again.log.read(50)] for event in batch.events
    ]
    assert e.PersonErased in kinds
    await again.close()


async def test_after_an_epoch_its_base_and_what_only_the_lake_holds_come_along(
    house: House, tmp_path: Path
) -> None:
    await house.lake.seal(rest=True)
    await house.happen([act(e.PersonErased, person="v3")])
    swept = await house.sweep().run()
    await house.happen(watches(60, 70))
    await house.lake.seal(rest=True)
    house.follower.save()
    found = restore(backup(house.data, tmp_path, NOW_MS), tmp_path / "back")
    assert found.snapshots == (house.log.last, swept.base)
    assert (found.log.epoch, found.log.base, found.lake) == (2, swept.base, swept.base)
    assert damage(Segments(tmp_path / "back" / "lake")) == []
    again = House.open(tmp_path / "back", house.clock)
    await again.lake.seal(rest=True)
    assert again.lake.lake.sealed == house.log.last
    await again.close()


async def test_of_the_lake_as_much_comes_along_as_asked_for(house: House, tmp_path: Path) -> None:
    await house.lake.seal(rest=True)
    assert manifest.read(backup(house.data, tmp_path / "a", NOW_MS)).lake == 0
    assert manifest.read(backup(house.data, tmp_path / "b", NOW_MS, "all")).lake == 50
    restore(tmp_path / "b", tmp_path / "back")
    assert damage(Segments(tmp_path / "back" / "lake")) == []


async def test_a_damaged_snapshot_is_passed_over(house: House, tmp_path: Path) -> None:
    house.follower.save()
    block = house.data / "snapshots" / "50" / "counted" / "counts.msgpack"
    block.write_bytes(block.read_bytes()[:-1])
    assert manifest.read(backup(house.data, tmp_path, NOW_MS)).snapshots == (30,)


def test_the_days_salt_stays_behind(house: House, tmp_path: Path) -> None:
    access = Access(house.data / "access.sqlite3", house.clock, Random(3))
    key = access.sessions.key("vera", "s1")
    made = access.keys.create("app", ["feed"])
    copy = backup(house.data, tmp_path, NOW_MS) / "access.sqlite3"
    with closing(sqlite3.connect(house.data / "access.sqlite3")) as table:
        ((salt,),) = table.execute("SELECT salt FROM salts").fetchall()
    access.close()
    assert salt not in copy.read_bytes()
    restore(tmp_path, tmp_path / "back")
    again = Access(tmp_path / "back" / "access.sqlite3", house.clock, Random(4))
    assert again.keys.verified(made.secret) is not None
    assert again.sessions.key("vera", "s1") != key
    again.close()


def test_what_is_not_freshets_is_left_out_and_named(house: House, tmp_path: Path) -> None:
    (house.data / "notes.txt").write_text("of somebody")
    assert manifest.read(backup(house.data, tmp_path, NOW_MS)).left_out == ("notes.txt",)


def test_a_damaged_log_is_told_and_no_backup_is_left(house: House, tmp_path: Path) -> None:
    with closing(apsw.Connection(str(house.data / "log.sqlite"))) as log:
        log.execute("UPDATE batches SET crc = crc + 1 WHERE first = 31")
    with pytest.raises(Corrupt, match="offset 31: freshet log verify"):
        backup(house.data, tmp_path / "backups", NOW_MS)
    assert list((tmp_path / "backups").iterdir()) == []


def test_no_backup_is_made_into_the_data_folder_or_twice_or_during_a_sweep(
    house: House, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="lies in the data folder"):
        backup(house.data, house.data / "backups", NOW_MS)
    with FolderLock(house.data, LOCK), pytest.raises(Unavailable, match="backed up or swept"):
        backup(house.data, tmp_path / "backups", NOW_MS)
    backup(house.data, tmp_path / "backups", NOW_MS)
    with pytest.raises(Refused, match="there already"):
        backup(house.data, tmp_path / "backups", NOW_MS)
    with pytest.raises(NotFound):
        backup(tmp_path / "nowhere", tmp_path / "backups", NOW_MS)


def test_what_a_crash_left_is_removed_and_what_is_being_written_is_not(
    house: House, tmp_path: Path
) -> None:
    left, other = (tmp_path / f"{UNFINISHED}freshet-{n}" for n in "ab")
    left.mkdir()
    other.mkdir()
    with FolderLock(tmp_path, f"{other.name}.lock"):
        backup(house.data, tmp_path, NOW_MS)
        assert (left.exists(), other.exists()) == (False, True)


def test_the_newest_are_kept_and_the_newest_is_restored(house: House, tmp_path: Path) -> None:
    for n in range(3):
        backup(house.data, tmp_path, NOW_MS + n * 1000)
    assert len(prune(tmp_path, 2)) == 1
    assert len(manifest.backups_in(tmp_path)) == 2
    assert restore(tmp_path, tmp_path / "back").made == NOW_MS + 2000


# --- restoring --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["changed", "missing"])
def test_a_damaged_backup_is_told_and_leaves_the_folder_empty(
    house: House, tmp_path: Path, how: str
) -> None:
    made = backup(house.data, tmp_path / "backups", NOW_MS)
    file = made / "keys.sqlite3"
    if how == "changed":
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    else:
        file.unlink()
    _, wrong = check(made)
    assert [("keys.sqlite3" in line) for line in wrong] == [True]
    with pytest.raises(Corrupt, match=r"keys\.sqlite3"):
        restore(made, tmp_path / "back")
    assert [path.name for path in (tmp_path / "back").iterdir()] == ["writer.lock"]


def test_a_folder_in_use_is_not_restored_into(house: House, tmp_path: Path) -> None:
    made = backup(house.data, tmp_path / "backups", NOW_MS)
    before = verified(house.data)
    with pytest.raises(Refused, match="is not empty: api_key, "):
        restore(made, house.data)
    assert verified(house.data) == before


def test_a_restore_that_broke_off_serves_nobody_and_is_begun_anew(
    house: House, tmp_path: Path
) -> None:
    made = backup(house.data, tmp_path / "backups", NOW_MS)
    back = tmp_path / "back"
    shutil.copytree(made, back)
    (back / "keys.sqlite3").unlink()
    (back / RESTORING).touch()
    with pytest.raises(Refused, match="broke off"):
        SqliteLog(back, house.clock)
    restore(made, back)
    assert not (back / RESTORING).exists()
    assert not (back / manifest.FILE).exists()
    assert verified(back) == verified(house.data)


def test_a_backup_of_a_newer_freshet_is_refused(house: House, tmp_path: Path) -> None:
    made = backup(house.data, tmp_path / "backups", NOW_MS)
    told = json.loads((made / manifest.FILE).read_text())
    told["versions"] |= {"freshet": "9.0", "log": 9, "catalogue": "r9999"}
    (made / manifest.FILE).write_text(json.dumps(told))
    with pytest.raises(Refused, match=r"format of log, catalogue .* Freshet 9\.0"):
        restore(made, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_manifest_cannot_point_outside_of_its_backup(house: House, tmp_path: Path) -> None:
    made = backup(house.data, tmp_path / "backups", NOW_MS)
    told = manifest.read(made)
    evil = msgspec.structs.replace(told.files[0], path="../elsewhere")
    changed = msgspec.structs.replace(told, files=(evil,))
    (made / manifest.FILE).write_bytes(msgspec.json.encode(changed))
    with pytest.raises(Corrupt, match="outside"):
        restore(made, tmp_path / "back")
