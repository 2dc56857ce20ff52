"""The composition root: the one place that makes clocks, random numbers, files and tasks."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from random import SystemRandom
from typing import Protocol

from freshet.backends.secret_file import CURSORS, secret_of
from freshet.backends.sqlite_log import SqliteLog
from freshet.catalogue.access import Access
from freshet.catalogue.access_file import FILE as ACCESS_FILE
from freshet.catalogue.keys import FILE as KEYS_FILE
from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.catalogue import FILE as CATALOGUE_FILE
from freshet.catalogue.store.catalogue import Catalogue
from freshet.config import Settings
from freshet.domain.errors import Corrupt
from freshet.engine import OneProcess
from freshet.learning.live import Live
from freshet.learning.space import ACKNOWLEDGED
from freshet.log.files import PRIVATE, make_folder
from freshet.log.ports import EventLog
from freshet.log.snapshots import Snapshots
from freshet.state.memory import Memory
from freshet.writer import Writer


def now_ms() -> int:
    """The clock: ms since 1970."""
    return time.time_ns() // 1_000_000


def settled() -> None:
    """What is here when serving begins stays: no collection looks at it again, each of which
    would hold up every answer for as long as it takes. And there are fewer of them: a feed
    makes some thousand objects that are gone with it, and Python would look three times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def open_access(folder: Path, clock: Callable[[], int] = now_ms) -> Access:
    """Who may call, of a data folder, also while a server runs on it."""
    return Access(folder / ACCESS_FILE, clock, SystemRandom())


class Tell(Protocol):
    """Is told what takes long: how far it is, and of how much (None: nobody knows)."""

    def __call__(self, doing: str, done: int = 0, total: int | None = None) -> None: ...


def _silent(doing: str, done: int = 0, total: int | None = None) -> None: ...


@asynccontextmanager
async def open_engine(
    settings: Settings, tell: Tell = _silent, clock: Callable[[], int] = now_ms
) -> AsyncIterator[OneProcess]:
    """The engine of the data folder, folded to the end of its log; closed on leaving.

    Args:
        tell: hears of compiling and folding.
        clock: ms since 1970; another one to stand at the end of an old log.

    Raises:
        Unavailable: another process has the folder.
        Refused, Corrupt, Broken: the folder cannot be used; says why.
    """
    make_folder(settings.folder, PRIVATE)
    async with open_writer(settings, tell, clock) as (writer, live):
        secret = secret_of(settings.folder / CURSORS)
        access = open_access(settings.folder, clock)
        keys = PersonKeys(settings.folder / KEYS_FILE, SystemRandom())
        with closing(keys), closing(access), open_catalogue(settings.folder, clock) as catalogue:
            yield OneProcess(
                writer, live, keys, settings, clock, SystemRandom(), secret, catalogue, access
            )


@asynccontextmanager
async def open_writer(
    settings: Settings,
    tell: Tell = _silent,
    clock: Callable[[], int] = now_ms,
    memory: Memory | None = None,
) -> AsyncIterator[tuple[Writer, Live]]:
    """The writer of the data folder and its live state, folded to the end of the log.

    Args:
        memory: where serving processes can map the state; None keeps it in this one.

    Raises: as `open_engine`.
    """
    folder = settings.folder
    log = SqliteLog(folder, clock, queue_events=settings.log.queue_limit)
    if log.last > log.base and not (folder / KEYS_FILE).exists():
        await log.close()
        raise Corrupt(
            f"{folder / KEYS_FILE} is missing, so nobody can say whose the log's "
            f"{log.last - log.base:,} events are; put it back, or restore a backup: a new one "
            "would make everybody a stranger"
        )
    tell("compiling kernels")
    learner = settings.learner
    live = Live(
        learner.seed, memory=memory, versions=learner.versions, shadow=learner.shadow,
        cold_folder=folder, cold_hours=settings.viewers.cold_hours,
        cold_beyond=settings.viewers.cold_beyond,
    )  # fmt: skip
    live.warm()
    buckets = live.space.meta[ACKNOWLEDGED:]
    snapshots = Snapshots(folder / "snapshots")
    keys = PersonKeys(folder / KEYS_FILE, SystemRandom())
    catalogue = Catalogue.open(folder / CATALOGUE_FILE, keys, clock, SystemRandom())
    writer = Writer(
        log, live, [live], settings, clock, SystemRandom(), snapshots, buckets,
        catalogue=catalogue, keys=keys, standing=live.standing, wake=live.wake,
        let_go=live.let_go if live.cold.on else None,
    )  # fmt: skip
    telling = asyncio.create_task(_folding(writer, tell))
    try:
        await writer.catch_up()
        telling.cancel()
        tell("folding the log", writer.folding.offset, log.last)
        yield writer, live
    finally:
        telling.cancel()
        await writer.close()
        catalogue.close()
        keys.close()


async def _folding(writer: Writer, tell: Tell) -> None:
    while True:
        tell("folding the log", writer.folding.offset, writer.log.last)
        await asyncio.sleep(0.1)


@asynccontextmanager
async def open_for_import(data: Path) -> AsyncIterator[tuple[EventLog, PersonKeys]]:
    """The log of a data folder, taking imported events at their own time, and its keys.

    Raises:
        Refused: the log holds live events already.
    """
    log = SqliteLog(data, now_ms, mode="import")
    keys = PersonKeys(data / KEYS_FILE, SystemRandom())
    try:
        yield log, keys
    finally:
        await log.close()
        keys.close()


@contextmanager
def open_catalogue(data: Path, clock: Callable[[], int] = now_ms) -> Iterator[Catalogue]:
    """The catalogue of a data folder, also beside a server that has it open.

    What is written waits in the outbox: a running server tells the log within a second or
    so, else the next one does.
    """
    make_folder(data, PRIVATE)
    keys = PersonKeys(data / KEYS_FILE, SystemRandom())
    catalogue = Catalogue.open(data / CATALOGUE_FILE, keys, clock, SystemRandom())
    try:
        yield catalogue
    finally:
        catalogue.close()
        keys.close()
