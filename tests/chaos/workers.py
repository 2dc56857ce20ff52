"""Kill processes of a running server at random while viewers swipe, and see all promises hold.

    python -m tests.chaos.workers --workers 2 --kills 20

Several viewers ask, watch, like and hide through HTTP at once; every few moments one of the
server's processes, writer or worker, is killed as `kill -9` does. A client that gets no
answer asks again with the same ids, as ours do. Afterwards the log is read and folded anew.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from freshet.app import now_ms, open_for_import
from freshet.backends.sqlite_reader import SqliteReader
from freshet.domain import events as e
from freshet.domain.ids import uuid7
from freshet.lab.generate.week import DAY_MS, DAYS, HOUR_MS, week_events
from freshet.lab.readers.importer import import_events
from freshet.learning.live import Live
from freshet.log.ports import Batch
from freshet.log.snapshots import Snapshots
from tests.journeys.running import environment

KEY = "a key for the time of a test"
GIVE_UP_S = 180
VIDEOS, N = 300, 4  # in the catalogue, and asked for at once
READY_S = 600  # kernels may have to be compiled


@dataclass
class Seen:
    """What clients were told, to be compared with the log."""

    acknowledged: list[str] = field(default_factory=list)
    slates: dict[str, list[str]] = field(default_factory=dict)  # request id -> videos
    broken: list[str] = field(default_factory=list)
    feeds: int = 0
    repeated_asks: int = 0


class Server:
    """`freshet serve --workers N` on a data folder, begun anew if it is killed itself."""

    def __init__(self, data: Path, workers: int, **settings: object) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            self.port = bound.getsockname()[1]
        self.root = f"http://127.0.0.1:{self.port}"
        self.data, self.workers = data, workers
        self.settings = {name: str(value) for name, value in settings.items()}
        self.errors = (data.parent / "errors.txt").open("wb")
        self.process = self._begun()

    def _begun(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "freshet", "serve", "--data", str(self.data), "--port",
             str(self.port), "--workers", str(self.workers)],
            env=environment() | self.settings
            | {"FRESHET_HTTP_API_KEY": KEY, "FRESHET_HTTP_ADMIN_KEY": KEY[::-1]},
            stdout=self.errors, stderr=self.errors,
        )  # fmt: skip

    def children(self) -> list[int]:
        pid = self.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self, dice: random.Random) -> None:
        """Any process. One worker is the server itself, and is begun anew as systemd does."""
        mine = [self.process.pid] if self.workers == 1 else []
        chosen = dice.choice([*mine, *self.children()])
        os.kill(chosen, signal.SIGKILL)
        if chosen == self.process.pid:
            self.process.wait()
            self.process = self._begun()

    async def ready(self) -> None:
        async with httpx.AsyncClient(base_url=self.root, trust_env=False) as http:
            end = time.monotonic() + READY_S
            while time.monotonic() < end:
                assert self.process.poll() is None, "the server ended"
                try:
                    if (await http.get("/health/ready")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.2)
        raise AssertionError("the server did not come up")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        finally:
            self.errors.close()


class Viewer:
    """Swipes, and holds the feed to its promises."""

    def __init__(self, name: str, root: str, seen: Seen, dice: random.Random) -> None:
        self.name, self.seen, self.dice = name, seen, dice
        self.shown: set[str] = set()
        self.hidden: set[str] = set()
        self.last: dict[str, Any] | None = None
        headers = {"Authorization": f"Bearer {KEY}"}
        self.http = httpx.AsyncClient(base_url=root, headers=headers, timeout=60, trust_env=False)

    async def swipe(self, until: float) -> None:
        """Until then, at a pace at which the catalogue lasts."""
        rest_s = (until - time.monotonic()) / (VIDEOS / N)
        async with self.http:
            while time.monotonic() < until:
                items = await self.ask()
                if not items:
                    return  # has seen it all
                await self.act(items)
                await asyncio.sleep(2 * rest_s * self.dice.random())

    async def ask(self) -> list[dict[str, Any]]:
        request_id = new_id()
        query = {"viewer": self.name, "n": N, "request_id": request_id, "session_id": "s"}
        answer = await self.send("GET", "/v1/feeds/for_you", params=query)
        items: list[dict[str, Any]] = answer["items"]
        videos = [item["video"] for item in items]
        self.seen.feeds += 1
        self.seen.slates[request_id] = videos
        for video in videos:
            if video in self.shown:
                self.seen.broken.append(f"{self.name} was shown {video} twice")
            if video in self.hidden:
                self.seen.broken.append(f"{self.name} was shown {video}, which they hid")
        self.shown |= set(videos)
        if items and self.dice.random() < 0.2:
            await self.explain(items[0])
        return items

    async def explain(self, item: dict[str, Any]) -> None:
        why = await self.send(
            "GET", f"/v1/feeds/for_you/why/{item['video']}", params={"viewer": self.name}
        )
        if why["reasons"] != item["reasons"]:
            self.seen.broken.append(f"{self.name} got two explanations of {item['video']}")

    async def act(self, items: list[dict[str, Any]]) -> None:
        acts: list[dict[str, Any]] = []
        for item in items[: self.dice.randrange(1, 5)]:
            acts += [{"type": "impression", "video": item["video"]},
                     {"type": "watch", "video": item["video"], "left": True,
                      "watched_ms": self.dice.randrange(20_000)}]  # fmt: skip
        for video in self.dice.sample(range(VIDEOS), 2):
            name = f"video-{video:04d}"
            self.hidden.add(name)
            acts.append({"type": "hide", "kind": "video", "target": name})
        events = [{"event_id": new_id(), "time": now_ms(), "viewer": self.name, "session_id": "s"}
                  | act for act in acts]  # fmt: skip
        answer = await self.send("POST", "/v1/events", json={"events": events})
        if answer["errors"]:
            self.seen.broken.append(f"refused: {answer['errors'][0]}")
        self.seen.acknowledged += [event["event_id"] for event in events]

    async def send(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        end = time.monotonic() + GIVE_UP_S
        while time.monotonic() < end:
            try:
                answer = await self.http.request(method, path, **what)
                if answer.status_code == 200:
                    found: dict[str, Any] = answer.json()
                    return found
                if answer.status_code != 503:
                    raise AssertionError(f"{path}: {answer.status_code} {answer.text[:300]}")
            except httpx.TransportError:
                pass
            self.seen.repeated_asks += 1
            await asyncio.sleep(0.1)
        raise AssertionError(f"{path}: no answer for {GIVE_UP_S} s")


def new_id() -> str:
    return uuid7(now_ms(), random.SystemRandom())


async def swiping(
    server: Server, viewers: int, kills: int, pause_s: float, dice: random.Random
) -> tuple[Seen, int]:
    """Viewers swipe while processes die; what they saw, and how many died."""
    seen, killed = Seen(), 0
    await server.ready()
    until = time.monotonic() + pause_s * (kills + 2)
    people = [Viewer(f"chaos{n}", server.root, seen, random.Random(dice.random()))
              for n in range(viewers)]  # fmt: skip

    async def killing() -> None:
        nonlocal killed
        for _ in range(kills):
            await asyncio.sleep(pause_s)
            server.kill(dice)
            killed += 1

    await asyncio.gather(killing(), *(one.swipe(until) for one in people))
    await server.ready()  # the last to die may be on its way back; only then it can be stopped
    return seen, killed


def check(data: Path, seen: Seen) -> list[str]:
    """What the log says against what clients were told; empty if all is well."""
    wrong = list(seen.broken)
    reader = SqliteReader(data)
    ids: Counter[str] = Counter()
    slates: dict[str, list[str]] = {}
    straight = Live()
    newest = max(Snapshots(data / "snapshots").offsets(), default=0)
    after = 0
    makers: dict[str, str] = {}
    while (batch := reader.batch(after)) is not None and batch.last > after:
        after = batch.last
        for event in batch.events:
            ids[event.event_id] += 1
            if isinstance(event, e.VideoPublished):
                makers[event.video] = event.creator
            if isinstance(event, e.SlateServed):
                videos = [item.video for item in event.items]
                if event.request_id in slates:
                    wrong.append(f"request {event.request_id} has two slates")
                slates[event.request_id] = videos
                by = [makers[video] for video in videos]
                if any(a == b for a, b in pairwise(by)):
                    wrong.append(f"two in a row by one creator in {event.request_id}")
        upto = max(0, newest + 1 - batch.first)  # the snapshot may be some ticks behind
        if batch.events[:upto]:
            straight.apply(Batch(batch.first, batch.events[:upto]))
        if after >= reader.last:
            break
    wrong += [f"{event_id} is {ids[event_id]} times in the log"
              for event_id in seen.acknowledged if ids[event_id] != 1]  # fmt: skip
    told = seen.slates.items()
    wrong += [f"the log has another slate of {asked}"
              for asked, videos in told if slates.get(asked) != videos]  # fmt: skip
    wrong += differences(data, newest, straight)
    return wrong


def differences(data: Path, newest: int, straight: Live) -> list[str]:
    """The state that was saved on stopping, against the log folded from its beginning."""
    saved = Live()
    folder = Snapshots(data / "snapshots").at(newest, saved)
    if folder is None:
        return ["no snapshot was left on stopping"]
    saved.load(folder)
    one, two = saved.state(), straight.state()
    return [f"{name} differs from a fold of the whole log" for name in one
            if one[name].tobytes() != two[name].tobytes()]  # fmt: skip


def week_of(seed: int) -> list[e.Event]:
    """A week that ended an hour ago: its videos are fresh, its views recent."""
    start_ms = (now_ms() // HOUR_MS - 1) * HOUR_MS - DAYS * DAY_MS
    return week_events(seed, viewers=20, videos=VIDEOS, impressions=400, start_ms=start_ms)


async def fill(data: Path, seed: int) -> None:
    async with open_for_import(data) as (log, keys):
        await import_events(log, week_of(seed), keys=keys)


def run(folder: Path, workers: int, viewers: int, kills: int, pause_s: float, seed: int) -> Seen:
    """One round.

    Raises:
        AssertionError: a promise was broken; says which.
    """
    data = folder / "data"
    asyncio.run(fill(data, seed))
    server = Server(data, workers)
    try:
        seen, killed = asyncio.run(swiping(server, viewers, kills, pause_s, random.Random(seed)))
    finally:
        server.stop()
    wrong = check(data, seen)
    assert not wrong, "\n".join(wrong[:20])
    print(f"{workers} workers: {seen.feeds} feeds, {len(seen.acknowledged)} acts, {killed} killed, "
          f"{seen.repeated_asks} asked again; nothing lost, nothing twice")  # fmt: skip
    return seen


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    asked.add_argument("--viewers", type=int, default=6)
    asked.add_argument("--kills", type=int, default=10)
    asked.add_argument("--pause-s", type=float, default=12.0)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    for workers in given.workers:
        with tempfile.TemporaryDirectory() as folder:
            run(Path(folder), workers, given.viewers, given.kills, given.pause_s, given.seed)


if __name__ == "__main__":
    main()
