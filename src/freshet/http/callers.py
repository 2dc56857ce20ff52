"""From what stands behind `Bearer` to who calls and what that opens."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from freshet.catalogue.api_keys import ApiKey, looks_like_one
from freshet.http.ports import Engine
from freshet.http.problems import Unauthorized

# The keys of the settings, by the name under which they appear in logs.
APP_KEY, ADMIN_KEY = "settings", "settings-admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `key_id` may be logged; nothing else here says who it is."""

    key_id: str
    scopes: tuple[str, ...]
    key: ApiKey | None = None  # None: one of the settings' keys
    viewer: str = ""  # of a viewer token: the only one it speaks for; "" = an API key
    consent: bool = True  # of a viewer token: whether this viewer may be learned from
    session: str = ""  # of a viewer token: its own name, where a session has none

    @property
    def is_admin(self) -> bool:
        return "admin" in self.scopes


def known_caller(engine: Engine, given: str) -> Caller:
    """
    Raises:
        Unauthorized: nobody's, or no longer good.
    """
    if looks_like_one(given):
        return _by_table(engine, given)
    # Both are compared, always: the time taken tells nothing of which one was near.
    app, admin = _same(given, engine.http.api_key), _same(given, engine.http.admin_key)
    if admin:
        return Caller(ADMIN_KEY, ("admin",))
    if app:
        return Caller(APP_KEY, ("ingest", "feed"))
    raise Unauthorized("Authorization", "is not a key of this server", "an API key")


def _by_table(engine: Engine, given: str) -> Caller:
    key = engine.access.verified(given)
    if key is None:
        raise Unauthorized("Authorization", "is not a key of this server", "an API key")
    must_live(engine, key)
    return Caller(key.id, key.scopes, key)


def must_live(engine: Engine, key: ApiKey) -> None:
    """
    Raises:
        Unauthorized: the key was revoked or has expired.
    """
    state = key.state(engine.now_ms())
    if state != "live":
        raise Unauthorized("Authorization", f"is of a key that is {state}", "a live key")


def _same(given: str, key: str) -> bool:
    equal = hmac.compare_digest(given.encode("utf-8", "replace"), key.encode())
    return equal and bool(key)
