"""Who may call: `Authorization: Bearer <key>`, compared in constant time."""

from __future__ import annotations

import hmac
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from freshet.http.ports import Engine
from freshet.http.problems import Unauthorized

Connection = ASGIConnection[Any, Any, Any, Any]


def holds_key(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: nothing else is looked at before the caller's key is."""
    is_admin(connection)


def is_admin(connection: Connection) -> bool:
    """Whether the caller holds the admin key rather than the API key.

    Raises:
        Unauthorized: neither.
    """
    engine: Engine = connection.app.state.engine
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        raise Unauthorized("Authorization", "is missing", "Bearer and the API key")
    # Both are compared, always: the time taken tells nothing of which one was near.
    api, admin = _same(given, engine.api_key), _same(given, engine.admin_key)
    if not (api or admin):
        raise Unauthorized("Authorization", "is not a key of this server", "the API key")
    return admin


def _same(given: str, key: str) -> bool:
    equal = hmac.compare_digest(given.strip().encode("utf-8", "replace"), key.encode())
    return equal and bool(key)
