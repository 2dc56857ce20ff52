"""The doctor finds what is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import apsw
import msgspec
import pytest
from typer.testing import CliRunner

from freshet.app import open_catalogue
from freshet.catalogue.store.migrate import revisions
from freshet.cli_doctor import LOOKS, app
from freshet.config import Backup, Http, Settings
from freshet.domain import events as e
from freshet.log.files import RESTORING
from freshet.ops import check_data, check_machine, check_server
from freshet.ops.backup import backup
from freshet.ops.doctor import Check, examined
from tests.lake.making import act
from tests.log.making import DAY_MS, HOUR_MS, NOW_MS, watches
from tests.ops.making import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House.open(tmp_path / "data")
    await house.happen(watches(0, 30))
    house.follower.save()
    yield house
    await house.close()


def found(data: Path, now_ms: int = NOW_MS, **told: object) -> dict[str, Check]:
    """What is found in a data folder, by name."""
    settings = msgspec.structs.replace(Settings(data=str(data)), **told)
    return {check.name: check for check in examined(settings, now_ms, check_data.LOOKS)}


def test_a_folder_that_is_well_is_found_well(house: House, tmp_path: Path) -> None:
    with open_catalogue(house.data, house.clock):
        pass
    backup(house.data, tmp_path / "backups", NOW_MS)
    checks = found(house.data, backup=Backup(folder=str(tmp_path / "backups")))
    assert {name: check for name, check in checks.items() if check.state != "ok"} == {}
    assert checks["log"].says.startswith("30 events up to offset 30")
    assert checks.keys() >= {"rights", "clock", "snapshot", "catalogue", "outbox", "lake"}


def test_no_data_folder_yet_is_well(tmp_path: Path) -> None:
    checks = found(tmp_path / "data")
    assert checks["data folder"].state == "ok"
    assert not (tmp_path / "data").exists()


def test_looking_changes_nothing(house: House) -> None:
    def bytes_of() -> dict[str, bytes]:
        kept = (p for p in house.data.rglob("*") if p.is_file() and p.suffix != ".sqlite-shm")
        return {str(p): p.read_bytes() for p in kept if not p.name.endswith("-shm")}

    before = bytes_of()
    examined(Settings(data=str(house.data), http=free()), NOW_MS, LOOKS)
    assert bytes_of() == before


def test_secrets_that_others_may_read_are_told(house: House) -> None:
    (house.data / "api_key").write_text("secret")
    (house.data / "api_key").chmod(0o644)
    assert found(house.data)["rights"].state == "ok"  # nobody else gets into the folder
    house.data.chmod(0o755)
    rights = found(house.data)["rights"]
    assert (rights.state, "api_key" in rights.says) == ("warn", True)
    assert rights.do == f"chmod 700 {house.data}"


def test_a_restore_that_broke_off_is_told(house: House) -> None:
    (house.data / RESTORING).touch()
    assert found(house.data)["data folder"].state == "fail"


def test_a_damaged_row_of_the_log_is_told(house: House) -> None:
    with closing(apsw.Connection(str(house.data / "log.sqlite"))) as log:
        log.execute("UPDATE batches SET crc = crc + 1")
    assert found(house.data)["log"].state == "fail"


def test_a_log_without_the_keys_of_its_people_is_told(house: House) -> None:
    for file in house.data.glob("keys.sqlite3*"):
        file.unlink()
    keys = found(house.data)["keys"]
    assert (keys.state, "before a start" in keys.do) == ("fail", True)


def test_a_clock_behind_the_log_is_told(house: House) -> None:
    clock = found(house.data, NOW_MS - HOUR_MS)["clock"]
    assert (clock.state, "3,600 s behind" in clock.says) == ("fail", True)


def test_a_start_that_would_take_long_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_data, "FOLDED_PER_S", 0.1)
    assert found(house.data)["snapshot"].state == "ok"
    shutil.rmtree(house.data / "snapshots")
    snapshot = found(house.data)["snapshot"]
    assert (snapshot.state, "folds for about 300 s" in snapshot.says) == ("warn", True)


async def test_a_base_without_its_snapshot_is_told(house: House) -> None:
    await house.follower.begin_epoch(30)
    assert found(house.data)["snapshot"].state == "ok"
    next(house.data.glob("snapshots/30/*/*")).unlink()
    assert found(house.data)["snapshot"].state == "fail"


def test_a_catalogue_of_a_newer_freshet_and_what_the_log_refused_are_told(house: House) -> None:
    with open_catalogue(house.data, house.clock):
        pass
    with closing(sqlite3.connect(house.data / "catalogue.sqlite3")) as tables, tables:
        tables.execute("INSERT INTO outbox (event, refused) VALUES (x'00', 'is too old')")
    outbox = found(house.data)["outbox"]
    assert (outbox.state, "is too old" in outbox.says) == ("fail", True)
    with closing(sqlite3.connect(house.data / "catalogue.sqlite3")) as tables, tables:
        tables.execute("UPDATE alembic_version SET version_num = 'r9999'")
    assert found(house.data)["catalogue"].state == "fail"
    assert revisions()[-1] != "r9999"


async def test_an_erasure_that_is_overdue_is_told(house: House) -> None:
    await house.happen([act(e.PersonErased, person="v3")])
    assert found(house.data)["erasures"].state == "ok"
    assert found(house.data, NOW_MS + 31 * DAY_MS)["erasures"].state == "fail"


def test_backups_that_fail_or_keep_people_for_too_long_are_told(
    house: House, tmp_path: Path
) -> None:
    told = Backup(folder=str(tmp_path / "backups"), every_hours=6)
    assert found(house.data, backup=told)["backups"].state == "warn"
    backup(house.data, tmp_path / "backups", NOW_MS)
    assert found(house.data, NOW_MS + 12 * HOUR_MS, backup=told)["backups"].state == "ok"
    late = found(house.data, NOW_MS + 13 * HOUR_MS, backup=told)["backups"]
    assert (late.state, "13 hours ago" in late.says) == ("warn", True)
    long = found(house.data, backup=msgspec.structs.replace(told, keep=121))["backups"]
    assert (long.state, "longer than erased people" in long.says) == ("warn", True)


def test_a_folder_of_a_newer_freshet_is_a_finding_and_the_rest_is_looked_at(
    house: House,
) -> None:
    with closing(apsw.Connection(str(house.data / "log.sqlite"))) as log:
        log.execute("UPDATE meta SET value = 9 WHERE name = 'format'")
    checks = found(house.data)
    assert (checks["log"].state, "a newer Freshet" in checks["log"].says) == ("fail", True)
    assert "backups" in checks


# --- the machine ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "state"), [(100e6, "fail"), (0.9e9, "warn"), (5e9, "ok")]
)  # fmt: skip
def test_room_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, state: str
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=int(free))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    (check,) = check_machine.disk(Settings(data=str(tmp_path / "a" / "b")), NOW_MS)
    assert check.state == state


@pytest.mark.parametrize(("total", "state"), [(1e9, "ok"), (1_500, "warn"), (1_000, "fail")])
def test_the_state_has_room_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: float, state: str
) -> None:
    monkeypatch.setattr(check_machine, "state_bytes", lambda _: 900)
    monkeypatch.setattr(check_machine, "memory_bytes", lambda: total)
    (check,) = check_machine.memory(Settings(), NOW_MS)
    assert check.state == state


def test_a_container_has_the_memory_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = check_machine.memory_bytes()
    monkeypatch.setattr(check_machine, "CGROUP", tmp_path / "memory.max")
    assert check_machine.memory_bytes() >= whole
    (tmp_path / "memory.max").write_text("123456\n")
    assert check_machine.memory_bytes() == 123456


# --- the server -------------------------------------------------------------------------------

READY = {"ok": True, "problems": []}
NOT_READY = {"ok": False, "problems": ["40,000 events are not folded yet"]}
QUIET = "# HELP freshet_alert What\n"
DRIFTS = 'freshet_alert{code="miscalibrated",subject="like",worker="0"} 0.41\n'


@pytest.mark.parametrize(
    ("status", "body", "metrics", "states"),
    [
        (200, READY, QUIET, {"server": "ok", "alerts": "ok"}),
        (200, READY, DRIFTS, {"server": "ok", "alerts": "warn"}),
        (503, NOT_READY, QUIET, {"server": "fail"}),
        (200, {"hello": "world"}, QUIET, {"server": "fail"}),
    ],
)
def test_what_answers_on_the_port(
    status: int, body: dict[str, Any], metrics: str, states: dict[str, str]
) -> None:
    with answering({"/health/ready": (status, json.dumps(body)), "/metrics": (200, metrics)}) as at:
        checks = list(check_server.server(Settings(http=at), NOW_MS))
    assert {check.name: check.state for check in checks} == states


def test_a_free_port_is_well() -> None:
    (check,) = check_server.server(Settings(http=free()), NOW_MS)
    assert (check.state, "is free" in check.says) == ("ok", True)


@contextmanager
def answering(pages: dict[str, tuple[int, str]]) -> Iterator[Http]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = pages[self.path]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Http(host="127.0.0.1", port=server.server_address[1])
        server.shutdown()


def free() -> Http:
    """A port that nobody listens on."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return Http(host="127.0.0.1", port=server.server_address[1])


# --- the command ------------------------------------------------------------------------------


def test_the_exit_code_says_whether_anything_fails(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRESHET_HTTP_PORT", str(free().port))
    called = CliRunner().invoke(app, ["--data", str(house.data), "--json"])
    told = json.loads(called.stdout)
    assert (called.exit_code, told["failed"], told["warned"] > 0) == (0, 0, True)  # no backups
    assert CliRunner().invoke(app, ["--data", str(house.data), "--strict"]).exit_code == 1
    (house.data / RESTORING).touch()
    failing = CliRunner().invoke(app, ["--data", str(house.data)])
    assert failing.exit_code == 1
    assert "→ freshet restore, once more" in failing.stdout
