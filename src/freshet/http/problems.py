"""Errors as JSON: {"error": {"code", "field", "reason", "right"}}. Translated here once.

What the caller sent wrong is never a 500; what is ours never tells its insides.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR

from freshet.domain.errors import (
    Broken,
    FreshetError,
    NotFound,
    Overloaded,
    Refused,
    TooLate,
    Unavailable,
)

STATUS: dict[type[FreshetError], int] = {
    NotFound: 404,
    TooLate: 409,
    Refused: 400,
    Unavailable: 503,
    Broken: 500,
}

_log = structlog.get_logger("freshet.http")


class Forbidden(Refused):
    """The key does not open this."""

    code = "forbidden"


class Unauthorized(Refused):
    code = "unauthorized"


class TooLarge(Refused):
    code = "too_large"


class Problem(msgspec.Struct, frozen=True):
    code: str
    reason: str
    field: str = ""
    right: str = ""


class Problems(msgspec.Struct, frozen=True):
    error: Problem


def _answer(status: int, problem: Problem, headers: dict[str, str] | None = None) -> Any:
    return Response(
        Problems(problem), status_code=status, headers=headers, media_type=MediaType.JSON
    )


def ours(_: Request[Any, Any, Any], error: FreshetError) -> Any:
    """Our own errors, by the tree of `errors.py`."""
    if isinstance(error, Refused):
        problem = Problem(error.code, error.reason, error.field, error.right)
        if isinstance(error, Unauthorized):
            return _answer(401, problem, {"WWW-Authenticate": "Bearer"})
        status = 403 if isinstance(error, Forbidden) else 413 if isinstance(error, TooLarge) else 0
        return _answer(status or _status(error), problem)
    if isinstance(error, Overloaded):
        wait = {"Retry-After": str(max(1, round(error.retry_after_s)))}
        return _answer(503, Problem(error.code, str(error)), wait)
    if isinstance(error, Unavailable):
        return _answer(503, Problem(error.code, str(error)), {"Retry-After": "1"})
    return unexpected(_, error)


def _status(error: FreshetError) -> int:
    return next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)


def framework(_: Request[Any, Any, Any], error: HTTPException) -> Any:
    """Litestar's errors (no such route, a query value of the wrong type) in our shape."""
    if error.status_code >= HTTP_500_INTERNAL_SERVER_ERROR:
        return unexpected(_, error)
    field, reason = "", error.detail
    extra, cause = error.extra, error.__cause__
    if isinstance(cause, msgspec.ValidationError) and "`$.data" in str(cause):
        return ours(_, in_body(cause))
    if isinstance(error, ValidationException) and isinstance(extra, list) and extra:
        field, reason = str(extra[0].get("key", "")), str(extra[0].get("message", reason))
    elif missing := _PARAMETER.search(error.detail):
        field, reason = missing[1], "is missing"
    code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(
        error.status_code, "refused"
    )
    return _answer(error.status_code, Problem(code, reason, field), dict(error.headers or {}))


_PARAMETER = re.compile(r"Missing required \w+ parameter '([^']+)'")


def unexpected(request: Request[Any, Any, Any], error: Exception) -> Any:
    _log.error("request failed", path=request.url.path, exc_info=error)
    return _answer(500, Problem("broken", "an error on our side; it is in the server's log"))


_MISSING = re.compile(r"missing required field `([^`]+)`")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_EXPECTED = re.compile(r"Expected `([^`]+)`")
_PATH = re.compile(r" - at `\$\.?([^`]*)`")


def misfit(error: Exception) -> Refused:
    """A `Refused` out of what msgspec says of a value that does not fit its type."""
    message = str(error)
    path = _PATH.search(message)
    within = path[1] if path else ""
    reason = _PATH.sub("", message)
    if missing := _MISSING.search(message):
        return Refused(_join(within, missing[1]), "is missing")
    if unknown := _UNKNOWN.search(message):
        return Refused(_join(within, unknown[1]), "is not a known field")
    expected = _EXPECTED.search(message)
    return Refused(within, reason[:300], expected[1] if expected else "")


def in_body(error: Exception) -> Refused:
    """As `misfit`, for a body that a route declares: its fields are named from its root."""
    refused = misfit(error)
    field = re.sub(r"\[([^]]*)\]", r".\1", refused.field).removeprefix("data").lstrip(".")
    return Refused(field, refused.reason, refused.right)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
