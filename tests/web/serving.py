"""The demo in a process of its own, and what its log holds of a visit."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from freshet.backends.sqlite_reader import SqliteReader
from freshet.domain import events as e
from freshet.world.manifest import World
from tests.journeys.running import STOP_TIMEOUT_S, environment, free_port
from tests.web.opening import OPEN
from tests.web.painting import CLIPS, PAINTED, paint

PATIENCE_S = 30.0
PAST = 1_500  # as `freshet demo` has it


class Served:
    """The demo while entered; killed on leaving.

    Args:
        past: swipes of others before it opens.
        drawn: another world's folder, to take the pictures from.
        settings: by the names of their environment variables.
    """

    def __init__(
        self,
        folder: Path,
        clips: int = CLIPS,
        pictures: int = PAINTED,
        past: int = PAST,
        drawn: Path | None = None,
        **settings: str,
    ) -> None:
        self.folder = folder
        self.world: World = paint(folder / "world", clips, pictures, drawn)
        self.topics = {clip.id: clip.topic for clip in self.world.clips}
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed on leaving)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.web.opening", str(folder), str(port), str(past)],
            stdout=subprocess.PIPE, stderr=self._errors, text=True, env=environment() | settings,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip

    def __enter__(self) -> Served:
        assert self.process.stdout is not None
        said = next((line for line in self.process.stdout if line.startswith(OPEN)), "")
        if not said:
            self._errors.seek(0)
            raise AssertionError(self._errors.read().decode())
        self.operator = urlsplit(said.split()[1]).fragment  # opens once
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(STOP_TIMEOUT_S)
        self._errors.close()

    async def told(self, session: str) -> list[Any]:
        """What the log holds of a visit, in the order in which it happened."""
        log = SqliteReader(self.folder / "engine")
        try:
            found = [event async for batch in log.read(0) for event in batch.events]
        finally:
            await log.close()
        of_visit = [event for event in found if getattr(event, "session_id", "") == session]
        assert not [k for k, n in Counter(event.event_id for event in of_visit).items() if n > 1]
        return sorted((event for event in of_visit if not isinstance(event, e.SlateServed)),
                      key=lambda event: (event.time, event.event_id))  # fmt: skip

    async def tells(self, session: str, holds: Callable[[list[Any]], bool]) -> list[Any]:
        """What is told of a visit, once it holds: what is on its way is waited for."""
        until = time.monotonic() + PATIENCE_S
        while True:
            told = await self.told(session)
            if holds(told) or time.monotonic() > until:
                return told
            await asyncio.sleep(0.3)
