"""Counters a feed keeps, all read from its traces.

Each feed adds some forty numbers. They are plain sums in memory, of which `/metrics` makes
families when it is asked: counters of the client library each take a lock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from freshet.pipeline import Trace

BUCKETS_S = (0.0005, 0.001, 0.002, 0.004, 0.006, 0.01, 0.02, 0.05, 0.1, 0.5)


class Metrics:
    """One registry, so that two engines in one process do not share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._pipelines: dict[str, _Pipeline] = defaultdict(_Pipeline)
        self.registry.register(_Families(self._pipelines))

    def observe(self, trace: Trace) -> None:
        pipeline, seconds = self._pipelines[trace.pipeline], trace.ms / 1000
        pipeline.seconds += seconds
        pipeline.runs[bisect_left(BUCKETS_S, seconds)] += 1
        for step in trace.steps:
            stage = pipeline.stages[step.stage]
            stage.runs += 1
            stage.seconds += step.ms / 1000
            stage.failures += step.failed != ""
            if step.kind == "source":
                stage.found = (stage.found or 0) + step.after
            elif step.kind == "filter":
                stage.dropped = (stage.dropped or 0) + step.dropped


@dataclass(slots=True)
class _Stage:
    runs: int = 0
    seconds: float = 0.0
    failures: int = 0
    found: int | None = None  # candidates, None = it is no source
    dropped: int | None = None  # candidates, None = it is no filter


@dataclass(slots=True)
class _Pipeline:
    seconds: float = 0.0
    runs: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))  # by bucket
    stages: dict[str, _Stage] = field(default_factory=lambda: defaultdict(_Stage))


class _Families(Collector):
    def __init__(self, pipelines: dict[str, _Pipeline]) -> None:
        self._pipelines = pipelines

    def collect(self) -> Iterator[Metric]:
        runs = CounterMetricFamily("freshet_feed_runs", "Runs of a pipeline", labels=["pipeline"])
        times = HistogramMetricFamily("freshet_feed_seconds", "Time of a run", labels=["pipeline"])
        bounds = [*map(str, BUCKETS_S), "+Inf"]
        for name, one in self._pipelines.items():
            runs.add_metric([name], sum(one.runs))
            buckets = list(zip(bounds, accumulate(one.runs), strict=True))
            times.add_metric([name], buckets, one.seconds)
        yield from (runs, times, *self._of_stages())

    def _of_stages(self) -> Iterator[Metric]:
        def counter(name: str, words: str, what: str = "stage") -> CounterMetricFamily:
            return CounterMetricFamily(name, words, labels=["pipeline", what])

        # Sums and counts alone: a histogram per stage would tell little more.
        times = SummaryMetricFamily(
            "freshet_stage_seconds", "Time of a stage", labels=["pipeline", "stage"]
        )
        failures = counter("freshet_stage_failures", "Stages that failed and were tolerated")
        drops = counter("freshet_filter_drops", "Candidates dropped by a filter")
        found = counter("freshet_source_candidates", "Candidates a source brought", "source")
        for name, pipeline in self._pipelines.items():
            for stage, one in pipeline.stages.items():
                times.add_metric([name, stage], one.runs, one.seconds)
                if one.failures:
                    failures.add_metric([name, stage], one.failures)
                if one.found is not None:
                    found.add_metric([name, stage], one.found)
                if one.dropped is not None:
                    drops.add_metric([name, stage], one.dropped)
        yield from (times, failures, drops, found)
