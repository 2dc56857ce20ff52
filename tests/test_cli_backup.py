"""`freshet backup` and `freshet restore` as a person or a script meets them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from freshet.backends.sqlite_log import SqliteLog
from freshet.cli_backup import backup_app, restore_app
from freshet.domain.errors import NotFound, Refused
from tests.lake.making import hours
from tests.log.making import HOUR_MS, NOW_MS


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    async def fill() -> None:
        log = SqliteLog(tmp_path / "data", lambda: NOW_MS + 100 * HOUR_MS, mode="import")
        await log.append(hours(3))
        await log.close()

    asyncio.run(fill())
    (tmp_path / "data" / "notes.txt").touch()
    monkeypatch.chdir(tmp_path)  # where no settings file lies
    return tmp_path / "data"


def test_a_backup_goes_where_the_settings_say_and_comes_back(data: Path) -> None:
    made = backup()
    assert made.stdout.startswith("backups/freshet-2")
    assert "up to offset 6 as of" in made.stdout
    assert made.stderr == "left out, as it is nothing of Freshet's: notes.txt\n"
    back = restore("backups", "--data", "back")
    assert back.stdout.startswith("back: the log up to offset 6")
    assert "Erasures asked for since then" in back.stderr


def test_a_script_gets_all_of_it_as_one_object(data: Path) -> None:
    made = json.loads(backup("elsewhere", "--data", data, "--json").stdout)
    assert (made["log"]["last"], made["lake"], made["removed"]) == (6, 0, [])
    back = json.loads(restore(made["folder"], "--data", "back", "--json").stdout)
    assert back | {"folder": "", "removed": []} == made | {"folder": ""}


def test_a_backup_is_checked_without_restoring_it(data: Path) -> None:
    made = json.loads(backup("--json").stdout)
    assert "the backup is whole" in restore("backups", "--check").stdout
    (Path(made["folder"]) / "log.sqlite").unlink()
    checked = restore("backups", "--check", "--json")
    assert checked.exit_code == 1
    assert "log.sqlite is missing" in json.loads(checked.stdout)["damage"][0]


def test_what_cannot_be_done_is_refused_in_words(data: Path) -> None:
    with pytest.raises(NotFound, match="no log"):
        CliRunner().invoke(backup_app, ["--data", "nowhere"], catch_exceptions=False)
    with pytest.raises(NotFound, match="holds no backup"):
        CliRunner().invoke(restore_app, ["nowhere"], catch_exceptions=False)
    backup()
    with pytest.raises(Refused, match=r"data is not empty: log\.sqlite"):
        CliRunner().invoke(restore_app, ["backups"], catch_exceptions=False)


def backup(*words: object) -> Result:
    return CliRunner().invoke(backup_app, [str(word) for word in words])


def restore(*words: object) -> Result:
    return CliRunner().invoke(restore_app, [str(word) for word in words])
