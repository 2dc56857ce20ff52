"""A data folder that `freshet serve` starts from as if it had been running for months.

log        an epoch that begins here; or, asked for, millions of events already in it, and
           in the lake what is due there
snapshot   every projection at the log's end, the live state with its generated past
keys       of all viewers
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import msgspec
from msgspec.structs import replace

from freshet import config
from freshet.app import Tell, now_ms, open_writer
from freshet.catalogue.keys import FILE as KEYS_FILE
from freshet.catalogue.keys import PersonKeys
from freshet.cli_feed import new_loop
from freshet.config import Settings
from freshet.domain.errors import Refused
from freshet.domain.events import Event, Impression, Tick, Watch
from freshet.domain.ids import uuid7
from freshet.lab.bench.catalogue import lay_catalogue, made_world, video_id, viewer_id
from freshet.lab.bench.past import Size, lay_past
from freshet.lake.seal import Lake
from freshet.log.files import make_folder
from freshet.log.ports import Batch, EventLog
from freshet.ops.lake_hands import FOLDER as LAKE
from freshet.writer import Writer

MADE_FILE = "bench.json"
FILLED_MS = 5 * 86_400_000  # events already in the log came over these days
FILL_AT_ONCE = 32_768


class Made(msgspec.Struct, frozen=True):
    """What a folder of ours was made of."""

    videos: int
    viewers: int
    seed: int
    log_events: int = 0


def made_folder(folder: Path, made: Made, tell: Tell) -> None:
    """Make the folder; one that is there already is left as it lived on.

    Raises:
        Refused: the folder holds something else.
    """
    note = folder / MADE_FILE
    if note.exists():
        found = msgspec.json.decode(note.read_bytes(), type=Made)
        if found != made:
            raise Refused("--keep", f"{folder} was made of {found}", f"one made of {made}")
        return
    if folder.exists() and any(folder.iterdir()):
        raise Refused("--keep", f"{folder} holds something else", "a new folder")
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_make(replace(config.load(), data=str(folder)), made, tell))
    note.write_bytes(msgspec.json.encode(made))


async def _make(settings: Settings, made: Made, tell: Tell) -> None:
    make_folder(settings.folder)
    tell("naming viewers")
    keys = PersonKeys(settings.folder / KEYS_FILE, SystemRandom())
    named = keys.keys(viewer_id(row) for row in range(made.viewers))
    keys.close()
    settings = replace(settings, log=replace(settings.log, tick_ms=0))
    async with open_writer(settings, tell) as (writer, live):
        names, now = list(named.values()), now_ms()
        await _fill(writer.log, made, names, now, tell)
        await _stand_at_the_end(writer, now, made.seed)
        tell("making a world")
        world = made_world(made.videos, made.viewers, made.seed)
        lay_catalogue(live, world, names, now, made.seed, tell)
        lay_past(live, world, Size(made.videos, made.viewers), now, made.seed, tell)
        tell("saving")
        writer.follower.save()
        await _seal(writer.log, settings, tell)
        if not made.log_events:
            # Nothing lies before: a start that cannot use the snapshot must say so.
            await writer.log.begin_epoch(writer.log.last)


async def _stand_at_the_end(writer: Writer, now: int, seed: int) -> None:
    """All projections count as folded up to one last event."""
    await writer.log.append([Tick(event_id=uuid7(now, Random(seed)), time=now)])
    last = writer.log.last
    async for batch in writer.log.read(last - 1):
        writer.follower.apply(Batch(last, batch.events))


async def _fill(log: EventLog, made: Made, keys: list[str], now: int, tell: Tell) -> None:
    events = _events(made, keys, now)
    for at in range(0, made.log_events, FILL_AT_ONCE):
        tell("filling the log", at, made.log_events)
        count = min(FILL_AT_ONCE, made.log_events - at)
        await log.append([next(events) for _ in range(count)])


async def _seal(log: EventLog, settings: Settings, tell: Tell) -> None:
    """A server seals as events come; days of them would take a core for a minute."""
    lake = Lake(settings.folder / LAKE, settings.lake.segment_events, settings.lake.segment_hours)
    await lake.seal(log, tell=lambda at, last: tell("sealing the lake", at, last))


def _events(made: Made, keys: list[str], now: int) -> Iterator[Event]:
    """Impressions and their reports, as the log keeps them."""
    random = Random(made.seed)
    for at in range(0, made.log_events + 1, 2):
        time = now - FILLED_MS + FILLED_MS * at // (made.log_events + 1)
        who: Any = {
            "time": time, "viewer": keys[random.randrange(len(keys))],
            "video": video_id(random.randrange(made.videos)), "request_id": uuid7(time, random),
        }  # fmt: skip
        yield Impression(event_id=uuid7(time, random), **who)
        watched_ms = random.randrange(60_000)
        yield Watch(event_id=uuid7(time, random), watched_ms=watched_ms, left=True, **who)
