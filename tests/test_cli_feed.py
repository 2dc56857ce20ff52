"""`freshet feed` prints a slate with reasons and trace; `freshet serve` has its key."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from freshet import cli_feed
from freshet.config import Http, Settings
from freshet.domain.errors import Refused
from tests.feed.making import engine_of, video


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder behind whose engine there are twelve videos, one of them new."""

    @asynccontextmanager
    async def opened(_: Settings) -> AsyncIterator[Any]:
        engine = engine_of(tmp_path, explore_share=0.0)
        await engine.record([*(video(f"v{i}") for i in range(11)), video("new", age_h=1)])
        await engine.catch_up()
        yield engine

    monkeypatch.setattr(cli_feed, "open_engine", opened)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def run(folder: Path, *args: str) -> str:
    done = CliRunner().invoke(cli_feed.feed_app, ["vera", "--data", str(folder), *args])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_feed_is_a_table_with_a_reason_for_each_video(folder: Path) -> None:
    said = run(folder, "-n", "3")
    assert len(said.splitlines()) == 4
    assert "posted 1 hour ago" in said
    assert "from what you have not seen lately" in said


def test_the_trace_shows_every_stage(folder: Path) -> None:
    said = run(folder, "--trace")
    for stage in ("fresh", "explore", "everything", "not_seen", "predict", "diverse", "reasons"):
        assert stage in said


def test_as_json_it_is_the_answer_of_the_api(folder: Path) -> None:
    answer = json.loads(run(folder, "--json", "--trace", "-n", "2"))
    assert [item["position"] for item in answer["items"]] == [0, 1]
    assert answer["trace"]["rungs"][0]["pipeline"] == "for_you"
    assert answer["trace"]["features"].keys() == {item["video"] for item in answer["items"]}
    assert "trace" not in json.loads(run(folder, "--json"))


def test_a_folder_that_is_not_there_is_refused(folder: Path) -> None:
    done = CliRunner().invoke(cli_feed.feed_app, ["vera", "--data", str(folder / "none")])
    assert isinstance(done.exception, Refused)


def test_the_api_key_is_that_of_the_settings_else_made_once_for_its_owner_only(
    tmp_path: Path,
) -> None:
    told = Settings(data=str(tmp_path / "data"))
    made = cli_feed.api_key(told)
    assert len(made) > 30
    assert cli_feed.api_key(told) == made
    file = tmp_path / "data" / cli_feed.API_KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert cli_feed.api_key(msgspec.structs.replace(told, http=Http(api_key="mine"))) == "mine"
    file.write_text("")
    with pytest.raises(Refused, match="is empty"):
        cli_feed.api_key(told)
