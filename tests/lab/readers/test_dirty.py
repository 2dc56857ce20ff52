"""Whatever is in the lines of a log: each is kept, a repeat, or refused; nothing else happens."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshet.domain.events import Impression, Watch
from freshet.lab.readers import thu
from freshet.lab.readers.kuairand import events, find
from freshet.lab.readers.report import ReadReport
from tests.lab.readers.folders import LINE, NOW, T0, log_line
from tests.lab.readers.test_thu import LINE as THU_LINE
from tests.lab.readers.test_thu import S0
from tests.lab.readers.test_thu import line as thu_line

DIRT = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(str),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8),
    st.just(""),
)
FIELDS = st.sampled_from([name for name in LINE if name not in ("hourmin", "is_rand")])


@st.composite
def dirty_line(draw: st.DrawFn) -> dict[str, Any]:
    line = log_line(user_id=draw(st.integers(0, 3)), video_id=draw(st.integers(10, 13)),
                    time_ms=T0 + draw(st.integers(0, 5)) * 1_000_000)  # fmt: skip
    return line | draw(st.dictionaries(FIELDS, DIRT, max_size=2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dirty")


@settings(max_examples=40, deadline=None)
@given(st.lists(dirty_line(), min_size=1, max_size=12))
def test_each_line_is_kept_repeated_or_refused_and_the_events_are_in_order(folder, lines):
    with (folder / "log.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(LINE))
        writer.writeheader()
        writer.writerows(lines)
    report = ReadReport()
    happened = list(events(find(folder), now_ms=NOW, report=report))
    assert report.lines == len(lines) == report.kept + report.repeated + report.refused_lines
    assert sum(isinstance(event, Impression) for event in happened) == report.kept
    assert sum(isinstance(event, Watch) for event in happened) == report.kept
    assert [event.time for event in happened] == sorted(event.time for event in happened)
    assert len({event.event_id for event in happened}) == len(happened)
    assert all(2 <= refusal.line <= len(lines) + 1 for refusal in report.examples)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 3))
def test_bytes_thrown_into_a_log_cost_no_line_but_their_own(folder, dirt, at):
    dirt = dirt.replace(b"\n", b" ").replace(b"\r", b" ")
    lines = [",".join(map(str, log_line(time_ms=T0 + i).values())).encode() for i in range(3)]
    lines.insert(at, dirt)
    (folder / "log.csv").write_bytes(b"\n".join([",".join(LINE).encode(), *lines]) + b"\n")
    report = ReadReport()
    happened = list(events(find(folder), now_ms=NOW, report=report))
    assert sum(isinstance(event, Impression) for event in happened) >= 3


@st.composite
def dirty_thu_line(draw: st.DrawFn) -> dict[str, Any]:
    line = thu_line(user_id=draw(st.integers(0, 3)), exposed_time=S0 + draw(st.integers(0, 5)))
    return line | draw(st.dictionaries(st.sampled_from(list(THU_LINE)), DIRT, max_size=2))


@settings(max_examples=30, deadline=None)
@given(st.lists(dirty_thu_line(), min_size=1, max_size=12))
def test_the_same_holds_of_lines_in_another_layout(folder, lines):
    with (folder / "interactions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(THU_LINE))
        writer.writeheader()
        writer.writerows(lines)
    report = ReadReport()
    happened = list(thu.events(thu.find(folder), now_ms=NOW, report=report))
    assert report.lines == len(lines) == report.kept + report.repeated + report.refused_lines
    assert sum(isinstance(event, Watch) for event in happened) == report.kept
    assert [event.time for event in happened] == sorted(event.time for event in happened)
    assert len({event.event_id for event in happened}) == len(happened)
