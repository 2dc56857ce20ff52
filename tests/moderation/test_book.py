"""The book is a fold: the events alone say what stands in it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random

import msgspec
import pytest

from freshet.domain import events as ev
from freshet.domain.events import Event
from freshet.lab.generate.columns import START_MS
from freshet.lab.generate.mixed import mixed_events
from freshet.log.ports import Batch
from freshet.moderation.book import Book


def spread(event: Event, times: int = 500) -> Event:
    """The event as if all took so many times as long: weeks, so that what fades fades."""
    received = START_MS + (event.received - START_MS) * times
    created = {"created": received - 60_000} if isinstance(event, ev.VideoPublished) else {}
    return msgspec.structs.replace(event, received=received, **created)


MIXED = mixed_events(8_000, viewers=60, videos=80, features=1, mean_gap_ms=500)
EVENTS = [spread(event) for event in MIXED]


def everything(book: Book) -> bytes:
    return msgspec.msgpack.encode(book._saved())


@pytest.fixture(scope="module")
def once() -> Book:
    book = Book()
    book.apply(Batch(1, EVENTS))
    return book


def test_the_events_bear_on_every_part_of_it(once: Book) -> None:
    blank, full = Book()._saved(), once._saved()
    same = [name for name in full.__struct_fields__ if getattr(full, name) == getattr(blank, name)]
    assert same == []
    assert full.engagement.given
    assert any(made.reversal and made.appeal for made in full.decisions)


def test_how_a_log_is_cut_and_where_a_snapshot_interrupts_it_means_nothing(
    once: Book, tmp_path: Path
) -> None:
    random, book = Random(1), Book()
    cuts = sorted({0, len(EVENTS), *(random.randrange(len(EVENTS)) for _ in range(8))})
    for first, end in pairwise(cuts):
        book.apply(Batch(first + 1, EVENTS[first:end]))
        folder = tmp_path / str(end)
        folder.mkdir()
        book.save(folder)
        book = Book()
        book.load(folder)
    assert everything(book) == everything(once)


def test_when_everybody_was_erased_nobody_is_named_in_it() -> None:
    book = Book()
    book.apply(Batch(1, EVENTS))
    assert b"viewer" in everything(book)  # so begin the keys of people
    now_ms = EVENTS[-1].received
    erased = [
        ev.PersonErased(event_id="", time=now_ms, received=now_ms, person=f"viewer{k}")
        for k in range(60)
    ]
    book.apply(Batch(len(EVENTS) + 1, erased))
    assert b"viewer" not in everything(book)
