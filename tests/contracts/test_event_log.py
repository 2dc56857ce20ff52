"""What every event log promises, whatever it keeps its events in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freshet.backends.memory import MemoryLog
from freshet.backends.sqlite_log import SqliteLog
from freshet.domain.errors import Refused, TooLate, Unavailable
from freshet.domain.events import Event, Hide, Like, Served, SlateServed, Watch
from freshet.log.ports import EventLog
from freshet.log.rows import BATCH_EVENTS
from tests.log.making import (
    DAY_MS,
    HOUR_MS,
    NOW_MS,
    Clock,
    event_id,
    everything,
    ids_of,
    watch,
    watches,
)

Open = Callable[..., EventLog]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "memory, sealing often", "sqlite", "sqlite, sealing often"])
def open_log(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Open:
    """Opens a new, empty log."""
    seal_at = 5 if "often" in request.param else 65_536
    folders = iter(range(10_000))

    def open_(**settings: object) -> EventLog:
        if request.param.startswith("memory"):
            return MemoryLog(clock, seal_at=seal_at, **settings)  # type: ignore[arg-type]
        folder = tmp_path / str(next(folders))
        return SqliteLog(folder, clock, seal_at=seal_at, **settings)  # type: ignore[arg-type]

    return open_


@pytest.fixture
async def log(open_log: Open) -> AsyncIterator[EventLog]:
    log = open_log()
    yield log
    await log.close()


async def test_an_empty_log_ends_at_0_and_reads_nothing(log: EventLog) -> None:
    assert (log.last, log.epoch, log.base) == (0, 1, 0)
    assert await everything(log) == []


async def test_appending_nothing_changes_nothing(log: EventLog) -> None:
    appended = await log.append([])
    assert (appended.offsets, appended.last, log.last) == ((), 0, 0)


async def test_events_are_read_in_the_order_they_were_appended(log: EventLog) -> None:
    first = await log.append(watches(1, 4))
    second = await log.append(watches(4, 6))
    assert (first.offsets, second.offsets) == ((1, 2, 3), (4, 5))
    assert (second.last, log.last) == (5, 5)
    assert await ids_of(log) == [event_id(n) for n in range(1, 6)]


async def test_reading_starts_behind_an_offset(log: EventLog) -> None:
    await log.append(watches(1, 4))
    await log.append(watches(4, 9))
    for after in range(9):
        assert await ids_of(log, after) == [event_id(n) for n in range(after + 1, 9)]


async def test_what_is_read_is_what_was_written(log: EventLog) -> None:
    events: list[Event] = [
        watch(1, completed=True, surface="sound"),
        Hide(event_id=event_id(2), time=5, viewer="v", kind="topic", target="cats"),
        SlateServed(
            event_id=event_id(3),
            time=6,
            viewer="v",
            request_id="r",
            items=(Served("x", "explore", 0.5, 0.25, (0.1, 0.2), ("new",)),),
            features=b"\x00\x01",
        ),
    ]
    await log.append(events)
    assert [without_received(e) for e in await everything(log)] == events


async def test_an_event_appended_twice_is_read_once(log: EventLog) -> None:
    await log.append(watches(1, 3))
    again = await log.append(watches(1, 4))
    assert (again.offsets, again.repeated, again.refused) == ((1, 2, 3), (0, 1), ())
    assert await ids_of(log) == [event_id(n) for n in range(1, 4)]


async def test_an_event_twice_in_one_call_is_read_once(log: EventLog) -> None:
    appended = await log.append([watch(1), watch(2), watch(1)])
    assert (appended.offsets, appended.repeated) == ((1, 2, 1), (2,))
    assert log.last == 2


async def test_a_repeat_is_known_by_its_id_alone(log: EventLog) -> None:
    await log.append([watch(1, watched_ms=10)])
    again = await log.append([watch(1, watched_ms=99)])
    assert again.repeated == (0,)
    assert [e.watched_ms for e in await everything(log) if isinstance(e, Watch)] == [10]


async def test_a_repeat_is_known_in_capital_letters(log: EventLog) -> None:
    await log.append([watch(1)])
    like = Like(event_id=event_id(1).upper(), time=1, viewer="v", video="x")
    assert (await log.append([like])).repeated == (0,)


async def test_a_repeat_is_known_after_six_days(log: EventLog, clock: Clock) -> None:
    await log.append(watches(1, 20))
    for day in range(1, 7):
        clock.now_ms = NOW_MS + day * DAY_MS
        await log.append(watches(100 * day, 100 * day + 20, clock.now_ms))
    assert (await log.append([watch(7)])).offsets == (7,)
    assert log.last == 19 + 6 * 20


async def test_an_id_older_than_7_days_is_too_late(log: EventLog, clock: Clock) -> None:
    clock.now_ms = NOW_MS + 7 * DAY_MS + 1
    appended = await log.append([watch(1), watch(2, clock.now_ms)])
    assert appended.offsets == (0, 1)
    ((index, error),) = appended.refused
    assert (index, type(error), error.field) == (0, TooLate, "event_id")


async def test_an_id_more_than_a_day_ahead_is_refused(log: EventLog) -> None:
    appended = await log.append([watch(1, NOW_MS + DAY_MS + 1), watch(2, NOW_MS + DAY_MS)])
    assert appended.offsets == (0, 1)
    ((_, error),) = appended.refused
    assert (type(error), error.field) == (Refused, "event_id")


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "17",
        "0" * 36,
        "01805c1b-673c-4226-b63c-5ab791b7584a",
        "01805c1b673c7226b63c5ab791b7584a",
        "01805c1b-673c-7226-b63c-5ab791b7584a ",
        "01805c1b-673c-7226-b63c-5ab791b7  4a",
        "{01805c1b-673c-7226-b63c-5ab791b758}",
        "01805c1b-673c-7226-f63c-5ab791b7584a",
    ],
)
async def test_an_id_that_is_no_uuidv7_is_refused(log: EventLog, bad: str) -> None:
    appended = await log.append([Like(event_id=bad, time=1, viewer="v", video="x"), watch(1)])
    assert appended.offsets == (0, 1)
    assert [(i, e.field) for i, e in appended.refused] == [(0, "event_id")]


async def test_an_event_that_could_not_be_read_back_is_refused_alone(log: EventLog) -> None:
    wrong_type = watch(2, watched_ms="long")
    too_large = watch(3, watched_ms=2**70)
    root = Event(event_id=event_id(4), time=1)
    appended = await log.append([watch(1), wrong_type, too_large, root, watch(5)])
    assert appended.offsets == (1, 0, 0, 0, 2)
    assert [i for i, _ in appended.refused] == [1, 2, 3]
    assert await ids_of(log) == [event_id(1), event_id(5)]


async def test_a_refused_event_can_be_sent_again_put_right(log: EventLog) -> None:
    await log.append([watch(1, watched_ms="long")])
    assert (await log.append([watch(1)])).offsets == (1,)


async def test_received_is_the_clocks_and_never_decreases(log: EventLog, clock: Clock) -> None:
    await log.append([watch(1, received=5)])
    clock.now_ms += HOUR_MS
    await log.append([watch(2)])
    clock.now_ms -= 2 * HOUR_MS
    await log.append([watch(3)])
    received = [event.received for event in await everything(log)]
    assert received == [NOW_MS, NOW_MS + HOUR_MS, NOW_MS + HOUR_MS]


async def test_an_import_is_received_when_it_happened(open_log: Open) -> None:
    log = open_log(mode="import")
    year_ago = NOW_MS - 365 * DAY_MS
    times = [year_ago, year_ago + 5, year_ago + 3, year_ago + 30 * DAY_MS]
    await log.append([watch(n, time) for n, time in enumerate(times)])
    received = [event.received for event in await everything(log)]
    assert received == [times[0], times[1], times[1], times[3]]
    late = await log.append([watch(9, year_ago)])
    assert isinstance(late.refused[0][1], TooLate)
    await log.close()


async def test_a_repeated_import_changes_nothing(open_log: Open) -> None:
    log = open_log(mode="import")
    events = [watch(n, NOW_MS - 10**9 + n * HOUR_MS) for n in range(50)]
    await log.append(events)
    again = await log.append(events)
    assert again.repeated == tuple(range(50))
    await log.close()


async def test_a_broken_off_import_goes_on_from_7_days_before_its_end(open_log: Open) -> None:
    log = open_log(mode="import")
    events = [watch(n, NOW_MS - 50 * DAY_MS + n * DAY_MS) for n in range(40)]
    await log.append(events[:20])
    resume = [event for event in events if event.time >= log.received - 7 * DAY_MS]  # type: ignore[attr-defined]
    appended = await log.append(resume)
    assert (len(appended.repeated), appended.refused) == (8, ())
    assert await ids_of(log) == [event.event_id for event in events]
    await log.close()


@pytest.mark.parametrize("time", [-1, NOW_MS + 2 * DAY_MS, "yesterday"])
async def test_an_import_at_an_absurd_time_is_refused(open_log: Open, time: int) -> None:
    log = open_log(mode="import")
    absurd = Like(event_id=event_id(1), time=time, viewer="v", video="x")
    appended = await log.append([absurd, watch(2)])
    assert [(i, e.field) for i, e in appended.refused] == [(0, "time")]
    await log.close()


async def test_calls_at_the_same_time_are_all_kept_whole_and_in_order(log: EventLog) -> None:
    calls = [watches(10 * n, 10 * n + 10) for n in range(30)]
    answers = await asyncio.gather(*(log.append(call) for call in calls))
    ids = await ids_of(log)
    for call, answer in zip(calls, answers, strict=True):
        assert [ids[offset - 1] for offset in answer.offsets] == [e.event_id for e in call]
        assert list(answer.offsets) == list(range(answer.offsets[0], answer.last + 1))


async def test_batches_are_neither_tiny_nor_huge(log: EventLog) -> None:
    for n in range(60):
        await log.append([watch(n)])
    await log.append(watches(60, 60 + 2 * BATCH_EVENTS))
    sizes = [len(batch.events) async for batch in log.read()]
    assert sum(sizes) == 60 + 2 * BATCH_EVENTS
    assert max(sizes) <= BATCH_EVENTS
    assert len(sizes) <= 4


async def test_waiting_ends_when_the_log_grows_beyond(log: EventLog) -> None:
    waiting = asyncio.create_task(log.wait(1))
    await log.append([watch(1)])
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await log.append([watch(2)])
    await asyncio.wait_for(waiting, 5)
    await asyncio.wait_for(log.wait(1), 5)


async def test_a_closed_log_is_unavailable(log: EventLog) -> None:
    waiting = asyncio.create_task(log.wait(0))
    await asyncio.sleep(0)
    await log.close()
    with pytest.raises(Unavailable):
        await log.append([watch(1)])
    with pytest.raises(Unavailable):
        await asyncio.wait_for(waiting, 5)


async def test_an_epoch_drops_what_lies_before_and_goes_on(log: EventLog) -> None:
    await log.append(watches(1, 8))
    await log.append(watches(8, 11))
    await log.begin_epoch(4)
    assert (log.epoch, log.base, log.last) == (2, 4, 10)
    assert await ids_of(log, 4) == [event_id(n) for n in range(5, 11)]
    with pytest.raises(Refused, match="dropped by epoch 2"):
        await everything(log, 3)
    assert (await log.append([watch(11)])).offsets == (11,)


async def test_a_repeat_of_a_dropped_event_is_still_known(log: EventLog) -> None:
    await log.append(watches(1, 11))
    await log.begin_epoch(10)
    assert log.last == 10
    assert (await log.append([watch(3), watch(11)])).offsets == (3, 11)


@pytest.mark.parametrize("base", [0, 4, 11])
async def test_an_epoch_begins_only_at_an_event_of_this_one(log: EventLog, base: int) -> None:
    await log.append(watches(1, 11))
    await log.begin_epoch(4)
    with pytest.raises(Refused, match="5 to 10"):
        await log.begin_epoch(base)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=st.lists(st.lists(st.integers(0, 30), max_size=12), max_size=12))
async def test_whatever_is_sent_in_whatever_calls_each_event_is_there_once(
    open_log: Open, calls: list[list[int]]
) -> None:
    log = open_log()
    answers = await asyncio.gather(*(log.append([watch(n) for n in call]) for call in calls))
    ids = await ids_of(log)
    assert len(ids) == len(set(ids)) == len({n for call in calls for n in call})
    for call, answer in zip(calls, answers, strict=True):
        assert [ids[offset - 1] for offset in answer.offsets] == [event_id(n) for n in call]
    await log.close()


def without_received(event: Event) -> Event:
    return msgspec.structs.replace(event, received=0)
