"""Errors as JSON: {"error": {"code", "field", "reason", "right"}}. Translated here once.

What the caller sent wrong is never a 500; what is ours never tells its insides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    Refused,
    TooLate,
    Unavailable,
)
from freshet.http.scope import request_id_of, route_of

_log = structlog.get_logger("freshet.http")


class Forbidden(Refused):
    """The key does not open this."""

    code = "forbidden"


class Unauthorized(Refused):
    code = "unauthorized"


class TooLarge(Refused):
    code = "too_large"


class TooLong(Refused):
    """The head of the request, not its body."""

    code = "too_long"


class TooMany(Unavailable):
    """This caller asks too much of late; others are served."""

    code = "too_many"

    def __init__(self, what: str, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"too many {what} of this caller; go on in {retry_after_s:g} s")


STATUS: dict[type[FreshetError], int] = {
    NotFound: 404,
    TooLate: 409,
    Unauthorized: 401,
    Forbidden: 403,
    TooLarge: 413,
    TooLong: 431,
    Refused: 400,
    TooMany: 429,
    Unavailable: 503,
    Broken: 500,
}


class Problem(msgspec.Struct, frozen=True):
    """What is wrong, and with what."""

    code: str
    reason: str
    field: str = ""  # dotted where nested; "" = the whole request
    right: str = ""  # what would be right
    request_id: str = ""  # as in the header X-Request-Id and in the server's log


class Problems(msgspec.Struct, frozen=True):
    """What every answer is that is not what was asked for."""

    error: Problem


OURS = Problem("broken", "an error on our side; it is in the server's log")


def _answer(
    request: Request[Any, Any, Any],
    status: int,
    problem: Problem,
    headers: dict[str, str] | None = None,
) -> Any:
    named = msgspec.structs.replace(problem, request_id=request_id_of(request.scope))
    return Response(Problems(named), status_code=status, headers=headers, media_type=MediaType.JSON)


def told(error: FreshetError) -> tuple[int, Problem, dict[str, str] | None]:
    """Status, problem and headers for an error of the tree of `errors.py`."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    if isinstance(error, Refused):
        problem = Problem(error.code, error.reason, error.field, error.right)
        return status, problem, {"WWW-Authenticate": "Bearer"} if status == 401 else None
    if isinstance(error, Unavailable):
        wait_s = max(1, round(getattr(error, "retry_after_s", 1)))
        return status, Problem(error.code, str(error)), {"Retry-After": str(wait_s)}
    return 500, OURS, None


def ours(request: Request[Any, Any, Any], error: FreshetError) -> Any:
    """Our own errors, as the framework answers them."""
    status, problem, headers = told(error)
    if problem is OURS:
        return unexpected(request, error)
    return _answer(request, status, problem, headers)


def framework(request: Request[Any, Any, Any], error: HTTPException) -> Any:
    """Litestar's errors (no such route, a query value of the wrong type) in our shape."""
    if error.status_code >= HTTP_500_INTERNAL_SERVER_ERROR:
        return unexpected(request, error)
    field, reason = "", error.detail
    extra, cause = error.extra, error.__cause__
    if isinstance(cause, msgspec.ValidationError) and "`$.data" in str(cause):
        return ours(request, in_body(cause))
    if isinstance(error, ValidationException) and isinstance(extra, list) and extra:
        return _misfit(request, str(extra[0].get("key", "")), str(extra[0].get("message", reason)))
    elif missing := _PARAMETER.search(error.detail):
        field, reason = missing[1], "is missing"
    code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(
        error.status_code, "refused"
    )
    headers = dict(error.headers or {})
    return _answer(request, error.status_code, Problem(code, reason, field), headers)


def _misfit(request: Request[Any, Any, Any], key: str, message: str) -> Any:
    """A parameter, or a field of the body, of the wrong form."""
    refused = misfit(ValueError(message))
    key = "" if key == "data" else key  # the framework's name for the whole body
    field = f"{key}.{refused.field}" if key and refused.field else key or refused.field
    return _answer(request, 400, Problem("refused", refused.reason, field, refused.right))


_PARAMETER = re.compile(r"Missing required \w+ parameter '([^']+)'")


def unexpected(request: Request[Any, Any, Any], error: Exception) -> Any:
    log_unexpected(request.scope, error)
    return _answer(request, 500, OURS)


def log_unexpected(scope: Mapping[str, Any], error: Exception) -> None:
    # The route's template and not the path: that may name a person.
    _log.error("request failed", route=route_of(scope), exc_info=error)


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
