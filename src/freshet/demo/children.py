"""Processes beside the demo's own: they end with it, however it ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

STOP_S = 10.0  # a child may take so long to end


class Child:
    """`freshet …` in a process of its own, while entered. What it says goes to a file.

    Args:
        more: variables of the environment, for what no list of processes may show.
    """

    def __init__(self, log: Path, *arguments: object, more: Mapping[str, str] | None = None):
        self._log, self._arguments = log, [str(argument) for argument in arguments]
        self._more = dict(more or {})
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Child:
        with self._log.open("wb") as said:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "freshet.demo.child", str(os.getpid()), *self._arguments,
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=os.environ | self._more,
                start_new_session=True,  # Ctrl-C is ours to pass on
            )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def ended(self) -> int:
        """Its exit code, once it has ended."""
        assert self._process is not None
        return await self._process.wait()

    @property
    def last_words(self) -> str:
        """The end of what it said."""
        return self._log.read_text(errors="replace").strip()[-500:]
