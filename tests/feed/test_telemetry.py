"""Every process says what it counts and sees; any of them can say all of it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from freshet.feed import telemetry as telemetry_module
from freshet.feed.telemetry import STALE_MS, Telemetry
from freshet.feed.watching import Alert

NOW_MS = 1_700_000_000_000


class Clock:
    now = NOW_MS

    def __call__(self) -> int:
        return self.now


def counting(worker: str, folder: Path | None, clock: Clock, count: int) -> Telemetry:
    registry = CollectorRegistry()
    Counter("feeds", "Feeds served", ["surface"], registry=registry).labels("for_you").inc(count)
    telemetry = Telemetry(worker, folder, clock)
    telemetry.add(registry)
    return telemetry


def counted(text: str) -> dict[str, float]:
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    return {
        sample.labels["worker"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "feeds_total"
    }


def alert(subject: str = "like") -> Alert:
    return Alert("miscalibrated", subject, 0.4, 1.5, f"{subject} came 4 times")


def test_numbers_bear_the_name_of_their_worker(tmp_path: Path) -> None:
    text = counting("1", None, Clock(), 3).metrics()
    assert 'feeds_total{surface="for_you",worker="1"} 3.0' in text
    assert text.count("# TYPE feeds_total counter") == 1


def test_whoever_is_asked_tells_the_numbers_of_all(tmp_path: Path) -> None:
    clock = Clock()
    one, two = (counting(str(n), tmp_path / "said", clock, n) for n in (1, 2))
    assert counted(one.metrics()) == {"1": 1.0}
    two.tell()
    assert counted(one.metrics()) == {"1": 1.0, "2": 2.0}
    one.tell()  # what a process said of itself is not heard by itself
    assert counted(one.metrics()) == {"1": 1.0, "2": 2.0}


def test_a_process_not_heard_of_for_a_minute_is_gone(tmp_path: Path) -> None:
    clock = Clock()
    one, two = (counting(str(n), tmp_path, clock, n) for n in (1, 2))
    two.tell()
    clock.now += STALE_MS
    assert counted(one.metrics()) == {"1": 1.0}


def test_a_broken_file_hides_no_other(tmp_path: Path) -> None:
    clock = Clock()
    one, two = (counting(str(n), tmp_path, clock, n) for n in (1, 2))
    two.tell()
    (tmp_path / "0.json").write_bytes(b"{")
    assert counted(one.metrics()) == {"1": 1.0, "2": 2.0}


def test_alerts_of_all_are_told_with_who_saw_them(tmp_path: Path) -> None:
    clock = Clock()
    one, two = (Telemetry(str(n), tmp_path, clock) for n in (1, 2))
    one.watch(lambda: [alert("like")])
    two.watch(lambda: [alert("share")])
    two.tell()
    assert [(a.subject, a.worker) for a in one.alerts()] == [("like", "1"), ("share", "2")]


def test_the_log_is_told_of_an_alert_when_it_begins_and_when_it_ends() -> None:
    seen: list[Alert] = []
    telemetry = Telemetry("1", None, Clock())
    telemetry.watch(lambda: seen)
    with capture_logs() as logs:
        telemetry.tell()
        seen.append(alert())
        telemetry.tell()
        telemetry.tell()
        seen.clear()
        telemetry.tell()
    assert [(line["log_level"], line["event"], line["subject"]) for line in logs] == [
        ("warning", "like came 4 times", "like"),
        ("info", "is over", "like"),
    ]


async def test_it_tells_while_it_runs_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry_module, "EVERY_S", 0.001)
    telemetry = counting("1", tmp_path, Clock(), 1)
    told, tell = asyncio.Event(), telemetry.tell
    failed: list[Any] = []

    def tells() -> None:
        if not failed:  # a full disk, once
            failed.append(1)
            raise OSError("no space left")
        tell()
        told.set()

    monkeypatch.setattr(telemetry, "tell", tells)
    async with telemetry.telling():
        await told.wait()
        assert os.listdir(tmp_path) == ["1.json"]
    assert os.listdir(tmp_path) == []
