"""Backups that a running server makes: `python -m freshet.ops.backup_hands`, told what to do."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from freshet import logs
from freshet.config import Backup as Settings
from freshet.domain.errors import FreshetError, Unavailable
from freshet.ops.apart import BROKEN, UNAVAILABLE, apart
from freshet.ops.backup import backup, prune


class Job(msgspec.Struct, frozen=True):
    data: str
    settings: Settings
    now_ms: int


async def backup_apart(data: Path, settings: Settings, now_ms: int) -> str:
    """Make a backup as the settings say, in another process, and remove old ones; its name.

    Raises:
        Unavailable: a sweep is at work, or there is no room; try again later.
        Broken: anything else; says what.
    """
    job = msgspec.json.encode(Job(str(data), settings, now_ms))
    return (await apart("the backup", "freshet.ops.backup_hands", job)).decode()


def main() -> int:
    logs.configure()
    with suppress(OSError):
        os.nice(10)  # who serves goes first
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    told = job.settings
    try:
        made = backup(Path(job.data), Path(told.folder), job.now_ms, told.lake)
        prune(made.parent, told.keep)
    except FreshetError as error:
        sys.stdout.write(str(error))
        return UNAVAILABLE if isinstance(error, Unavailable) else BROKEN
    sys.stdout.write(made.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
