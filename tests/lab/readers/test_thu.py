"""THU ShortVideo's layout read as our events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from freshet.catalogue.content import content_vector
from freshet.domain.errors import Refused
from freshet.domain.events import Event, Favorite, Impression, VideoPublished, Watch
from freshet.lab.readers.layouts import open_folder
from freshet.lab.readers.report import ReadReport
from freshet.lab.readers.thu import events, find, log_columns
from freshet.lab.replay import with_history
from tests.lab.readers.folders import NOW, T0, folder, log_line

S0 = T0 // 1000
LINE: dict[str, Any] = {
    "user_id": 1, "video_id": 10, "author_id": 7, "exposed_time": S0, "watch_time_s": 12,
    "duration_s": 31.466, "like": 0, "click": 1, "comment": 0, "follow": 0, "collect": 0,
    "forward": 0, "hate": 0, "author_fans": 670_496,
    "categories": "films and short plays,  skits, Unknown", "tags": "剧星大赛, 天生我有戏",
    "title": "翻脸的老同学",
}  # fmt: skip


def line(**changes: Any) -> dict[str, Any]:
    return LINE | changes


def put(path: Path, *lines: dict[str, Any], name: str = "interactions_train.parquet") -> Path:
    frame = pl.DataFrame(lines, infer_schema_length=None)
    if name.endswith("csv"):
        frame.write_csv(path / name)
    else:
        frame.write_parquet(path / name)
    return path


def read(path: Path, report: ReadReport | None = None) -> list[Event]:
    return list(events(find(path), now_ms=NOW, report=report or ReadReport()))


def names(happened: list[Event]) -> list[str]:
    return [type(event).__name__ for event in happened]


def of(kind: type[Any], happened: list[Event]) -> list[Any]:
    return [event for event in happened if isinstance(event, kind)]


def test_a_line_becomes_who_and_what_it_is_about_an_impression_its_acts_and_the_watch(tmp_path):
    acts = dict.fromkeys(("like", "comment", "follow", "collect", "forward", "hate"), 1)
    happened = read(put(tmp_path, line(**acts)))
    assert names(happened) == [
        "PersonSaved", "VideoPublished", "Impression", "Click", "Like", "Comment", "Share",
        "Favorite", "NotInterested", "Follow", "Watch",
    ]  # fmt: skip
    shown, watch = of(Impression, happened)[0], of(Watch, happened)[0]
    assert (shown.time, shown.viewer, shown.video, shown.context) == (S0 * 1000, "1", "10", "")
    assert (watch.time, watch.watched_ms, watch.duration_ms) == (
        S0 * 1000 + 12_000, 12_000, 31_466,
    )  # fmt: skip


def test_titles_tags_and_categories_are_what_a_video_is_made_of(tmp_path):
    published = of(VideoPublished, read(put(tmp_path, line(tags="#TeA, tea"))))[0]
    topics = ("films and short plays", "skits")
    assert (published.creator, published.topics, published.hashtags) == ("a7", topics, ("tea",))
    assert published.vector == content_vector("翻脸的老同学", ("#TeA", "tea"), topics=topics)


def test_whether_a_view_was_long_follows_from_the_engines_rule(tmp_path):
    path = put(
        tmp_path,
        line(video_id=1, watch_time_s=18, duration_s=200.0),
        line(video_id=2, watch_time_s=17, duration_s=200.0),
        line(video_id=3, watch_time_s=10, duration_s=10.2),
        line(video_id=4, watch_time_s=9, duration_s=10.2),
    )
    log = log_columns(find(path), ReadReport(), NOW)
    assert log.outcomes["long_view"].tolist() == [True, False, True, False]
    assert log.main == ("long_view",)
    assert log.date.tolist() == [20220424] * 4


def test_lines_that_say_a_view_again_are_one_view(tmp_path):
    report = ReadReport()
    happened = read(put(tmp_path, line(), line(collect=1, watch_time_s=30), line()), report)
    assert len(of(Impression, happened)) == len(of(Favorite, happened)) == 1
    assert of(Watch, happened)[0].watched_ms == 30_000
    assert (report.lines, report.kept, report.repeated) == (3, 1, 2)


def test_a_duration_of_0_is_kept_and_counted_as_unknown(tmp_path):
    report = ReadReport()
    happened = read(put(tmp_path, line(duration_s=0.0)), report)
    assert (of(Watch, happened)[0].completed, report.unknown_duration) == (False, 1)


@pytest.mark.parametrize(("change", "field", "says"), [
    ({"watch_time_s": -3}, "watch_time_s", "watch time of -3 s is negative"),
    ({"watch_time_s": 86_401}, "watch_time_s", "more than a day"),
    ({"watch_time_s": "long"}, "watch_time_s", "'long' is not a number"),
    ({"duration_s": -0.5}, "duration_s", "duration of -0.5 s is negative"),
    ({"duration_s": "nan"}, "duration_s", "'nan' is not a number"),
    ({"duration_s": None}, "duration_s", "is missing"),
    ({"exposed_time": T0}, "exposed_time", "it looks like milliseconds"),
    ({"exposed_time": 12}, "exposed_time", "before 2000"),
    ({"exposed_time": 2**62}, "exposed_time", "in the future"),
    ({"user_id": "x7"}, "user_id", "'x7' is not a whole number"),
    ({"video_id": -1}, "video_id", "-1 is negative"),
    ({"like": 2}, "like", "2 is no yes or no"),
    ({"collect": "maybe"}, "collect", "'maybe' is not a whole number"),
])  # fmt: skip
def test_a_bad_line_is_named_as_the_file_names_it_and_the_good_ones_are_kept(
    tmp_path, change, field, says
):
    lines = [
        {name: None if value is None else str(value) for name, value in one.items()}
        for one in (line(), line(**change), line(exposed_time=S0 + 1))
    ]
    report = ReadReport()
    happened = read(put(tmp_path, *lines, name="interactions.csv"), report)
    assert len(of(Impression, happened)) == 2
    refusal = report.examples[0]
    assert (refusal.file, refusal.line, refusal.field) == ("interactions.csv", 3, field)
    assert says in refusal.reason


def test_the_spelling_of_the_sets_own_authors_is_read_too(tmp_path):
    theirs = {
        "video_id": "pid", "watch_time_s": "watch_time", "duration_s": "duration",
        "like": "cvm_like", "tags": "tag_name",
    }  # fmt: skip
    spelt = {theirs.get(name, name): value for name, value in line(like="True").items()}
    del spelt["click"], spelt["categories"]
    report = ReadReport()
    happened = read(put(tmp_path, spelt | {"follow": "False"}, name="interaciton.csv"), report)
    assert names(happened) == ["PersonSaved", "VideoPublished", "Impression", "Like", "Watch"]
    assert any("no click" in text for text in report.notices)


@pytest.mark.parametrize("name", ["user_id", "exposed_time", "watch_time_s", "duration_s"])
def test_a_file_without_a_column_it_needs_is_refused_with_the_columns_name(tmp_path, name):
    lacking = {column: value for column, value in LINE.items() if column != name}
    with pytest.raises(Refused, match=rf"interactions_train.parquet.{name}: this column is missi"):
        find(put(tmp_path, lacking))


def test_a_column_of_a_type_that_holds_no_numbers_is_refused_with_its_file(tmp_path):
    path = put(tmp_path, line(watch_time_s=[3]))
    with pytest.raises(Refused, match=r"train.parquet.watch_time_s: is a column of List"):
        read(path)


def test_a_file_cut_short_is_refused(tmp_path):
    file = put(tmp_path, line()) / "interactions_train.parquet"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(Refused, match="broken or cut short"):
        find(tmp_path)


def test_reading_twice_gives_the_same_events_and_no_two_of_them_share_an_id(tmp_path):
    path = put(tmp_path, *(line(user_id=i % 3, video_id=i % 7, exposed_time=S0 + 9 * i, like=i % 2)
                           for i in range(60)))  # fmt: skip
    happened = read(path)
    assert happened == read(path)
    assert [event.time for event in happened] == sorted(event.time for event in happened)
    assert len({event.event_id for event in happened}) == len(happened)


def test_histories_are_refused_for_the_set_has_none(tmp_path):
    with pytest.raises(Refused, match="--warm-start"):
        with_history(find(put(tmp_path, line())), tmp_path / "user_history.parquet")


# --- which layout a folder has --------------------------------------------------------------


def test_a_folders_layout_is_known_by_the_names_of_its_files(tmp_path):
    (tmp_path / "thu").mkdir()
    assert open_folder(put(tmp_path / "thu", line())).layout == "thu"
    assert open_folder(folder(tmp_path / "kuairand", log_line())).layout == "kuairand"


def test_a_folder_of_two_layouts_of_none_or_of_another_than_said_is_refused(tmp_path):
    with pytest.raises(Refused, match="holds no log"):
        open_folder(tmp_path)
    put(tmp_path, line())
    with pytest.raises(Refused, match=r"interactions_train.parquet, which is not kuairand"):
        open_folder(tmp_path, "kuairand")
    with pytest.raises(Refused, match="no layout is named 'tiktok'"):
        open_folder(tmp_path, "tiktok")
    folder(tmp_path, log_line())
    with pytest.raises(Refused, match="say which is meant"):
        open_folder(tmp_path)
    assert open_folder(tmp_path, "thu").layout == "thu"
