"""A real process of ours, talked to over real HTTP."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom
from typing import Any

import httpx

from freshet.app import now_ms
from freshet.domain.ids import uuid7

START_TIMEOUT_S = 600  # kernels may have to be compiled
STOP_TIMEOUT_S = 60
ADDRESS = re.compile(r"on (http://[0-9.]+:\d+)$", re.M)


class Running:
    """`freshet …` while entered; `said` is all it wrote to standard output until it served.

    Killed on leaving if it was not ended before.
    """

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "freshet", *map(str, arguments)]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed on leaving)
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._errors, text=True, env=environment()
        )
        self.said, self.root = "", ""

    def __enter__(self) -> Running:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Ctrl-C"):
                break
        found = ADDRESS.search(self.said)
        assert found, f"it did not come to serve:\n{self.said}\n{self.errors()}"
        self.root = found[1]
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(STOP_TIMEOUT_S)
        self._errors.close()

    def errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode()

    def interrupt(self) -> int:
        """As Ctrl-C does; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_TIMEOUT_S)

    def kill(self) -> None:
        """As a power cut does to a process."""
        self.process.kill()
        self.process.wait(STOP_TIMEOUT_S)


def finished(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`freshet …` run to its end."""
    command = [sys.executable, "-m", "freshet", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=START_TIMEOUT_S,
        env=environment(),
    )  # fmt: skip


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def environment() -> dict[str, str]:
    """This process's, with our sources and none of its settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FRESHET_")}
    source = str(Path(__file__).parents[2] / "src")
    return kept | {"PYTHONPATH": source, "COLUMNS": "200"}


class Client:
    """What an app's backend does: asks for feeds and tells what viewers did."""

    def __init__(self, root: str, key: str) -> None:
        self.http = httpx.Client(
            base_url=root, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
        )

    def feed(self, viewer: str, n: int = 5) -> list[dict[str, Any]]:
        answer = self.http.get("/v1/feeds/for_you", params={"viewer": viewer, "n": n})
        answer.raise_for_status()
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def why(self, viewer: str, video: str) -> dict[str, Any]:
        answer = self.http.get(f"/v1/feeds/for_you/why/{video}", params={"viewer": viewer})
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said

    def tell(self, viewer: str, *acts: dict[str, Any]) -> dict[str, Any]:
        """`acts` need only say what is special to them."""
        events = [
            {"event_id": uuid7(now_ms(), SystemRandom()), "time": now_ms(), "viewer": viewer} | act
            for act in acts
        ]
        answer = self.http.post("/v1/events", json={"events": events})
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said


def videos(items: Sequence[dict[str, Any]]) -> list[str]:
    return [item["video"] for item in items]
