"""What was predicted against what came; feeds that had to be filled; sources that dry up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freshet.domain import events as e
from freshet.domain.events import Served
from freshet.domain.outcomes import VIEW_TIMEOUT_MS
from freshet.feed import drift as drift_module
from freshet.feed.drift import UNSEEN_MS, Drift
from freshet.feed.source_watch import SourceWatch
from freshet.feed.watching import Alert, Alerts
from freshet.log.ports import Batch
from freshet.pipeline import Trace
from freshet.pipeline.trace import Step
from tests.feed.making import live_of, make, video
from tests.feed.world import HOUR_MS, NOW_MS, OUTCOMES, FakeLive

LIMITS = Alerts(outcomes_min=5, runs_min=5)
MINUTE_MS = 60_000


def live() -> FakeLive:
    return live_of([video(f"v{i}") for i in range(40)])


def drift_of(limits: Alerts = LIMITS) -> Drift:
    return Drift(live(), limits)


def slate(
    *videos: str, at: int = NOW_MS, viewer: str = "p1", rung: str = "", **predicted: float
) -> Any:
    predictions = tuple(predicted.get(name, 0.0) for name in OUTCOMES)
    items = tuple(Served(name, "s", 1.0, predictions=predictions) for name in videos)
    return make(e.SlateServed, at, viewer=viewer, request_id=f"{at}", items=items, rung=rung)


def seen(name: str, at: int = NOW_MS, viewer: str = "p1") -> Any:
    return make(e.Impression, at, viewer=viewer, video=name)


def tick(at: int) -> Any:
    return make(e.Tick, at)


def fold(drift: Drift, *events: Any) -> Drift:
    drift.apply(Batch(drift.offset + 1, events))
    return drift


def settled(drift: Drift, *events: Any) -> dict[str, tuple[float, float]]:
    fold(drift, *events, tick(NOW_MS + VIEW_TIMEOUT_MS + MINUTE_MS))
    return {name: sums for name, sums in drift.calibration().items() if sums != (0.0, 0.0)}


def watch(name: str, watched_ms: int, **fields: Any) -> Any:
    return make(e.Watch, NOW_MS, viewer="p1", video=name, watched_ms=watched_ms, **fields)


def like(kind: type[e.Event], name: str, at: int = NOW_MS) -> Any:
    return make(kind, at, viewer="p1", video=name)


def test_a_view_is_settled_once_its_time_is_over() -> None:
    drift = drift_of()
    fold(drift, slate("v1", like=0.25), seen("v1"), like(e.Like, "v1"))
    assert drift.calibration()["like"] == (0.0, 0.0)
    assert settled(drift) == {"like": (0.25, 1.0)}


def test_what_was_never_on_screen_is_no_view() -> None:
    drift = drift_of()
    fold(drift, slate("v1", "v2", like=0.25), seen("v1"))
    fold(drift, tick(NOW_MS + UNSEEN_MS + MINUTE_MS))
    assert drift.calibration()["like"] == (0.25, 0.0)


def test_a_like_taken_back_is_none() -> None:
    acts = [like(e.Like, "v1"), like(e.Unlike, "v1")]
    assert settled(drift_of(), slate("v1", like=0.5), seen("v1"), *acts) == {"like": (0.5, 0.0)}


def test_of_watching_the_most_counts_and_the_length_is_the_catalogues() -> None:
    acts = [watch("v1", 15_000), watch("v1", 4_000)]  # the video lasts 15 s
    came = settled(drift_of(), slate("v1"), seen("v1"), *acts)
    assert {name for name, (_, observed) in came.items() if observed} == {
        "watched_2s", "watched_6s", "finish", "long_view",
    }  # fmt: skip


def test_a_hidden_video_is_an_outcome_of_its_view() -> None:
    hide = make(e.Hide, NOW_MS, viewer="p1", kind="video", target="v1")
    assert settled(drift_of(), slate("v1", hide=0.1), seen("v1"), hide) == {"hide": (0.1, 1.0)}


def test_acts_of_others_and_on_other_videos_do_not_count() -> None:
    other = make(e.Like, NOW_MS, viewer="p2", video="v1")
    came = settled(drift_of(), slate("v1", like=0.5), seen("v1"), other, like(e.Like, "v2"))
    assert came == {"like": (0.5, 0.0)}


def test_an_outcome_off_by_half_again_is_told_once_there_is_enough_of_it() -> None:
    drift = drift_of()
    names = [f"v{i}" for i in range(20)]
    views = [seen(name) for name in names]
    fold(drift, slate(*names, like=0.5), *views, *(like(e.Like, name) for name in names[:4]))
    assert drift.alerts() == []
    settled(drift)
    (alert,) = drift.alerts()
    assert (alert.code, alert.subject, alert.value) == ("miscalibrated", "like", 0.4)
    assert alert.text == "like came 4 times, predicted were 10"


def test_what_comes_as_often_as_predicted_is_not_told() -> None:
    drift = drift_of()
    names = [f"v{i}" for i in range(20)]
    likes = [like(e.Like, name) for name in names[:9]]
    settled(drift, slate(*names, like=0.5), *map(seen, names), *likes)
    assert drift.alerts() == []


def test_the_window_slides() -> None:
    drift = drift_of()
    settled(drift, slate("v1", like=0.5), seen("v1"))
    assert drift.feeds() == (1, 0)
    fold(drift, tick(NOW_MS + 25 * HOUR_MS))
    assert drift.calibration()["like"] == (0.0, 0.0)
    assert drift.feeds() == (0, 0)


def test_feeds_filled_by_a_rung_are_told() -> None:
    drift = drift_of()
    fold(drift, *(slate("v1", at=NOW_MS + n, rung="popular" if n < 2 else "") for n in range(10)))
    (alert,) = drift.alerts()
    assert (alert.code, alert.value) == ("fallback", 0.2)
    assert drift.feeds() == (10, 2)


def test_what_waits_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(drift_module, "WAITING_MAX", 3)
    drift = drift_of()
    fold(drift, slate("v1", "v2", like=0.5), seen("v1"))
    fold(drift, slate("v3", "v4", "v5", like=0.5), seen("v5"))
    assert settled(drift)["like"] == (0.5, 0.0)


def test_slates_of_another_model_are_passed_over() -> None:
    odd = make(
        e.SlateServed, NOW_MS, viewer="p1", request_id="r",
        items=(Served("v1", "s", 1.0, predictions=(0.5,)),),
    )  # fmt: skip
    assert settled(drift_of(), odd, seen("v1"), like(e.Like, "v1")) == {}


def test_whoever_is_erased_is_named_no_more_and_others_go_on(tmp_path: Path) -> None:
    drift = fold(
        drift_of(), slate("v1", "v2", viewer="p1", like=0.5), seen("v1", viewer="p1"),
        slate("v1", viewer="p2", like=0.5), seen("v1", viewer="p2"),
        make(e.PersonErased, NOW_MS, person="p1"),
    )  # fmt: skip
    drift.save(tmp_path)
    saved = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert (b"p1" in saved, b"p2" in saved) == (False, True)
    assert settled(drift)["like"] == (0.5, 0.0)


def test_it_goes_on_from_a_snapshot_wherever_the_log_is_cut(tmp_path: Path) -> None:
    names = [f"v{i}" for i in range(10)]
    events = [slate(*names, like=0.5), *map(seen, names), *(like(e.Like, n) for n in names[:3])]
    whole = settled(drift_of(), *events)
    for cut in range(len(events) + 1):
        first, folder = fold(drift_of(), *events[:cut], tick(NOW_MS)), tmp_path / str(cut)
        folder.mkdir()
        first.save(folder)
        second = drift_of()
        second.load(folder)
        assert second.offset == first.offset
        assert settled(second, *events[cut:]) == whole


def test_a_snapshot_of_another_window_begins_anew(tmp_path: Path) -> None:
    fold(drift_of(), slate("v1", rung="popular")).save(tmp_path)
    other = drift_of(Alerts(window_h=3))
    other.load(tmp_path)
    assert other.feeds() == (0, 0)
    assert other.offset == 1


# --- sources ----------------------------------------------------------------------------------


def run(**found: int | str) -> Trace:
    """A run in which each source brought so many, or failed."""
    steps = [
        Step(name, "source", 1.0, 0, n, "") if isinstance(n, int) else
        Step(name, "source", 1.0, 0, 0, n) for name, n in found.items()
    ]  # fmt: skip
    return Trace("for_you", tuple(steps))


def watched(*traces: Trace) -> list[Alert]:
    watch = SourceWatch(LIMITS, lambda: NOW_MS)
    for trace in traces:
        watch.observe(trace)
    return watch.alerts()


def test_a_source_that_finds_nothing_and_one_that_fails_are_told() -> None:
    alerts = watched(*[run(fresh=9, explore=0, following="TimeoutError")] * 5)
    assert [(alert.code, alert.subject) for alert in alerts] == [
        ("source_empty", "for_you.explore"),
        ("source_failing", "for_you.following"),
    ]
    assert alerts[0].text == "explore found nothing in 5 of 5 runs"


def test_a_source_that_finds_something_now_and_then_is_not_told() -> None:
    assert watched(*[run(explore=0)] * 5, run(explore=1)) == []


def test_a_few_runs_say_nothing() -> None:
    assert watched(*[run(explore=0)] * 4) == []
