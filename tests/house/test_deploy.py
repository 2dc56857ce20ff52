"""What runs Freshet elsewhere names files, settings and commands that exist."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer
import yaml

from freshet import cli, config

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICE = COMPOSE["services"]["freshet"]
UNIT = (ROOT / "deploy" / "freshet.service").read_text()
SETTINGS = {setting.variable for setting in config.settings()} | {config.FILE_VARIABLE}


def instructions(name: str) -> list[str]:
    """What follows an instruction of the Dockerfile, its lines joined.

    >>> instructions("USER")
    ['10001:10001']
    """
    whole = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^\s*{name} (.+)$", whole, flags=re.M)


def unit(key: str) -> list[str]:
    """
    >>> unit("LimitNOFILE")
    ['65536']
    """
    return re.findall(rf"^{key}=(.*)$", UNIT, flags=re.M)


def test_what_the_image_is_made_of_exists_and_is_let_in() -> None:
    sources = [line.split()[0] for line in instructions("COPY") if not line.startswith("--from")]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    assert set(sources) == let_in
    assert [name for name in sources if not (ROOT / name).exists()] == []


def test_the_image_installs_nothing_unpinned_and_does_not_run_as_root() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert installs
    assert all("--require-hashes" in line for line in installs)
    assert instructions("USER") == ["10001:10001"]


def test_every_setting_named_is_one() -> None:
    in_image = re.findall(r"\b(FRESHET_[A-Z_]+)=", " ".join(instructions("ENV")))
    in_unit = re.findall(r"\b(FRESHET_[A-Z_]+)=", UNIT)
    assert {*in_image, *in_unit, *SERVICE["environment"]} <= SETTINGS
    assert len(in_image) >= 3


@pytest.mark.parametrize(
    "words",
    [
        json.loads(instructions("CMD")[-1]),
        SERVICE["command"],
        shlex.split(unit("ExecStart")[0])[1:],
    ],
    ids=["image", "compose", "unit"],
)
def test_the_command_that_is_run_exists_with_its_options(words: list[str]) -> None:
    command: Any = typer.main.get_command(cli.app)
    called = command.get_command(None, words[0])
    assert called is not None
    called.make_context(words[0], words[1:])


def test_what_is_written_lies_in_volumes() -> None:
    volumes = set(json.loads(instructions("VOLUME")[0]))
    mounted = {volume.partition(":")[2] for volume in SERVICE["volumes"]}
    assert mounted == volumes
    assert {volume.partition(":")[0] for volume in SERVICE["volumes"]} == set(COMPOSE["volumes"])
    written = re.findall(r"(?:NUMBA_CACHE_DIR|FRESHET_DATA|FRESHET_BACKUP_FOLDER)=(\S+)",
                         " ".join(instructions("ENV")))  # fmt: skip
    assert set(written) == volumes
    assert all(volume in " ".join(instructions("RUN")) for volume in volumes)


def test_the_unit_writes_where_it_may() -> None:
    places = [value.split("=", 1)[1] for value in unit("Environment")]
    assert unit("StateDirectory") == unit("CacheDirectory") == ["freshet"]
    assert all(place.startswith(("/var/lib/freshet/", "/var/cache/freshet")) for place in places)


def test_the_port_is_the_one_that_is_published() -> None:
    assert instructions("EXPOSE") == [str(config.Http().port)]
    assert [port.split(":")[-1] for port in SERVICE["ports"]] == instructions("EXPOSE")


class Handler(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/health/ready" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_image_is_healthy_when_the_server_is_ready(
    port: int, monkeypatch: pytest.MonkeyPatch, status: int, healthy: bool
) -> None:
    monkeypatch.setattr(Handler, "status", status)
    (check,) = instructions("HEALTHCHECK")
    python, *words = json.loads(check.partition("CMD ")[2])
    assert python == "python"
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, check=False,
        env=os.environ | {"FRESHET_HTTP_PORT": str(port)},
    )  # fmt: skip
    assert (done.returncode == 0) is healthy, done.stderr.decode()
