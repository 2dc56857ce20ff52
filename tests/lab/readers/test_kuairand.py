"""KuaiRand's layout read as our events."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import pytest

from freshet.domain.errors import Refused
from freshet.domain.events import (
    Event,
    Follow,
    HistoryKnown,
    Impression,
    PersonSaved,
    VideoPublished,
    Watch,
)
from freshet.domain.ids import uuid7_ms
from freshet.lab.readers.impressions import Impressions
from freshet.lab.readers.kuairand import events, find, read_columns
from freshet.lab.readers.kuairand_log import lines
from freshet.lab.readers.report import ReadReport
from freshet.lab.readers.runs import Runs
from tests.lab.readers.folders import NOW, T0, VIDEOS, folder, log_line

Kind = TypeVar("Kind", bound=Event)
SAMPLE = Path(__file__).parent / "sample_kuairand"


def read(path: Path, report: ReadReport | None = None, **options: bool) -> list[Event]:
    found = find(path, random=options.pop("random", False))
    return list(events(found, now_ms=NOW, report=report or ReadReport(), **options))


def of(kind: type[Kind], happened: Iterable[Event]) -> list[Kind]:
    return [event for event in happened if isinstance(event, kind)]


def names(happened: Iterable[Event]) -> list[str]:
    return [type(event).__name__ for event in happened]


# --- order and content ----------------------------------------------------------------------


def test_a_line_becomes_supply_then_an_impression_then_its_acts_then_the_closing_watch(tmp_path):
    path = folder(
        tmp_path,
        log_line(
            is_click=1,
            is_like=1,
            is_follow=1,
            is_comment=1,
            is_forward=1,
            is_hate=1,
            is_profile_enter=1,
            play_time_ms=25_000,
        ),
    )
    happened = read(path)
    assert names(happened) == [
        "VideoPublished",
        "VideoPublished",
        "PersonSaved",
        "PersonSaved",
        "Impression",
        "Click",
        "Like",
        "Comment",
        "Share",
        "NotInterested",
        "Follow",
        "ProfileVisit",
        "Watch",
    ]
    shown, watch = of(Impression, happened)[0], of(Watch, happened)[0]
    assert (shown.time, shown.viewer, shown.video) == (T0, "1", "10")
    assert (shown.surface, shown.context) == ("for_you", "")  # the main tab
    assert (watch.time, watch.watched_ms, watch.duration_ms) == (T0 + 25_000, 25_000, 10_000)
    assert (watch.left, watch.completed, watch.loops) == (True, True, 1)
    assert of(Follow, happened)[0].person == "a70"
    assert {event.request_id for event in happened[4:]} == {shown.request_id}
    assert all(uuid7_ms(event.event_id) == event.time for event in happened)


def test_any_tab_but_the_main_one_is_a_place_of_its_own(tmp_path):
    path = folder(tmp_path, log_line(video_id=10, tab=1), log_line(video_id=11, tab=4))
    assert [shown.context for shown in of(Impression, read(path))] == ["", "tab4"]


def test_events_are_in_the_order_of_their_own_time_over_all_files(tmp_path):
    path = folder(
        tmp_path,
        log_line(video_id=10, time_ms=T0 + 9_000, play_time_ms=1),
        log_line(video_id=11, time_ms=T0, play_time_ms=60_000),
    )
    later = pl.DataFrame([log_line(user_id=2, time_ms=T0 + 5_000, play_time_ms=0)])
    later.write_parquet(tmp_path / "log_more.parquet")
    happened = [event for event in read(path) if event.time >= T0]
    assert [(type(event).__name__, event.time - T0) for event in happened] == [
        ("Impression", 0),
        ("Impression", 5_000),
        ("Watch", 5_000),
        ("Impression", 9_000),
        ("Watch", 9_001),
        ("Watch", 60_000),
    ]


def test_at_one_millisecond_all_impressions_come_before_any_act(tmp_path):
    path = folder(
        tmp_path, *(log_line(video_id=video, play_time_ms=0, is_like=1) for video in (10, 11, 12))
    )
    happened = [event for event in read(path) if event.time >= T0]
    assert names(happened)[-9:] == ["Impression"] * 3 + ["Like", "Watch"] * 3


def test_lines_of_one_viewer_video_and_millisecond_are_one_impression(tmp_path):
    path = folder(tmp_path, log_line(is_like=1, play_time_ms=100), log_line(play_time_ms=3_000))
    report = ReadReport()
    happened = read(path, report)
    assert names(happened)[-3:] == ["Impression", "Like", "Watch"]
    assert of(Watch, happened)[0].watched_ms == 3_000
    assert (report.lines, report.kept, report.repeated) == (2, 1, 1)


def test_the_tables_become_people_and_videos(tmp_path):
    happened = read(folder(tmp_path, log_line()))
    first, second = of(VideoPublished, happened)
    assert (first.creator, first.sound, first.original_sound) == ("a70", "900", True)
    assert (first.topics, second.topics) == (("39", "68"), ())
    assert (second.sound, second.original_sound, second.duration_ms) == ("901", False, 0)
    assert second.traits == {"video_type": "AD", "upload_type": "Web", "music_type": "4"}
    assert first.created == first.time == 1_649_520_000_000  # 10 April, midnight in UTC+8
    one, two = of(PersonSaved, happened)
    assert one.time == T0 - 1
    assert one.traits == {
        "user_active_degree": "full_active",
        "fans_user_num_range": "[100,1k)",
        "onehot_feat0": "1",
    }
    assert two.traits["onehot_feat4"] == "3"


def test_a_user_or_video_only_the_log_knows_is_introduced_just_before_its_first_use(tmp_path):
    path = folder(tmp_path, log_line(), log_line(user_id=5, video_id=50, time_ms=T0 + 7))
    happened = [event for event in read(path) if event.time == T0 + 7]
    assert names(happened) == ["PersonSaved", "VideoPublished", "Impression"]
    published = of(VideoPublished, happened)[0]
    assert (published.video, published.creator) == ("50", "a-of-50")


def test_without_tables_the_log_is_enough_and_the_report_says_so(tmp_path):
    path = folder(
        tmp_path,
        log_line() | {"author_id": 70, "tag": "3", "upload_date": 20220409},
        users=[],
        videos=[],
    )
    report = ReadReport()
    happened = read(path, report)
    published = of(VideoPublished, happened)[0]
    assert (published.creator, published.topics, published.duration_ms) == ("a70", ("3",), 10_000)
    assert published.time == 1_649_433_600_000
    assert any("no user table" in text for text in report.notices)
    assert any("no video table" in text for text in report.notices)


def test_a_video_uploaded_while_the_log_runs_is_published_on_that_day(tmp_path):
    new = VIDEOS[0] | {"video_id": 12, "upload_dt": "2022-04-26"}
    path = folder(
        tmp_path, log_line(), log_line(time_ms=T0 + 3 * 86_400_000), videos=[*VIDEOS, new]
    )
    happened = read(path)
    published = next(event for event in of(VideoPublished, happened) if event.video == "12")
    assert published.time == published.created == 1_650_902_400_000
    assert [event.time for event in happened] == sorted(event.time for event in happened)


def test_acts_within_thirty_minutes_share_a_session_and_later_ones_do_not(tmp_path):
    minute = 60_000
    path = folder(
        tmp_path,
        log_line(),
        log_line(time_ms=T0 + 29 * minute),
        log_line(time_ms=T0 + 70 * minute),
        log_line(user_id=2),
    )
    shown = of(Impression, read(path))
    mine = [event.session_id for event in shown if event.viewer == "1"]
    assert mine[0] == mine[1] != mine[2]
    assert len({event.session_id for event in shown}) == 3


def test_the_history_comes_after_the_supply_and_before_the_log(tmp_path):
    path = folder(tmp_path, log_line())
    pl.DataFrame(
        {"user_id": [1], "watch_seq": [[11, 10]], "like_seq": [[11]], "long_watch_seq": [[]]},
        schema_overrides={"long_watch_seq": pl.List(pl.Int64)},
    ).write_parquet(path / "user_history_to_2022-04-24.parquet")
    assert not of(HistoryKnown, read(path))
    happened = read(path, history=True)
    assert names(happened)[-3:] == ["HistoryKnown", "Impression", "Watch"]
    known = of(HistoryKnown, happened)[0]
    assert (known.watched, known.liked, known.long_watched) == (("11", "10"), ("11",), ())


def test_reading_twice_gives_the_same_events_and_no_two_of_them_share_an_id(tmp_path):
    path = folder(
        tmp_path,
        *(
            log_line(user_id=i % 3, video_id=i, time_ms=T0 + 40 * i, is_like=i % 2)
            for i in range(200)
        ),
    )
    happened = read(path)
    assert happened == read(path)
    assert len({event.event_id for event in happened}) == len(happened)


def test_csv_gzip_and_parquet_of_the_same_lines_give_the_same_events(tmp_path):
    lines = [log_line(user_id=i % 7, time_ms=T0 + i, is_click=i % 2) for i in range(50)]
    csv = folder(tmp_path / "csv", *lines)
    parquet = folder(tmp_path / "parquet", *lines, suffix="parquet")
    packed = folder(tmp_path / "gz", *lines)
    log = packed / "log_standard_pure.csv"
    (packed / "log_standard_pure.csv.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    assert read(csv) == read(parquet) == read(packed)


def test_random_logs_and_monthly_averages_are_left_alone_unless_asked_for(tmp_path):
    path = folder(tmp_path, log_line())
    pl.DataFrame([log_line(video_id=11, time_ms=T0 + 1)]).write_csv(path / "log_random_pure.csv")
    (path / "video_features_statistic_pure.csv").write_text("never,read\n")
    assert len(of(Impression, read(path))) == 1
    assert len(of(Impression, read(path, random=True))) == 2


def test_the_data_folder_of_the_distribution_is_found(tmp_path):
    folder(tmp_path / "KuaiRand-Pure" / "data", log_line())
    assert len(of(Impression, read(tmp_path / "KuaiRand-Pure"))) == 1


def test_the_columns_for_evaluation_are_the_merged_impressions_in_time_order(tmp_path):
    path = folder(tmp_path, log_line(time_ms=T0 + 5, long_view=1), log_line(), log_line(is_like=1))
    log = read_columns(path, now_ms=NOW)
    assert log.author.tolist() == [70, 70]
    assert log.time_ms.tolist() == [T0, T0 + 5]
    assert log.outcomes["is_like"].tolist() == [True, False]
    assert log.outcomes["long_view"].tolist() == [False, True]
    assert log.date.tolist() == [20220424, 20220424]


def test_runs_on_disk_give_the_rows_that_runs_in_memory_give():
    frames = [
        pl.DataFrame(
            {
                "time_ms": [(i * 7_919 + k * 65_537) % 90_000_000 for i in range(500)],
                "k": [k * 500 + i for i in range(500)],
            }
        )
        for k in range(8)
    ]
    with Runs(rows_in_memory=600, rows_per_window=100) as small, Runs() as large:
        for frame in frames:
            small.add(frame)
            large.add(frame)
        assert pl.concat(small.windows()).equals(pl.concat(large.windows()))
        assert sum(1 for _ in small.windows()) > 1


def test_cutting_the_log_into_many_windows_changes_nothing(tmp_path, monkeypatch):
    path = folder(
        tmp_path,
        *(
            log_line(
                user_id=i % 5,
                video_id=i,
                time_ms=T0 + i * 1_000_000,
                play_time_ms=(i * 7_654_321) % 80_000_000,
                is_click=i % 2,
            )
            for i in range(300)
        ),
    )
    whole = read(path)
    monkeypatch.setattr("freshet.lab.readers.impressions.Runs", lambda: Runs(40, 10))
    assert read(path) == whole


# --- what was liked or hated ----------------------------------------------------------------


def verdict(liked: Any, **changes: Any) -> dict[str, Any]:
    line = log_line(**changes) | {"liked_1_hated_0": liked}
    return {name: line[name] for name in line if name not in ("is_like", "is_hate", "tab")}


def test_a_log_of_what_was_liked_or_hated_says_so_in_one_column(tmp_path):
    path = folder(tmp_path, verdict(1), verdict(0, time_ms=T0 + 9), users=[], videos=[])
    assert names(read(path))[-6:] == ["Impression", "Impression", "Like", "Watch",
                                      "NotInterested", "Watch"]  # fmt: skip
    log = read_columns(path, now_ms=NOW)
    assert log.main == ("not_interested", "like")
    assert log.outcomes["is_like"].tolist() == [True, False]
    assert log.outcomes["is_hate"].tolist() == [False, True]


def test_beside_a_log_of_all_impressions_long_views_remain_what_is_judged(tmp_path):
    path = folder(tmp_path, verdict(1))
    pl.DataFrame([log_line(time_ms=T0 + 5)]).write_parquet(path / "log_more.parquet")
    assert read_columns(path, now_ms=NOW).main == ("long_view",)


def test_a_verdict_that_is_neither_is_refused_with_its_line(tmp_path):
    report = ReadReport()
    path = folder(tmp_path, verdict(2), verdict(None), verdict(0))
    assert len(of(Impression, read(path, report))) == 1
    assert [(refusal.line, refusal.field) for refusal in report.examples] == [
        (2, "liked_1_hated_0"), (3, "liked_1_hated_0"),
    ]  # fmt: skip


# --- bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize(("change", "field", "says"), [
    ({"user_id": "x7"}, "user_id", "'x7' is not a whole number"),
    ({"user_id": None}, "user_id", "is missing"),
    ({"video_id": -3}, "video_id", "-3 is negative"),
    ({"time_ms": T0 // 1000}, "time_ms", "it looks like seconds"),
    ({"time_ms": T0 * 1000}, "time_ms", "it looks like microseconds"),
    ({"time_ms": 12}, "time_ms", "before 2000"),
    ({"time_ms": NOW + 2 * 86_400_000}, "time_ms", "in the future"),
    ({"play_time_ms": -1}, "play_time_ms", "watch time of -1 ms is negative"),
    ({"play_time_ms": 86_400_001}, "play_time_ms", "more than a day"),
    ({"play_time_ms": 1.5}, "play_time_ms", "not a whole number"),
    ({"duration_ms": -10}, "duration_ms", "duration of -10 ms is negative"),
    ({"is_like": 7}, "is_like", "7 is no yes or no"),
    ({"tab": -2}, "tab", "-2 is no tab"),
])  # fmt: skip
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_bad_line_is_named_with_its_field_and_the_good_ones_are_kept(
    tmp_path, change, field, says, suffix
):
    if suffix == "parquet" and any(isinstance(value, str | float) for value in change.values()):
        lines = [
            {key: str(value) for key, value in log_line(**line).items()}
            for line in ({}, change, {"time_ms": T0 + 1})
        ]
    else:
        lines = [log_line(), log_line(**change), log_line(time_ms=T0 + 1)]
    if suffix == "csv":
        lines = [
            {key: None if value is None else str(value) for key, value in line.items()}
            for line in lines
        ]
    report = ReadReport(refused_to=tmp_path / "refused.jsonl")
    with report:
        happened = read(folder(tmp_path / "set", *lines, suffix=suffix), report)
    assert len(of(Impression, happened)) == 2
    refusal = report.examples[0]
    assert (refusal.file, refusal.field) == (f"log_standard_pure.{suffix}", field)
    assert refusal.line == (3 if suffix == "csv" else 2)
    assert says in refusal.reason
    assert (tmp_path / "refused.jsonl").read_text().count("\n") == 1


def test_an_unknown_duration_is_kept_and_counted(tmp_path):
    report = ReadReport()
    happened = read(folder(tmp_path, log_line(video_id=11, duration_ms=0)), report)
    assert of(Watch, happened)[0].completed is False
    assert report.unknown_duration == 1


def test_broken_csv_lines_spoil_no_others(tmp_path):
    path = folder(tmp_path, log_line(), log_line(time_ms=T0 + 1), log_line(time_ms=T0 + 2))
    log = path / "log_standard_pure.csv"
    header, one, two, three = log.read_bytes().splitlines()
    log.write_bytes(b"\n".join([
        b"\xef\xbb\xbf" + header, one, b'"open quote,' + two, b"", two + b",extra",
        b"\xff\xfe" + two, two, three[:20],
    ]))  # fmt: skip
    report = ReadReport()
    happened = read(path, report)
    assert len(of(Impression, happened)) == 2
    assert [refusal.line for refusal in report.examples] == [3, 5, 6, 8]
    assert (report.lines, report.kept, report.refused_lines) == (6, 2, 4)


def test_a_line_cut_short_is_refused_even_when_all_others_are_whole(tmp_path):
    path = folder(tmp_path, log_line(), log_line(time_ms=T0 + 1))
    log = path / "log_standard_pure.csv"
    log.write_bytes(log.read_bytes().rstrip()[:-8])
    report = ReadReport()
    assert len(of(Impression, read(path, report))) == 1
    assert (report.examples[0].line, report.examples[0].reason) == (3, "has 15 fields")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(("name", "data", "says"), [
    ("log.parquet", b"user_id,video_id\n1,2\n", "is not Parquet"),
    ("log.parquet", b"PAR1 and then nothing", "broken or cut short"),
    ("log.csv", b"", "is empty"),
    ("log.csv", b"PAR1....PAR1", "is a Parquet file"),
    ("log.csv", b"user_id,video_id,play_time_ms,duration_ms\n", "time_ms: this column is missing"),
    ("log.csv", b"user_id,user_id\n", "twice"),
    ("log.csv", bytes(range(256)), "not a CSV header"),
    # Without a time of its own: both processes that test must name it alike.
    ("log.csv.gz", gzip.compress(b"user_id,video_id", mtime=0)[:9], "cannot be unpacked"),
])  # fmt: skip
def test_a_file_that_is_not_what_it_says_is_refused_before_anything_is_read(
    tmp_path, name, data, says
):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Refused, match=says) as refused:
        read(tmp_path)
    assert name in str(refused.value)


def test_a_folder_without_a_log_is_refused(tmp_path):
    with pytest.raises(Refused, match="holds no log"):
        find(tmp_path)
    with pytest.raises(Refused, match="not a folder"):
        find(tmp_path / "nowhere")


def test_a_gzip_file_cut_short_gives_its_whole_lines_and_a_refusal(tmp_path):
    path = folder(
        tmp_path,
        *(log_line(user_id=i * 7_919 % 1_009, time_ms=T0 + i * 131) for i in range(20_000)),
    )
    log = path / "log_standard_pure.csv"
    (path / "log.csv.gz").write_bytes(cut(gzip.compress(log.read_bytes())))
    log.unlink()
    report = ReadReport()
    shown = of(Impression, read(path, report))
    assert 0 <= len(shown) < 20_000
    assert any("cannot be unpacked" in refusal.reason for refusal in report.examples)


def test_a_column_of_a_type_that_holds_no_numbers_is_refused_with_its_file(tmp_path):
    pl.DataFrame([log_line(time_ms=[T0])]).write_parquet(tmp_path / "log.parquet")
    with pytest.raises(Refused, match=r"log.parquet.time_ms: is a column of List"):
        read(tmp_path)


def test_tags_may_come_as_lists_and_numbers_too_large_for_their_meaning_are_refused(tmp_path):
    lines = [
        log_line() | {"tag": [3, 9], "date": 2**60},
        log_line(tab=2**40) | {"tag": [], "date": 1},
    ]
    report = ReadReport()
    happened = read(folder(tmp_path, *lines, videos=[], suffix="parquet"), report)
    assert of(VideoPublished, happened)[0].topics == ("3", "9")
    assert report.examples[0].field == "tab"


def test_a_log_of_only_bad_lines_gives_no_event_at_all(tmp_path):
    report = ReadReport()
    assert read(folder(tmp_path, log_line(time_ms=5)), report) == []
    assert report.refused_lines == 1


# --- a small set of our own -----------------------------------------------------------------


def test_the_sample_gives_the_counts_it_always_gave():
    report = ReadReport()
    counts = Counter(names(read(SAMPLE, report)))
    assert counts == GOLDEN
    assert (report.lines, report.kept, report.repeated, report.refused_lines) == (208, 200, 5, 3)
    assert report.unknown_duration == 6


def test_the_impressions_say_when_the_log_begins():
    with Impressions(lines(find(SAMPLE), ReadReport(), NOW), ReadReport()) as impressions:
        assert impressions.first_ms() == T0


# Counted from the sample with nothing but the csv module.
GOLDEN = Counter(
    Impression=200, Watch=200, Click=77, Like=20, ProfileVisit=14, Comment=10, Follow=8, Share=6,
    NotInterested=2, PersonSaved=12, VideoPublished=40,
)  # fmt: skip
