"""Which source would have brought what a viewer then watched to the end.

When one in ten sits down, every source of For You is asked as their first feed asks it, beside
the feed, so that nothing changes by it. What they finish in that session is looked for in what
each brought: *recall*; in what it alone brought: *alone*.
"""

from __future__ import annotations

from random import Random

import msgspec
import numpy as np

from freshet.feed.query import FeedQuery
from freshet.lab.acting import Acting
from freshet.lab.simulating.life import SLATE, Looking
from freshet.pipeline import UNASKED
from freshet.pipeline.stages import stage_name
from freshet.surfaces.for_you import for_you

EVERY = 10  # sessions, of which one is looked at


class Source(msgspec.Struct):
    """What came of one."""

    asked: int = 0  # sessions
    brought: int = 0  # clips not seen before
    found: int = 0  # of those finished, by this source
    alone: int = 0  # ... and by no other but those that bring anything

    recall: float = 0.0
    mean_brought: float = 0.0


class Sources(Looking):
    def __init__(self, on: Acting, seed: int) -> None:
        self.on, self.random = on, Random(f"looked at {seed}")
        parts = on.engine.feeds["for_you"].parts
        self.parts, self.sources = parts, for_you(parts).rungs[0].pipeline.sources
        self.of: dict[str, Source] = {}
        self.finished_clips = 0
        self._brought: dict[str, dict[str, set[str]]] = {}  # by viewer, of whom one looks
        self._ended: dict[str, set[str]] = {}

    async def hour(self) -> None:
        if self.on.engine.nearby is not None:
            self.on.engine.nearby.maintain()

    async def sits_down(self, viewer: str) -> None:
        if self.random.random() * EVERY >= 1:
            return
        live, now_ms = self.parts.live, self.on.clock.now_ms
        query = FeedQuery(live.viewer_row(viewer), SLATE, now_ms, self.random.getrandbits(32))
        brought: dict[str, set[str]] = {}
        for source in self.sources:
            candidates = await source.fetch(query)
            if candidates is UNASKED:
                continue
            rows = candidates.rows
            new = rows[~query.seen(live, rows, self.parts.settings.seen_horizon_days)]
            brought[stage_name(source)] = {live.video_id(row) for row in np.unique(new).tolist()}
        self._brought[viewer], self._ended[viewer] = brought, set()

    def finished(self, viewer: str, clip: str) -> None:
        if viewer in self._ended:
            self._ended[viewer].add(clip)

    async def gets_up(self, viewer: str) -> None:
        brought, ended = self._brought.pop(viewer, {}), self._ended.pop(viewer, set())
        if not brought:
            return
        self.finished_clips += len(ended)
        for name, clips in brought.items():
            one = self.of.setdefault(name, Source())
            others = set().union(*(more for other, more in brought.items() if other != name))
            one.asked += 1
            one.brought += len(clips)
            one.found += len(ended & clips)
            one.alone += len((ended & clips) - others)

    def told(self) -> dict[str, Source]:
        for one in self.of.values():
            one.recall = one.found / max(self.finished_clips, 1)
            one.mean_brought = one.brought / max(one.asked, 1)
        return self.of
