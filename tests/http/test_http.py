"""Through HTTP only: events in, feeds out, clear errors, never a 500 for bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from freshet.config import Http
from freshet.domain import events as e
from freshet.domain.errors import Overloaded, Refused
from freshet.engine import OneProcess as Engine
from freshet.http.app import CATALOGUE, MODERATION, create_app
from tests.feed.making import engine_of
from tests.http.calling import ADMIN, APP, catalogue, event, get, post, published

# --- a viewer's way through ------------------------------------------------------------------


def test_an_act_appended_is_in_the_very_next_feed(client: Any) -> None:
    catalogue(client)
    first = get(client, n=3).json()
    disliked = [f"v{i}" for i in range(9)]
    told = post(client, *(event("not_interested", viewer="vera", video=x) for x in disliked))
    assert told.json()["accepted"] == 9
    second = get(client, n=12).json()
    shown = {item["video"] for item in second["items"]}
    assert shown == {"v9", "v10", "v11"} - {item["video"] for item in first["items"]}


def test_a_feed_tells_how_each_item_came_about(client: Any) -> None:
    catalogue(client)
    answer = get(client, n=3, request_id="r1", session_id="s1").json()
    assert answer["request_id"] == "r1"
    assert isinstance(answer["seed"], int)
    assert [item["position"] for item in answer["items"]] == [0, 1, 2]
    item = answer["items"][0]
    assert set(item) == {
        "video", "position", "source", "propensity", "value", "predictions", "reasons",
        "model_version",
    }  # fmt: skip
    assert item["reasons"][0]["text"]
    assert "trace" not in answer
    assert get(client, n=3, request_id="r1").json() == answer


def test_the_trace_comes_when_asked_for(client: Any) -> None:
    catalogue(client)
    trace = get(client, trace=1).json()["trace"]
    steps = trace["rungs"][0]["steps"]
    names = [x["stage"] for x in steps]
    assert names[: names.index("hydrate")] == [
        "similar", "interests", "followed", "proven", "rising", "fresh", "first_audience",
        "explore", "everything",
    ]  # fmt: skip
    assert trace["behind"] == 0


def test_why_is_answered_from_the_record(client: Any) -> None:
    catalogue(client)
    post(client, *(json.loads(json.dumps(x)) for x in _watch("v1")))
    answer = get(client, n=4).json()
    item = answer["items"][2]
    why = client.get(
        f"/v1/feeds/for_you/why/{item['video']}", params={"viewer": "vera"}, headers=APP
    ).json()
    assert why["reasons"] == item["reasons"]
    assert (why["request_id"], why["position"]) == (answer["request_id"], 2)


def _watch(video: str) -> list[dict[str, Any]]:
    return [
        event("impression", viewer="vera", video=video),
        event("watch", viewer="vera", video=video, watched_ms=9_000, completed=True, left=True),
    ]


def test_people_are_in_the_log_by_key_only(client: Any, engine: Engine) -> None:
    catalogue(client)
    follow = event("follow", viewer="vera", person="by v1")
    hide = event("hide", viewer="vera", kind="creator", target="by v2")
    post(client, follow, hide)
    get(client)
    log = engine.log.events  # type: ignore[attr-defined]
    assert not [x for x in log if "vera" in repr(x) or "by v" in repr(x)]
    kept = next(x for x in log if isinstance(x, e.Follow))
    assert engine.keys.external(kept.person) == "by v1"
    assert kept.viewer == engine.keys.known("vera")


# --- events: good ones kept, bad ones told ----------------------------------------------------

LIKE: dict[str, Any] = {"viewer": "vera", "video": "v1"}

BAD: list[tuple[str, Any, str, str]] = [
    ("a missing field", event("like", viewer="vera"), "video", "missing"),
    ("a wrong type", event("watch", **LIKE, watched_ms="9"), "watched_ms", "Expected"),
    ("an unknown kind", event("wink", **LIKE), "type", "Invalid value"),
    ("no kind", {"event_id": "x", "time": 1}, "type", "missing"),
    ("not an object", 7, "", "Expected"),
    ("no UUIDv7", {**event("like", **LIKE), "event_id": "1"}, "event_id", "UUIDv7"),
    ("a negative number", event("watch", **LIKE, watched_ms=-1), "watched_ms", "range"),
    ("an absurd number", event("watch", **LIKE, watched_ms=10**30), "watched_ms", "range"),
    ("an endless view", event("watch", **LIKE, watched_ms=10**12), "watched_ms", "a week"),
    ("a time that is none", {**event("like", **LIKE), "time": "now"}, "time", "Expected"),
    ("a clock already set right", event("like", **LIKE, clock="clamped"), "clock", "server"),
    ("an empty id", event("like", viewer="", video="v1"), "viewer", "empty"),
    ("a long id", event("like", viewer="vera", video="v" * 201), "video", "characters"),
    ("a control character", event("like", viewer="a\u0000b", video="v1"), "viewer", "control"),
    ("a received time", event("like", **LIKE, received=5), "received", "server"),
    ("a bad choice", event("hide", viewer="vera", kind="mood", target="x"), "kind", "Invalid"),
    ("a bad surface", event("like", **LIKE, surface="moon"), "surface", "Invalid"),
    ("supply by a viewer's key", published("v9"), "type", "scope catalogue"),
    ("a label by a viewer's key", event("label_set", video="v", label="spam", actor="x"), "type",
     "scope admin"),
    ("a slate", event("slate_served", viewer="v", request_id="r", items=[]), "type", "server"),
    ("a tick", event("tick"), "type", "server"),
    ("an erasure without its deeds", event("person_erased", person="vera"), "type", "server"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "field", "reason"), [x[1:] for x in BAD], ids=[x[0] for x in BAD])
def test_a_bad_record_is_told_and_the_good_ones_are_kept(
    shared: Any, bad: Any, field: str, reason: str
) -> None:
    client, engine = shared
    before = engine.log.last
    answer = post(client, event("like", **LIKE), bad, event("share", **LIKE))
    assert answer.status_code == 200
    told = answer.json()
    assert told["accepted"] == 2
    (error,) = told["errors"]
    assert (error["index"], error["field"]) == (1, field)
    assert reason in error["reason"]
    assert engine.log.last == before + 2


def test_not_even_the_admin_sends_slates_or_ticks(client: Any) -> None:
    answer = post(client, event("tick"), headers=ADMIN)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "forbidden"


def test_a_repeat_is_counted_and_changes_nothing(client: Any, engine: Engine) -> None:
    like = event("like", **LIKE)
    post(client, like)
    assert post(client, like).json()["repeated"] == 1
    assert engine.log.last == 1


def test_a_bare_array_is_a_batch_and_an_empty_one_is_fine(client: Any) -> None:
    assert client.post("/v1/events", json=[event("like", **LIKE)], headers=APP).status_code == 200
    empty = post(client).json()
    assert (empty["accepted"], empty["repeated"], empty["errors"]) == (0, 0, [])


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b"\xff\xfe", b"null", b'{"event": []}', b'{"events": 3}',
     b"[" * 100_000, b'{"events": [' + b"[" * 50_000, b'[{"type": "like", "event_id": "\\ud800"}]'],
)  # fmt: skip
def test_a_body_that_is_no_batch_is_refused(shared: Any, body: bytes) -> None:
    answer = shared[0].post("/v1/events", content=body, headers=APP)
    assert answer.status_code == 400


def test_too_many_events_and_too_many_bytes_are_refused(client: Any) -> None:
    many = post(client, *[event("like", **LIKE)] * 1001)
    assert many.status_code == 400
    assert many.json()["error"]["right"] == "up to 1000"
    large = client.post("/v1/events", content=b" " * 4_000_001, headers=APP)
    assert large.status_code == 413
    assert large.json()["error"]["code"] == "too_large"


def test_a_full_log_says_when_to_come_again(client: Any, engine: Engine) -> None:
    engine.log.broken = Overloaded("the log's queue", 2.0)  # type: ignore[attr-defined]
    answer = post(client, event("like", **LIKE))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["error"]["code"] == "overloaded"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
fields = st.sampled_from(
    ["type", "event_id", "time", "viewer", "video", "watched_ms", "kind", "target", "received"]
)


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(sorted(e.EVENTS)), changes=st.dictionaries(fields, anything))
def test_nothing_sent_is_an_error_on_our_side(shared: Any, kind: str, changes: Any) -> None:
    body = json.dumps({"events": [{**event(kind, **LIKE), **changes}]})
    answer = shared[0].post("/v1/events", content=body, headers=ADMIN)
    assert answer.status_code in (200, 400)


# --- who may, and what is asked ---------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic a2V5"},
     {"Authorization": "Bearer "}, {"Authorization": "Bearer ky\xf6".encode("latin-1")}],
)  # fmt: skip
def test_without_a_key_nothing_opens(client: Any, engine: Engine, headers: Any) -> None:
    for answer in (post(client, event("like", **LIKE), headers=headers), get(client, headers)):
        assert answer.status_code == 401
        assert answer.json()["error"]["field"] == "Authorization"
    assert engine.log.last == 0


def test_an_empty_admin_key_is_not_a_key(tmp_path: Path) -> None:

    engine = engine_of(tmp_path)
    engine.settings = msgspec.structs.replace(engine.settings, http=Http(api_key="k"))
    with TestClient(create_app(engine)) as client:
        assert post(client, published("v"), headers={"Authorization": "Bearer "}).status_code == 401


def test_without_an_api_key_there_is_no_app(tmp_path: Path) -> None:

    engine = engine_of(tmp_path)
    engine.settings = msgspec.structs.replace(engine.settings, http=Http())
    with pytest.raises(Refused, match="api_key"):
        create_app(engine)


@pytest.mark.parametrize(
    ("query", "field"),
    [({"n": 0}, "n"), ({"n": 51}, "n"), ({"n": "ten"}, "n"), ({"viewer": ""}, "viewer"),
     ({"viewer": "v" * 201}, "viewer"), ({"trace": 2}, "trace"), ({"mood": "up"}, "mood"),
     ({"request_id": "r" * 101}, "request_id")],
)  # fmt: skip
def test_a_wrong_question_is_told_what_is_wrong(shared: Any, query: Any, field: str) -> None:
    answer = get(shared[0], **query)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


def test_a_question_without_a_viewer_is_refused(client: Any) -> None:
    answer = client.get("/v1/feeds/for_you", headers=APP)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "viewer"


def test_what_is_not_there_is_404_in_the_same_shape(client: Any) -> None:
    catalogue(client)
    get(client)
    for path in ("/v1/feeds/moon?viewer=vera", "/v1/feeds/for_you/why/none?viewer=vera",
                 "/v1/feeds/for_you/why/v1?viewer=nobody"):  # fmt: skip
        answer = client.get(path, headers=APP)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"
    assert client.get("/v1/events", headers=APP).json()["error"]["code"] == "method_not_allowed"


def test_an_error_of_ours_tells_nothing_of_our_insides(
    client: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> Any:
        raise RuntimeError("secret path")

    monkeypatch.setattr(engine, "ask", fails)
    answer = get(client)
    assert answer.status_code == 500
    assert "secret" not in answer.text


# --- health and documentation ------------------------------------------------------------------


def test_it_is_alive_and_ready_until_a_fold_fails(client: Any, engine: Engine) -> None:
    assert client.get("/health/live").json()["ok"]
    assert client.get("/health/ready").status_code == 200
    engine.folding.failed = "folding stopped"
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["problems"]) == (503, ["folding stopped"])


def test_counters_are_told(client: Any) -> None:
    catalogue(client)
    get(client)
    assert (
        'freshet_feed_runs_total{pipeline="for_you",worker="0"} 1.0' in client.get("/metrics").text
    )


def test_every_route_is_in_the_openapi_document(client: Any) -> None:
    paths = client.get("/schema/openapi.json").json()["paths"]
    told = {path for handler in (*CATALOGUE, *MODERATION) for path in handler.paths}
    assert set(paths) == {path.replace(":str}", "}") for path in told} | {
        "/v1/events", "/v1/feeds/{surface}", "/v1/feeds/{surface}/why/{video}", "/v1/rank",
        "/v1/videos/{video}/related", "/v1/viewers/{viewer}/reset", "/v1/admin/arms/{name}",
        "/v1/videos/{video}/journey", "/v1/videos/{video}/diagnosis",
        "/v1/people/{person}/diagnosis", "/v1/admin/stages",
        "/v1/viewer_tokens", "/v1/admin/alerts",
        "/health/live", "/health/ready", "/metrics",
    }  # fmt: skip
    asked = {x.get("name") for x in paths["/v1/feeds/{surface}"]["get"]["parameters"]}
    assert {"viewer", "n", "request_id", "session_id", "trace", "cursor", "hashtags"} <= asked
    assert "requestBody" in paths["/v1/events"]["post"]
