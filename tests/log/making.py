"""Events and clocks for tests of the log."""

from __future__ import annotations

from random import Random

from freshet.domain.events import Event, Watch
from freshet.domain.ids import uuid7
from freshet.log.ports import EventLog, Offset

NOW_MS = 1_700_000_000_000
DAY_MS = 86_400_000
HOUR_MS = 3_600_000


class Clock:
    """A clock that a test sets."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


def event_id(n: int, time_ms: int = NOW_MS) -> str:
    """The n-th id, the same in every run."""
    return uuid7(time_ms, Random(n))


def watch(n: int, time_ms: int = NOW_MS, **fields: object) -> Watch:
    """The n-th event, made at `time_ms`."""
    given: dict[str, object] = {"viewer": f"v{n % 7}", "video": f"x{n}", "watched_ms": n}
    return Watch(event_id=event_id(n, time_ms), time=time_ms, **(given | fields))  # type: ignore[arg-type]


def watches(start: int, stop: int, time_ms: int = NOW_MS) -> list[Event]:
    return [watch(n, time_ms) for n in range(start, stop)]


async def everything(log: EventLog, after: Offset = 0) -> list[Event]:
    """All events behind an offset, having checked that their offsets have no gap."""
    found: list[Event] = []
    async for batch in log.read(after):
        assert batch.first == after + len(found) + 1
        found += batch.events
    return found


async def ids_of(log: EventLog, after: Offset = 0) -> list[str]:
    return [event.event_id for event in await everything(log, after)]
