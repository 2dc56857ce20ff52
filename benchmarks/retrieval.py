"""Retrieval against exact search and against ranking everything.

    python -m benchmarks.retrieval --videos 10000 100000 --json out/retrieval.json

A generated world: viewers with two to four tastes, videos with topics, hashtags and sounds,
every viewer measured with `--views` views of their own, folded as they come. Then, for viewers
drawn uniformly:

    recall@100    of the index, asked for each centroid, among the 100 truly nearest
    candidates    that survive the filters of For You, with its settings
    slate value   of the ten best candidates over that of the ten best of the whole catalogue
    ms            of one search for all centroids, and of all sources together

Without spacing and chance, which would blur what retrieval lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from freshet.catalogue.content import content_vector
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.feed.settings import ForYou
from freshet.feed.value import Value
from freshet.lab.generate.columns import Columns, make_columns
from freshet.lab.throughput import lay_facts, records_of
from freshet.learning.live import CHUNK, Live
from freshet.retrieval.nearby import Nearby
from freshet.retrieval.settings import Retrieval
from freshet.surfaces.for_you import for_you

MIXED = 2  # centroids from which a viewer's interests count as mixed
SLATE = 10
RECALLED = 100
RANKED_AT_ONCE = 20_000


@dataclass(slots=True)
class Bench:
    """One catalogue, lived through, and its retrieval."""

    live: Live
    nearby: Nearby
    parts: Parts
    now_ms: int

    def query(self, viewer: int) -> FeedQuery:
        return FeedQuery(viewer=viewer, n=SLATE, now_ms=self.now_ms, seed=viewer)


def made(videos: int, viewers: int, views: int, seed: int, settings: Retrieval) -> Bench:
    """A world in which every viewer has about `views` views, and the index over it."""
    columns = make_columns(seed, impressions=viewers * views, viewers=viewers, videos=videos)
    live = Live(seed=seed, capacity={"viewer": viewers, "video": videos})
    lay_facts(live, columns)
    lay_vectors(live, columns)
    records = records_of(columns)
    vectors = np.zeros((0, live.inputs), np.float32)
    for at in range(0, len(records), CHUNK):
        live.fold_records(records[at : at + CHUNK], vectors)
    live.now = now_ms = int(records["now"][-1])
    feed = ForYou()
    worth = Value(feed.weights, live.outcomes).to_anybody(live)
    nearby = Nearby(live, settings, lambda: now_ms, worth, feed.explore_shown_max)
    nearby.proven.go_on(videos, now_ms)
    nearby.maintain()
    return Bench(live, nearby, Parts(live, feed, nearby), now_ms)


def lay_vectors(live: Live, columns: Columns) -> None:
    """Content parts, as publishing would have left them."""
    world = columns.world
    about = zip(world.video_topics, world.video_hashtags, world.sound.tolist(), strict=True)
    for row, (topics, tags, sound) in enumerate(about):
        content = content_vector(
            hashtags=[f"hashtag{tag}" for tag in tags.tolist() if tag >= 0],
            topics=[f"topic{topic}" for topic in topics.tolist() if topic >= 0],
            sound=f"sound{sound}" if sound >= 0 else "",
        )
        live.space.vectors.publish(row, content)


def recall(bench: Bench, viewers: list[int]) -> dict[str, float]:
    """Of viewers with mixed interests, per centroid, and what a search takes."""
    live, index = bench.live, bench.nearby.index
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


async def slates(bench: Bench, viewers: list[int]) -> dict[str, float]:
    """Candidates that survive, and the value of the ten best against ranking everything."""
    live = bench.live
    pipeline = for_you(bench.parts).rungs[0].pipeline
    value = Value(bench.parts.settings.weights, live.outcomes)
    survived, shares = [], []
    ms: dict[str, list[float]] = defaultdict(list)
    for viewer in viewers:
        query = bench.query(viewer)
        _, trace = await pipeline.run(query)
        for step in trace.steps:
            if step.kind == "source":
                ms[step.stage].append(step.ms)
        candidates = np.concatenate(
            [(await source.fetch(query)).rows for source in pipeline.sources]
        )
        candidates = _allowed(bench, query, np.unique(candidates))
        survived.append(len(candidates))
        mine = _best(bench, query, candidates, value)
        all_of_it = _allowed(bench, query, np.arange(live.video_count(), dtype=np.int32))
        shares.append(mine / _best(bench, query, all_of_it, value))
    return {
        "candidates": float(np.median(survived)),
        "candidates_p5": float(np.percentile(survived, 5)),
        "slate_value": float(np.mean(shares)),
        "sources_ms": sum(float(np.median(one)) for one in ms.values()),
        **{f"{stage}_ms": float(np.median(one)) for stage, one in ms.items()},
    }


def _allowed(bench: Bench, query: FeedQuery, rows: Any) -> Any:
    live = bench.live
    rows = rows[live.eligible[rows]]
    rows = rows[~live.seen(query.viewer, rows, query.now_ms)]
    return rows[~live.hidden(query.viewer, rows)]


def _best(bench: Bench, query: FeedQuery, rows: Any, value: Value) -> float:
    """Value of the ten best, without spacing."""
    worths = []
    for first in range(0, len(rows), RANKED_AT_ONCE):
        ranked = bench.live.rank(query.viewer, rows[first : first + RANKED_AT_ONCE], query.now_ms)
        worths.append(value.of(ranked.predictions, ranked.watch_s))
    worth = np.concatenate(worths)
    return float(np.sort(worth)[-SLATE:].sum())


def measure(
    videos: int, viewers: int, views: int, requests: int, seed: int, settings: Retrieval
) -> dict[str, Any]:
    """All numbers of one size."""
    bench = made(videos, viewers, views, seed, settings)
    drawn = np.random.default_rng(seed).choice(viewers, requests, replace=False).tolist()
    return {
        "videos": videos, "viewers": viewers, "views_per_viewer": views,
        "build_s": bench.nearby.index.build_s,
        **recall(bench, drawn), **asyncio.run(slates(bench, drawn)),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--viewers", type=int, default=2_000)
    parser.add_argument("--views", type=int, default=100, help="of each viewer, on average")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--probes", type=int, default=Retrieval().probes)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    settings = Retrieval(probes=asked.probes)
    found = [
        measure(videos, asked.viewers, asked.views, asked.requests, asked.seed, settings)
        for videos in asked.videos
    ]
    table = Table("", *(f"{one['videos']:,} videos" for one in found), box=None)
    for name in found[0]:
        if name != "videos":
            table.add_row(name, *(f"{one[name]:,.3g}" for one in found))
    Console().print(table)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
