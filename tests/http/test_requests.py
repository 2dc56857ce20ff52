"""Every request has an id and a line in the log, in which nobody and no secret is named."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from litestar.testing import TestClient

from freshet import logs
from freshet.http.app import create_app
from tests.http.calling import ADMIN, APP, bearer, catalogue, event, get, post
from tests.http.test_limits import engine_with

VIEWER = "vera.the.viewer"
SESSION = "session-of-vera"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    before = structlog.get_config()
    file = io.StringIO()
    logs.configure(file)
    yield file
    structlog.configure(**before)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


# --- ids --------------------------------------------------------------------------------------


def test_a_sane_id_of_the_callers_is_kept_and_told(client: Any) -> None:
    answer = get(client, {**APP, "X-Request-Id": "web-7:a.b_c"})
    assert answer.headers["x-request-id"] == "web-7:a.b_c"


@pytest.mark.parametrize("given", ["", "x" * 101, "a b", "a\tb", "é", '"', "{}"])
def test_any_other_is_replaced(client: Any, given: str) -> None:
    headers = {**APP, "X-Request-Id": given.encode("latin-1")}
    made = [get(client, headers).headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]
    assert given not in made or given == ""
    assert len(made[0]) == 36


def test_an_error_bears_the_id_under_which_it_is_logged(
    client: Any, engine: Any, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> Any:
        raise RuntimeError("our fault")

    monkeypatch.setattr(engine, "ask", fails)
    for path in ("/v1/feeds/for_you?viewer=v", "/v1/nothing", "/v1/feeds/for_you"):
        answer = client.get(path, headers={**APP, "X-Request-Id": f"id{path.count('/')}"})
        assert answer.status_code >= 400
        assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]
    failed = next(line for line in lines(log) if line["event"] == "request failed")
    assert failed["request_id"] == "id3"
    assert "our fault" in failed["exception"]


# --- the log ----------------------------------------------------------------------------------


def test_a_line_says_key_route_status_time_and_size(client: Any, log: io.StringIO) -> None:
    answer = get(client, {**APP, "X-Request-Id": "r7"})
    (line,) = [line for line in lines(log) if line["event"] == "request"]
    assert (line["key"], line["method"], line["status"]) == ("settings", "GET", 200)
    assert (line["route"], line["request_id"]) == ("/v1/feeds/{surface}", "r7")
    assert line["bytes"] == len(answer.content)
    assert line["ms"] > 0


def test_the_log_of_requests_can_be_switched_off(tmp_path: Path, log: io.StringIO) -> None:
    engine = engine_with(tmp_path)
    http = msgspec.structs.replace(engine.settings.http, access_log=False)
    engine.settings = msgspec.structs.replace(engine.settings, http=http)
    with TestClient(create_app(engine)) as client:
        get(client)
    assert lines(log) == []


def test_after_everything_was_done_the_log_names_no_secret_and_nobody(
    client: Any,
    engine: Any,
    log: io.StringIO,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the caller's own, not ours
    catalogue(client)
    key = engine.access.keys.create("backend", ["ingest", "feed", "catalogue"])
    token = client.post(
        "/v1/viewer_tokens", json={"viewer": VIEWER}, headers=bearer(key.secret)
    ).json()["token"]
    who = {"viewer": VIEWER, "session_id": SESSION}
    for headers in (APP, ADMIN, bearer(key.secret), bearer(token), bearer("wrong-secret"), {}):
        post(client, event("like", video="v1", **who), event("wink", **who), headers=headers)
        get(client, headers, **who)
        client.get(f"/v1/feeds/for_you/why/v1?viewer={VIEWER}", headers=headers)
        client.get(f"/v1/people/{VIEWER}", headers=headers)
        client.post("/v1/people", json={"id": VIEWER, "username": VIEWER}, headers=headers)
        client.get(f"/v1/nothing/{VIEWER}", headers=headers)
    body = {"events": [event("like", video="v1")]}
    client.post("/v1/events", params={"viewer_token": token}, json=body)
    client.post("/v1/events", content=f'{{"{VIEWER}'.encode(), headers=APP)

    async def fails(*_: Any) -> Any:
        raise RuntimeError("our fault")

    monkeypatch.setattr(engine, "ask", fails)
    get(client, **who)

    shown = log.getvalue() + caplog.text
    assert len(lines(log)) > 30
    assert "our fault" in shown
    secrets = [
        VIEWER, SESSION, token, token.split(".")[1], token.split(".")[2], key.secret,
        key.secret.split("_", 2)[2], key.signing, "wrong-secret",
        *(headers["Authorization"].removeprefix("Bearer ") for headers in (APP, ADMIN)),
    ]  # fmt: skip
    assert [secret for secret in secrets if secret in shown] == []
    assert key.key.id in shown


# --- numbers ----------------------------------------------------------------------------------


def test_what_happened_is_counted_by_route_and_outcome(client: Any) -> None:
    catalogue(client)
    get(client)
    get(client, {})
    like = event("like", viewer="vera", video="v1", mood="up")
    post(client, like, event("like", viewer="vera", video="later"), event("wink"))
    post(client, like, sent_at=like["time"] - 3_600_000)
    client.get("/v1/nothing/at/all")
    text = client.get("/metrics").text
    feeds = {"method": "GET", "route": "/v1/feeds/{surface}"}
    for name, value, labels in (
        ("freshet_http_requests_total", 1, {**feeds, "status": "200"}),
        ("freshet_http_requests_total", 1, {**feeds, "status": "401"}),
        ("freshet_http_requests_total", 1, {"method": "GET", "route": "none", "status": "404"}),
        ("freshet_events_total", 14, {"outcome": "accepted"}),
        ("freshet_events_total", 1, {"outcome": "repeated"}),
        ("freshet_events_total", 1, {"outcome": "refused"}),
        ("freshet_events_total", 1, {"outcome": "parked"}),
        ("freshet_event_fields_dropped_total", 2, {"type": "like"}),
        ("freshet_event_clocks_total", 1, {"how": "clamped"}),
        ("freshet_feed_runs_total", 1, {"pipeline": "for_you"}),
        ("freshet_fold_lag_events", 0, {}),
        ("freshet_http_in_progress", 1, {}),
        ("freshet_api_keys", 0, {"state": "live"}),
    ):
        told = sorted({**labels, "worker": "0"}.items())
        line = name + "{" + ",".join(f'{key}="{of}"' for key, of in told) + "} " + f"{value}.0"
        assert line in text, line
    for name in (
        "freshet_http_seconds_bucket", "freshet_stage_seconds_sum", "freshet_log_events",
        "freshet_log_bytes", "freshet_outcomes_predicted", "freshet_window_feeds",
    ):  # fmt: skip
        assert name in text, name


def test_alerts_are_told_to_admins_only(client: Any, engine: Any) -> None:
    assert client.get("/v1/admin/alerts", headers=APP).status_code == 403
    assert client.get("/v1/admin/alerts", headers=ADMIN).json() == {"alerts": []}
    catalogue(client, 3)
    for _ in range(engine.settings.alerts.runs_min):
        get(client, session_id="one")
    (first, *_) = client.get("/v1/admin/alerts", headers=ADMIN).json()["alerts"]
    assert set(first) == {"code", "subject", "value", "limit", "text", "worker"}
