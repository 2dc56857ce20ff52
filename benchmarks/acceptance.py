"""A real log, from import to feeds whose every reason is checked against the log itself.

    python benchmarks/acceptance.py KuaiRand-Pure/data --viewers 100 --json out.json

The log is imported by the command that users call. Then, standing at its end, each of some
viewers drawn by chance asks for a feed, acts on it, and asks again. Checked are

    the same ranking   a second run of the pipeline for the same request gives the same slate
    evidence           what a reason says is counted anew from the raw events
    weight             without the features it speaks of, the value drops by what it claims
    next feed          the creator hidden is gone, what was watched is not repeated and is
                       the newest thing the state knows of the viewer

Exit code 1 if anything does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from freshet import config
from freshet.app import open_engine
from freshet.backends.sqlite_reader import SqliteReader
from freshet.domain import events as ev
from freshet.domain.ids import uuid7
from freshet.engine import OneProcess as Engine
from freshet.feed.reason import Reason
from freshet.feed.serve import Ask
from freshet.lab.reasons.recount import Raw
from freshet.lab.reasons.weighing import Weighed

SLATE = 10
WEIGHT_TOLERANCE = 2e-3  # of an item's value


@dataclass(slots=True)
class Found:
    """What came out, by code of reason where there are several."""

    feeds: int = 0
    items: int = 0
    said: Counter[str] = field(default_factory=Counter)
    evidence_wrong: Counter[str] = field(default_factory=Counter)
    weight_wrong: Counter[str] = field(default_factory=Counter)
    unchecked: Counter[str] = field(default_factory=Counter)  # the raw log cannot tell
    problems: Counter[str] = field(default_factory=Counter)
    reflected: int = 0
    ms: list[float] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        wrong = self.evidence_wrong.total() + self.weight_wrong.total() + self.problems.total()
        return wrong == 0


class Journey:
    """Feeds of one engine, checked against the log."""

    def __init__(self, engine: Engine, log: Raw) -> None:
        self.engine, self.log, self.found = engine, log, Found()
        self.feed = engine.feeds["for_you"]
        self.live: Any = engine.live
        self.weights = engine.settings.feed.for_you.weights
        self.random = Random(5)

    async def visit(self, viewer: str) -> None:
        """One viewer's feed, acts and next feed."""
        request_id = self.engine.new_request_id()
        query, _ = self.feed._query(Ask(viewer, SLATE, request_id), ())
        again = await self.feed.ladder.fill(query)
        begun = time.perf_counter()
        answer = await self.engine.feed("for_you", viewer, SLATE, request_id)
        self.found.ms.append(1000 * (time.perf_counter() - begun))
        items = answer.items
        self.found.feeds += 1
        self.found.items += len(items)
        if not items:
            self.found.problems["an empty feed"] += 1
            return
        if [self.live.video_id(int(row)) for row in again.slate.rows] != [i.video for i in items]:
            self.found.problems["the same request, another slate"] += 1
            return
        if answer.trace is None or any(rung.failures for rung in answer.trace.rungs):
            self.found.problems["a stage failed"] += 1
        weighed = Weighed(self.live, self.weights, query, again.slate)
        for place, item in enumerate(items):
            if not item.reasons:
                self.found.problems["an item without a reason"] += 1
            for one in item.reasons:
                self.check(one, viewer, item.video, weighed, place)
        await self.act(viewer, [item.video for item in items])

    def check(self, one: Reason, viewer: str, video: str, weighed: Weighed, place: int) -> None:
        found, now_ms = self.found, weighed.query.now_ms
        found.said[one.code] += 1
        holds = self.log.holds(one, viewer, video, now_ms)
        if holds is None:
            found.unchecked[one.code] += 1
        elif not holds:
            found.evidence_wrong[one.code] += 1
        named = self.log.named(one, viewer, video, now_ms) if "act" in one.params else {}
        drop = weighed.drop(one.code, place, list(named))
        if abs(drop - one.weight) > WEIGHT_TOLERANCE or one.weight < 0:
            found.weight_wrong[one.code] += 1

    async def act(self, viewer: str, slate: list[str]) -> None:
        """Watch and like the first, hide the creator of the last, and look at the next feed."""
        watched, creator = slate[0], self.log.videos[slate[-1]].creator
        duration_ms = self.log.videos[watched].duration_ms
        seen = {"watched_ms": duration_ms, "duration_ms": duration_ms, "left": True}
        acts = [
            self.event(ev.Impression, viewer, video=watched),
            self.event(ev.Like, viewer, video=watched),
            self.event(ev.Watch, viewer, video=watched, **seen),
            self.event(ev.Hide, viewer, kind="creator", target=creator),
        ]
        await self.engine.record(acts)
        for event in acts:
            self.log.add(event)
        answer = await self.engine.feed("for_you", viewer, SLATE, self.engine.new_request_id())
        videos = [item.video for item in answer.items]
        problems = {
            "not folded in time": answer.trace is None or answer.trace.behind > 0,
            "the act is not the newest known": self.newest(viewer) != watched,
            "repeated": bool(set(videos) & set(slate)),
            "by a hidden creator": creator in {self.log.videos[v].creator for v in videos},
            "an empty next feed": not videos,
        }
        for problem, there in problems.items():
            self.found.problems[problem] += there
        self.found.reflected += not any(problems.values())

    def newest(self, viewer: str) -> str:
        return str(self.live.video_id(int(self.live.recent(self.live.viewer_row(viewer))[0])))

    def event(self, kind: type[ev.Event], viewer: str, /, **fields: Any) -> ev.Event:
        now_ms = self.engine.now_ms()
        fields |= {"event_id": uuid7(now_ms, self.random), "time": now_ms, "viewer": viewer}
        return kind(received=now_ms, **fields)


