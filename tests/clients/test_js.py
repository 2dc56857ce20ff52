"""The TypeScript client: its own tests, its types, and a real server behind a failing network."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from freshet_client import Client
from tests.clients.flaky import Flaky
from tests.clients.serving import Served
from tests.clients.test_against_server import WORDS, plan

JS = Path(__file__).parents[2] / "clients" / "js"


@pytest.fixture(scope="session")
def compiled(node: Any) -> Path:
    """The folder with the client, its tests and its talk with a server, as JavaScript."""
    out = Path("out") / os.environ.get("PYTEST_XDIST_WORKER", "main")
    tsc = ["node_modules/.bin/tsc", "--project", "tsconfig.json", "--outDir", str(out)]
    done = node.run(tsc, capture_output=True)
    assert done.returncode == 0, done.stdout
    return out


def test_its_own_tests_pass(node: Any, compiled: Path) -> None:
    tests = [str(compiled / "test" / f"{file.stem}.js") for file in (JS / "test").glob("*.test.ts")]
    assert tests
    done = node.run(["node", "--test", *tests], capture_output=True)
    assert done.returncode == 0, done.stdout


def test_what_is_published_compiles_without_types_of_node(node: Any, tmp_path: Path) -> None:
    build = ["node_modules/.bin/tsc", "--project", "tsconfig.build.json", "--outDir", str(tmp_path)]
    done = node.run(build, capture_output=True)
    assert done.returncode == 0, done.stdout
    published = json.loads((JS / "package.json").read_text())
    for file in (published["main"], published["types"]):
        assert (tmp_path / Path(file).name).exists()
    assert "dependencies" not in published


def live(node: Any, compiled: Path, url: str, token: str) -> dict[str, list[str]]:
    """The ids of what it told, by what it was doing."""
    done: subprocess.CompletedProcess[str] = node.run(
        ["node", str(compiled / "live" / "live.js")],
        env={**node.variables, "FRESHET_URL": url, "FRESHET_TOKEN": token},
        capture_output=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said: dict[str, list[str]] = json.loads(done.stdout)
    return said


def test_it_comes_through_a_failing_network_to_a_real_server(
    server: Served, client: Client, node: Any, compiled: Path
) -> None:
    token = client.viewer_token("tess", consent=True).token
    with Flaky(server.url, plan(3, 150)) as flaky:
        said = live(node, compiled, flaky.url, token)
    assert {word for word, *_ in flaky.asked} == {*WORDS, "pass"}
    told = [event_id for ids in said.values() for event_id in ids]
    logged = server.logged()
    assert len(told) > 50
    assert {event_id: logged[event_id] for event_id in told} == dict.fromkeys(told, 1)


def test_a_beacon_of_a_leaving_page_is_taken_as_text_with_its_token_in_the_query(
    server: Served, client: Client, node: Any, compiled: Path
) -> None:
    token = client.viewer_token("uma", consent=True).token
    with Flaky(server.url, []) as flaky:
        live(node, compiled, flaky.url, token)
    beacons = [asked for asked in flaky.asked if "viewer_token=" in asked[2]]
    assert beacons
    assert all("Authorization" not in headers for _, _, _, headers, _ in beacons)
    assert {headers["content-type"] for _, _, _, headers, _ in beacons} == {
        "text/plain;charset=UTF-8"
    }
