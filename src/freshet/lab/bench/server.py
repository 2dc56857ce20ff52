"""`freshet serve` in processes of its own, and what they cost, read from /proc."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from freshet.domain.errors import Unavailable

START_S, STOP_S = 600.0, 120.0
LOOK_S = 0.02
SERVER_LOG = "server.log"
HOST = "127.0.0.1"
PROC = Path("/proc")


class Server:
    """A server of a data folder, on while entered.

    Args:
        sheds: answers feeds at less cost under load; else all are in full, as capacity means.
        settings: of the environment, beside those.

    Attributes:
        start_s: from starting the process until it says that it is ready.

    Raises:
        Unavailable: it ended, or was not ready in time; says what it wrote last.
    """

    def __init__(
        self, folder: Path, workers: int, sheds: bool = False,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self.folder, self.workers, self.sheds, self.settings = folder, workers, sheds, settings
        self.host, self.port = HOST, free_port()
        self.key = secrets.token_urlsafe(32)
        self.start_s = 0.0

    def __enter__(self) -> Self:
        settings = {
            "FRESHET_HTTP_API_KEY": self.key,
            "FRESHET_FEED_SHEDDING_ON": "true" if self.sheds else "false",
            **self.settings,
        }
        begun = time.perf_counter()
        with (self.folder / SERVER_LOG).open("wb") as log:
            self._process = subprocess.Popen(
                self.command,
                env={**os.environ, **settings},
                stdout=log,
                stderr=log,
            )
        try:
            while not self._ready():
                if self._process.poll() is not None or time.perf_counter() - begun > START_S:
                    raise Unavailable(f"the server did not start: {self._last_words()}")
                time.sleep(LOOK_S)
        except BaseException:
            self._process.kill()
            raise
        self.start_s = time.perf_counter() - begun
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()

    @property
    def command(self) -> list[str]:
        """What is run; it reads the key from the environment."""
        return [
            sys.executable, "-m", "freshet", "serve", "--data", str(self.folder),
            "--host", self.host, "--port", str(self.port), "--workers", str(self.workers),
        ]  # fmt: skip

    @property
    def processes(self) -> list[int]:
        """All of it, the first one first."""
        return tree(self._process.pid)

    @property
    def pss_bytes(self) -> int:
        """Memory of all processes, what they share counted once."""
        return sum(pss_bytes(pid) for pid in self.processes)

    def metrics(self) -> list[str]:
        """Lines of `/metrics`, of all processes."""
        caller = http.client.HTTPConnection(self.host, self.port, timeout=60)
        caller.request("GET", "/metrics")
        lines = caller.getresponse().read().decode().splitlines()
        caller.close()
        return lines

    def _ready(self) -> bool:
        try:
            caller = http.client.HTTPConnection(self.host, self.port, timeout=5)
            caller.request("GET", "/health/ready")
            return caller.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

    def _last_words(self) -> str:
        return (self.folder / SERVER_LOG).read_text(errors="replace")[-500:]


def highest(metrics: Iterable[str], name: str, label: str = "") -> float:
    """The largest number of this name, and label, of any process; 0 if there is none.

    >>> highest(['a{kind="b",worker="0"} 1.0', 'a{kind="c",worker="0"} 2.0'], "a", 'kind="b"')
    1.0
    """
    found = (line for line in metrics if line.startswith(f"{name}{{") and label in line)
    return max((float(line.rpartition(" ")[2]) for line in found), default=0.0)


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind((HOST, 0))
        return int(tried.getsockname()[1])


def tree(root: int) -> list[int]:
    """A process and all that it started, and they."""
    parents = {int(path.name): _parent(path) for path in PROC.iterdir() if path.name.isdecimal()}
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_s(pids: Iterable[int]) -> float:
    """Seconds of processor time that processes have used so far, all their threads; 0 for one
    that has ended: a server starts short ones of its own."""
    return sum(map(_ticks, pids)) / os.sysconf("SC_CLK_TCK")


def pss_bytes(pid: int) -> int:
    """Proportional set size of a process; 0 for one that has ended."""
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _ticks(pid: int) -> int:
    try:
        return sum(map(int, _stat(PROC / str(pid))[11:13]))
    except OSError:
        return 0


def _parent(process: Path) -> int:
    try:
        return int(_stat(process)[1])
    except OSError:  # it ended meanwhile
        return 0


def _stat(process: Path) -> list[str]:
    """Fields of /proc/PID/stat from the third on; the second may hold spaces."""
    return (process / "stat").read_text().rpartition(")")[2].split()


def answering(pids: Iterable[int], port: int, client_port: int) -> int:
    """Which of the processes has the other end of a connection of ours.

    Raises:
        Unavailable: none of them.
    """
    ends = f":{port:04X}", f":{client_port:04X}"
    for line in (PROC / "net" / "tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(ends[0]) and fields[2].endswith(ends[1]):
            wanted = f"socket:[{fields[9]}]"
            for pid in pids:
                if wanted in _open_files(pid):
                    return pid
    raise Unavailable(f"no process of the server holds the connection from port {client_port}")


def _open_files(pid: int) -> set[str]:
    found = set()
    for file in (PROC / str(pid) / "fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found.add(os.readlink(file))
    return found
