"""Numbers that are read when they are asked for: of the log, of the folds, of drift."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from freshet.feed.drift import Drift


def log_gauges(last: Callable[[], int], folded: Callable[[], int], file: Path) -> CollectorRegistry:
    """Of the process that writes.

    Args:
        last: offset of the log's last event.
        folded: offset up to which all is folded.
        file: the log's; its companions, named alike, count too.
    """
    registry = CollectorRegistry()

    def gauge(name: str, words: str, value: Callable[[], float]) -> None:
        Gauge(name, words, registry=registry).set_function(value)

    gauge("freshet_log_events", "Events in the log", last)
    gauge("freshet_fold_lag_events", "Events not folded yet", lambda: last() - folded())
    gauge("freshet_log_bytes", "Size of the log's files", lambda: size_of(file))
    return registry


def state_gauges(held: Callable[[], Mapping[str, int]]) -> CollectorRegistry:
    """Of the process that folds.

    Args:
        held: rows of the state by kind, and `tie_bytes`.
    """
    registry = CollectorRegistry()
    registry.register(_State(held))
    return registry


def size_of(file: Path) -> int:
    """Bytes of a file and its companions (`-wal`)."""
    return sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*"))


def drift_gauges(drift: Drift) -> CollectorRegistry:
    """Of the process that folds."""
    registry = CollectorRegistry()
    registry.register(_Drift(drift))
    return registry


class _State(Collector):
    def __init__(self, held: Callable[[], Mapping[str, int]]) -> None:
        self._held = held

    def collect(self) -> Iterator[Metric]:
        rows = GaugeMetricFamily("freshet_state_rows", "Rows of the state", labels=["kind"])
        held = self._held()
        for kind in ("viewer", "video"):
            rows.add_metric([kind], held[kind])
        yield rows
        if "gone" in held:
            words = "Videos that were removed, or never published, and take no rows"
            yield GaugeMetricFamily("freshet_videos_gone", words, value=held["gone"])
        if "cold" in held:
            words = "Viewers who did not come for long, on disk"
            yield GaugeMetricFamily("freshet_viewers_cold", words, value=held["cold"])
            words = "Viewers who came back from disk"
            yield CounterMetricFamily("freshet_viewers_woken", words, value=held["woken"])
            words = "What is on disk of cold viewers, beside the newest snapshot"
            yield GaugeMetricFamily("freshet_cold_bytes", words, value=held["cold_bytes"])
        words = "What viewers have seen, follow and hide, in memory"
        yield GaugeMetricFamily("freshet_tie_bytes", words, value=held["tie_bytes"])


class _Drift(Collector):
    def __init__(self, drift: Drift) -> None:
        self._drift = drift

    def collect(self) -> Iterator[Metric]:
        def family(name: str, words: str) -> GaugeMetricFamily:
            return GaugeMetricFamily(name, words, labels=["outcome"])

        predicted = family("freshet_outcomes_predicted", "Outcomes predicted in the window")
        observed = family("freshet_outcomes_observed", "Outcomes that came in the window")
        ratio = family("freshet_calibration_ratio", "Observed over predicted in the window")
        for outcome, (expected, came) in self._drift.calibration().items():
            predicted.add_metric([outcome], expected)
            observed.add_metric([outcome], came)
            if expected:
                ratio.add_metric([outcome], came / expected)
        yield from (predicted, observed, ratio)
        feeds, filled = self._drift.feeds()
        yield GaugeMetricFamily("freshet_window_feeds", "Feeds in the window", value=feeds)
        words = "Feeds in the window that a rung of the ladder filled"
        yield GaugeMetricFamily("freshet_window_feeds_filled", words, value=filled)
