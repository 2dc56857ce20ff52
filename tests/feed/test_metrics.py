"""Numbers of feeds are what their traces said."""

from __future__ import annotations

from typing import Any

import pytest

from freshet.feed.metrics import Metrics
from freshet.pipeline import Step, Trace


@pytest.fixture
def number() -> Any:
    metrics = Metrics()
    steps = (
        Step("similar", "source", ms=2.0, before=0, after=30),
        Step("rising", "source", ms=1.0, before=0, after=0, failed="it broke"),
        Step("not_seen", "filter", ms=0.5, before=30, after=21),
        Step("predict", "scorer", ms=0.5, before=21, after=21),
    )
    for ms in (4.0, 5.0, 700.0):
        metrics.observe(Trace("for_you", steps, ms))

    def number(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, {"pipeline": "for_you", **labels})

    return number


def test_runs_and_their_times_are_counted(number: Any) -> None:
    assert number("freshet_feed_runs_total") == 3
    assert number("freshet_feed_seconds_count") == 3
    assert number("freshet_feed_seconds_sum") == pytest.approx(0.709)
    buckets = [number("freshet_feed_seconds_bucket", le=le) for le in ("0.002", "0.004", "0.5")]
    assert buckets == [0, 1, 2]  # a bound belongs to its bucket
    assert number("freshet_feed_seconds_bucket", le="+Inf") == 3


def test_every_stage_has_its_runs_and_time(number: Any) -> None:
    assert number("freshet_stage_seconds_count", stage="predict") == 3
    assert number("freshet_stage_seconds_sum", stage="similar") == pytest.approx(0.006)


def test_sources_tell_what_they_brought_and_filters_what_they_dropped(number: Any) -> None:
    assert number("freshet_source_candidates_total", source="similar") == 90
    assert number("freshet_source_candidates_total", source="rising") == 0
    assert number("freshet_source_candidates_total", source="predict") is None
    assert number("freshet_filter_drops_total", stage="not_seen") == 27
    assert number("freshet_filter_drops_total", stage="similar") is None


def test_only_what_failed_is_counted_as_failed(number: Any) -> None:
    assert number("freshet_stage_failures_total", stage="rising") == 3
    assert number("freshet_stage_failures_total", stage="similar") is None
