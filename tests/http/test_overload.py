"""A real server that is asked for more than it can carry: steps, no error, no repeat, recovery."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

import msgspec
import pytest

from freshet.lab.bench.acts import Acts
from freshet.lab.bench.client import Connection, Requests
from freshet.lab.bench.folder import Made, made_folder
from freshet.lab.bench.load import read_feed
from freshet.lab.bench.server import Server, highest

MADE = Made(videos=3_000, viewers=100, seed=1)
CLIENTS, IDLE = 24, 200
# Whatever the machine, so many clients are more than this allows.
TIGHT = {"TARGET_MS": "1", "INTERVAL_MS": "20", "CALM_MS": "200", "QUEUE": "10000", "KEPT": "30"}
STEPS = {"fewer_candidates", "cached_slate", "popular_by_country"}
GIVE_UP_S = 120


def tell(doing: str, done: int = 0, total: int | None = None) -> None: ...


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("overload") / "data"
    made_folder(path, MADE, tell)
    return path


class Crowd:
    """Clients that ask again as soon as they were answered, each for a viewer of its own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.requests = Requests(server.host, server.port, server.key)
        self.statuses: Counter[int] = Counter()
        self.rungs: Counter[str] = Counter()
        self.shown: dict[str, list[str]] = defaultdict(list)
        self.events = 0

    async def until_all_steps(self) -> None:
        await asyncio.gather(*(self._client(f"viewer-{n}") for n in range(CLIENTS)))

    async def _client(self, viewer: str) -> None:
        connection = await Connection.to(self.server.host, self.server.port)
        acts, begun = Acts(Random(viewer)), time.monotonic()
        while not self.rungs.keys() >= STEPS and time.monotonic() - begun < GIVE_UP_S:
            rung = await self.feed(connection, viewer, acts)
            self.rungs[rung] += 1
        connection.close()

    async def feed(self, connection: Connection, viewer: str, acts: Acts) -> str:
        path = f"/v1/feeds/for_you?n=10&viewer={viewer}&session_id=evening"
        status, body = await connection.ask(self.requests.get(path))
        self.statuses[status] += 1
        feed = read_feed(body)
        names = [item.video for item in feed.items]
        self.shown[viewer] += names
        batch = acts.watched(viewer, names, feed.request_id)
        status, body = await connection.ask(self.requests.post("/v1/events", batch))
        self.statuses[status] += 1
        self.events += msgspec.json.decode(body)["accepted"]
        return feed.rung

    async def until_full(self) -> str:
        connection = await Connection.to(self.server.host, self.server.port)
        begun, rung = time.monotonic(), "not asked"
        while rung and time.monotonic() - begun < GIVE_UP_S:
            await asyncio.sleep(0.3)
            rung = await self.feed(connection, "viewer-99", Acts(Random(1)))
        connection.close()
        return rung


@pytest.mark.parametrize("workers", [1, 2])
def test_a_crowd_is_answered_step_by_step_without_error_or_repeat(
    folder: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in TIGHT.items():
        monkeypatch.setenv(f"FRESHET_FEED_SHEDDING_{name}", value)

    with Server(folder, workers, sheds=True) as server:
        crowd = Crowd(server)

        async def work() -> str:
            # Connections that nothing is asked on must not shut others out.
            idle = [await Connection.to(server.host, server.port) for _ in range(IDLE)]
            await crowd.until_all_steps()
            for connection in idle:
                connection.close()
            return await crowd.until_full()

        assert asyncio.run(work()) == ""
        assert crowd.rungs.keys() >= STEPS
        assert set(crowd.statuses) == {200}
        assert crowd.events == 2 * sum(map(len, crowd.shown.values()))
        for names in crowd.shown.values():
            assert len(names) == len(set(names))
        assert counted(server) == STEPS


def counted(server: Server) -> set[str]:
    """Steps that have answered feeds. One process tells another's numbers some seconds late."""
    begun, found = time.monotonic(), set[str]()
    while found != STEPS and time.monotonic() - begun < GIVE_UP_S:
        metrics = server.metrics()
        name = "freshet_feeds_total"
        found = {step for step in STEPS if highest(metrics, name, f'step="{step}"')}
    return found
