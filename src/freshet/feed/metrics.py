"""Counters a feed keeps, all read from its traces."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from freshet.pipeline import Trace

BUCKETS_S = (0.0005, 0.001, 0.002, 0.004, 0.006, 0.01, 0.02, 0.05, 0.1, 0.5)


class Metrics:
    """One registry, so that two engines in one process do not share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._runs = Counter(
            "freshet_feed_runs", "Runs of a pipeline", ["pipeline"], registry=self.registry
        )
        self._failures = Counter(
            "freshet_stage_failures",
            "Stages that failed and were tolerated",
            ["pipeline", "stage"],
            registry=self.registry,
        )
        self._drops = Counter(
            "freshet_filter_drops",
            "Candidates dropped by a filter",
            ["pipeline", "stage"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "freshet_feed_seconds",
            "Time of a run",
            ["pipeline"],
            registry=self.registry,
            buckets=BUCKETS_S,
        )

    def observe(self, trace: Trace) -> None:
        self._runs.labels(trace.pipeline).inc()
        self._seconds.labels(trace.pipeline).observe(trace.ms / 1000)
        for step in trace.failures:
            self._failures.labels(trace.pipeline, step.stage).inc()
        for stage, dropped in trace.drops.items():
            self._drops.labels(trace.pipeline, stage).inc(dropped)

    def text(self) -> bytes:
        return generate_latest(self.registry)
