"""`freshet import` from the command line, into a log in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from freshet.domain.errors import Refused
from freshet.lab import cli_import
from tests.lab.readers.folders import folder, log_line
from tests.lab.readers.test_importer import Keys, Log
from tests.lab.readers.test_thu import line, put


@pytest.fixture
def log(monkeypatch) -> Log:
    log, keys = Log(), Keys()

    @asynccontextmanager
    async def opened(data: Path) -> AsyncIterator[tuple[Log, Keys]]:
        yield log, keys

    monkeypatch.setattr(cli_import, "open_for_import", opened)
    return log


def call(*arguments: object) -> str:
    result = CliRunner().invoke(cli_import.app, [str(argument) for argument in arguments])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_a_kuairand_folder_is_imported_and_counted(log, tmp_path):
    path = folder(tmp_path / "set", log_line(is_like=1), log_line(play_time_ms=-1))
    data, refused = tmp_path / "data", tmp_path / "refused.jsonl"
    counts = json.loads(call("kuairand", path, "--data", data, "--report", refused, "--json"))
    assert counts["appended"] == {
        "video_published": 2, "person_saved": 2, "impression": 1, "like": 1, "watch": 1
    }  # fmt: skip
    assert (counts["lines"], counts["lines_kept"], counts["lines_refused"]) == (2, 1, 1)
    assert json.loads(refused.read_text())["field"] == "play_time_ms"
    assert log.events[-1].viewer.startswith("key")  # type: ignore[attr-defined]


def test_importing_a_folder_again_skips_what_the_log_has_acknowledged(log, tmp_path):
    path = folder(tmp_path / "set", log_line())
    call("kuairand", path, "--data", tmp_path / "data")
    length = log.last
    counts = json.loads(call("kuairand", path, "--data", tmp_path / "data", "--json"))
    assert (log.last, counts["skipped"], counts["appended"]) == (length, length, {})


def test_a_thu_folder_is_imported_and_a_second_time_skipped(log, tmp_path):
    path = put(tmp_path, line(collect=1), line(watch_time_s=-1))
    data = tmp_path / "data"
    counts = json.loads(call("thu", path, "--data", data, "--json"))
    assert counts["appended"] == {
        "person_saved": 1, "video_published": 1, "impression": 1, "click": 1, "favorite": 1,
        "watch": 1,
    }  # fmt: skip
    assert (counts["lines_kept"], counts["lines_refused"]) == (1, 1)
    assert json.loads(call("thu", path, "--data", data, "--json"))["skipped"] == 6


def test_a_file_of_events_is_imported_with_its_mapping(log, tmp_path):
    (tmp_path / "views.csv").write_text("uid,vid,ts,ms\na,v,1650812741436,9\nb,v,x,9\n")
    (tmp_path / "map.toml").write_text(
        'type = "watch"\n[columns]\nviewer = "uid"\nvideo = "vid"\ntime = "ts"\nwatched_ms = "ms"\n'
    )
    text = call("events", tmp_path / "views.csv", "--mapping", tmp_path / "map.toml",
                "--data", tmp_path / "data")  # fmt: skip
    assert "1 events appended" in text
    assert "views.csv, line 3, ts (time): 'x' is not a number" in text


def test_an_import_of_which_nothing_is_left_is_refused(log, tmp_path):
    path = folder(tmp_path / "set", log_line(time_ms=3))
    with pytest.raises(Refused, match=r"nothing could be imported; the first: log_standard"):
        call("kuairand", path, "--data", tmp_path / "data")


def test_a_bad_mapping_stops_before_the_log_is_opened(log, tmp_path, monkeypatch):
    monkeypatch.setattr(cli_import, "open_for_import", None)
    (tmp_path / "views.csv").write_text("uid\n")
    (tmp_path / "map.toml").write_text("colums = 3\n")
    with pytest.raises(Refused, match=r"map.toml: colums"):
        call("events", tmp_path / "views.csv", "--mapping", tmp_path / "map.toml")
