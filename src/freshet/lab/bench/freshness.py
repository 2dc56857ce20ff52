"""S3: from the acknowledgement of an act until a feed reflects it, whichever worker answers.

A probe is one viewer: a feed on one worker; a topic of it is hidden there; from the moment
that is acknowledged another worker is asked for feeds until one reflects it:

    reflects   no video of the topic is in it, and its trace says that `not_hidden` held back
               more candidates than in the feed before

What is counted ends when that feed is there, so it holds a whole request: an upper bound.
Meanwhile the server lives through half the load that it can carry.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from freshet.app import Tell
from freshet.cli_feed import new_loop
from freshet.domain.errors import Broken, Refused
from freshet.lab.bench.acts import Acts
from freshet.lab.bench.catalogue import made_world, topic_id, viewer_id
from freshet.lab.bench.client import Connection, Requests
from freshet.lab.bench.drive import (
    Quantiles,
    carried_out,
    finished,
    plan_for,
    run_of,
    under_way,
)
from freshet.lab.bench.folder import Made, made_folder
from freshet.lab.bench.load import Feed, read_feed
from freshet.lab.bench.server import Server, answering

PROBES_PER_S = 10.0
CONNECTIONS_MAX = 64
GIVE_UP_S = 5.0


class FreshnessReport(msgspec.Struct, kw_only=True):
    """Numbers of S3; names as in the JSON.

    `first` is the share of probes whose very first feed reflected the act; `feed_ms` what a
    feed takes at that load.
    """

    run: dict[str, Any]
    freshness_ms: Quantiles
    feed_ms: Quantiles
    first: float
    probes: int
    load_per_s: float


def measure(
    folder: Path, made: Made, *, workers: int, seconds: float, seed: int, tell: Tell
) -> FreshnessReport:
    if workers < 2:
        raise Refused("--workers", f"{workers} has no other worker to ask", "2 or more")
    made_folder(folder, made, tell)
    world = made_world(made.videos, made.viewers, made.seed)
    tell("starting the server")
    with Server(folder, workers) as server:
        tell("what it carries")
        full = carried_out(plan_for(server, made, seconds=min(seconds, 6.0), seed=seed))
        rate = full.steps / full.wall_s / 2
        tell("asking for feeds right after acts, at half load")
        with under_way(plan_for(server, made, seconds=seconds, rate=rate, seed=seed + 1)) as load:
            with asyncio.Runner(loop_factory=new_loop) as runner:
                probes = runner.run(_probes(server, made, world.video_topics, seconds, seed))
            done = finished(load)
    return FreshnessReport(
        run=run_of(made, workers=workers, seconds=seconds),
        freshness_ms=Quantiles.of([probe.ms for probe in probes]),
        feed_ms=Quantiles.of(done.feed_ms),
        first=round(float(np.mean([probe.feeds == 1 for probe in probes])), 4),
        probes=len(probes), load_per_s=round(rate, 1),
    )  # fmt: skip


class Probe(msgspec.Struct, frozen=True):
    ms: float
    feeds: int  # asked until one reflected the act


async def _probes(
    server: Server, made: Made, topics: NDArray[np.int32], seconds: float, seed: int
) -> list[Probe]:
    """One after the other, the side that acts and the side that asks taking turns."""
    requests, random = Requests(server.host, server.port, server.key), Random(seed)
    sides = list((await _one_per_worker(server, requests)).values())
    loop, probes = asyncio.get_running_loop(), list[Probe]()
    end = loop.time() + seconds
    while loop.time() < end:
        acts_on, asks_on = random.sample(sides, 2)
        prober = _Prober(requests, Acts(random), topics)
        viewer = viewer_id(random.randrange(made.viewers))
        probe = await prober.probe(viewer, acts_on, asks_on)
        if probe is not None:
            probes.append(probe)
        await asyncio.sleep(1 / PROBES_PER_S)
    return probes


async def _one_per_worker(server: Server, requests: Requests) -> dict[int, Connection]:
    """A connection to each worker: the system deals out connections to a shared port."""
    found: dict[int, Connection] = {}
    for _ in range(CONNECTIONS_MAX):
        connection = await Connection.to(server.host, server.port)
        await connection.ask(requests.get("/health/live"))
        pid = answering(server.processes, server.port, connection.local_port)
        if pid in found:
            connection.close()
        else:
            found[pid] = connection
        if len(found) == server.workers:
            return found
    raise Broken(f"{len(found)} of {server.workers} workers answered")


class _Prober:
    def __init__(self, requests: Requests, acts: Acts, topics: NDArray[np.int32]) -> None:
        self._requests, self._acts, self._topics = requests, acts, topics

    async def probe(self, viewer: str, acts_on: Connection, asks_on: Connection) -> Probe | None:
        """None if nothing in the viewer's feed can be hidden."""
        before = await self._feed(viewer, acts_on)
        about = self._about(before)
        if not len(about):
            return None
        topic = int(np.bincount(about).argmax())
        body = self._acts.hides_topic(viewer, topic_id(topic))
        status, answer = await acts_on.ask(self._requests.post("/v1/events", body))
        if status != 200:
            raise Broken(f"an act was answered {status}: {answer[:300]!r}")
        acknowledged, asked = time.perf_counter(), 0
        while time.perf_counter() - acknowledged < GIVE_UP_S:
            asked += 1
            after = await self._feed(viewer, asks_on)
            if topic not in self._about(after) and _held_back(after) > _held_back(before):
                return Probe(1_000 * (time.perf_counter() - acknowledged), asked)
        raise Broken(f"no feed reflected an act within {GIVE_UP_S:g} s")

    async def _feed(self, viewer: str, connection: Connection) -> Feed:
        path = f"/v1/feeds/for_you?n=10&trace=1&viewer={viewer}"
        status, body = await connection.ask(self._requests.get(path))
        if status != 200:
            raise Broken(f"a feed was answered {status}: {body[:300]!r}")
        return read_feed(body)

    def _about(self, feed: Feed) -> NDArray[np.int32]:
        """Topics of all its videos."""
        rows = [int(item.video.rpartition("-")[2]) for item in feed.items]
        about: NDArray[np.int32] = self._topics[rows].reshape(-1)
        return about[about >= 0]


def _held_back(feed: Feed) -> int:
    assert feed.trace is not None
    return feed.trace.rungs[0].drops["not_hidden"]
