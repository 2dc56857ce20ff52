"""What we keep in a request's ASGI scope, so that every part of the edge finds it there."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]

REQUEST_ID = "freshet.request_id"
CALLER = "freshet.caller"
NO_ROUTE = "none"


def request_id_of(scope: Mapping[str, Any]) -> str:
    return str(scope.get(REQUEST_ID, ""))


def route_of(scope: Mapping[str, Any]) -> str:
    """The route's template, `/v1/feeds/for_you/why/{video}`: a path itself may name people."""
    return str(scope.get("path_template") or NO_ROUTE)


def key_id_of(scope: Mapping[str, Any]) -> str:
    """Which key a request came with, "" if none or not known yet."""
    caller = scope.get(CALLER)
    return caller.key_id if caller is not None else ""


def header(scope: Mapping[str, Any], name: bytes) -> str:
    """A header by its lower-case name, "" if there is none."""
    for key, value in scope["headers"]:
        if key.lower() == name:
            return str(value.decode("latin-1"))
    return ""
