"""The lake holds the log, event by event, wherever sealing is cut or breaks off."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshet.domain import events as e
from freshet.domain.errors import Broken, Unavailable
from freshet.lake import seal as sealing
from freshet.lake.columns import events_of, table_of
from freshet.lake.read import batches
from freshet.lake.seal import Lake
from freshet.lake.segments import Segments, damage
from freshet.log.files import FolderLock
from tests.domain.golden_events import examples
from tests.lake.making import act, files, hours, in_lake, in_log, log_of
from tests.log.making import Clock, watches


@pytest.mark.parametrize("event", examples(), ids=lambda event: type(event).__name__)
def test_every_event_comes_back_from_its_columns_as_it_was(event: e.Event) -> None:
    name = str(event.__struct_config__.tag)
    assert list(events_of(name, table_of(name, [7], [event]))) == [(7, event)]


def test_an_event_with_nothing_but_defaults_comes_back_too() -> None:
    video = act(e.VideoPublished, video="x", creator="p", created=0)
    slate = act(e.SlateServed, viewer="p", request_id="r", items=())
    for name, event in (("video_published", video), ("slate_served", slate)):
        assert list(events_of(name, table_of(name, [1], [event]))) == [(1, event)]


def test_a_clients_absurd_number_is_held_within_64_bits() -> None:
    (row,) = table_of("watch", [1], [act(e.Watch, viewer="p", video="x", watched_ms=2**64 - 1)])[
        "watched_ms"
    ].to_pylist()
    assert row == 2**63 - 1


@settings(max_examples=6, deadline=None)
@given(
    stops=st.lists(st.integers(0, 60), max_size=4).map(sorted),
    segment_events=st.sampled_from([1, 7, 1000]),
    segment_hours=st.sampled_from([1, 6, 24]),
)
async def test_wherever_sealing_stops_nothing_is_missing_and_nothing_twice(
    tmp_path_factory: pytest.TempPathFactory,
    stops: list[int],
    segment_events: int,
    segment_hours: int,
) -> None:
    log = await log_of(hours(30))
    folder = tmp_path_factory.mktemp("lake")
    for stop in stops:
        await Lake(folder, segment_events, segment_hours).seal(log, stop)
    await Lake(folder, segment_events, segment_hours).seal(log, rest=True)
    assert in_lake(folder) == await in_log(log)
    assert damage(Segments(folder)) == []


async def test_a_segment_ends_with_its_hours_its_day_or_its_number_of_events(
    tmp_path: Path,
) -> None:
    log = await log_of(hours(30))  # from 22:13 on, two events an hour
    by_hours = await Lake(tmp_path / "a", segment_hours=6).seal(log)
    assert [(s.first, s.last) for s in by_hours] == [(1, 4), (5, 16), (17, 28), (29, 40), (41, 52)]
    by_count = await Lake(tmp_path / "b", segment_events=20).seal(log)
    assert [(s.first, s.last) for s in by_count] == [(1, 4), (5, 24), (25, 44), (45, 52)]


async def test_what_no_end_came_behind_waits_unless_asked_for(tmp_path: Path) -> None:
    log = await log_of(hours(1))
    lake = Lake(tmp_path)
    assert await lake.seal(log) == []
    assert files(tmp_path) == []
    assert [s.rows for s in await lake.seal(log, rest=True)] == [2]
    assert (lake.sealed, await lake.seal(log, rest=True)) == (2, [])


async def test_a_day_is_a_folder_that_polars_and_others_read_at_once(tmp_path: Path) -> None:
    await Lake(tmp_path).seal(await log_of(hours(30)), rest=True)
    likes = pl.scan_parquet(tmp_path / "like", hive_partitioning=True)
    by_day = likes.group_by("date").len().sort("date").collect()
    assert by_day["len"].to_list() == [2, 24, 4]
    first = likes.sort("offset").first().collect().row(0, named=True)
    assert (first["offset"], first["viewer"], first["video"]) == (2, "p_ann", "x0")
    assert first["received"].isoformat(" ", "seconds") == "2023-11-14 22:13:20+00:00"


async def test_sealing_that_broke_off_is_done_again_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await log_of(hours(30))
    lake = Lake(tmp_path, segment_events=10)
    with monkeypatch.context() as broken:
        broken.setattr(Segments, "put", lambda *_: (_ for _ in ()).throw(OSError("power is out")))
        with pytest.raises(OSError, match="power is out"):
            await lake.seal(log)
    assert files(tmp_path) != []
    assert in_lake(tmp_path) == []
    await lake.seal(log, rest=True)
    assert in_lake(tmp_path) == await in_log(log)
    assert damage(lake.segments) == []


async def test_a_lake_of_another_log_is_refused(tmp_path: Path) -> None:
    await Lake(tmp_path).seal(await log_of(hours(3)), rest=True)
    with pytest.raises(Broken, match="of another log"):
        await Lake(tmp_path).seal(await log_of(hours(4)))
    with pytest.raises(Broken, match="restored from before"):
        await Lake(tmp_path).seal(await log_of(hours(2)))


async def test_only_one_process_seals(tmp_path: Path) -> None:
    with FolderLock(tmp_path), pytest.raises(Unavailable, match="is being sealed"):
        await Lake(tmp_path).seal(await log_of(hours(1)))


async def test_a_lake_begins_where_an_epoch_left_the_log(tmp_path: Path) -> None:
    log = await log_of(hours(10))
    await log.begin_epoch(7)
    lake = Lake(tmp_path)
    await lake.seal(log, rest=True)
    assert [offset for offset, _ in in_lake(tmp_path)] == list(range(8, 21))
    assert damage(lake.segments) == []
    await log.begin_epoch(20)
    await log.append(hours(2))
    await lake.seal(log, rest=True)
    assert in_lake(tmp_path)[-4:] == await in_log(log)
    await log.append(hours(1))
    await log.begin_epoch(log.last)
    with pytest.raises(Broken, match="dropped its events"):
        await lake.seal(log)


async def test_slates_with_their_vectors_are_written_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "ROW_GROUP", 100)
    items = tuple(e.Served(f"x{n}", "fresh", 0.5, 0.25, (0.1, 0.2)) for n in range(10))
    slates = [
        act(e.SlateServed, viewer="p", request_id=str(n), items=items, features=bytes(4000))
        for n in range(20)
    ]
    log = await log_of(slates)
    await Lake(tmp_path).seal(log, rest=True)
    (file,) = files(tmp_path, "slate_served/**/*.parquet")
    assert pl.read_parquet_metadata(file) is not None
    assert in_lake(tmp_path) == await in_log(log)


async def test_reading_starts_and_ends_where_it_is_asked_to(tmp_path: Path) -> None:
    await Lake(tmp_path, segment_events=8).seal(await log_of(hours(15)), rest=True)
    found = list(batches(tmp_path, after=5, upto=19))
    assert (found[0].first, found[-1].last) == (6, 19)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda file: file.unlink(), "is missing"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"!"), "differs from its digest"),
        (lambda file: (file.parent / "000000000001-000000000002.parquet").touch(), "no segment"),
    ],
)
async def test_harm_is_found(tmp_path: Path, harm: object, told: str) -> None:
    await Lake(tmp_path).seal(await log_of(hours(3)), rest=True)
    harm(files(tmp_path, "like/**/*.parquet")[0])  # type: ignore[operator]
    assert told in " ".join(damage(Segments(tmp_path)))


async def test_a_missing_segment_is_a_gap(tmp_path: Path) -> None:
    lake = Lake(tmp_path, segment_events=10)
    await lake.seal(await log_of(watches_in_order(30)), rest=True)
    (tmp_path / "segments" / "000000000011-000000000020.json").unlink()
    assert "offset 11 expected" in damage(lake.segments)[0]


def watches_in_order(count: int) -> list[e.Event]:
    return watches(0, count, Clock().now_ms)


async def test_equal_logs_give_equal_files(tmp_path: Path) -> None:
    events, digests = hours(30), []
    for name, stops in (("a", [60]), ("b", [13, 60])):
        for stop in stops:
            await Lake(tmp_path / name, 7).seal(await log_of(events), stop)
        found = files(tmp_path / name)
        digests.append([hashlib.sha256(file.read_bytes()).hexdigest() for file in found])
    assert digests[0] == digests[1]
