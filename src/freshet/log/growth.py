"""Wake whoever waits for the log to reach beyond an offset."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from freshet.domain.errors import Unavailable
from freshet.log.ports import Offset


class Growth:
    """`grown` may be called from any thread, `beyond` from any event loop."""

    def __init__(self, last: Callable[[], Offset]) -> None:
        self._last = last
        self._mutex = threading.Lock()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._closed = False

    async def beyond(self, after: Offset) -> None:
        """Raises:
        Unavailable: the log was closed meanwhile.
        """
        while self._last() <= after:
            event = asyncio.Event()
            with self._mutex:
                if self._closed:
                    raise Unavailable("the log is closed")
                self._waiting.append((asyncio.get_running_loop(), event))
            # Looked at again: the log may have grown before we were in the list.
            if self._last() <= after:
                await event.wait()

    def grown(self) -> None:
        with self._mutex:
            waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def close(self) -> None:
        with self._mutex:
            self._closed = True
        self.grown()
