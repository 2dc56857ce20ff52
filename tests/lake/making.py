"""Logs worth sealing: several kinds of events over several days."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from freshet.backends.memory import MemoryLog
from freshet.domain import events as e
from freshet.domain.events import Event
from freshet.domain.ids import uuid7
from freshet.lake.read import batches
from freshet.log.ports import Offset
from tests.log.making import HOUR_MS, NOW_MS

_ids = Random("lake")  # other ids than those of tests.log.making


def act(kind: type[Event], time_ms: int = NOW_MS, /, **fields: object) -> Event:
    return kind(event_id=uuid7(time_ms, _ids), time=time_ms, **fields)


def hours(count: int, viewer: str = "p_ann") -> list[Event]:
    """An impression and a like every hour."""
    found: list[Event] = []
    for hour in range(count):
        at = NOW_MS + hour * HOUR_MS
        found.append(act(e.Impression, at, viewer=viewer, video=f"x{hour}"))
        found.append(act(e.Like, at, viewer=viewer, video=f"x{hour}"))
    return found


async def log_of(events: Sequence[Event]) -> MemoryLog:
    """A log that takes `received` from the events' own time."""
    log = MemoryLog(lambda: NOW_MS + 10_000 * HOUR_MS, mode="import")
    appended = await log.append(events)
    assert not appended.refused
    return log


async def in_log(log: MemoryLog) -> list[tuple[Offset, Event]]:
    return [
        (offset, event)
        async for batch in log.read(log.base)
        for offset, event in enumerate(batch.events, batch.first)
    ]


def in_lake(folder: Path) -> list[tuple[Offset, Event]]:
    return [
        (offset, event)
        for batch in batches(folder)
        for offset, event in enumerate(batch.events, batch.first)
    ]


def files(folder: Path, pattern: str = "*.parquet") -> list[Path]:
    return sorted(folder.rglob(pattern))
