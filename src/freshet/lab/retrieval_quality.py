"""How good retrieval is: against exact search, and against ranking everything.

    recall@100    of the index, asked for each centroid, among the 100 truly nearest
    candidates    that survive the filters of For You, with its settings
    slate value   of the ten best candidates over that of the ten best of the whole catalogue
    ms            of one search for all centroids, and of all sources together

Without spacing and chance, which would blur what retrieval lost.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from freshet.feed.parts import Live, Parts
from freshet.feed.query import FeedQuery
from freshet.feed.value import Value
from freshet.retrieval.nearby import Nearby
from freshet.surfaces.for_you import for_you

MIXED = 2  # centroids from which a viewer's interests count as mixed
SLATE = 10
RECALLED = 100
RANKED_AT_ONCE = 20_000
SEEN_MS = 90 * 86_400_000  # what was seen within this is not shown again


@dataclass(slots=True)
class Quality:
    """One catalogue, lived through, and its retrieval."""

    live: Live
    nearby: Nearby
    parts: Parts
    now_ms: int

    def query(self, viewer: int) -> FeedQuery:
        return FeedQuery(viewer=viewer, n=SLATE, now_ms=self.now_ms, seed=viewer)


def recall(of: Quality, viewers: list[int]) -> dict[str, float]:
    """Of viewers with mixed interests, per centroid, and what a search takes."""
    live, index = of.live, of.nearby.index
    every = live.items(np.arange(live.video_count(), dtype=np.int32))
    shares, searches_ms = [], []
    for viewer in viewers:
        centroids, _ = live.interests(viewer)
        if len(centroids) < MIXED:
            continue
        begun = time.perf_counter()
        found, _ = index.search(centroids, RECALLED)
        searches_ms.append(1_000 * (time.perf_counter() - begun))
        exact = np.argpartition(-(centroids @ every.T), RECALLED, axis=1)[:, :RECALLED]
        shares += [len(np.intersect1d(a, b)) / RECALLED for a, b in zip(found, exact, strict=True)]
    return {"recall100": float(np.mean(shares)), "search_ms": float(np.median(searches_ms)),
            "mixed_viewers": len(searches_ms)}  # fmt: skip


async def slates(of: Quality, viewers: list[int]) -> dict[str, float]:
    """Candidates that survive, and the value of the ten best against ranking everything."""
    live = of.live
    pipeline = for_you(of.parts).rungs[0].pipeline
    value = Value(of.parts.settings.weights, live.outcomes)
    survived, shares = [], []
    ms: dict[str, list[float]] = defaultdict(list)
    for viewer in viewers:
        query = of.query(viewer)
        _, trace = await pipeline.run(query)
        for step in trace.steps:
            if step.kind == "source":
                ms[step.stage].append(step.ms)
        candidates = np.concatenate(
            [(await source.fetch(query)).rows for source in pipeline.sources]
        )
        candidates = _allowed(of, query, np.unique(candidates))
        survived.append(len(candidates))
        mine = _best(of, query, candidates, value)
        all_of_it = _allowed(of, query, np.arange(live.video_count(), dtype=np.int32))
        shares.append(mine / _best(of, query, all_of_it, value))
    return {
        "candidates": float(np.median(survived)),
        "candidates_p5": float(np.percentile(survived, 5)),
        "slate_value": float(np.mean(shares)),
        "sources_ms": sum(float(np.median(one)) for one in ms.values()),
        **{f"{stage}_ms": float(np.median(one)) for stage, one in ms.items()},
    }


def _allowed(of: Quality, query: FeedQuery, rows: Any) -> Any:
    live = of.live
    rows = rows[live.eligible[rows]]
    rows = rows[~live.seen(query.viewer, rows, query.now_ms, SEEN_MS, None)]
    return rows[~live.hidden(query.viewer, rows)]


def _best(of: Quality, query: FeedQuery, rows: Any, value: Value) -> float:
    """Value of the ten best, without spacing."""
    worths = []
    for first in range(0, len(rows), RANKED_AT_ONCE):
        ranked = of.live.rank(
            query.viewer, rows[first : first + RANKED_AT_ONCE], query.now_ms, query.surface
        )
        worths.append(value.of(ranked.predictions, ranked.watch_s))
    worth = np.concatenate(worths)
    return float(np.sort(worth)[-SLATE:].sum())
