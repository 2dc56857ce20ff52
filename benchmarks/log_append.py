"""Durable appends a second, with many events already in the log.

    python -m benchmarks.log_append --events 1000000 --json out.json

Every number counts acknowledged events; an acknowledgement waits for the disk. Events are
made before the clock starts; encoding, checking and the search for repeats are inside.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from freshet.backends.sqlite_log import SqliteLog
from freshet.domain.events import Event, Watch
from freshet.domain.ids import uuid7

START_MS = 1_700_000_000_000
SPREAD_MS = 6 * 86_400_000  # the events already in came over six days
VIEWERS, VIDEOS = 100_000, 1_000_000


class Maker:
    """Watch reports of random viewers, at the time of the benchmark's own clock."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now_ms = START_MS

    def __call__(self) -> int:
        return self.now_ms

    def events(self, count: int, step_ms: float) -> list[Event]:
        start, draw = self.now_ms, self.random.randrange
        self.now_ms = start + int(count * step_ms)
        return [
            Watch(
                event_id=uuid7(start + int(i * step_ms), self.random),
                time=start + int(i * step_ms),
                viewer=f"viewer-{draw(VIEWERS)}",
                session_id=f"session-{draw(VIEWERS)}",
                request_id=f"request-{draw(VIEWERS)}",
                video=f"video-{draw(VIDEOS)}",
                watched_ms=draw(60_000),
                duration_ms=30_000,
            )
            for i in range(count)
        ]


async def fill(log: SqliteLog, maker: Maker, count: int) -> None:
    for start in range(0, count, 50_000):
        await log.append(maker.events(min(50_000, count - start), SPREAD_MS / max(1, count)))


async def batched(log: SqliteLog, calls: Sequence[Sequence[Event]], in_flight: int) -> float:
    """Events a second; each of `in_flight` clients waits for its answer before the next."""
    queue = iter(calls)

    async def client() -> None:
        for call in queue:
            await log.append(call)

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(in_flight)))
    return sum(map(len, calls)) / (time.perf_counter() - start)


async def measure(folder: Path, events: int, rounds: int, seed: int) -> dict[str, float]:
    maker = Maker(seed)
    log = SqliteLog(folder, maker)
    await fill(log, maker, events)
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, size, count, in_flight in (
            ("batches_of_100_one_client", 100, 300, 1),
            ("batches_of_100_8_clients", 100, 600, 8),
            ("singles_32_clients", 1, 8_000, 32),
        ):
            made = maker.events(size * count, 0.05)
            calls = [made[i : i + size] for i in range(0, len(made), size)]
            found.setdefault(name, []).append(await batched(log, calls, in_flight))
        repeated = [made[i : i + 100] for i in range(0, len(made), 100)]
        found.setdefault("repeats_in_batches_of_100", []).append(await batched(log, repeated, 1))
    await log.close()
    start = time.perf_counter()
    log = SqliteLog(folder, maker)
    reopened_s = time.perf_counter() - start
    start, read = time.perf_counter(), 0
    async for batch in log.read(max(0, log.last - 500_000)):
        read += len(batch.events)
    read_per_s = read / (time.perf_counter() - start)
    await log.close()
    return {
        "events_before": float(events),
        **{name: statistics.median(values) for name, values in found.items()},
        "read_per_s": read_per_s,
        "open_s": reopened_s,
        "bytes_per_event": (folder / "log.sqlite").stat().st_size / (log.last or 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="already in the log")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="on the disk to measure; a fresh one if left")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        found = asyncio.run(measure(Path(folder) / "data", args.events, args.rounds, args.seed))
    table = Table("measure", "value", title="log_append, durable events a second, median")
    for name, value in found.items():
        table.add_row(name, f"{value:,.0f}" if value > 100 else f"{value:,.2f}")
    Console().print(table)
    if args.json:
        args.json.write_text(json.dumps({"seed": args.seed, **found}, indent=2))


if __name__ == "__main__":
    main()
