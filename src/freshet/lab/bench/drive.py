"""Starting the load generator, and looking whether it is the bottleneck."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import msgspec
import numpy as np
from msgspec.structs import replace

from freshet import __version__
from freshet.domain.errors import Broken
from freshet.lab.bench.folder import Made
from freshet.lab.bench.load import Done, Plan
from freshet.lab.bench.server import HOST, START_S, Server, free_port
from freshet.lab.saying import commit

NULL_S = 2.0
FAILED_MAX = 0.001  # of the steps; beyond this the numbers say nothing


class Quantiles(msgspec.Struct, frozen=True):
    """Of times, in ms."""

    p50: float
    p99: float

    @classmethod
    def of(cls, ms: Sequence[float]) -> Quantiles:
        p50, p99 = np.percentile(ms, [50, 99]).round(3).tolist()
        return cls(p50, p99)


@dataclass(frozen=True, slots=True)
class Loading:
    """The load generator at work, and where it tells what it did."""

    process: subprocess.Popen[bytes]
    told: IO[bytes]


def plan_for(server: Server, made: Made, **how: Any) -> Plan:
    return Plan(
        host=server.host, port=server.port, key=server.key, viewers=made.viewers,
        videos=made.videos, processes=server.processes, **how,
    )  # fmt: skip


def carried_out(plan: Plan) -> Done:
    """The plan, by a load generator in a process of its own.

    Raises:
        Broken: too much of it failed; says how.
    """
    with under_way(plan) as load:
        return finished(load)


@contextmanager
def under_way(plan: Plan) -> Iterator[Loading]:
    """The load generator at work; ended on leaving, if it has not ended."""
    command = [sys.executable, "-m", "freshet.lab.bench.load"]
    # A file: a pipe that nobody reads for minutes would hold it up.
    with tempfile.TemporaryFile() as told:
        load = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=told)
        assert load.stdin is not None
        try:
            load.stdin.write(msgspec.json.encode(plan))
            load.stdin.close()
            yield Loading(load, told)
        finally:
            if load.poll() is None:
                load.kill()
            load.wait()


def finished(load: Loading) -> Done:
    """Wait for what it did. Raises: as `carried_out`."""
    done = told_by(load)
    if not done.steps or done.failed > FAILED_MAX * done.steps:
        raise Broken(f"{done.failed} of {done.failed + done.steps} steps failed: {done.failure}")
    return done


def told_by(load: Loading) -> Done:
    """Wait for what it did, whatever failed."""
    if load.process.wait():
        raise Broken(f"the load generator ended with {load.process.returncode}")
    load.told.seek(0)
    return msgspec.json.decode(load.told.read(), type=Done)


def null_per_s(plan: Plan) -> float:
    """Steps a second of the same plan against a server that does nothing."""
    port = free_port()
    command = [sys.executable, "-m", "freshet.lab.bench.null", str(port)]
    null = subprocess.Popen(command)
    try:
        _listens(port)
        done = carried_out(
            replace(plan, port=port, rate=0.0, seconds=NULL_S, warm_s=0.5, processes=[null.pid])
        )
    finally:
        null.kill()
        null.wait()
    return done.steps / done.wall_s


def _listens(port: int) -> None:
    end = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def run_of(made: Made, **how: Any) -> dict[str, Any]:
    """What a report says of the run itself."""
    return {
        "commit": commit(), "version": __version__, "cores": os.cpu_count(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        **msgspec.to_builtins(made), **how,
    }  # fmt: skip


def median(values: Sequence[float]) -> float:
    return float(np.median(values))
