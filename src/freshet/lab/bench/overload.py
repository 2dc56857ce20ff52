"""Above capacity: the same load at twice what is carried, with shedding and without.

capacity   closed loop, every feed in full
each side  a server of its own; arrivals at random at `times` that rate, whoever waits;
           then how long until feeds are answered in full again
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec

from freshet.app import Tell
from freshet.lab.bench.drive import Quantiles, carried_out, plan_for, run_of, told_by, under_way
from freshet.lab.bench.folder import Made, made_folder
from freshet.lab.bench.load import Done
from freshet.lab.bench.server import Server, highest

PATIENCE_S = 10.0  # a viewer who waited so long is gone
CALM_S = 120.0  # longest wait for steps to be taken back
LOOK_S = 0.2
NEVER = Quantiles(float("inf"), float("inf"))


class Side(msgspec.Struct, kw_only=True):
    """What came of the load.

    `refused` of the `failed` were told to come again; the others had no answer in ten seconds.
    `answered` is feeds by the step that answered them, `cpu_ms` processor time of the server by
    feeds answered, their events included. `full_after_s` is how long after the
    load feeds were answered in full again.
    """

    asked: int
    failed: int
    refused: int
    feeds_per_s: float
    http_ms: Quantiles
    events_ms: Quantiles
    answered: dict[str, int]
    repeats: int
    cpu_ms: float
    full_after_s: float | None = None


class OverloadReport(msgspec.Struct, kw_only=True):
    run: dict[str, Any]
    capacity_per_s: float
    asked_per_s: float
    without: Side
    shedding: Side


def measure(
    folder: Path, made: Made, *, workers: int, seconds: float, times: float, seed: int, tell: Tell
) -> OverloadReport:
    made_folder(folder, made, tell)
    capacity = capacity_of(folder, made, workers, min(seconds, 8.0), seed, tell)
    rate = times * capacity
    sides = []
    for sheds in (False, True):
        tell(f"asking {times:g} times that, {'with' if sheds else 'without'} shedding")
        sides.append(_side(folder, made, workers, sheds, rate, seconds, seed))
    return OverloadReport(
        run=run_of(made, workers=workers, seconds=seconds, times=times),
        capacity_per_s=round(capacity, 1), asked_per_s=round(rate, 1),
        without=sides[0], shedding=sides[1],
    )  # fmt: skip


def capacity_of(
    folder: Path, made: Made, workers: int, seconds: float, seed: int, tell: Tell
) -> float:
    """Feeds a second, each in full and with its events, that are carried."""
    tell("what it carries")
    with Server(folder, workers) as server:
        done = carried_out(plan_for(server, made, seconds=seconds, seed=seed, warm_s=3.0))
    return done.steps / done.wall_s


def _side(
    folder: Path, made: Made, workers: int, sheds: bool, rate: float, seconds: float, seed: int
) -> Side:
    with Server(folder, workers, sheds=sheds) as server:
        plan = plan_for(
            server, made, rate=rate, seconds=seconds, seed=seed + 1, patience_s=PATIENCE_S,
            trace_share=0.0,
        )  # fmt: skip
        with under_way(plan) as load:
            done = told_by(load)
        side = _told(done)
        if sheds:
            side.full_after_s = _until_full(server)
    return side


def _told(done: Done) -> Side:
    return Side(
        asked=done.steps + done.failed, failed=done.failed, refused=done.refused,
        feeds_per_s=round(len(done.feed_ms) / done.wall_s, 1),
        http_ms=Quantiles.of(done.feed_ms) if done.feed_ms else NEVER,
        events_ms=Quantiles.of(done.events_ms) if done.events_ms else NEVER,
        answered={name or "full": count for name, count in sorted(done.answered.items())},
        repeats=done.repeats, cpu_ms=round(1_000 * done.server_cpu_s / max(done.steps, 1), 2),
    )  # fmt: skip


def _until_full(server: Server) -> float | None:
    """Seconds until no process answers at less cost; None if that takes too long."""
    begun = time.perf_counter()
    while (lasted_s := time.perf_counter() - begun) < CALM_S:
        if not highest(server.metrics(), "freshet_load_step"):
            return round(lasted_s, 1)
        time.sleep(LOOK_S)
    return None
