"""The short way of the two great routes answers as the framework's way does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from litestar.testing import TestClient

from freshet.domain.errors import Broken, Overloaded
from freshet.engine import OneProcess as Engine
from freshet.http.app import create_app
from freshet.http.direct import Direct
from tests.feed.making import engine_of
from tests.http.calling import ADMIN, APP, bearer, catalogue, event, published

FEED = "/v1/feeds/for_you"
VERA = f"{FEED}?viewer=vera&request_id=r1"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any, Engine]]:
    """A client of the app as it is, one of the framework's routes alone, and their engine."""
    engine = engine_of(tmp_path_factory.mktemp("both"))
    with TestClient(create_app(engine), raise_server_exceptions=False) as client:
        catalogue(client)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Direct, "_plain", lambda *_: None)
            framework = create_app(engine)
            long = TestClient(framework, raise_server_exceptions=False)

            def ask(*arguments: Any, **named: Any) -> Any:
                with pytest.MonkeyPatch.context() as within:
                    within.setattr(Direct, "_plain", lambda *_: None)
                    return long.request(*arguments, **named)

        yield client.request, ask, engine


def same(both: tuple[Any, Any, Engine], *arguments: Any, **named: Any) -> Any:
    """Both answers, which are one."""
    named["headers"] = {**named.get("headers", APP), "X-Request-Id": "one"}
    short, long, _ = both
    answers = [ask(*arguments, **named) for ask in (long, short)]
    told = [
        (answer.status_code, dict(answer.headers) | {"content-length": ""}) for answer in answers
    ]
    assert told[0] == told[1]
    bodies = [answer.json() for answer in answers]
    for body in bodies:
        body.pop("offset", None)  # between the two there may be a tick
    assert bodies[0] == bodies[1]
    return answers[1]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (VERA, 200),
        (f"{VERA}&n=3&session_id=s&consent=0", 200),
        (f"{FEED}?viewer=v%C3%A9ra%20%26+co&request_id=r2", 200),
        (f"{FEED}?viewer=v%FFra&request_id=r2", 200),
        (f"{FEED}", 400),
        (f"{FEED}?viewer=", 400),
        (f"{FEED}?viewer=a%00b", 400),
        (f"{FEED}?viewer={'v' * 201}", 400),
        (f"{VERA}&n=0", 400),
        (f"{VERA}&n=51", 400),
        (f"{VERA}&n=ten", 400),
        (f"{VERA}&n=", 400),
        (f"{VERA}&consent=2", 400),
        (f"{VERA}&consent=true", 400),
        (f"{VERA}&viewer=tom", 200),
        (f"{VERA}&colour=red", 400),
        (f"{VERA}&topics=tea", 200),
        (f"{FEED}?viewer=vera&cursor=nonsense", 400),
        (f"{VERA}&cursor=nonsense", 400),
        ("/v1/feeds/nowhere?viewer=vera", 404),
        ("/v1/feeds/?viewer=vera", 404),
        (f"{FEED}/?viewer=vera&request_id=r1", 200),
        (f"{FEED}/more?viewer=vera", 404),
    ],
)
def test_a_feed_is_the_same_both_ways(both: Any, path: str, status: int) -> None:
    assert same(both, "GET", path).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer "}, bearer("nobody"),
        bearer("eyJ.no.token"), ADMIN, {"Authorization": "bearer  key of the app "},
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [VERA, "/v1/events"])
def test_who_may_call_is_the_same_both_ways(both: Any, path: str, headers: Any) -> None:
    method = "GET" if path == VERA else "POST"
    same(both, method, path, headers=headers, content=None if method == "GET" else b"[]")


ACTS = [event("like", viewer="vera", video="v1"), event("impression", viewer="vera", video="v2")]


@pytest.mark.parametrize(
    "body",
    [
        [],
        ACTS,
        {"events": ACTS},
        {"events": ACTS, "sent_at": 5, "consent": False},
        {"events": [*ACTS, event("like", viewer="vera"), 7, "x", None]},
        {"events": [event("like", viewer="", video="v1")]},
        {"events": [event("like", viewer="vera", video="v1", colour="red")]},
        {"events": [event("like", viewer="vera", video="not known")]},
        {"events": [published("v99")]},
        {"events": [event("tick")]},
        {"events": "none"},
        {"event": ACTS},
        {"events": [event("like", viewer="vera", video=f"v{i}") for i in range(1001)]},
    ],
)
def test_a_batch_is_the_same_both_ways(both: Any, body: Any) -> None:
    short, _, _ = both
    content = msgspec.json.encode(body)
    short("POST", "/v1/events", content=content, headers=APP)  # from here on both are repeats
    same(both, "POST", "/v1/events", content=content)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"x" * 4_000_001])
def test_a_body_that_is_none_is_refused_the_same_both_ways(both: Any, content: bytes) -> None:
    assert same(both, "POST", "/v1/events", content=content).status_code in (400, 413)


@pytest.mark.parametrize("error", [Overloaded("the log's queue", 3.0), Broken("x"), KeyError("x")])
def test_what_goes_wrong_is_told_the_same_both_ways(
    both: Any, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> Any:
        raise error

    for name in ("ask", "record"):
        monkeypatch.setattr(both[2], name, fails)
    for said in (("GET", VERA, None), ("POST", "/v1/events", msgspec.json.encode(ACTS))):
        with structlog.testing.capture_logs() as logged:
            answer = same(both, *said[:2], content=said[2])
        assert answer.status_code == (503 if isinstance(error, Overloaded) else 500)
        failures = [line["route"] for line in logged if line["event"] == "request failed"]
        assert len(set(failures)) == len(failures) / 2


async def test_a_client_that_hangs_up_while_sending_gets_no_answer(tmp_path: Path) -> None:
    app: Any = create_app(engine_of(tmp_path))
    messages = [{"type": "http.request", "body": b"[", "more_body": True}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer key of the app"), (b"content-length", b"9")]
    scope = {
        "type": "http", "method": "POST", "path": "/v1/events", "raw_path": b"/v1/events",
        "query_string": b"", "headers": headers,
    }  # fmt: skip
    await app(scope, receive, send)
    assert sent == []
