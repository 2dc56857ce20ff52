"""Viewer tokens: a browser or an app calls for its own viewer, and holds no API key.

A token is a JWT (RFC 7519), signed with HS256 by the signing secret of an API key. The app's
backend signs it by itself, with any JWT library, or has it made by `POST /v1/viewer_tokens`:

    header   {"alg": "HS256", "kid": id of the key}
    claims   sub      the viewer, by the app's own id
             exp      seconds since 1970, at most 24 hours ahead
             scopes   optional, of "feed" and "ingest"; else both, as far as the key has them
             consent  optional, true if this viewer may be learned from; else they are not
             jti      optional, a name of this token: the session, where a call names none
"""

from __future__ import annotations

from typing import Any

import jwt

from freshet.catalogue.api_keys import allows
from freshet.domain.errors import Refused
from freshet.http.ports import Engine
from freshet.http.problems import Unauthorized

TTL_MAX_S = 24 * 3600
LEEWAY_S = 60  # the backend's clock may be ahead of ours by this
TOKEN_MAX = 2_000  # characters
VIEWER_MAX = 200
SCOPES = ("ingest", "feed")


def looks_like_one(given: str) -> bool:
    return given.count(".") == 2 and given.startswith("eyJ") and len(given) <= TOKEN_MAX


def signed(
    kid: str, signing: str, viewer: str, expires_ms: int, scopes: tuple[str, ...], consent: bool
) -> str:
    claims = {"sub": viewer, "exp": expires_ms // 1000, "scopes": list(scopes), "consent": consent}
    return jwt.encode(claims, signing, algorithm="HS256", headers={"kid": kid})


def kid_of(token: str) -> str:
    """Which key a token says it was signed with; nothing is checked yet.

    Raises:
        Unauthorized: no token.
    """
    try:
        kid = jwt.get_unverified_header(token).get("kid", "")
    except jwt.InvalidTokenError:
        raise _wrong("is no viewer token") from None
    return kid if isinstance(kid, str) else ""


def claims_of(token: str, signing: str, now_ms: int) -> dict[str, Any]:
    """The claims, once the signature, their form and their time are right.

    Raises:
        Unauthorized: one of them is not.
    """
    try:
        # The time is checked below, by the server's own clock.
        options: Any = {"require": ["exp", "sub"], "verify_exp": False, "verify_iat": False}
        claims: dict[str, Any] = jwt.decode(token, signing, algorithms=["HS256"], options=options)
    except jwt.InvalidTokenError as error:
        raise _wrong(f"is no good viewer token: {error}") from None
    viewer, expires, scopes = claims["sub"], claims["exp"], claims.get("scopes", list(SCOPES))
    if not is_viewer(viewer):
        raise _wrong("names no viewer in `sub`")
    known = isinstance(scopes, list) and all(scope in SCOPES for scope in scopes)
    if type(expires) is not int or not known:
        raise _wrong("has an `exp` or `scopes` of the wrong form")
    if expires * 1000 <= now_ms:
        raise _wrong("is a viewer token that has expired")
    if expires * 1000 > now_ms + 1000 * (TTL_MAX_S + LEEWAY_S):
        raise _wrong("ends more than 24 hours from now")
    return claims


def is_viewer(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= VIEWER_MAX and name.isprintable()


def opens(scopes: list[str], key_scopes: tuple[str, ...]) -> tuple[str, ...]:
    """No token opens more than the key that signed it."""
    return tuple(scope for scope in SCOPES if scope in scopes and allows(key_scopes, scope))


def anonymous(engine: Engine) -> str:
    """The id of a viewer nobody has met: 74 random bits behind the time."""
    return f"anon_{engine.new_request_id()}"


def check_ttl(ttl_s: int) -> None:
    """
    Raises:
        Refused: not within a day.
    """
    if not 1 <= ttl_s <= TTL_MAX_S:
        raise Refused("ttl_s", f"{ttl_s} is out of range", f"1 to {TTL_MAX_S} seconds")


def _wrong(reason: str) -> Unauthorized:
    return Unauthorized("Authorization", reason, "a live viewer token")
