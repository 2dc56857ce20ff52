"""Who asks too much is told when to go on; the others are served."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar.testing import TestClient

from freshet.config import Http
from freshet.http.app import create_app
from freshet.http.rates import HELD_MAX, Rate
from freshet.http.settings import Limits
from tests.feed.making import engine_of
from tests.http.calling import ADMIN, APP, bearer, event, get, post

LIKE = {"viewer": "vera", "video": "v1"}


def engine_with(folder: Path, origins: tuple[str, ...] = (), **limits: Any) -> Any:
    engine = engine_of(folder)
    http = Http(
        api_key=APP["Authorization"][7:], admin_key=ADMIN["Authorization"][7:],
        limits=Limits(**limits), cors_origins=origins,
    )  # fmt: skip
    engine.settings = msgspec.structs.replace(engine.settings, http=http)
    return engine


@contextmanager
def client_with(folder: Path, origins: tuple[str, ...] = (), **limits: Any) -> Iterator[Any]:
    app = create_app(engine_with(folder, origins, **limits), lambda: 0.0)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def token(client: Any, viewer: str) -> dict[str, str]:
    answer = client.post("/v1/viewer_tokens", json={"viewer": viewer}, headers=APP)
    return bearer(answer.json()["token"])


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


# --- rates ------------------------------------------------------------------------------------


def test_a_viewer_has_so_many_requests_whatever_their_tokens(tmp_path: Path) -> None:
    with client_with(tmp_path, viewer_per_s=1, viewer_burst=3) as client:
        one, two = token(client, "vera"), token(client, "vera")
        for headers in (one, two, one):
            assert post(client, event("like", video="v1"), headers=headers).status_code == 200
        answer = post(client, event("like", video="v1"), headers=two)
        refused(answer, 429, "too_many")
        assert int(answer.headers["retry-after"]) >= 1
        assert post(client, event("like", **LIKE)).status_code == 200  # the backend's own key
        other = token(client, "walt")
        assert post(client, event("like", video="v1"), headers=other).status_code == 200


def test_a_viewer_has_so_many_events(tmp_path: Path) -> None:
    with client_with(tmp_path, viewer_events_per_s=1, viewer_events_burst=3) as client:
        vera = token(client, "vera")
        three = [event("like", video="v1") for _ in range(3)]
        assert post(client, *three, headers=vera).json()["accepted"] == 3
        refused(post(client, event("like", video="v1"), headers=vera), 429, "too_many")
        many = [event("like", **LIKE) for _ in range(10)]
        assert post(client, *many).json()["accepted"] == 10  # a backend speaks for many


def test_a_key_has_so_many_requests(tmp_path: Path) -> None:
    with client_with(tmp_path, key_per_s=1, key_burst=2) as client:
        assert [get(client).status_code for _ in range(3)] == [200, 200, 429]
        assert get(client, ADMIN).status_code == 200


def test_a_rate_of_none_has_no_limit() -> None:
    rate = Rate(0, 1, lambda: 0.0)
    assert [rate.wait_s("a", 100) for _ in range(9)] == [0.0] * 9


def test_what_costs_more_than_a_bucket_holds_passes_when_it_is_full() -> None:
    now = [0.0]
    rate = Rate(1, 10, lambda: now[0])
    assert rate.wait_s("a", 50) == 0
    assert rate.wait_s("a", 50) == pytest.approx(10)
    now[0] = 10.0
    assert rate.wait_s("a", 50) == 0


def test_only_so_many_callers_are_remembered() -> None:
    rate = Rate(1, 1, lambda: 0.0)
    for n in range(HELD_MAX + 1):
        rate.wait_s(str(n))
    assert rate.wait_s("0") == 0  # forgotten, and so with a full bucket
    assert rate.wait_s(str(HELD_MAX)) > 0


# --- size -------------------------------------------------------------------------------------


def test_a_head_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with client_with(tmp_path, header_bytes=2_000, query_bytes=1_000) as client:
        refused(get(client, {**APP, "X-Much": "x" * 2_000}), 431, "too_long")
        refused(get(client, session_id="s" * 1_000), 431, "too_long")
        assert get(client).status_code == 200


def test_a_body_and_a_batch_have_their_sizes_from_the_settings(tmp_path: Path) -> None:
    with client_with(tmp_path, body_bytes=3_000, batch=2) as client:
        refused(client.post("/v1/events", content=b" " * 3_001, headers=APP), 413, "too_large")
        three = post(client, *[event("like", **LIKE) for _ in range(3)])
        refused(three, 400, "refused")
        assert three.json()["error"]["right"] == "up to 2"


# --- load and time ----------------------------------------------------------------------------


def asynchronous(engine: Any) -> httpx.AsyncClient:
    app: Any = create_app(engine)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers=APP)


async def test_beyond_its_measure_a_server_sends_away_rather_than_serve_all_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_with(tmp_path, concurrency=2, origins=("https://app.example",))
    entered, go = asyncio.Semaphore(0), asyncio.Event()
    ask = engine.ask

    async def waits(*given: Any) -> Any:
        entered.release()
        await go.wait()
        return await ask(*given)

    monkeypatch.setattr(engine, "ask", waits)
    async with asynchronous(engine) as client:
        path = "/v1/feeds/for_you?viewer=vera"
        working = [asyncio.create_task(client.get(path)) for _ in range(2)]
        for _ in working:
            await entered.acquire()
        answer = await client.get(path, headers={"Origin": "https://app.example"})
        refused(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        acts = {"events": [event("like", video="v1", viewer="vera")]}
        assert (await client.post("/v1/events", json=acts)).status_code == 200
        assert (await client.get("/health/live")).status_code == 200
        go.set()
        assert [one.status_code for one in await asyncio.gather(*working)] == [200, 200]
        assert (await client.get(path)).status_code == 200


async def test_a_request_has_only_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_with(tmp_path, timeout_s=0.02)

    async def forever(*_: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(engine, "ask", forever)
    async with asynchronous(engine) as client:
        answer = await client.get("/v1/feeds/for_you?viewer=vera")
        refused(answer, 503, "unavailable")
        assert "longer than 0.02 s" in answer.json()["error"]["reason"]


# --- browsers ---------------------------------------------------------------------------------


def preflight(client: Any, origin: str) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return client.options("/v1/events", headers=headers)


def test_pages_of_the_origins_named_may_call_and_no_others(tmp_path: Path) -> None:
    with client_with(tmp_path, origins=("https://app.example",)) as client:
        allowed = preflight(client, "https://app.example")
        assert allowed.status_code == 204
        assert allowed.headers["access-control-allow-origin"] == "https://app.example"
        assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
        wrong = preflight(client, "https://evil.example")
        assert "access-control-allow-origin" not in wrong.headers
        answer = get(client, {**token(client, "vera"), "Origin": "https://app.example"})
        assert "x-request-id" in answer.headers["access-control-expose-headers"].lower()


def test_unless_told_no_page_may_call(tmp_path: Path) -> None:
    with client_with(tmp_path) as client:
        answer = get(client, {**APP, "Origin": "https://app.example"})
        assert "access-control-allow-origin" not in answer.headers
        assert "access-control-allow-origin" not in preflight(client, "https://app.example").headers
