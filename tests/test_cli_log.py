"""`freshet log tail|verify` as a person or a script meets them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from freshet.backends.sqlite_log import SqliteLog
from freshet.cli_log import app
from freshet.domain.errors import NotFound, Refused
from freshet.domain.events import Like, SlateServed
from tests.log.making import Clock, event_id, watches
from tests.log.test_sqlite_log import change


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Watches 1 to 30, with a like as event 5 and a slate at the end."""

    async def fill() -> None:
        log = SqliteLog(tmp_path, Clock())
        like = Like(event_id=event_id(900), time=1, viewer="ann", video="cat")
        slate = SlateServed(
            event_id=event_id(901), time=2, viewer="ann", request_id="r", items=(), features=b"12"
        )
        await log.append([*watches(1, 5), like])
        await log.append([*watches(6, 31), slate])
        await log.close()

    asyncio.run(fill())
    return tmp_path


def test_tail_shows_the_newest_events_in_order(data: Path) -> None:
    lines = call("tail", "--data", data, "--json", "-n", 3).stdout.splitlines()
    assert [json.loads(line)["offset"] for line in lines] == [29, 30, 31]
    assert json.loads(lines[0])["type"] == "watch"


def test_tail_looks_back_as_far_as_needed_for_a_type(data: Path) -> None:
    lines = call("tail", "--data", data, "--json", "-n", 1, "--type", "like").stdout.splitlines()
    assert [json.loads(line)["offset"] for line in lines] == [5]


def test_tail_for_people_names_time_type_and_fields(data: Path) -> None:
    shown = call("tail", "--data", data, "-n", 1).stdout
    assert "2023-11-14 22:13:20.000" in shown
    assert "slate_served" in shown
    assert "viewer=ann" in shown


@pytest.mark.parametrize("count", [0, 31, 1000])
def test_tail_shows_as_many_as_asked_or_all(data: Path, count: int) -> None:
    shown = call("tail", "--data", data, "--json", "-n", count).stdout
    assert len(shown.splitlines()) == min(count, 31)


def test_tail_refuses_a_type_that_does_not_exist(data: Path) -> None:
    with pytest.raises(Refused, match="there is no event 'applause'"):
        call("tail", "--data", data, "--type", "applause")


def test_verify_counts_and_gives_a_digest(data: Path) -> None:
    result = call("verify", "--data", data)
    assert result.exit_code == 0
    assert "31 events, offsets 1 to 31, epoch 1" in result.stdout
    assert "the log is whole" in result.stdout


def test_verify_says_what_is_damaged_and_fails(data: Path) -> None:
    change(data, "UPDATE batches SET data = substr(data, 2) WHERE first = 6")
    result = call("verify", "--data", data)
    assert result.exit_code == 1
    assert "events 6 to 31" in result.stderr
    assert "checksum" in result.stderr
    plain = json.loads(call("verify", "--data", data, "--json").stdout)
    assert (plain["events"], len(plain["damage"])) == (5, 1)


@pytest.mark.parametrize("command", ["tail", "verify"])
def test_a_folder_without_a_log_is_named(tmp_path: Path, command: str) -> None:
    with pytest.raises(NotFound, match=r"no log\.sqlite in"):
        call(command, "--data", tmp_path / "nothing")


def call(*words: object) -> Result:
    # An error of ours goes on to `freshet.cli`, which says it in words.
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
