"""`freshet arms NAME` and the route of the same say what the log holds."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from litestar.testing import TestClient
from typer.testing import CliRunner

from freshet import cli_arms
from freshet.backends.sqlite_log import SqliteLog
from freshet.domain.errors import NotFound
from freshet.engine import OneProcess
from freshet.feed.experiments import Arm, Experiment
from freshet.http.app import create_app
from tests.feed.making import engine_of, video
from tests.feed.test_arms import served, viewed
from tests.feed.world import NOW_MS
from tests.http.asking import ADMIN, APP

EVENTS = [
    event
    for i in range(6)
    for event in (
        served(f"p{i}", f"x/{'ab'[i % 2]}", NOW_MS),
        *viewed(f"p{i}", "one", 2 + i % 2 * 5 + i / 10, time=NOW_MS),
    )
]


@pytest.fixture
async def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    log = SqliteLog(tmp_path, lambda: NOW_MS)
    await log.append(EVENTS)
    await log.close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def run(folder: Path, *args: str) -> str:
    done = CliRunner().invoke(cli_arms.app, ["x", "--data", str(folder), *args])
    assert done.exit_code == 0, done.output
    return done.output


def test_arms_are_compared_in_a_table(folder: Path) -> None:
    said = run(folder)
    assert "a (control)" in said
    line = next(line for line in said.splitlines() if "watch_s_per_impression" in line)
    assert "2.2 [" in line
    assert "7.3 [" in line
    assert "*" in said  # five seconds more are no chance


def test_as_json_another_control_can_be_named(folder: Path) -> None:
    table = json.loads(run(folder, "--json", "--control", "b"))
    assert (table["control"], table["sampled"]) == ("b", 1.0)
    a, b = table["arms"]
    assert (a["arm"], a["viewers"], a["impressions"]) == ("a", 3, 3)
    assert a["differences"]["watch_s_per_impression"]["value"] == pytest.approx(-5.1)
    assert b["differences"] == {}


def test_an_experiment_nobody_was_in_is_not_found(folder: Path) -> None:
    done = CliRunner().invoke(cli_arms.app, ["y", "--data", str(folder)])
    assert isinstance(done.exception, NotFound)


def test_the_route_says_the_same_to_the_admin_only(tmp_path: Path) -> None:
    arms = {"a": Arm(share=0.5), "b": Arm(share=0.5)}
    engine = engine_of(tmp_path, experiments={"x": Experiment(arms=arms, control="b")})
    asyncio.run(_recorded(engine))
    with TestClient(create_app(engine)) as client:
        assert client.get("/v1/admin/arms/x", headers=APP).status_code == 403
        assert client.get("/v1/admin/arms/y", headers=ADMIN).status_code == 404
        table = client.get("/v1/admin/arms/x", headers=ADMIN).json()
        assert table["control"] == "b"
        assert [one["viewers"] for one in table["arms"]] == [3, 3]
        other = client.get("/v1/admin/arms/x", params={"control": "a"}, headers=ADMIN).json()
        assert other["control"] == "a"


async def _recorded(engine: OneProcess) -> None:
    await engine.record([video("one"), *EVENTS])
