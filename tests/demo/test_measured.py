"""What is shown behind the glass is what the log says."""

from __future__ import annotations

from math import log
from typing import Any

import pytest

from freshet.demo.measured import SECONDS, VIEWS, Measured
from freshet.domain import events as e
from freshet.domain.outcomes import OUTCOMES
from freshet.log.ports import Batch


def view(k: int, p_finish: float, end: bool) -> list[e.Event]:
    about: dict[str, Any] = {"event_id": "", "time": 1, "received": 1_000, "viewer": f"v{k}"}
    predicted = [0.5] * len(OUTCOMES)
    predicted[OUTCOMES.index("finish")] = p_finish
    item = e.Served(video="clip", source="fresh", value=1.0, predictions=tuple(predicted))
    return [
        e.SlateServed(**about, request_id="r", items=(item,)),
        e.Impression(**about, video="clip"),
        e.Watch(**about, video="clip", watched_ms=500, duration_ms=6_000),
        e.Watch(**about, video="clip", watched_ms=6_000 if end else 900, duration_ms=6_000,
                left=True),
    ]  # fmt: skip


def test_the_curve_is_the_loss_of_what_was_predicted_and_of_a_constant() -> None:
    measured = Measured()
    events = [event for k in range(VIEWS) for event in view(k, 0.8, end=True)]
    measured.apply(Batch(1, events))
    [point] = measured.curve
    assert (point.views, measured.views) == (VIEWS, VIEWS)
    assert point.model == pytest.approx(-log(0.8), abs=1e-3)
    assert point.constant < point.model  # it soon knows that all of them end


def test_a_video_stands_where_its_views_put_it() -> None:
    measured = Measured()
    measured.apply(Batch(1, [*view(1, 0.5, end=True), *view(2, 0.5, end=False)]))
    assert (measured.shown["clip"], measured.watched["clip"], measured.finished["clip"]) == (
        2,
        2,
        1,
    )


def test_events_are_counted_by_the_second_they_came_in() -> None:
    measured = Measured()
    measured.apply(Batch(1, view(1, 0.5, end=True)))
    counts = measured.per_second(3_500)
    assert len(counts) == SECONDS
    assert counts[-3:] == [0, 4, 0]  # second 0, 1 and 2
