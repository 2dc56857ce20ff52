"""A real `freshet serve` on a small made-up data folder, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

from freshet.backends.sqlite_reader import SqliteReader
from freshet_client import events
from tests.journeys.running import START_TIMEOUT_S, STOP_TIMEOUT_S, environment, free_port

API_KEY, ADMIN_KEY = "the key of an app of a test", "the key of its administrators"
CREATORS, VIDEOS, TOPICS = 8, 96, ("tea", "cats", "chess")
HOUR_MS = 3_600_000


class Served:
    """`freshet serve` while entered; killed on leaving."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed on leaving)
        own = {
            "FRESHET_DATA": str(folder),
            "FRESHET_HTTP_API_KEY": API_KEY,
            "FRESHET_HTTP_ADMIN_KEY": ADMIN_KEY,
            "FRESHET_HTTP_PORT": str(self.port),
        }
        self.environment = environment() | own | settings
        self.process = subprocess.Popen(
            [sys.executable, "-m", "freshet", "serve", *arguments],
            stdout=self._errors, stderr=self._errors, env=self.environment,
        )  # fmt: skip

    def __enter__(self) -> Served:
        until = time.monotonic() + START_TIMEOUT_S
        while not is_ready(self.url):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(STOP_TIMEOUT_S)
        self._errors.close()

    def said(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode()

    def logged(self) -> Counter[str]:
        """How often each event id stands in the log."""

        async def ids() -> Counter[str]:
            log = SqliteReader(self.folder)
            try:
                found = [event.event_id async for batch in log.read(0) for event in batch.events]
            finally:
                await log.close()
            return Counter(found)

        return asyncio.run(ids())


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def supply() -> list[events.Event]:
    """Creators and their videos, as events of the catalogue."""
    people = [events.PersonSaved(person=f"creator{i}") for i in range(CREATORS)]
    videos = [
        events.VideoPublished(
            video=f"v{i}",
            creator=f"creator{i % CREATORS}",
            created=events.now_ms() - HOUR_MS * (1 + i),
            duration_ms=15_000,
            topics=(TOPICS[i % len(TOPICS)],),
            hashtags=(TOPICS[i % len(TOPICS)],),
            language="en",
            country="GB",
        )
        for i in range(VIDEOS)
    ]
    return [*people, *videos]


def without_proxies() -> None:
    """Nothing between a test and its server."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