async def accept(data: Path, viewers: int, seed: int) -> Found:
    log = Raw()
    reader = SqliteReader(data)
    async for batch in reader.read():
        for event in batch.events:
            log.add(event)
    await reader.close()
    # The day on which the log ends: what was seen in it is not forgotten.
    clock = log.last_ms + 60_000
    settings = msgspec.structs.replace(config.Settings(), data=str(data))
    async with open_engine(settings, clock=lambda: clock) as engine:
        journey = Journey(engine, log)
        await journey.feed.warm()
        drawn = Random(seed).sample(sorted(log.views), min(viewers, len(log.views)))
        for viewer in drawn:
            await journey.visit(viewer)
        return journey.found


def table_of(found: Found) -> Table:
    table = Table("reason", "said", "evidence wrong", "weight wrong", "not in the log", box=None)
    for code, count in found.said.most_common():
        table.add_row(
            code, f"{count:,}", str(found.evidence_wrong[code]), str(found.weight_wrong[code]),
            str(found.unchecked[code]),
        )  # fmt: skip
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, help="a folder in the layout of KuaiRand")
    parser.add_argument("--viewers", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        command = [sys.executable, "-m", "freshet", "import", "kuairand", str(asked.path)]
        done = subprocess.run(
            [*command, "--data", str(data), "--json"], check=True, stdout=subprocess.PIPE
        )
        imported = json.loads(done.stdout)
        found = asyncio.run(accept(data, asked.viewers, asked.seed))
    console = Console()
    console.print(
        f"imported {imported['events']:,} events of {imported['lines_kept']:,} lines "
        f"({imported['lines_refused']:,} refused) at {imported['events_per_s']:,.0f} events/s",
        highlight=False,
    )
    console.print(table_of(found))
    p50, p99 = np.percentile(found.ms, [50, 99])
    console.print(
        f"{found.feeds} feeds, {found.items} videos; own acts in the next feed of "
        f"{found.reflected} of {found.feeds} viewers; p50 {p50:.1f} ms, p99 {p99:.1f} ms",
        highlight=False,
    )
    for problem, count in (+found.problems).items():
        console.print(f"[red]{problem}: {count}")
    if asked.json:
        plain = msgspec.to_builtins(found, builtin_types=(Counter,))
        asked.json.write_text(json.dumps(plain | {"import": imported}, indent=1))
    sys.exit(0 if found.holds else 1)


if __name__ == "__main__":
    main()
