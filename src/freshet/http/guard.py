"""Who may call: each route names the scope that opens it, `guards=[needs("feed")]`.

    Authorization: Bearer fk_…     an API key: the app's backend
    Authorization: Bearer eyJ…     a viewer token: one viewer's app or browser

401 if that is nobody's, 403 with the scope that would be right if it opens other things.
Nothing else of a request is looked at before.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from freshet.catalogue.api_keys import SCOPES, allows
from freshet.http import tokens
from freshet.http.callers import Caller, known_caller
from freshet.http.ports import Engine
from freshet.http.problems import Forbidden, Unauthorized
from freshet.http.rates import Rates
from freshet.http.scope import CALLER

Connection = ASGIConnection[Any, Any, Any, Any]

_log = structlog.get_logger("freshet.http")


class needs:  # noqa: N801 (read as a word: guards=[needs("feed")])
    """Guard: the caller's key or token has the scope, or is an admin's.

    Args:
        viewer_tokens: whether a viewer's own token may call, too; the route then sees to
            whom it is for (`viewers.viewer_of`).
        in_query: whether a viewer token may come as `?viewer_token=…`: a page that is being
            left can send a beacon, but no header with it. An API key never may.
    """

    def __init__(self, scope: str, viewer_tokens: bool = False, in_query: bool = False) -> None:
        assert scope in SCOPES, scope
        self.scope, self.viewer_tokens, self.in_query = scope, viewer_tokens, in_query

    async def __call__(self, connection: Connection, _: BaseRouteHandler) -> None:
        if CALLER not in connection.scope:  # or another guard of this route was before us
            given = _given(connection, self.in_query)
            state = connection.app.state
            await identify(state.engine, state.rates, connection.scope, given)
        self.check(caller_of(connection))

    def check(self, caller: Caller) -> None:
        """
        Raises:
            Forbidden: this is not open to this caller.
        """
        if caller.viewer and not self.viewer_tokens:
            raise Forbidden("Authorization", "a viewer token does not open this", self._right)
        if not allows(caller.scopes, self.scope):
            has = ", ".join(caller.scopes)
            raise Forbidden("Authorization", f"its scopes are {has}", self._right)

    @property
    def _right(self) -> str:
        return f"an API key with the scope {self.scope}"


def caller_of(connection: Connection) -> Caller:
    """Who calls, on a route that has a guard."""
    caller: Caller = connection.scope[CALLER]  # type: ignore[literal-required]
    return caller


async def identify(engine: Engine, rates: Rates, scope: Any, given: str) -> Caller:
    """Who calls: in the request's scope from now on.

    Raises:
        Unauthorized: nobody's key, or no longer good.
        TooMany: of late.
    """
    caller = known_caller(engine, given)
    scope[CALLER] = caller
    rates.request(caller)
    key = caller.key
    if key is not None and engine.access.keys.unnoted(key):
        try:
            await asyncio.to_thread(engine.access.keys.note_used, key)
        except Exception as error:  # nobody is turned away because a note could not be made
            _log.warning("last use of a key not noted", key=key.id, error=repr(error))
    return caller


def bearer(authorization: str) -> str:
    """What a header bears, "" if nothing."""
    scheme, _, given = authorization.partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def missing() -> Unauthorized:
    return Unauthorized("Authorization", "is missing", "Bearer and a key or viewer token")


def _given(connection: Connection, in_query: bool) -> str:
    given = bearer(connection.headers.get("authorization", ""))
    if given:
        return given
    token = connection.query_params.get("viewer_token", "") if in_query else ""
    if tokens.looks_like_one(token):
        return str(token)
    raise missing()
