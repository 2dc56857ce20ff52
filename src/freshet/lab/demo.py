"""The demo's data folder: a week of a small app that ended an hour ago, made once and imported.

    <data>/demo.json   what was made, and whether the import is complete

The log is the same whenever it is made from the same plan, so an interrupted import goes on
where it stopped.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from freshet.app import Tell, open_for_import
from freshet.domain.errors import Corrupt, Refused
from freshet.domain.events import Event, Impression
from freshet.lab.generate.demo import DAY_MS, DAYS, HOUR_MS, demo_events
from freshet.lab.readers.importer import Checkpoint, ImportReport, import_events

FILE = "demo.json"


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the log of a demo is made from, and what became of it."""

    seed: int
    viewers: int
    videos: int
    impressions: int
    start_ms: int
    viewer: str = ""  # who saw the most; known once it is imported

    @property
    def imported(self) -> bool:
        return bool(self.viewer)

    def events(self) -> list[Event]:
        return demo_events(
            self.seed,
            viewers=self.viewers,
            videos=self.videos,
            impressions=self.impressions,
            start_ms=self.start_ms,
        )


def plan(seed: int, viewers: int, videos: int, impressions: int, now_ms: int) -> Plan:
    """A demo whose week ends now, give or take an hour: its videos are fresh, its views recent."""
    start_ms = (now_ms // HOUR_MS - 1) * HOUR_MS - DAYS * DAY_MS
    return Plan(seed, viewers, videos, impressions, start_ms)


def known(data: Path) -> Plan | None:
    """The plan of a data folder; None if nothing is there yet.

    Raises:
        Refused: the folder is in use for something else.
        Corrupt: its plan cannot be read.
    """
    try:
        return msgspec.json.decode((data / FILE).read_bytes(), type=Plan)
    except FileNotFoundError:
        if data.exists() and (not data.is_dir() or any(data.iterdir())):
            right = "an empty or new folder; `freshet serve --data` serves this one"
            raise Refused("data", f"{data} holds something that is no demo", right) from None
        return None
    except msgspec.DecodeError as error:
        raise Corrupt(f"{data / FILE} cannot be read: {error}; delete the folder") from error


async def make(data: Path, asked: Plan, tell: Tell) -> Plan:
    """Make the log of `asked`, or of the plan that is there already, and import it."""
    found = known(data)
    if found is not None and found.imported:
        return found
    if found is None:
        found = asked
        _save(data, found)
    tell("making a week of a small app")
    events = found.events()
    tell("importing", 0, len(events))
    await _import(data, found, events, lambda done: tell("importing", done.events, len(events)))
    seen = Counter(event.viewer for event in events if isinstance(event, Impression))
    found = msgspec.structs.replace(found, viewer=seen.most_common(1)[0][0])
    _save(data, found)
    return found


async def _import(
    data: Path, found: Plan, events: list[Event], progress: Callable[[ImportReport], None]
) -> None:
    checkpoint = Checkpoint(data, f"demo-{found.seed}")
    async with open_for_import(data) as (log, keys):
        await import_events(log, events, keys=keys, checkpoint=checkpoint, progress=progress)


def _save(data: Path, found: Plan) -> None:
    """Written beside and renamed, so that a crash leaves the old or the new one."""
    data.mkdir(parents=True, exist_ok=True)
    beside = data / f"{FILE}.tmp"
    beside.write_bytes(msgspec.json.encode(found))
    os.replace(beside, data / FILE)
