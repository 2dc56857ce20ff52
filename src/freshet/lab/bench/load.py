"""The load, from a process of its own: viewers who ask for feeds and watch them.

    python -m freshet.lab.bench.load < plan.json > done.json

    closed   so many clients, each asks again as soon as it was answered: what it can carry
    open     requests come at random at a given rate, whoever still waits: latencies, counted
             from when a request was due, so that a stall is felt by all that it made wait

A step is one feed and, once it is there, one batch with the impressions and watch reports of
its videos; or, without feeds, one batch of impressions and reports.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from random import Random
from typing import Literal

import msgspec
import uvloop

from freshet.domain.errors import Broken
from freshet.feed.answer import FeedTrace
from freshet.lab.bench.acts import Acts
from freshet.lab.bench.client import Connection, Requests
from freshet.lab.bench.server import cpu_s


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What load to make."""

    host: str
    port: int
    key: str
    viewers: int
    videos: int
    step: Literal["feed", "events"] = "feed"
    clients: int = 8  # closed; with a rate, connections at the most
    rate: float = 0.0  # steps a second; 0 = closed
    seconds: float = 5.0
    patience_s: float = 30.0  # how long a step may take
    warm_s: float = 1.0  # before anything is counted
    batch: int = 100  # events of a step without feeds
    trace_share: float = 0.1  # of the feeds that ask for their trace
    processes: list[int] = []  # the server's: their processor time is read
    seed: int = 0


class Done(msgspec.Struct):
    """What came of it, between the end of the warming and the last answer.

    `survived` candidates of each traced feed were ranked; `rungs` of the never-empty ladder, or
    steps of a loaded server, filled what the whole pipeline did not.
    """

    steps: int = 0
    events: int = 0
    wall_s: float = 0.0
    server_cpu_s: float = 0.0
    load_cpu_s: float = 0.0
    feed_ms: list[float] = []
    events_ms: list[float] = []
    engine_ms: list[float] = []
    stages_ms: dict[str, list[float]] = {}
    survived: list[int] = []
    videos: int = 0  # in all feeds
    rungs: int = 0
    answered: dict[str, int] = {}  # feeds by rung or step, "" = in full
    repeats: int = 0  # videos that came to a viewer a second time
    feed_at_s: list[float] = []  # when each feed was due, since the beginning
    refused: int = 0  # of the failed: told to come again (503)
    behind: int = 0  # feeds that did not wait for the viewer's own last act
    failed: int = 0
    failure: str = ""  # the first one's


class Refusal(Broken):
    """Told to come again."""


class _Video(msgspec.Struct):
    video: str


class Feed(msgspec.Struct):
    """What a viewer reads of an answer."""

    request_id: str
    items: list[_Video]
    rung: str = ""
    trace: FeedTrace | None = None


read_feed = msgspec.json.Decoder(Feed).decode


