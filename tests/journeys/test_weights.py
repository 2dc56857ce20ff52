"""A running server takes a new value table on SIGHUP, in every process, and drops no request."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from freshet import cli_weights
from freshet.app import open_for_import
from tests.chaos.workers import KEY, Server
from tests.feed.making import video

BY = {"Authorization": f"Bearer {KEY}"}


async def like_weights(server: Server, asks: int) -> list[float]:
    """By what table each of some feeds was ranked; a connection each, so that all serve."""
    found = []
    for i in range(asks):
        async with httpx.AsyncClient(base_url=server.root, headers=BY, trust_env=False) as http:
            query = {"viewer": f"v{i}", "n": 3, "trace": 1}
            answer = await http.get("/v1/feeds/for_you", params=query, timeout=60)
            assert answer.status_code == 200
            found.append(answer.json()["trace"]["weights"]["like"])
    return found


async def asking(server: Server, stop: asyncio.Event) -> int:
    """Feeds for one viewer after another, over one connection; none may fail."""
    asked = 0
    async with httpx.AsyncClient(base_url=server.root, headers=BY, trust_env=False) as http:
        while not stop.is_set():
            query = {"viewer": f"w{asked}", "n": 3}
            answer = await http.get("/v1/feeds/for_you", params=query, timeout=60)
            assert answer.status_code == 200
            asked += 1
    return asked


def tried(data: Path) -> Any:
    """What the command line says of the folder, beside the server."""
    words = ["try", "--data", str(data), "--set", "like=2", "--json", "-"]
    return json.loads(CliRunner().invoke(cli_weights.app, words).output)


async def until_all_say(server: Server, like: float) -> list[float]:
    seen = list[float]()
    for _ in range(60):
        found = await like_weights(server, 12)
        seen += found
        if set(found) == {like}:
            return seen
        await asyncio.sleep(0.5)
    raise AssertionError(f"not all rank by {like}: {seen[-12:]}")


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_table_is_changed_while_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    file = tmp_path / "freshet.toml"
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    async with open_for_import(data) as (log, _):
        await log.append([video(f"v{i}") for i in range(30)])
    server = Server(data, workers)
    try:
        await server.ready()
        assert set(await like_weights(server, 4)) == {1.0}
        stop = asyncio.Event()
        beside = asyncio.create_task(asking(server, stop))
        file.write_text("[feed.for_you.weights]\nlike = 6.5\n")
        server.process.send_signal(signal.SIGHUP)
        assert set(await until_all_say(server, 6.5)) <= {1.0, 6.5}
        stop.set()
        assert await beside > 0
        found = await asyncio.to_thread(tried, data)
        assert found["old_weights"]["like"] == 6.5
        assert 0 < found["same_table"] < 1
        file.write_text("[feed.for_you.weights]\nlikes = 7\n")
        server.process.send_signal(signal.SIGHUP)
        assert set(await like_weights(server, 12)) == {6.5}
    finally:
        assert server.stop() == 0
    said = (tmp_path / "errors.txt").read_text()
    assert said.count("weights in force") == 1  # told once, whoever serves
    assert '"changed":{"like":[1.0,6.5]}' in said
    assert said.count("weights stay as they were") == 1
    assert "weights.likes" in said
