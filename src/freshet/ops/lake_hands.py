"""What the engine has done to its lake: here, or in another process so that nobody waits.

Encoding and rewriting Parquet holds Python's lock for long; beside an event loop that is
felt by every request. `LakeProcess` starts `python -m freshet.ops.lake_hands` for each job,
tells it on standard input and reads one JSON object from its standard output.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

import msgspec
import structlog

from freshet.backends.sqlite_reader import SqliteReader
from freshet.config import Lake as LakeSettings
from freshet.domain.errors import FreshetError, Unavailable
from freshet.lake.erase import forget, strip
from freshet.lake.seal import Lake
from freshet.log.ports import Offset
from freshet.ops.apart import BROKEN, UNAVAILABLE, apart
from freshet.ops.erasures import Wanted, wanted

FOLDER = "lake"


class LakeHands(Protocol):
    """Jobs on the lake of a data folder."""

    async def seal(self, *, rest: bool = False) -> Offset:
        """Seal what is due, or all; how far the lake then is."""
        ...

    async def wanted(self) -> Wanted: ...

    async def strip(self, people: Collection[str]) -> int:
        """Take these people out; how many events."""
        ...

    async def forget(self, people: Collection[str]) -> int: ...


class LakeHere:
    """In this process: for commands, which have nobody waiting."""

    def __init__(self, data: Path, settings: LakeSettings) -> None:
        self.data, self.settings = data, settings
        self.lake = Lake(data / FOLDER, settings.segment_events, settings.segment_hours)

    async def seal(self, *, rest: bool = False) -> Offset:
        if self.settings.enabled:
            log = SqliteReader(self.data)
            try:
                await self.lake.seal(log, rest=rest)
            finally:
                log.store.close()
        return self.lake.sealed

    async def wanted(self) -> Wanted:
        return wanted(self.data, self.lake.folder)

    async def strip(self, people: Collection[str]) -> int:
        return strip(self.lake.folder, people)

    async def forget(self, people: Collection[str]) -> int:
        return forget(self.lake.folder, people)


class Job(msgspec.Struct, frozen=True):
    """What a process is to do."""

    data: str
    settings: LakeSettings
    do: Literal["seal", "wanted", "strip", "forget"]
    rest: bool = False
    people: tuple[str, ...] = ()


class LakeProcess:
    """Each job in a process of its own, at low priority."""

    def __init__(self, data: Path, settings: LakeSettings) -> None:
        self.data, self.settings = data, settings

    async def seal(self, *, rest: bool = False) -> Offset:
        return msgspec.json.decode(await self._run("seal", rest=rest), type=int)

    async def wanted(self) -> Wanted:
        return msgspec.json.decode(await self._run("wanted"), type=Wanted)

    async def strip(self, people: Collection[str]) -> int:
        return msgspec.json.decode(await self._run("strip", people), type=int)

    async def forget(self, people: Collection[str]) -> int:
        return msgspec.json.decode(await self._run("forget", people), type=int)

    async def _run(
        self,
        do: Literal["seal", "wanted", "strip", "forget"],
        people: Collection[str] = (),
        rest: bool = False,
    ) -> bytes:
        job = Job(str(self.data), self.settings, do, rest, tuple(people))
        return await apart(f"{do} of the lake", "freshet.ops.lake_hands", msgspec.json.encode(job))


async def _do(job: Job) -> object:
    hands = LakeHere(Path(job.data), job.settings)
    match job.do:
        case "seal":
            return await hands.seal(rest=job.rest)
        case "wanted":
            return await hands.wanted()
        case "strip":
            return await hands.strip(job.people)
        case "forget":
            return await hands.forget(job.people)


def main() -> int:
    """Do the job on standard input."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with suppress(OSError):
        os.nice(10)  # who serves goes first
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    try:
        done = asyncio.run(_do(job))
    except FreshetError as error:
        sys.stdout.write(str(error))
        return UNAVAILABLE if isinstance(error, Unavailable) else BROKEN
    sys.stdout.buffer.write(msgspec.json.encode(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