class Load:
    """Carries a plan out."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._random = Random(plan.seed)
        self._acts = Acts(self._random)
        self._requests = Requests(plan.host, plan.port, plan.key)
        self._done = Done()
        self._stages: dict[str, list[float]] = defaultdict(list)
        self._idle: list[Connection] = []
        self._shown: dict[str, set[str]] = defaultdict(set)  # by viewer
        self._begun = 0.0
        # Set when counting begins: however late that is, it goes on for as long as was asked.
        self._end = float("inf")
        self._step = self._feed_step if plan.step == "feed" else self._events_step

    async def run(self) -> Done:
        plan, loop = self._plan, asyncio.get_running_loop()
        self._idle = [await Connection.to(plan.host, plan.port) for _ in range(plan.clients)]
        work = asyncio.create_task(self._arrivals() if plan.rate else self._clients())
        await asyncio.sleep(plan.warm_s)
        self._end = loop.time() + plan.seconds
        self._done = done = Done()
        self._stages.clear()
        self._begun = begun = time.perf_counter()
        server_s, load_s = cpu_s(plan.processes), time.process_time()
        await work
        done.wall_s = time.perf_counter() - begun
        done.server_cpu_s = cpu_s(plan.processes) - server_s
        done.load_cpu_s = time.process_time() - load_s
        done.stages_ms = dict(self._stages)
        for connection in self._idle:
            connection.close()
        return done

    async def _clients(self) -> None:
        loop = asyncio.get_running_loop()

        async def client() -> None:
            while loop.time() < self._end:
                await self._one(self._step, time.perf_counter())

        await asyncio.gather(*(client() for _ in range(self._plan.clients)))

    async def _arrivals(self) -> None:
        loop, under_way = asyncio.get_running_loop(), set()
        due = loop.time()
        lag = time.perf_counter() - due
        while due < self._end:
            due += self._random.expovariate(self._plan.rate)
            await asyncio.sleep(max(0.0, due - loop.time()))
            task = asyncio.create_task(self._one(self._step, due + lag))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

    async def _one(self, step: Callable[[Connection, float], Awaitable[None]], due: float) -> None:
        connection = self._free()
        try:
            async with asyncio.timeout(self._plan.patience_s):
                if connection is None:
                    connection = await Connection.to(self._plan.host, self._plan.port)
                await step(connection, due)
            self._idle.append(connection)
        except (Broken, OSError, msgspec.DecodeError) as error:
            if connection is not None:
                connection.close()
            self._done.failed += 1
            self._done.refused += isinstance(error, Refusal)
            self._done.failure = self._done.failure or f"{type(error).__name__}: {error}"
            await asyncio.sleep(0.01)  # a server that is down must not be asked in a busy loop

    def _free(self) -> Connection | None:
        """The connection used last, of those that the server keeps open; None: another one."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _feed_step(self, connection: Connection, due: float) -> None:
        viewer = f"viewer-{self._random.randrange(self._plan.viewers)}"
        traced = self._random.random() < self._plan.trace_share
        path = f"/v1/feeds/for_you?n=10&viewer={viewer}" + "&trace=1" * traced
        body = await self._ask(connection, self._requests.get(path))
        done = self._done
        done.feed_ms.append(1_000 * (time.perf_counter() - due))
        done.feed_at_s.append(max(0.0, due - self._begun))
        feed = read_feed(body)
        self._note(feed, self._shown[viewer])
        batch = self._acts.watched(viewer, [item.video for item in feed.items], feed.request_id)
        begun = time.perf_counter()
        await self._ask(connection, self._requests.post("/v1/events", batch))
        done.events_ms.append(1_000 * (time.perf_counter() - begun))
        done.steps += 1
        done.events += 2 * len(feed.items)

    async def _events_step(self, connection: Connection, due: float) -> None:
        plan = self._plan
        batch = self._acts.views(plan.viewers, plan.videos, plan.batch)
        begun = time.perf_counter()
        await self._ask(connection, self._requests.post("/v1/events", batch))
        self._done.events_ms.append(1_000 * (time.perf_counter() - begun))
        self._done.steps += 1
        self._done.events += plan.batch

    async def _ask(self, connection: Connection, request: bytes) -> bytes:
        status, body = await connection.ask(request)
        if status == 503:
            raise Refusal(f"answered {status}: {body[:300].decode(errors='replace')}")
        if status != 200:
            raise Broken(f"answered {status}: {body[:300].decode(errors='replace')}")
        return body

    def _note(self, feed: Feed, shown: set[str]) -> None:
        done = self._done
        videos = {item.video for item in feed.items}
        done.repeats += len(feed.items) - len(videos - shown)
        shown |= videos
        done.videos += len(feed.items)
        done.rungs += bool(feed.rung)
        done.answered[feed.rung] = done.answered.get(feed.rung, 0) + 1
        if feed.trace is None:
            return
        done.behind += feed.trace.behind > 0
        done.engine_ms.append(sum(rung.ms for rung in feed.trace.rungs))
        steps = feed.trace.rungs[0].steps
        done.survived.append([step.after for step in steps if step.kind == "filter"][-1])
        for step in steps:
            self._stages[step.stage].append(step.ms)


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        done = runner.run(Load(plan).run())
    sys.stdout.buffer.write(msgspec.json.encode(done))


if __name__ == "__main__":
    main()
