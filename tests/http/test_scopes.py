"""Each route opens with its scope, and with no other but an admin's."""

from __future__ import annotations

from typing import Any

import pytest

from freshet.catalogue.api_keys import DAY_MS, HELD_MS
from freshet.engine import OneProcess as Engine
from freshet.http.guard import needs
from tests.feed.world import NOW_MS
from tests.http.calling import bearer, event, get, post

LIKE = {"viewer": "vera", "video": "v1"}


def key(engine: Engine, *scopes: str, expires: int = 0) -> Any:
    return engine.access.keys.create("test", scopes, expires)


@pytest.mark.parametrize(
    ("scopes", "events", "feed"),
    [(["ingest"], 200, 403), (["feed"], 403, 200), (["catalogue"], 403, 403),
     (["admin"], 200, 200), (["ingest", "feed"], 200, 200)],
)  # fmt: skip
def test_a_scope_opens_its_routes_only(
    client: Any, engine: Engine, scopes: list[str], events: int, feed: int
) -> None:
    headers = bearer(key(engine, *scopes).secret)
    assert post(client, event("like", **LIKE), headers=headers).status_code == events
    assert get(client, headers).status_code == feed


def test_a_key_of_the_wrong_scope_is_told_which_would_be_right(client: Any, engine: Engine) -> None:
    answer = get(client, bearer(key(engine, "ingest", "catalogue").secret))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (403, "forbidden")
    assert "ingest, catalogue" in error["reason"]
    assert error["right"] == "an API key with the scope feed"


def test_a_revoked_and_an_expired_key_are_told_so(client: Any, engine: Engine) -> None:
    revoked, expired = key(engine, "feed"), key(engine, "feed", expires=NOW_MS + 1)
    assert get(client, bearer(expired.secret)).status_code == 200
    engine.access.keys.revoke(revoked.key.id)
    engine.now_ms.now += HELD_MS  # type: ignore[attr-defined]
    for made, state in ((revoked, "revoked"), (expired, "expired")):
        answer = get(client, bearer(made.secret))
        assert answer.status_code == 401
        assert state in answer.json()["error"]["reason"]
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_first_use_of_a_day_is_noted(client: Any, engine: Engine) -> None:
    made = key(engine, "feed")
    get(client, bearer(made.secret))
    assert engine.access.keys.all()[0].last_used_day == NOW_MS // DAY_MS


def test_no_route_but_health_is_without_a_scope(client: Any) -> None:
    for route in client.app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.http_methods == {"OPTIONS"}:
                continue  # the framework's own
            scoped = any(isinstance(guard, needs) for guard in handler.resolve_guards())
            open_ = route.path.startswith(("/health", "/schema")) or route.path == "/metrics"
            assert scoped or open_, route.path
