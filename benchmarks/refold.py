"""One state, three ways to it: lived through, folded anew, and picked up from a snapshot.

    python -m benchmarks.refold --events 2000000 --json out/refold.json

    live      batches of random size, as events come
    anew      the whole log from its beginning, in batches of other sizes
    resumed   live's snapshot of the middle, loaded by a new state, and the rest of the log

The states must be equal in every byte; the command fails if they are not. Events of every
kind are made by a seeded generator, each pass anew, so that memory holds one piece of them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.table import Table

from freshet.domain.events import Event
from freshet.lab.generate.mixed import mixed_events
from freshet.learning.live import Live
from freshet.log.ports import Batch

CAPACITY = {"viewer": 1 << 16, "video": 1 << 18, "pair": 1 << 23}
WAITING = 1 << 12  # vectors, few enough that some must make room
BATCHES = {"live": 2_000, "anew": 50_000, "resumed": 500}  # events in one, at the most


class Pass:
    """A state and how it is told of the log.

    Args:
        largest: batches are of 1 to so many events.
    """

    def __init__(self, seed: int, largest: int) -> None:
        self.live = Live(capacity=CAPACITY, pending=WAITING)
        self.fold_s = 0.0
        self._random, self._largest = Random(seed), largest

    def fold(self, events: Iterator[Event], count: int) -> None:
        """`count` events that lie behind what is folded."""
        while count and (batch := list(islice(events, self._size(count)))):
            count -= len(batch)
            start = time.perf_counter()
            self.live.apply(Batch(self.live.offset + 1, batch))
            self.fold_s += time.perf_counter() - start

    def _size(self, left: int) -> int:
        return min(self._random.randint(1, self._largest), left)


def measure(events: int, seed: int, folder: Path) -> dict[str, Any]:
    """Fold `events` events in the three ways and compare; see the keys at the end."""

    def made() -> Iterator[Event]:
        people = max(events // 100, 20)
        return mixed_events(
            events, seed=seed, viewers=people, videos=people, features=live.live.inputs
        )

    live, anew, resumed = (Pass(seed + n, size) for n, size in enumerate(BATCHES.values()))
    middle = Random(seed).randint(events // 4, 3 * events // 4)
    log = made()
    live.fold(log, middle)
    live.live.save(folder)
    live.fold(log, events - middle)

    anew.fold(made(), events)
    resumed.live.load(folder)
    resumed.fold(islice(made(), middle, None), events - middle)
    return {
        "events": events,
        "snapshot_at": middle,
        "views_learned": int(live.live.params.seen[1]),
        "state_mb": round(sum(a.nbytes for a in live.live.state().values()) / 2**20, 1),
        "events_per_s": {
            "live": round(events / live.fold_s),
            "anew": round(events / anew.fold_s),
            "resumed": round((events - middle) / resumed.fold_s),
        },
        "differing": {
            "anew": differing(live.live, anew.live),
            "resumed": differing(live.live, resumed.live),
        },
    }


def differing(one: Live, other: Live) -> list[str]:
    """Names of the parts in which two states differ, to the byte."""
    a, b = one.state(), other.state()
    return [name for name in a if a[name].tobytes() != b[name].tobytes()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(args.events, args.seed, Path(folder))
    table = Table("way", "events/s", "differs in", title=f"refold of {args.events:,} events")
    for way, per_s in found["events_per_s"].items():
        wrong = found["differing"].get(way, ["this is what the others are compared with"])
        table.add_row(way, f"{per_s:,}", ", ".join(wrong) or "nothing")
    Console().print(table)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({"seed": args.seed, **found}, indent=2))
    if any(found["differing"].values()):
        raise SystemExit("the states differ")


if __name__ == "__main__":
    main()
