"""What HTTP counts. Labels are few by construction: route templates, never paths; types of
events, never their fields or people."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from freshet.catalogue.access import Access
    from freshet.http.events import EventsTaken

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


class HttpMetrics:
    """One registry of its own, so that two apps in one process do not share counts."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "freshet_http_requests", "Requests answered", ["route", "method", "status"],
            registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "freshet_http_seconds", "Time from the head of a request to the end of its answer",
            ["route"], registry=registry, buckets=BUCKETS_S,
        )  # fmt: skip
        self._working = Gauge("freshet_http_in_progress", "Requests at work now", registry=registry)
        self._events = Counter(
            "freshet_events", "Events sent in, by what became of them", ["outcome"],
            registry=registry,
        )  # fmt: skip
        self._dropped = Counter(
            "freshet_event_fields_dropped", "Unknown fields left out", ["type"], registry=registry
        )
        self._clocks = Counter(
            "freshet_event_clocks", "Times of events that were set right", ["how"],
            registry=registry,
        )  # fmt: skip

        # Labels are few, and looked up for every request.
        self._count, self._time = cache(self._requests.labels), cache(self._seconds.labels)
        self._outcome = cache(self._events.labels)

    def keys(self, access: Callable[[], Access], clock: Callable[[], int]) -> None:
        """Count API keys, too, when asked."""
        self.registry.register(_Keys(access, clock))

    def begin(self) -> None:
        self._working.inc()

    def end(self, route: str, method: str, status: int, seconds: float) -> None:
        self._working.dec()
        self._count(route, method, str(status)).inc()
        self._time(route).observe(seconds)

    def events(self, answer: EventsTaken, dropped: Mapping[str, int]) -> None:
        for outcome, count in (
            ("accepted", answer.accepted), ("repeated", answer.repeated),
            ("refused", len(answer.errors)), ("parked", answer.parked),
        ):  # fmt: skip
            if count:
                self._outcome(outcome).inc(count)
        for kind, count in dropped.items():
            self._dropped.labels(kind).inc(count)
        for how, count in (("corrected", answer.corrected), ("clamped", answer.clamped)):
            if count:
                self._clocks.labels(how).inc(count)


class _Keys(Collector):
    def __init__(self, access: Callable[[], Access], clock: Callable[[], int]) -> None:
        self._access, self._clock = access, clock

    def collect(self) -> Iterator[Metric]:
        now_ms = self._clock()
        states = Tally(key.state(now_ms) for key in self._access().keys.all())
        family = GaugeMetricFamily(
            "freshet_api_keys", "API keys, the same in every worker", labels=["state"]
        )
        for state in ("live", "expired", "revoked"):
            family.add_metric([state], states[state])
        yield family
