"""S5: the same at three sizes each, and the exponent of what it costs.

An exponent e says that ten times the size costs 10^e times as much: 0 is no more, 1 as much
more. It is the slope of a straight line through the logarithms (least squares).

    feed     processor time per feed, by videos        events   the same per event of a batch,
    memory   PSS beyond that of a server that holds             by events in the log
             the same viewers and hardly a video, by videos
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from freshet.app import Tell
from freshet.lab.bench import events, feed
from freshet.lab.bench.drive import run_of
from freshet.lab.bench.folder import Made

FEW_VIDEOS = 100  # a catalogue that weighs nothing
LOG_VIDEOS = 10_000  # of the folders whose logs grow
T = TypeVar("T")


class Exponents(msgspec.Struct, frozen=True):
    feed: float
    events: float
    memory: float


class GrowthReport(msgspec.Struct, kw_only=True):
    """Numbers of S5; names as in the JSON. `feeds` and `logs` are the reports of each size."""

    run: dict[str, Any]
    exponent: Exponents
    feeds: list[feed.FeedReport]
    logs: list[events.EventsReport]


def measure(
    beside: Path, videos: Sequence[int], viewers: int, logs: Sequence[int], how: feed.How,
    tell: Tell,
) -> GrowthReport:  # fmt: skip
    """Folders are made `beside` and removed again."""

    def feeds_of(count: int) -> feed.FeedReport:
        made = Made(count, viewers, how.seed)
        return _in(beside / f"videos-{count}", lambda path: feed.measure(path, made, how, tell))

    def events_of(count: int) -> events.EventsReport:
        made = Made(LOG_VIDEOS, viewers, how.seed, log_events=count)
        return _in(
            beside / f"log-{count}",
            lambda path: events.measure(
                path, made, workers=how.workers, seconds=how.seconds, rounds=how.rounds,
                seed=how.seed, tell=tell,
            ),
        )  # fmt: skip

    nothing = feeds_of(FEW_VIDEOS)
    feeds, filled = [feeds_of(count) for count in videos], [events_of(count) for count in logs]
    memory = [one.pss_mb - nothing.pss_mb for one in feeds]
    return GrowthReport(
        run=run_of(Made(0, viewers, how.seed), **msgspec.to_builtins(how)),
        exponent=Exponents(
            feed=exponent(videos, [1 / one.feeds_per_s_per_core for one in feeds]),
            events=exponent(logs, [1 / one.batched_per_s_per_core for one in filled]),
            memory=exponent(videos, memory),
        ),
        feeds=feeds, logs=filled,
    )  # fmt: skip


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """
    >>> exponent([10, 100, 1000], [2.0, 20.0, 200.0])
    1.0
    >>> exponent([10, 100, 1000], [3.0, 3.0, 3.0])
    0.0
    """
    slope = np.polyfit(np.log(sizes), np.log(np.maximum(costs, 1e-12)), 1)[0]
    return round(float(slope), 3) + 0.0


def _in(folder: Path, work: Callable[[Path], T]) -> T:
    try:
        return work(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
