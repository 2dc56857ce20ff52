"""S2: durable events a second over HTTP, with many in the log already.

Half of them are impressions of any viewers, half their watch reports, as behind feeds. An
event counts once it is acknowledged, and that waits for the disk. Folding and learning go on
beside; `behind` events were not folded at the end, a moment's worth and not a heap.
"""

from __future__ import annotations

import http.client
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from freshet.app import Tell
from freshet.lab.bench.acts import Acts
from freshet.lab.bench.catalogue import viewer_id
from freshet.lab.bench.drive import Quantiles, carried_out, median, null_per_s, plan_for, run_of
from freshet.lab.bench.folder import Made, made_folder
from freshet.lab.bench.load import read_feed
from freshet.lab.bench.server import Server

BATCH, BATCH_CLIENTS = 100, 8
SINGLE_CLIENTS = 32


class EventsReport(msgspec.Struct, kw_only=True):
    """Numbers of S2; names as in the JSON."""

    run: dict[str, Any]
    batched_per_s: float
    single_per_s: float
    batched_per_s_per_core: float
    single_per_s_per_core: float
    batch_ms: Quantiles
    single_ms: Quantiles
    behind: int
    load: dict[str, float] = {}


def measure(
    folder: Path, made: Made, *, workers: int, seconds: float, rounds: int, seed: int, tell: Tell
) -> EventsReport:
    made_folder(folder, made, tell)
    tell("starting the server")
    batched, single, behind = [], [], []
    with Server(folder, workers) as server:
        for number in range(rounds):
            tell("round", number, rounds)
            plan = plan_for(
                server, made, step="events", seconds=seconds, seed=seed + number,
                clients=BATCH_CLIENTS, batch=BATCH,
            )  # fmt: skip
            batched.append(carried_out(plan))
            behind.append(_behind(server, seed + number))
            single.append(
                carried_out(msgspec.structs.replace(plan, clients=SINGLE_CLIENTS, batch=1))
            )
        null = null_per_s(plan) * BATCH
    per_s = median([done.events / done.wall_s for done in batched])
    return EventsReport(
        run=run_of(made, workers=workers, seconds=seconds, rounds=rounds),
        batched_per_s=round(per_s, 1),
        single_per_s=round(median([done.events / done.wall_s for done in single]), 1),
        batched_per_s_per_core=round(median([d.events / d.server_cpu_s for d in batched]), 1),
        single_per_s_per_core=round(median([d.events / d.server_cpu_s for d in single]), 1),
        batch_ms=Quantiles.of([ms for done in batched for ms in done.events_ms]),
        single_ms=Quantiles.of([ms for done in single for ms in done.events_ms]),
        behind=int(median(behind)),
        load={
            "cpu_share": round(median([d.load_cpu_s / d.wall_s for d in batched]), 3),
            "null_per_s": round(null, 1), "null_over_ours": round(null / per_s, 1),
        },
    )  # fmt: skip


def _behind(server: Server, seed: int) -> int:
    """Events that are not folded when the next viewer's feed has waited for its own act."""
    viewer = viewer_id(0)
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
    caller = http.client.HTTPConnection(server.host, server.port)
    caller.request("POST", "/v1/events", Acts(Random(seed)).views(1, 1, 1), headers)
    caller.getresponse().read()
    caller.request("GET", f"/v1/feeds/for_you?n=1&trace=1&viewer={viewer}", headers=headers)
    trace = read_feed(caller.getresponse().read()).trace
    caller.close()
    return trace.behind if trace is not None else 0
