"""`verify` finds every kind of damage; `tail` follows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from freshet.backends.memory import MemoryLog
from freshet.domain.events import Event, Like
from freshet.log.inspect import tail, verify
from freshet.log.rows import StoredRow
from tests.log.making import NOW_MS, Clock, event_id, watch, watches


def rows_of(events: Sequence[Event], *sizes: int) -> list[StoredRow]:
    received = [msgspec.structs.replace(e, received=NOW_MS + i) for i, e in enumerate(events)]
    rows, at = [], 0
    for size in sizes or (len(events),):
        rows.append(StoredRow.of(at + 1, received[at : at + size]))
        at += size
    return rows


def test_a_whole_log_is_found_whole() -> None:
    found = verify(rows_of(watches(0, 9), 2, 3, 4))
    assert (found.events, found.rows, found.first, found.last) == (9, 3, 1, 9)
    assert found.damage == []


def test_an_empty_log_is_whole() -> None:
    assert verify([]).damage == []


@given(sizes=st.lists(st.integers(1, 9), min_size=1))
def test_the_digest_does_not_depend_on_how_events_are_cut_into_rows(sizes: list[int]) -> None:
    events = watches(0, sum(sizes))
    assert verify(rows_of(events, *sizes)).digest == verify(rows_of(events)).digest


def test_the_digest_tells_other_events() -> None:
    assert verify(rows_of(watches(0, 5))).digest != verify(rows_of(watches(1, 6))).digest


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found(at: int, bit: int) -> None:
    first, second = rows_of(watches(0, 8), 4, 4)
    data = bytearray(second.data)
    data[at % len(data)] ^= 1 << bit
    (line,) = verify([first, replace(second, data=bytes(data))]).damage
    assert line.startswith("events 5 to 8: ")


def test_a_missing_row_is_found() -> None:
    first, _, third = rows_of(watches(0, 6), 2, 2, 2)
    assert verify([first, third]).damage == ["offset 3 expected, row begins at 5"]


def test_a_missing_beginning_is_found_unless_an_epoch_dropped_it() -> None:
    _, second = rows_of(watches(0, 4), 2, 2)
    assert verify([second]).damage == ["offset 1 expected, row begins at 3"]
    assert verify([second], base=2).damage == []


def test_received_going_back_is_found() -> None:
    events = [watch(1, received=9), watch(2, received=8)]
    assert verify([StoredRow.of(1, events)]).damage == [
        "event 2: received before the one in front of it"
    ]


def test_an_id_that_is_there_twice_is_found() -> None:
    (line,) = verify(rows_of([watch(1), watch(2), watch(1)])).damage
    assert line == f"id {event_id(1)} is there more than once"


async def test_tail_follows_what_comes() -> None:
    log = MemoryLog(Clock())
    await log.append(watches(0, 5))
    seen: list[int] = []
    seen_three = asyncio.Event()

    async def look() -> None:
        async for offset, _ in tail(log, 2, types=frozenset({"watch"}), follow=True):
            seen.append(offset)
            if len(seen) == 3:
                seen_three.set()

    looking = asyncio.create_task(look())
    await asyncio.sleep(0)
    await log.append([Like(event_id=event_id(99), time=1, viewer="v", video="x"), watch(6)])
    await asyncio.wait_for(seen_three.wait(), 5)
    looking.cancel()
    assert seen == [4, 5, 7]
