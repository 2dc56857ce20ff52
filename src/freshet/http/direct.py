"""What nearly all requests ask for, answered without the framework between.

    GET /v1/feeds/{surface}   no options, every field once
    POST /v1/events           the key or token in the header

The framework takes longer for one of these than all that is done for it at the edge. It keeps
the routes all the same: their description is made from them, and whatever is not as plain as
here (options, a query that does not fit, a body of unknown length, a page of another origin)
goes to them, before anything was done. What is done, and what is said of what is wrong, is
the same code.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from freshet.domain.errors import FreshetError
from freshet.feed.options import PLAIN
from freshet.http.callers import Caller
from freshet.http.events import INGEST, Taking
from freshet.http.feeds import CURSOR_MAX, FEED, N_MAX, UTC_OFFSET_MAX, FeedBody, answered
from freshet.http.gate import FEEDS_PATH, App, Gate
from freshet.http.guard import bearer, identify, missing, needs
from freshet.http.languages import LANGUAGE_MAX
from freshet.http.ports import Engine
from freshet.http.problems import OURS, Problem, Problems, log_unexpected, told
from freshet.http.scope import Scope, request_id_of

EVENTS_PATH = "/v1/events"
FEEDS_TEMPLATE = "/v1/feeds/{surface}"

Flag = Annotated[int, Meta(ge=0, le=1)]
ShortText = Annotated[str, Meta(max_length=100)]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of `GET /v1/feeds/{surface}` without options; the same limits as there."""

    viewer: Annotated[str, Meta(max_length=200)] = ""
    n: Annotated[int, Meta(ge=1, le=N_MAX)] = 10
    request_id: ShortText = ""
    session_id: ShortText = ""
    cursor: Annotated[str, Meta(max_length=CURSOR_MAX)] = ""
    consent: Flag = 1
    trace: Flag = 0
    language: Annotated[str, Meta(max_length=LANGUAGE_MAX)] = ""
    utc_offset_min: Annotated[int, Meta(ge=-UTC_OFFSET_MAX, le=UTC_OFFSET_MAX)] | None = None


Work = Callable[[Caller], Awaitable[tuple[int, Any]]]
Headers = dict[bytes, bytes]
_encode = msgspec.json.Encoder().encode


class Direct:
    """An ASGI application around the framework's.

    Args:
        gate: the one that the framework's routes stand behind.
    """

    def __init__(self, app: App, engine: Engine, taking: Taking, gate: Gate) -> None:
        self._app, self._engine, self._taking, self._gate = app, engine, taking, gate
        self._body_most = engine.http.limits.body_bytes
        self._origins = bool(engine.http.cors_origins)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        work = self._plain(scope, receive)
        if work is None:
            await self._app(scope, receive, send)
            return
        guard, headers, do = work

        async def served(scope: Scope, _: Any, send: Any) -> None:
            given = bearer(headers.get(b"authorization", b"").decode("latin-1"))
            if not given:
                raise missing()
            caller = await identify(self._engine, self._taking.rates, scope, given)
            guard.check(caller)
            await _send(send, *await do(caller))

        try:
            await self._gate(served)(scope, receive, send)
        except Gone:
            pass
        except FreshetError as error:
            status, problem, more = told(error)
            if problem is OURS:
                log_unexpected(scope, error)
            await _tell(scope, send, status, problem, more or {})
        except Exception as error:
            log_unexpected(scope, error)
            await _tell(scope, send, 500, OURS, {})

    def _plain(self, scope: Scope, receive: Any) -> tuple[needs, Headers, Work] | None:
        """Who may, with which headers, and what is to be done; None: not plain."""
        if scope["type"] != "http":
            return None
        method, path = scope["method"], scope["path"]
        if method == "GET" and path.startswith(FEEDS_PATH):
            headers = self._headers(scope)
            if headers is None:
                return None
            feed = self._feed(path[len(FEEDS_PATH) :], scope["query_string"], headers)
            if feed is None:
                return None
            scope["path_template"] = FEEDS_TEMPLATE
            return FEED, headers, feed
        if method == "POST" and path == EVENTS_PATH and not scope["query_string"]:
            headers = self._headers(scope)
            length = headers.get(b"content-length", b"") if headers is not None else b""
            if headers is None or not length.isdigit() or int(length) > self._body_most:
                return None
            scope["path_template"] = EVENTS_PATH
            return INGEST, headers, self._events(receive)
        return None

    def _headers(self, scope: Scope) -> Headers | None:
        headers = dict(scope["headers"])
        twice = len(headers) != len(scope["headers"])
        return None if twice or (self._origins and b"origin" in headers) else headers

    def _feed(self, surface: str, query: bytes, headers: Headers) -> Work | None:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        fields = dict(pairs)
        if len(fields) != len(pairs) or not surface or "/" in surface:
            return None
        try:
            asked = msgspec.convert(fields, Asked, strict=False)
        except msgspec.ValidationError:
            return None
        body = FeedBody(
            viewer=asked.viewer, n=asked.n, request_id=asked.request_id,
            session_id=asked.session_id, cursor=asked.cursor, consent=bool(asked.consent),
            trace=bool(asked.trace), language=asked.language,
            utc_offset_min=asked.utc_offset_min,
        )  # fmt: skip
        accept = headers.get(b"accept-language", b"").decode("latin-1")

        async def feed(caller: Caller) -> tuple[int, Any]:
            return 200, await answered(self._engine, caller, surface, body, PLAIN, accept)

        return feed

    def _events(self, receive: Any) -> Work:
        async def take(caller: Caller) -> tuple[int, Any]:
            return await self._taking.take(caller, await _body(receive))

        return take


class Gone(Exception):
    """The client hung up before it had sent all: nobody waits for an answer."""


async def _body(receive: Any) -> bytes:
    message = await receive()
    parts = [message.get("body", b"")]
    while message.get("more_body") or message["type"] == "http.disconnect":
        if message["type"] == "http.disconnect":
            raise Gone
        message = await receive()
        parts.append(message.get("body", b""))
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _tell(
    scope: Scope, send: Any, status: int, problem: Problem, headers: dict[str, str]
) -> None:
    named = msgspec.structs.replace(problem, request_id=request_id_of(scope))
    more = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await _send(send, status, Problems(named), more)


async def _send(
    send: Any, status: int, answer: Any, more: list[tuple[bytes, bytes]] | None = None
) -> None:
    body = _encode(answer)
    headers = [
        *(more or ()),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
