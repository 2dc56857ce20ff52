"""Counters a feed keeps, all read from its traces."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, Summary

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
        # Sums and counts alone: a histogram per stage would cost each feed more than it tells.
        self._stages = Summary(
            "freshet_stage_seconds",
            "Time of a stage",
            ["pipeline", "stage"],
            registry=self.registry,
        )
        self._found = Counter(
            "freshet_source_candidates",
            "Candidates a source brought",
            ["pipeline", "source"],
            registry=self.registry,
        )

    def observe(self, trace: Trace) -> None:
        pipeline = trace.pipeline
        self._runs.labels(pipeline).inc()
        self._seconds.labels(pipeline).observe(trace.ms / 1000)
        for step in trace.steps:
            self._stages.labels(pipeline, step.stage).observe(step.ms / 1000)
            if step.kind == "source":
                self._found.labels(pipeline, step.stage).inc(step.after)
        for step in trace.failures:
            self._failures.labels(pipeline, step.stage).inc()
        for stage, dropped in trace.drops.items():
            self._drops.labels(pipeline, stage).inc(dropped)
