"""`freshet lake` as a person or a script meets it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from freshet.backends.sqlite_log import SqliteLog
from freshet.cli_lake import app
from freshet.domain.errors import NotFound
from tests.lake.making import hours
from tests.log.making import HOUR_MS, NOW_MS


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    async def fill() -> None:
        log = SqliteLog(tmp_path / "data", lambda: NOW_MS + 100 * HOUR_MS, mode="import")
        await log.append(hours(30))
        await log.close()

    asyncio.run(fill())
    monkeypatch.chdir(tmp_path)  # where no settings file lies
    return tmp_path / "data"


def test_what_is_sealed_is_told(data: Path) -> None:
    before = json.loads(call("status", "--data", data, "--json").stdout)
    assert (before["sealed"], before["last"]) == (0, 60)
    assert "52 events in 2 segments" in call("seal", "--data", data).stdout  # "data" by itself
    rest = json.loads(call("seal", "--data", data, "--rest", "--json").stdout)
    assert rest == {"segments": 1, "events": 8, "sealed": 60}
    shown = call("status").stdout
    assert "offset 60 of 60" in shown
    assert "2023-11-16 03:13:20+00:00" in shown


def test_a_damaged_lake_is_told_and_fails(data: Path) -> None:
    call("seal", "--rest")
    assert "is whole up to offset 60" in call("verify").stdout
    next(data.rglob("*.parquet")).unlink()
    result = call("verify", "--json")
    assert result.exit_code == 1
    assert "is missing" in json.loads(result.stdout)["damage"][0]


def test_a_folder_without_a_log_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no log\.sqlite in"):
        call("status", "--data", tmp_path)
    with pytest.raises(NotFound, match="no folder"):
        call("verify", "--data", tmp_path / "nothing")


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
