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
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from freshet.catalogue.content import content_vector
from freshet.feed.parts import Parts
from freshet.feed.settings import ForYou
from freshet.feed.value import Value
from freshet.lab.generate.columns import Columns, make_columns
from freshet.lab.retrieval_quality import Quality, recall, slates
from freshet.lab.throughput import lay_facts, records_of
from freshet.learning.live import CHUNK, Live
from freshet.retrieval.nearby import Nearby
from freshet.retrieval.settings import Retrieval


def made(videos: int, viewers: int, views: int, seed: int, settings: Retrieval) -> Quality:
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
    return Quality(live, nearby, Parts(live, feed, nearby), now_ms)


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
