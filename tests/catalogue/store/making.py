"""Short ways to say: this catalogue, these records, what it told the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.catalogue import FILE, Catalogue
from freshet.catalogue.store.records import Hashtag, Person, Sound, Video
from freshet.domain.events import Event

NOW_MS = 1_700_000_000_000
DAY_MS = 86_400_000


class Clock:
    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@contextmanager
def opened(folder: Path, clock: Clock | None = None, seed: int = 1) -> Iterator[Catalogue]:
    keys = PersonKeys(folder / "keys.sqlite3", Random(seed))
    catalogue = Catalogue.open(folder / FILE, keys, clock or Clock(), Random(seed))
    yield catalogue
    catalogue.close()
    keys.close()


def person(name: str, /, **fields: Any) -> Person:
    return Person(id=name, **fields)


def video(name: str, creator: str = "vera", /, **fields: Any) -> Video:
    return Video(id=name, creator=creator, **fields)


def sound(name: str, /, **fields: Any) -> Sound:
    return Sound(id=name, **fields)


def hashtag(name: str, /, **fields: Any) -> Hashtag:
    return Hashtag(id=name, **fields)


def told(catalogue: Catalogue) -> list[Event]:
    """The events that wait for the log, which are then forgotten."""
    waiting = catalogue.outbox.oldest(100_000)
    catalogue.outbox.remove(one.row for one in waiting)
    return [one.event for one in waiting]


def kinds(events: list[Event]) -> list[str]:
    return [str(type(event).__struct_config__.tag) for event in events]
