"""How many impressions a core folds and learns: L1's throughput, on a log that fits no cache.

The world is generated, its facts are laid down as supply events would, and the impressions
with what followed them become records in time order. Then the fold runs: features, ties,
prediction and learning included, kernels compiled beforehand, in chunks as the log gives.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from freshet.catalogue import facts
from freshet.domain.outcomes import INDEX
from freshet.lab.generate.columns import Columns, make_columns
from freshet.learning import kernels as k
from freshet.learning.live import CHUNK, Live


@dataclass(frozen=True, slots=True)
class Throughput:
    """Rates of one run; `rates` per tenth of it, so that growth with state size shows."""

    impressions: int
    records: int
    impressions_per_s: float
    rates: tuple[float, ...]


def lay_facts(live: Live, columns: Columns) -> None:
    """Names and facts of the generated world, as its supply events would leave them."""
    world = columns.world
    people, videos = len(world.activity), world.videos
    live.columns.names["viewer"] = type(live.columns.names["viewer"])(
        [f"v{row}" for row in range(people)]
    )
    live.columns.names["video"] = type(live.columns.names["video"])(
        [f"x{row}" for row in range(videos)]
    )
    sounds = int(world.sound.max()) + 1
    for kind, count in (("topic", world.topics), ("hashtag", world.hashtags), ("sound", sounds)):
        for row in range(count):
            live.columns.names[kind].add(f"{kind}{row}")
    live.columns.names["placement"].add("for_you")
    rows = live.columns.videos.ints[:videos]
    rows[:] = -1
    rows[:, facts.CREATOR] = world.creator
    rows[:, facts.SOUND] = world.sound
    rows[:, facts.TOPIC : facts.TOPIC + world.video_topics.shape[1]] = world.video_topics
    tags = min(world.video_hashtags.shape[1], facts.HASHTAGS)
    rows[:, facts.HASHTAG : facts.HASHTAG + tags] = world.video_hashtags[:, :tags]
    rows[:, facts.DURATION_MS] = world.duration_ms
    rows[:, facts.CREATED_S] = facts.seconds(int(columns.time_ms[0])) - 3600
    rows[:, facts.FLAGS] = facts.NEEDED
    rows[:, facts.FROM_S] = rows[:, facts.UNTIL_S] = 0
    live.columns.viewers.ints[:people] = -1
    live.columns.viewers.ints[:people, facts.VIEWER_FLAGS] = 0


def records_of(columns: Columns) -> np.ndarray:
    """RECORD rows in time order: the impression, its acts, then the report on leaving."""
    shown = columns.time_ms
    left = shown + columns.watched_ms
    parts, orders = [], []

    def add(at: np.ndarray, now: np.ndarray, kind: int, rank: int, **fields: object) -> None:
        rows = np.zeros(len(at), k.RECORD)
        rows["kind"], rows["viewer"], rows["video"] = kind, columns.viewer[at], columns.video[at]
        rows["now"] = now[at]
        for name, value in fields.items():
            rows[name] = value
        parts.append(rows)
        orders.append(np.full(len(at), rank))

    everyone = np.arange(len(columns))
    add(everyone, shown, k.IMPRESSION, 0)
    for name, happened in columns.outcomes.items():
        add(np.flatnonzero(happened), left, k.GAIN, 1, value=INDEX[name])
    add(
        everyone, left, k.WATCH, 2, value=columns.watched_ms, extra=columns.duration_ms, bits=k.LEFT
    )
    records = np.concatenate(parts)
    order = np.lexsort((np.concatenate(orders), records["now"]))
    return records[order]


def measure(
    *,
    impressions: int = 2_000_000,
    viewers: int = 1_000_000,
    videos: int = 1_000_000,
    seed: int = 0,
) -> Throughput:
    """Fold a generated log once and time it."""
    columns = make_columns(seed, impressions=impressions, viewers=viewers, videos=videos)
    records = records_of(columns)
    live = Live(seed=seed, capacity={"viewer": viewers, "video": videos})
    lay_facts(live, columns)
    vectors = np.zeros((0, live.inputs), np.float32)
    tick = np.zeros(1, k.RECORD)
    live.fold_records(tick, vectors)  # compiles, or loads what was compiled
    rates, tenth = [], len(records) // 10
    total, started = 0, time.perf_counter()
    for part in range(10):
        end = len(records) if part == 9 else (part + 1) * tenth
        done, begun = 0, time.perf_counter()
        for at in range(part * tenth, end, CHUNK):
            done += live.fold_records(records[at : min(at + CHUNK, end)], vectors)
        rates.append(done / (time.perf_counter() - begun))
        total += done
    return Throughput(total, len(records), total / (time.perf_counter() - started), tuple(rates))
