"""From what stands behind `Bearer` to who calls and what that opens."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from freshet.catalogue import api_keys
from freshet.catalogue.api_keys import ApiKey, allows
from freshet.http import tokens
from freshet.http.ports import Engine
from freshet.http.problems import Unauthorized

# The keys of the settings, by the names under which logs and viewer tokens know them.
APP_KEY, ADMIN_KEY = "settings", "settings-admin"
APP_SCOPES, ADMIN_SCOPES = ("ingest", "feed"), ("admin",)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `key_id` may be logged; nothing else here says who it is."""

    key_id: str
    scopes: tuple[str, ...]
    key: ApiKey | None = None  # None: one of the settings' keys
    viewer: str = ""  # of a viewer token: the only one it speaks for; "" = an API key
    consent: bool = True  # of a viewer token: whether this viewer may be learned from
    session: str = ""  # of a viewer token: its name, where a call names no session

    def allows(self, scope: str) -> bool:
        return allows(self.scopes, scope)


@dataclass(frozen=True, slots=True)
class Signer:
    """A key as one that signs viewer tokens."""

    scopes: tuple[str, ...]
    signing: str
    key: ApiKey | None = None


def known_caller(engine: Engine, given: str) -> Caller:
    """
    Raises:
        Unauthorized: nobody's, or no longer good.
    """
    if api_keys.looks_like_one(given):
        return _by_key(engine, given)
    if tokens.looks_like_one(given):
        return _by_token(engine, given)
    # Both are compared, always: the time taken tells nothing of which one was near.
    app, admin = _same(given, engine.http.api_key), _same(given, engine.http.admin_key)
    if admin:
        return Caller(ADMIN_KEY, ADMIN_SCOPES)
    if app:
        return Caller(APP_KEY, APP_SCOPES)
    raise Unauthorized("Authorization", "is not a key of this server", "an API key")


def signer(engine: Engine, key_id: str) -> Signer:
    """
    Raises:
        Unauthorized: there is no such key, or it is no longer good.
    """
    settings = {
        APP_KEY: (engine.http.api_key, APP_SCOPES),
        ADMIN_KEY: (engine.http.admin_key, ADMIN_SCOPES),
    }
    if key_id in settings and settings[key_id][0]:
        secret, scopes = settings[key_id]
        return Signer(scopes, api_keys.signing_of(secret))
    held = engine.access.keys.signing(key_id)
    if held is None:
        raise Unauthorized("Authorization", "is signed by no key of this server", "its `kid`")
    key, signing = held
    _must_live(engine, key)
    return Signer(key.scopes, signing, key)


def _by_key(engine: Engine, given: str) -> Caller:
    key = engine.access.keys.verified(given)
    if key is None:
        raise Unauthorized("Authorization", "is not a key of this server", "an API key")
    _must_live(engine, key)
    return Caller(key.id, key.scopes, key)


def _by_token(engine: Engine, given: str) -> Caller:
    key_id = tokens.kid_of(given)
    by = signer(engine, key_id)
    claims = tokens.claims_of(given, by.signing, engine.now_ms())
    session = claims.get("jti")
    return Caller(
        key_id,
        tokens.opens(claims.get("scopes", list(tokens.SCOPES)), by.scopes),
        by.key,
        viewer=claims["sub"],
        consent=claims.get("consent") is True,
        # A signature differs from token to token: a name as good as any.
        session=session if isinstance(session, str) and session else given[-43:],
    )


def _must_live(engine: Engine, key: ApiKey) -> None:
    state = key.state(engine.now_ms())
    if state != "live":
        raise Unauthorized("Authorization", f"is of a key that is {state}", "a live key")


def _same(given: str, key: str) -> bool:
    equal = hmac.compare_digest(given.encode("utf-8", "replace"), key.encode())
    return equal and bool(key)
