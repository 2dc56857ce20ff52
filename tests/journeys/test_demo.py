"""`freshet demo` as a newcomer meets it: one command, then what it says to paste."""

from __future__ import annotations

import re
import shlex
import socket
import sqlite3
from pathlib import Path

import pytest

from freshet.lab.generate.demo import demo_events
from tests.journeys.running import Client, Running, finished, videos

SMALL = ("--viewers", 20, "--videos", 300, "--impressions", 400)
# Who made which video, as the demo's app knows it: the same for any week.
MAKERS = {
    event.video: event.creator
    for event in demo_events(1, viewers=20, videos=300, impressions=0)
    if event.__struct_config__.tag == "video_published"
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo that was made, asked once and stopped."""
    data = tmp_path_factory.mktemp("demo") / "data"
    done = finished("demo", "--data", data, "--once", "--port", free_port(), *SMALL)
    assert done.returncode == 0, done.stderr
    assert "The next videos for" in done.stdout
    assert len(re.findall(r"^\d+ +video-\d{4} ", done.stdout, re.M)) == 10
    return data


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def serving(data: Path) -> Running:
    return Running("demo", "--data", data, "--port", free_port())


def client_of(running: Running) -> tuple[Client, str]:
    """A client with the key, and the viewer, that it says to use."""
    key, viewer = (
        re.search(pattern, running.said)[1]  # type: ignore[index]
        for pattern in (r"Bearer ([\w-]+)", r"viewer=(\w+)")
    )
    return Client(running.root, key), viewer


def test_what_a_viewer_does_is_in_the_very_next_feed_and_outlives_a_kill(made: Path) -> None:
    with serving(made) as running:
        client, viewer = client_of(running)
        first = client.feed(viewer)
        shown = videos(first)
        assert len(shown) == 5
        assert all(item["reasons"] for item in first)

        # Why: the reasons of that very ranking.
        said = client.why(viewer, shown[0])
        assert (said["reasons"], said["value"]) == (first[0]["reasons"], first[0]["value"])

        # Watched, liked, and its maker wanted no more.
        maker = MAKERS[shown[0]]
        taken = client.tell(
            viewer,
            {"type": "impression", "video": shown[0]},
            {"type": "like", "video": shown[0]},
            {"type": "watch", "video": shown[0], "watched_ms": 9_000, "left": True},
            {"type": "hide", "kind": "creator", "target": maker},
        )
        assert (taken["accepted"], taken["errors"]) == (4, [])
        after = videos(client.feed(viewer, n=20))
        assert not set(after) & set(shown)
        assert after
        assert maker not in {MAKERS[video] for video in after}

        running.kill()

    with serving(made) as running:
        client, viewer = client_of(running)
        again = videos(client.feed(viewer, n=20))
        assert not set(again) & {*shown, *after}  # what was served stays served
        assert maker not in {MAKERS[video] for video in again}
        assert running.interrupt() == 0
        with pytest.raises(OSError):  # noqa: PT011 (refused or reset: nobody is there)
            socket.create_connection(("127.0.0.1", int(running.root.rpartition(":")[2])), 5)


def test_the_lines_it_prints_work_as_they_are(made: Path) -> None:
    with serving(made) as running:
        lines = [shlex.split(line) for line in running.said.splitlines() if "curl" in line]
        assert len(lines) == 2
        key = re.search(r"Bearer ([\w-]+)", running.said)[1]  # type: ignore[index]
        asking = next(word for word in lines[0] if word.startswith("http"))
        client = Client(running.root, key)
        assert len(client.http.get(asking).json()["items"]) == 5
        body = lines[1][lines[1].index("-d") + 1]
        told = client.http.post("/v1/events", content=body).json()
        assert (told["accepted"], told["errors"]) == (1, [])
        paths = client.http.get("/schema/openapi.json").json()["paths"]
        assert {"/v1/events", "/v1/feeds/{surface}"} <= paths.keys()
        assert running.interrupt() == 0


def test_once_stopped_a_feed_can_be_asked_for_on_the_terminal(made: Path) -> None:
    done = finished("feed", "ada", "--data", made, "-n", 3, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('{"request_id"')


def test_a_second_start_imports_nothing_and_folds_from_its_snapshot(made: Path) -> None:
    def imported() -> int:
        with sqlite3.connect(made / "log.sqlite") as log:
            return int(log.execute("SELECT count(*) FROM batches").fetchone()[0])

    before, plan = imported(), (made / "demo.json").read_bytes()
    done = finished("demo", "--data", made, "--once", "--port", free_port())
    assert done.returncode == 0, done.stderr
    assert (made / "demo.json").read_bytes() == plan
    assert "importing" not in done.stderr
    assert imported() - before < 20  # ticks and one slate


def test_a_port_that_is_taken_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = finished("demo", "--data", tmp_path / "data", "--port", port)
    assert done.returncode == 2
    assert f"http.port: {port} on 127.0.0.1 cannot be listened on" in done.stderr
    assert "--port" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = finished("demo", "--data", tmp_path, "--port", free_port())
    assert (done.returncode, "holds something that is no demo" in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
