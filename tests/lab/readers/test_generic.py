"""Files of events read with a mapping, and our own events as JSON lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.domain.errors import Refused
from freshet.domain.events import Event, Like, PersonSaved, Tick, VideoPublished, Watch
from freshet.domain.ids import uuid7_ms
from freshet.lab.readers.generic import mapped_events, native_events
from freshet.lab.readers.ids import content_id
from freshet.lab.readers.mapping import parse_mapping, read_mapping
from freshet.lab.readers.report import ReadReport
from freshet.lab.readers.sorting import in_time_order

T0 = 1_650_812_741_436
NOW = T0 + 10 * 86_400_000
VIEWS: dict[str, Any] = {
    "type": "watch",
    "columns": {"viewer": "uid", "video": "vid", "time": "ts", "watched_ms": "secs"},
    "units": {"time": "s", "watched_ms": "s"},
}


def read(path: Path, plain: dict[str, Any], report: ReadReport | None = None) -> list[Event]:
    mapping = parse_mapping(plain)
    return list(mapped_events(path, mapping, now_ms=NOW, report=report or ReadReport()))


def csv_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "views.csv"
    path.write_text(text, "utf-8")
    return path


# --- what the mapping can say ---------------------------------------------------------------


def test_a_fixed_type_with_seconds_becomes_events_in_time_order(tmp_path):
    path = csv_file(tmp_path, "uid,vid,ts,secs\nben,v2,1650812742,1.5\nada,v1,1650812741,12\n")
    first, second = read(path, VIEWS)
    assert isinstance(first, Watch)
    assert (first.viewer, first.video, first.time) == ("ada", "v1", 1_650_812_741_000)
    assert (first.watched_ms, second.watched_ms) == (12_000, 1_500)
    assert uuid7_ms(first.event_id) == first.time


def test_a_column_may_say_the_type_in_words_of_its_own(tmp_path):
    lines = "".join(f"a,v,{T0 // 1000},{word}\n" for word in ("heart", "ad", "boost"))
    path = csv_file(tmp_path, "uid,vid,ts,do\n" + lines)
    plain = {
        "type": {"column": "do", "values": {"heart": "like", "ad": ""}},
        "columns": {"viewer": "uid", "video": "vid", "time": "ts"},
        "units": {"time": "s"},
    }
    report = ReadReport()
    events = read(path, plain, report)
    assert [type(event) for event in events] == [Like]
    assert (report.examples[0].field, report.examples[0].line) == ("do", 4)
    assert "'boost' is not in type.values" in report.examples[0].reason


def test_iso_times_lists_traits_flags_and_constants(tmp_path):
    path = csv_file(tmp_path, "id,who,at,tags,len,age\n"
                    "v1,eve,2022-04-25T02:05:41+02:00,#Cats|dogs|cats|a b| ,12,old\n")  # fmt: skip
    published = read(path, {
        "type": "video_published",
        "columns": {"video": "id", "creator": "who", "time": "at", "hashtags": "tags",
                    "duration_ms": "len", "traits": {"age": "age"}},
        "units": {"time": "iso", "duration_ms": "s"},
        "constant": {"country": "DK", "original_sound": True},
        "options": {"list_separator": "|"},
    })[0]  # fmt: skip
    assert isinstance(published, VideoPublished)
    assert published.time == published.created == 1_650_845_141_000
    assert published.hashtags == ("cats", "dogs", "a b")  # the last is none, and stays
    assert (published.duration_ms, published.country, published.original_sound) == (
        12_000, "DK", True)  # fmt: skip
    assert published.traits == {"age": "old"}


def test_a_line_of_a_view_may_hold_its_acts_too(tmp_path):
    path = csv_file(tmp_path, "uid,vid,ts,secs,liked\na,v,1650812741,9,1\nb,v,1650812742,9,0\n")
    events = read(path, VIEWS | {"also": {"like": "liked"}})
    assert [type(event).__name__ for event in events] == ["Like", "Watch", "Watch"]


def test_people_and_videos_nobody_introduced_are_introduced_on_request(tmp_path):
    path = csv_file(tmp_path, "uid,vid,ts,secs\na,v,1650812741,9\na,w,1650812742,9\n")
    events = read(path, VIEWS | {"options": {"publish_unknown": True}})
    assert [type(event).__name__ for event in events] == [
        "PersonSaved", "VideoPublished", "Watch", "VideoPublished", "Watch"]  # fmt: skip
    assert isinstance(events[0], PersonSaved)
    assert len({event.event_id for event in events}) == 5


def test_csv_json_lines_and_parquet_of_one_content_give_the_same_events(tmp_path):
    rows = [{"uid": i % 3, "vid": i, "ts": 1_650_812_741 + i, "secs": i / 2} for i in range(9)]
    pl.DataFrame(rows).write_csv(tmp_path / "a.csv")
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n\n" for row in rows))
    csv, parquet, jsonl = (
        read(tmp_path / f"a.{suffix}", VIEWS) for suffix in ("csv", "parquet", "jsonl")
    )
    assert csv == parquet == jsonl
    assert len(csv) == 9


def test_equal_lines_have_equal_ids_so_the_log_drops_the_second(tmp_path):
    path = csv_file(tmp_path, "uid,vid,ts,secs\n" + "a,v,1650812741,9\n" * 2)
    first, second = read(path, VIEWS)
    assert first.event_id == second.event_id


# --- refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize(("change", "field", "right"), [
    ({"colums": {}}, "colums", "columns, constant"),
    ({"columns": {"time": "ts", "viever": "uid"}}, "columns.viever", "viewer"),
    ({"type": "view"}, "type.view", "watch"),
    ({"type": {"column": "do", "values": {"x": "hart"}}}, "type.values.x.hart", "like"),
    ({"units": {"time": "minutes"}}, "units.time.minutes", "iso, ms, s, us"),
    ({"units": {"viewer": "s"}}, "units.viewer", "watched_ms"),
    ({"columns": {"viewer": "uid", "video": "vid"}}, "columns.time", "the column"),
    ({"columns": {"viewer": "uid", "time": "ts"}}, "columns.video", "a constant"),
    ({"columns": {"time": 3}}, "columns.time", "text in quotes"),
    ({"constant": {"viewer": "x"}}, "constant.viewer", "one of the two"),
    ({"options": {"publish_unknown": "yes"}}, "options.publish_unknown", "bool"),
    ({"also": {"liek": "x"}}, "also.liek", "like"),
    ({"columns": {"received": "x", "time": "t"}}, "columns.received", "watched_ms"),
])  # fmt: skip
def test_a_word_the_mapping_does_not_have_is_refused_with_the_right_ones(change, field, right):
    with pytest.raises(Refused) as refused:
        parse_mapping(VIEWS | change)
    assert refused.value.field == field
    assert right in refused.value.right


def test_a_mapping_file_is_named_in_its_refusals(tmp_path):
    path = tmp_path / "map.toml"
    path.write_text('type = "watch"\n[columns]\ntime = "t"\nviewr = "v"\n')
    with pytest.raises(Refused, match=r"map.toml: columns.viewr: is unknown"):
        read_mapping(path)
    path.write_text("type = ")
    with pytest.raises(Refused, match=r"map.toml: is not TOML"):
        read_mapping(path)
    with pytest.raises(Refused, match="cannot be read"):
        read_mapping(tmp_path / "none.toml")


def test_a_mapping_file_reads_as_its_documentation_says(tmp_path):
    from freshet.lab.readers import mapping

    text = mapping.__doc__.split("\n\n", 1)[1].rsplit("\n\n", 1)[0].replace(", or a table:", "")
    text = "\n".join(line.strip() for line in text.splitlines())
    text = text.replace('type = "watch"', "", 1)
    (tmp_path / "map.toml").write_text(text)
    read_back = read_mapping(tmp_path / "map.toml")
    assert read_back.type_values == {"play": "watch", "heart": "like", "ad": ""}
    assert read_back.columns["traits.age"] == "age_group"


@pytest.mark.parametrize(("line", "field", "says"), [
    (",v,1650812741,9", "uid (viewer)", "is missing"),
    ("a,v,,9", "ts (time)", "is missing"),
    ("a,v,soon,9", "ts (time)", "'soon' is not a number"),
    ("a,v,1650812741436,9", "ts (time)", "in the future; it looks like microseconds"),
    ("a,v,12,9", "ts (time)", "before 2000"),
    ("a,v,1650812741,-3", "secs (watched_ms)", "is negative"),
    ("a,v,1650812741,90000", "secs (watched_ms)", "more than a day"),
    ("a,v,1650812741,nan", "secs (watched_ms)", "'nan' is not a number"),
    ("a,v,1650812741,inf", "secs (watched_ms)", "'inf' is not a number"),
    ("a,v,1650812741", "", "has 3 fields"),
])  # fmt: skip
def test_a_bad_line_is_refused_with_file_line_and_their_column(tmp_path, line, field, says):
    good = "a,v,1650812741,9\n"
    path = csv_file(tmp_path, f"uid,vid,ts,secs\n{good}{line}\n\n{good}")
    report = ReadReport()
    assert len(read(path, VIEWS, report)) == 2
    refusal = report.examples[0]
    assert (refusal.file, refusal.line, refusal.field) == ("views.csv", 3, field)
    assert says in refusal.reason
    assert (report.lines, report.kept, report.refused_lines) == (3, 2, 1)


def test_a_line_break_in_quotes_does_not_upset_the_line_numbers(tmp_path):
    path = csv_file(tmp_path, 'uid,vid,ts,secs\n"a\nb",v,1650812741,9\na,v,x,9\n')
    report = ReadReport()
    assert read(path, VIEWS, report)[0].viewer == "a\nb"  # type: ignore[attr-defined]
    assert report.examples[0].line == 4


def test_a_column_the_file_does_not_have_is_refused_before_anything_is_read(tmp_path):
    path = csv_file(tmp_path, "uid,vid,ts,seconds\n")
    with pytest.raises(Refused, match=r"views.csv.secs: .*right would be one of uid, vid"):
        read(path, VIEWS)


@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.jsonl", "x.parquet"])
def test_a_file_of_an_unknown_kind_or_without_content_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(Refused, match=name):
        read(tmp_path / name, VIEWS)


@pytest.fixture(scope="module")
def dirty(tmp_path_factory):
    return tmp_path_factory.mktemp("dirty")


@given(st.text(max_size=40), st.text(max_size=10), st.text(max_size=20), st.text(max_size=12))
def test_whatever_a_line_holds_it_becomes_one_event_or_one_refusal(
    dirty, viewer, video, time, watched
):
    path = dirty / "views.jsonl"
    row = {"uid": viewer, "vid": video, "ts": time, "secs": watched}
    path.write_bytes(json.dumps(row).encode() + b"\n")
    report = ReadReport()
    events = read(path, VIEWS, report)
    assert len(events) + report.refused_lines == 1


@given(st.binary(max_size=120))
def test_arbitrary_bytes_in_a_csv_never_escape_as_anything_but_refusals(dirty, data):
    path = dirty / "views.csv"
    path.write_bytes(b"uid,vid,ts,secs\na,v,1650812741,9\n" + data)
    report = ReadReport()
    assert len(read(path, VIEWS, report)) >= 1


# --- our own events -------------------------------------------------------------------------


def test_our_own_events_come_back_from_json_lines_in_time_order(tmp_path):
    events: list[Event] = [
        Tick(event_id=content_id(T0 + 1, b"t"), time=T0 + 1, received=T0 + 9),
        Like(event_id=content_id(T0, b"l"), time=T0, viewer="ada", video="v"),
    ]
    path = tmp_path / "own.jsonl"
    path.write_bytes(b"\n".join(msgspec.json.encode(event) for event in events))
    report = ReadReport()
    like, tick = native_events(path, now_ms=NOW, report=report)
    assert like == events[1]
    assert tick.received == 0
    assert report.kept == 2


@pytest.mark.parametrize(("change", "field", "says"), [
    ({"type": "lick"}, "type", "lick"),
    ({"viewer": 3}, "viewer", "Expected `str`, got `int`"),
    ({"vidoe": "x"}, "vidoe", "is unknown"),
    ({"event_id": "7"}, "event_id", "badly formed"),
    ({"time": 5}, "time", "before 2000"),
    ({"watched_ms": -5}, "watched_ms", "negative"),
])  # fmt: skip
def test_one_of_our_events_that_is_not_one_is_refused(tmp_path, change, field, says):
    plain = {"type": "watch", "event_id": content_id(T0, b"w"), "time": T0, "viewer": "a",
             "video": "v", "watched_ms": 5}  # fmt: skip
    path = tmp_path / "own.jsonl"
    path.write_text(f"{json.dumps(plain)}\n{json.dumps(plain | change)}\n{{half\n")
    report = ReadReport()
    assert len(list(native_events(path, now_ms=NOW, report=report))) == 1
    assert [refusal.line for refusal in report.examples] == [2, 3]
    assert report.examples[0].field == field
    assert says in report.examples[0].reason


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 9))
def test_sorting_on_disk_is_sorting_in_memory(times, in_memory):
    ticks = [Tick(event_id=content_id(t, b"%d" % i), time=t) for i, t in enumerate(times)]
    ordered = list(in_time_order(ticks, in_memory))
    assert ordered == sorted(ticks, key=lambda event: event.time)
