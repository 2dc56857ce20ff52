"""S1 and S4: feeds that are ranked fresh and lived through, and what the state weighs.

    closed loop   what the server carries; per core = feeds / its seconds of processor time
    half load     arrivals at random at half of that: latencies

Each feed is followed by one batch with its impressions and watch reports, which are folded
and learned. A round is both loops, one after the other; medians over rounds are reported.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from freshet import config
from freshet.app import Tell, now_ms, open_engine
from freshet.cli_feed import new_loop
from freshet.lab.bench.assembled.beside import (
    Baseline,
    Beside,
    Slates,
    assembled,
    check,
    drawn,
    settled_s,
    shown,
    shown_by_value,
)
from freshet.lab.bench.drive import Quantiles, carried_out, median, null_per_s, plan_for, run_of
from freshet.lab.bench.folder import Made, made_folder
from freshet.lab.bench.load import Done
from freshet.lab.bench.server import Server
from freshet.lab.bench.users import FEEDS_PER_USER, PEAK_HOUR, daily_users
from freshet.lab.bench.weight import Weight, weighed
from freshet.lab.lightgbm_nightly import TREES
from freshet.lab.retrieval_quality import Quality, recall, slates

RECALLED_FOR = 200  # viewers


class FeedReport(msgspec.Struct, kw_only=True):
    """Numbers of S1 and S4; names as in the JSON.

    `survived` candidates per feed were ranked, the fewest of a hundred feeds `survived_p1`;
    `load` says how near the load generator was to its own limit.
    """

    run: dict[str, Any]
    feeds_per_s: float
    feeds_per_s_per_core: float
    engine_ms: Quantiles
    http_ms: Quantiles
    events_ms: Quantiles
    stages_ms: dict[str, float]
    survived: float
    survived_p1: float
    start_s: float
    pss_mb: float
    bytes_per_video: float | None = None
    bytes_per_viewer: float | None = None
    recall100: float | None = None
    slate_value: float | None = None
    load: dict[str, float] = {}
    rounds: list[dict[str, float]] = []
    daily_users: int = 0
    baseline: Baseline | None = None


class How(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how hard."""

    workers: int = 1
    clients: int = 8
    seconds: float = 8.0  # of each loop
    rounds: int = 3
    seed: int = 0
    compared: int = 0  # requests whose slate is compared with ranking everything; 0 = none
    baseline: bool = False  # a feed assembled from parts takes the same load in turn with ours
    trees: int = TREES  # of each of its models
    feeds_per_user: float = FEEDS_PER_USER  # on a day
    peak_hour: float = PEAK_HOUR  # share of a day's feeds


def measure(
    folder: Path, made: Made, how: How, tell: Tell, weight: Weight | None = None
) -> FeedReport:
    """Serve from a folder, made if need be, and put load on it."""
    if how.baseline:
        check(folder)
    made_folder(folder, made, tell)
    by_value: Slates = {}
    if how.baseline:
        tell("what would be shown by value alone")
        by_value = shown_by_value(folder, made)
    tell("starting the server")
    closed: list[Done] = []
    half: list[Done] = []
    with Server(folder, how.workers) as server, ExitStack() as stack:
        rival: Beside | None = None
        slates: Slates = {}
        if how.baseline:
            tell("waiting for the server to stand")
            time.sleep(settled_s(made))
            slates = shown(server, drawn(made))
        for number in range(how.rounds):
            tell("round", number, how.rounds)
            plan = plan_for(
                server, made, clients=how.clients, seconds=how.seconds, seed=how.seed + number,
                warm_s=3.0 if number == 0 else 1.0,
            )  # fmt: skip
            closed.append(carried_out(plan))
            rate = closed[-1].steps / closed[-1].wall_s / 2
            half.append(carried_out(msgspec.structs.replace(plan, rate=rate, trace_share=1.0)))
            if how.baseline and rival is None:
                ranked = round(median([n for done in (*closed, *half) for n in done.survived]))
                pair = stack.enter_context(assembled(folder, made, ranked, tell, how.trees))
                rival = Beside(made, pair, slates, by_value)
            if rival is not None:
                tell("round of the baseline", number, how.rounds)
                rival.round(plan)
        found = rival.report(closed, half) if rival is not None else None
        pss_mb, start_s = server.pss_bytes / 1e6, server.start_s
        tell("asking a server that does nothing")
        null = null_per_s(plan)
    report = _report(closed, half, run_of(made, **msgspec.to_builtins(how)))
    report.baseline = found
    report.daily_users = daily_users(report.feeds_per_s, how.feeds_per_user, how.peak_hour)
    report.start_s, report.pss_mb = round(start_s, 2), round(pss_mb, 1)
    report.load = {
        "cpu_share": round(median([d.load_cpu_s / d.wall_s for d in closed]), 3),
        "null_per_s": round(null, 1),
        "null_over_ours": round(null / report.feeds_per_s, 1),
    }
    if how.compared:
        report.recall100, report.slate_value = compared(folder, made, how, tell)
    if weight is not None:
        weights = weighed(folder, made, how.workers, weight, tell)
        report.bytes_per_video, report.bytes_per_viewer = weights
    return report


def compared(folder: Path, made: Made, how: How, tell: Tell) -> tuple[float, float]:
    """recall@100 of the index, and the value of slates over that of exhaustive ones."""
    drawn = np.random.default_rng(how.seed).integers(0, made.viewers, RECALLED_FOR).tolist()

    async def work() -> tuple[float, float]:
        settings = msgspec.structs.replace(config.load(), data=str(folder))
        async with open_engine(settings, tell) as engine:
            nearby, parts = engine.nearby, engine.feeds["for_you"].parts
            assert nearby is not None
            tell("valuing every video")
            nearby.proven.go_on(made.videos, now_ms())
            nearby.maintain()
            quality = Quality(engine.live, nearby, parts, now_ms())
            tell("comparing with exact search")
            found = recall(quality, drawn)
            tell("comparing with ranking everything")
            slate = await slates(quality, drawn[: how.compared])
        return round(found["recall100"], 4), round(slate["slate_value"], 4)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(work())


def _report(closed: list[Done], half: list[Done], run: dict[str, Any]) -> FeedReport:
    rounds = [
        {
            "feeds_per_s": done.steps / done.wall_s,
            "feeds_per_s_per_core": done.steps / done.server_cpu_s,
            "server_cpu_share": done.server_cpu_s / done.wall_s,
        }
        for done in closed
    ]
    stages = {name for done in half for name in done.stages_ms}
    survived = [count for done in (*closed, *half) for count in done.survived]

    def middle(name: str) -> Quantiles:
        """Medians over rounds of each quantile."""
        found = [Quantiles.of(getattr(done, name)) for done in half]
        return Quantiles(median([q.p50 for q in found]), median([q.p99 for q in found]))

    return FeedReport(
        run=run,
        feeds_per_s=round(median([one["feeds_per_s"] for one in rounds]), 1),
        feeds_per_s_per_core=round(median([one["feeds_per_s_per_core"] for one in rounds]), 1),
        engine_ms=middle("engine_ms"), http_ms=middle("feed_ms"), events_ms=middle("events_ms"),
        stages_ms={
            name: round(median([median(d.stages_ms[name]) for d in half if name in d.stages_ms]), 3)
            for name in sorted(stages)
        },
        survived=median(survived), survived_p1=float(np.percentile(survived, 1)),
        start_s=0.0, pss_mb=0.0,
        rounds=[{name: round(value, 2) for name, value in one.items()} for one in rounds],
    )  # fmt: skip
