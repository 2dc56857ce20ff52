"""Around every request: its id, its line in the log, its numbers.

The id is the caller's `X-Request-Id` if that is sane, else one of ours; it stands in the
answer's header, in error bodies and in all that is logged meanwhile. The log line says
which key and which route, never a secret, a viewer, a path or a query.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, reset_contextvars

from freshet.http.metrics import HttpMetrics
from freshet.http.scope import REQUEST_ID, header, key_id_of, route_of

App = Callable[[Any, Any, Any], Awaitable[None]]

HEADER = b"x-request-id"
GONE = 499  # the client hung up before the answer: nginx's number for it

_SANE = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_log = structlog.get_logger("freshet.access")


class Requests:
    """An ASGI application around another.

    Args:
        new_id: makes an id.
        timer: seconds that never go back; tells how long a request took, decides nothing.
        logs: whether each request has a line in the log.
    """

    def __init__(
        self,
        app: App,
        metrics: HttpMetrics,
        new_id: Callable[[], str],
        timer: Callable[[], float],
        logs: bool,
    ) -> None:
        self._app, self._metrics, self._new_id = app, metrics, new_id
        self._timer, self._logs = timer, logs

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._timer()
        given = header(scope, HEADER)
        request_id = given if _SANE.fullmatch(given) else self._new_id()
        scope[REQUEST_ID] = request_id
        status, sent_bytes = GONE, 0

        async def sending(message: Any) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, request_id.encode())]
            else:
                sent_bytes += len(message.get("body", b""))
            await send(message)

        bound = bind_contextvars(request_id=request_id)
        self._metrics.begin()
        try:
            await self._app(scope, receive, sending)
        finally:
            seconds = self._timer() - started
            self._metrics.end(route_of(scope), scope["method"], status, seconds)
            if self._logs:
                _log.info(
                    "request",
                    key=key_id_of(scope),
                    method=scope["method"],
                    route=route_of(scope),
                    status=status,
                    ms=round(1000 * seconds, 2),
                    bytes=sent_bytes,
                )
            reset_contextvars(**bound)
