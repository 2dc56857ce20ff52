"""Before a route is entered: not too long a head, not too many at once, not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from freshet.domain.errors import Overloaded, Unavailable
from freshet.http.problems import TooLong
from freshet.http.scope import Scope
from freshet.http.settings import Limits

App = Callable[[Any, Any, Any], Awaitable[None]]

# These are asked when it matters most, and cost nothing.
ALWAYS_OPEN = ("/health/", "/metrics")
FEEDS_PATH = "/v1/feeds/"
SLOW = "slow"  # a route with `opt={"slow": True}` may take its time: imports, exports


class Gate:
    """Middleware of all routes; what it raises is answered like any error of ours.

    Beyond `concurrency` requests at work, a further one is told to come again: to answer
    some in time is better than all too late. Feeds are counted apart from all else, so however
    many are asked for, what viewers did is taken. The time limit ends when the answer begins.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._working = {"feeds": 0, "requests": 0}

    def __call__(self, app: App) -> App:
        """The gate before `app`. Routes share one count."""

        async def gated(scope: Scope, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or scope["path"].startswith(ALWAYS_OPEN):
                await app(scope, receive, send)
                return
            self._check_head(scope)
            kind = "feeds" if scope["path"].startswith(FEEDS_PATH) else "requests"
            working = self._working[kind]
            if working >= self._limits.concurrency:
                raise Overloaded(f"this server ({working} {kind} at work)", 1.0)
            self._working[kind] += 1
            try:
                await self._timed(app, scope, receive, send)
            finally:
                self._working[kind] -= 1

        return gated

    async def _timed(self, app: App, scope: Scope, receive: Any, send: Any) -> None:
        handler = scope.get("route_handler")  # none where the framework is passed by
        slow = handler is not None and handler.opt.get(SLOW)
        limit_s = None if slow else self._limits.timeout_s
        try:
            async with asyncio.timeout(limit_s) as within:

                async def sending(message: Any) -> None:
                    within.reschedule(None)
                    await send(message)

                await app(scope, receive, sending)
        except TimeoutError:
            if not within.expired():
                raise
            raise Unavailable(f"it took longer than {self._limits.timeout_s:g} s") from None

    def _check_head(self, scope: Scope) -> None:
        limits = self._limits
        query = len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"])
        if query > limits.query_bytes:
            reason = f"path and query are {query} bytes long"
            raise TooLong("", reason, f"up to {limits.query_bytes}")
        headers = sum(len(name) + len(value) for name, value in scope["headers"])
        if headers > limits.header_bytes:
            raise TooLong("", f"headers are {headers} bytes long", f"up to {limits.header_bytes}")
