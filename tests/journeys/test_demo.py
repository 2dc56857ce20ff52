"""`freshet demo` as a newcomer meets it: one command, and a feed is open in the browser."""

from __future__ import annotations

import os
import re
import socket
import time
from pathlib import Path
from random import SystemRandom
from typing import Any

import httpx
import pytest

from freshet.app import now_ms
from freshet.domain.ids import uuid7
from freshet.world.manifest import read_world
from tests.journeys.running import STOP_TIMEOUT_S, Running, finished, free_port

SMALL = ("--creators", 2, "--clips", 3, "--past", 12)
ALONE, LIVELY = ("--rate", 0), ("--rate", 2)  # whether others watch


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo that was made, opened once and stopped."""
    data = tmp_path_factory.mktemp("demo") / "data"
    with demo(data, *SMALL, *ALONE) as running:
        assert "A world of 3 clips by 2 people" in running.said
        assert running.interrupt() == 0
    assert '"event":"serving"' in (data / "serving.log").read_text()
    return data


def demo(data: Path, *more: object) -> Running:
    return Running("demo", "--data", data, "--port", free_port(), "--no-browser", *more)


class Browser:
    """What the page does, without a page: a session, a feed, cards, acts."""

    def __init__(self, root: str, cookie: str = "") -> None:
        self.http = httpx.Client(base_url=root, timeout=60, trust_env=False)
        cookies = {"Cookie": cookie} if cookie else {}
        answer = self.http.post("/demo/session", json={}, headers=cookies).raise_for_status()
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        self.viewer = answer.json()["viewer"]
        self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def feed(self) -> list[str]:
        answer = self.http.get("/v1/feeds/for_you").raise_for_status()
        return [item["video"] for item in answer.json()["items"]]

    def cards(self, *videos: str) -> list[dict[str, Any]]:
        answer = self.http.get("/demo/cards", params={"videos": list(videos)}).raise_for_status()
        cards: list[dict[str, Any]] = answer.json()
        return cards

    def tell(self, *acts: dict[str, Any]) -> None:
        about = {"time": now_ms(), "viewer": self.viewer}
        events = [about | {"event_id": uuid7(now_ms(), SystemRandom())} | act for act in acts]
        told = self.http.post("/v1/events", json={"events": events}).raise_for_status().json()
        assert (told["accepted"], told["errors"]) == (len(acts), [])


def children_of(process: int) -> list[int]:
    said = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in said.split()]


def ended(process: int) -> bool:
    """Whether it is gone; it is given time, since a machine may be busy."""
    until = time.monotonic() + STOP_TIMEOUT_S
    while time.monotonic() < until:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        if re.search(r"^State:\s+Z", Path(f"/proc/{process}/status").read_text(), re.M):
            return True
        time.sleep(0.05)
    return False


def test_a_second_start_makes_no_clip_and_ends_with_all_it_began(made: Path) -> None:
    def kept() -> dict[str, int]:
        return {file.name: file.stat().st_mtime_ns for file in (made / "world").glob("clip*")}

    before, posted = kept(), (made / "live.json").read_bytes()
    with demo(made, *LIVELY) as running:
        living = children_of(running.process.pid)
        assert living
        browser = Browser(running.root)
        page = browser.http.get("/").raise_for_status().text
        for address in re.findall(r'(?:src|href)="(/[^"]+)"', page):
            browser.http.get(address).raise_for_status()
        clips = [clip.id for clip in read_world(made / "world").clips]
        assert set(browser.feed()) <= set(clips)
        for card in browser.cards(*clips):
            for address in (card["cover"], *(file["url"] for file in card["files"])):
                browser.http.get(address).raise_for_status()
        assert running.interrupt() == 0
        assert all(ended(child) for child in living)
        with pytest.raises(OSError):  # noqa: PT011 (refused or reset: nobody is there)
            socket.create_connection(("127.0.0.1", int(running.root.rpartition(":")[2])), 5)
    assert kept() == before
    assert (made / "live.json").read_bytes() == posted


def test_what_a_viewer_did_outlives_a_kill_and_life_does_not(made: Path) -> None:
    with demo(made, *LIVELY) as running:
        living = children_of(running.process.pid)
        browser = Browser(running.root)
        video = browser.feed()[0]
        browser.tell(
            {"type": "impression", "video": video},
            {"type": "like", "video": video},
            {"type": "watch", "video": video, "watched_ms": 4_000, "left": True},
        )
        running.kill()
        assert all(ended(child) for child in living)

    with demo(made, *ALONE) as running:
        again = Browser(running.root, browser.cookie)
        assert again.viewer == browser.viewer
        [card] = again.cards(video)
        assert card["liked"]
        assert card["views"] >= 1
        assert video not in again.feed()  # served before, and seen
        assert running.interrupt() == 0


def test_a_port_that_is_taken_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = finished("demo", "--data", tmp_path / "data", "--port", port, "--no-browser")
    assert done.returncode == 2
    assert f"http.port: {port} on 127.0.0.1 cannot be listened on" in done.stderr
    assert "--port" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = finished("demo", "--data", tmp_path, "--port", free_port(), "--no-browser")
    assert (done.returncode, "holds something that is no demo" in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
