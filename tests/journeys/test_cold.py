"""Viewers who were away for a week come back to a server whose processes die."""

from __future__ import annotations

import asyncio
import random
import re
from collections import defaultdict
from pathlib import Path

import httpx

from freshet.domain import events as ev
from freshet.lab.generate.week import HOUR_MS
from tests.chaos.workers import KEY, Seen, Server, Viewer, check, fill, week_of

TOLD_S = 30.0  # the process that writes tells its numbers every few seconds
COLD = re.compile(r"^freshet_viewers_cold(?:\{[^}]*\})? ([0-9.e+]+)$", re.M)


def test_who_was_away_comes_back_as_they_were_whichever_process_dies(tmp_path: Path) -> None:
    data = tmp_path / "data"
    asyncio.run(fill(data, seed=5))
    shown = away_since_long(5)
    first = Server(data, 1)
    asyncio.run(first.ready())
    assert first.stop() == 0  # leaves a snapshot, from which the next start reads who came lately

    server = Server(data, 2, FRESHET_VIEWERS_COLD_BEYOND=0)
    try:
        seen = asyncio.run(come_back(server, shown))
    finally:
        code = server.stop()
    assert (code, seen.broken, check(data, seen)) == (0, [], [])


def away_since_long(seed: int) -> dict[str, set[str]]:
    """Who of that week was not there in its last hours, and what each has had on screen."""
    week = week_of(seed)
    late = week[-1].time - 8 * HOUR_MS
    found, last = defaultdict[str, set[str]](set), dict[str, int]()
    for event in week:
        if isinstance(event, ev.Watch):
            found[event.viewer].add(event.video)
            last[event.viewer] = event.time
    return {viewer: videos for viewer, videos in found.items() if last[viewer] < late}


async def come_back(server: Server, shown: dict[str, set[str]]) -> Seen:
    seen, dice = Seen(), random.Random(3)
    await server.ready()
    away = await cold(server)
    names = list(shown)[:4]
    assert away >= len(names) == 4
    people = [Viewer(name, server.root, seen, random.Random(name)) for name in names]
    for viewer in people:
        viewer.shown |= shown[viewer.name]
    for some in (people[:2], people):  # those of the first round have come and not been saved
        for viewer in some:
            assert await viewer.ask()
            await viewer.act(await viewer.ask())
        for _ in server.children():
            server.kill(dice)
        await server.ready()
    for viewer in people:
        assert await viewer.ask()
        await viewer.http.aclose()
    for _ in range(60):
        if await cold(server) <= away - len(people):
            return seen
        await asyncio.sleep(TOLD_S / 60)
    raise AssertionError("they came, and none is said to have come back")


async def cold(server: Server) -> int:
    async with httpx.AsyncClient(base_url=server.root, trust_env=False) as http:
        headers = {"Authorization": f"Bearer {KEY[::-1]}"}
        for _ in range(60):  # a writer that has just begun has told nothing yet
            answer = await http.get("/metrics", headers=headers)
            if found := COLD.search(answer.raise_for_status().text):
                return int(float(found[1]))
            await asyncio.sleep(TOLD_S / 60)
    raise AssertionError(answer.text)
