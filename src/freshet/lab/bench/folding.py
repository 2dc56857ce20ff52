"""What feeds feel of the folding beside them.

Few feeds a second, each followed by its own events, as on a quiet day: what they take alone, and
what they take while another load sends so many events a second in batches of 100, which are
logged, folded and learned meanwhile.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from freshet.app import Tell
from freshet.lab.bench.drive import Quantiles, carried_out, finished, plan_for, run_of, under_way
from freshet.lab.bench.events import BATCH, BATCH_CLIENTS
from freshet.lab.bench.folder import Made, made_folder
from freshet.lab.bench.server import Server

LONGER_S = 2.0  # events come until the last feed was answered


class FoldingReport(msgspec.Struct, kw_only=True):
    """`idle_ms` and `folding_ms` of a feed; `ratio` of their p99; `events_per_s` that were
    acknowledged beside them; `behind` feeds that could not wait for their viewer's last act."""

    run: dict[str, Any]
    idle_ms: Quantiles
    folding_ms: Quantiles
    ratio: float
    events_per_s: float
    behind: int


def measure(
    folder: Path, made: Made, *, workers: int, seconds: float, feeds: float, events: int, seed: int,
    tell: Tell,
) -> FoldingReport:  # fmt: skip
    """`feeds` and `events` are per second."""
    made_folder(folder, made, tell)
    tell("starting the server")
    with Server(folder, workers) as server:
        few = plan_for(server, made, seconds=seconds, rate=feeds, seed=seed)
        tell("feeds alone")
        idle = carried_out(few)
        many = plan_for(
            server, made, step="events", clients=BATCH_CLIENTS, batch=BATCH, rate=events / BATCH,
            seconds=seconds + LONGER_S, seed=seed + 1,
        )  # fmt: skip
        tell("feeds beside events")
        with under_way(many) as load:
            beside = carried_out(msgspec.structs.replace(few, seed=seed + 2))
            sent = finished(load)
    alone, folding = Quantiles.of(idle.feed_ms), Quantiles.of(beside.feed_ms)
    return FoldingReport(
        run=run_of(made, workers=workers, seconds=seconds, feeds=feeds, events=events),
        idle_ms=alone, folding_ms=folding, ratio=round(folding.p99 / alone.p99, 2),
        events_per_s=round(sent.events / sent.wall_s, 1), behind=beside.behind,
    )  # fmt: skip
