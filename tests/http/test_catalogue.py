"""The catalogue through HTTP: batches that keep what is good, pages, changes, erasure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from freshet.domain import events as e
from freshet.domain.errors import Overloaded
from freshet.engine import OneProcess as Engine
from freshet.http import hashtags, people, sounds, videos
from freshet.http.app import CATALOGUE, create_app
from tests.feed.making import engine_of
from tests.feed.world import NOW_MS

APP = {"Authorization": "Bearer key of the app"}
ADMIN = {"Authorization": "Bearer key of the admin"}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return engine_of(tmp_path)


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient[Any]]:
    with TestClient(create_app(engine), raise_server_exceptions=False) as opened:
        opened.headers.update(ADMIN)
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Any]]:
    """One app with a small catalogue, for tests that leave nothing another would notice."""
    engine = engine_of(tmp_path_factory.mktemp("shared"))
    with TestClient(create_app(engine), raise_server_exceptions=False) as opened:
        opened.headers.update(ADMIN)
        supply(opened)
        yield opened


def supply(client: Any, n: int = 5) -> None:
    folk = [{"id": "vera"}, {"id": "adam"}, {"id": "brand", "account": "business"}]
    for path, body in (
        ("people", folk),
        ("sounds", [{"id": "song"}, {"id": "free", "commercial": True}]),
        ("videos", [{"id": f"v{i}", "creator": "vera"} for i in range(n)]),
    ):
        answer = client.post(f"/v1/{path}", json=body)
        assert answer.status_code == 200, answer.text


def logged(engine: Engine, kind: type[e.Event]) -> list[Any]:
    return [event for event in engine.log.events if isinstance(event, kind)]  # type: ignore[attr-defined]


# --- what goes well ----------------------------------------------------------------------------


def test_a_video_posted_is_in_the_very_next_feed(client: Any) -> None:
    client.post("/v1/people", json=[{"id": f"by v{i}"} for i in range(5)])
    client.post("/v1/videos", json=[{"id": f"v{i}", "creator": f"by v{i}"} for i in range(5)])
    feed = client.get("/v1/feeds/for_you", params={"viewer": "adam"}).json()
    assert {item["video"] for item in feed["items"]} == {f"v{i}" for i in range(5)}
    assert client.delete("/v1/videos/v3").json() == {"id": "v3"}
    feed = client.get("/v1/feeds/for_you", params={"viewer": "eve"}).json()
    assert "v3" not in {item["video"] for item in feed["items"]}


def test_one_record_a_list_and_a_named_list_are_the_same(client: Any) -> None:
    for body in ({"id": "a"}, [{"id": "b"}], {"people": [{"id": "c"}]}):
        answer = client.post("/v1/people", json=body)
        assert answer.json() == {"created": 1, "updated": 0, "unchanged": 0, "errors": []}
    again = client.post("/v1/people", json=[{"id": "a"}, {"id": "b", "country": "GB"}]).json()
    assert (again["updated"], again["unchanged"]) == (1, 1)
    assert client.post("/v1/people", json=[]).status_code == 200


def test_what_was_saved_is_answered_whole(client: Any) -> None:
    supply(client)
    told = {"id": "v9", "creator": "vera", "video_description": "Tea", "vector": [0.5, -1.0],
            "hashtag_names": ["#Tea"], "music_id": "song"}  # fmt: skip
    client.post("/v1/videos", json=told)
    kept = client.get("/v1/videos/v9").json()
    assert kept["hashtag_names"] == ["tea"]
    assert (kept["vector"], kept["music_id"]) == ([0.5, -1.0], "song")
    assert kept["create_time"] == kept["update_time"] == NOW_MS
    assert client.get("/v1/hashtags/Tea").json()["video_count"] == 1
    (listed,) = client.get("/v1/videos", params={"hashtag": "#TEA"}).json()["videos"]
    assert listed == {**kept, "vector": []}


def test_pages_are_walked_by_their_cursors(client: Any) -> None:
    supply(client, n=25)
    asked: dict[str, Any] = {"max_count": 10, "creator": "vera"}
    found, pages, more = [], 0, True
    while more:
        page = client.get("/v1/videos", params=asked).json()
        found += [video["id"] for video in page["videos"]]
        pages, more, asked["cursor"] = pages + 1, page["has_more"], page["cursor"]
    assert (pages, len(found), len(set(found))) == (3, 25, 25)
    assert page["cursor"] == ""


def test_a_patch_changes_what_it_names(client: Any, engine: Engine) -> None:
    supply(client)
    client.post("/v1/videos", json={"id": "v0", "creator": "vera", "title": "Tea"})
    before = len(logged(engine, e.VideoPublished))
    answer = client.patch("/v1/videos/v0", json={"privacy_level": "SELF_ONLY", "vector": [1]})
    assert answer.status_code == 200
    assert (answer.json()["title"], answer.json()["vector"]) == ("Tea", [1.0])
    assert logged(engine, e.VideoPublished)[-1].privacy == "SELF_ONLY"
    assert len(logged(engine, e.VideoPublished)) == before + 1
    client.patch("/v1/people/vera", json={"consent": False})
    assert client.patch("/v1/people/vera", json={"consent": None}).json()["consent"] is None
    client.patch("/v1/sounds/song", json={"title": "Song"})
    assert client.get("/v1/sounds/song").json()["title"] == "Song"


def test_hashtags_are_posted_changed_and_removed(client: Any) -> None:
    supply(client)
    client.patch("/v1/videos/v1", json={"hashtag_names": ["Tea"]})
    assert client.post("/v1/hashtags", json={"id": "#TEA"}).json()["updated"] == 1
    answer = client.patch("/v1/hashtags/tea", json={"description": "Pour"})
    assert (answer.json()["description"], answer.json()["video_count"]) == ("Pour", 1)
    assert [x["id"] for x in client.get("/v1/hashtags").json()["hashtags"]] == ["tea"]
    assert client.delete("/v1/hashtags/Tea").json() == {"id": "tea", "videos": 1}
    assert client.get("/v1/videos/v1").json()["hashtag_names"] == []


def test_an_anonymous_viewer_is_merged_once(client: Any, engine: Engine) -> None:
    supply(client)
    for merged in (True, False):
        answer = client.post("/v1/people/adam/merge", json={"anonymous": "phone 7"})
        assert answer.json() == {"person": "adam", "anonymous": "phone 7", "merged": merged}
    (event,) = logged(engine, e.ViewersMerged)
    assert (event.viewer, event.into) == (engine.keys.known("phone 7"), engine.keys.known("adam"))


def test_an_erased_person_is_gone_when_the_answer_is_there(client: Any, engine: Engine) -> None:
    supply(client)
    key = engine.keys.known("vera")
    answer = client.delete("/v1/people/vera").json()
    assert answer == {
        "id": "vera", "person": True, "videos": 5, "sounds": 0, "mentions": 0, "merged": 0,
    }  # fmt: skip
    assert [event.person for event in logged(engine, e.PersonErased)] == [key]
    assert len(logged(engine, e.VideoRemoved)) == 5
    assert engine.keys.known("vera") is None
    assert client.get("/v1/people/vera").status_code == 404
    assert client.get("/v1/videos").json()["videos"] == []
    assert client.delete("/v1/people/vera").status_code == 404


def test_a_write_that_the_log_could_not_hear_of_is_told_when_sent_again(
    client: Any, engine: Engine
) -> None:
    engine.log.broken = Overloaded("the log's queue", 2.0)  # type: ignore[attr-defined]
    answer = client.post("/v1/people", json={"id": "vera"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    engine.log.broken = None  # type: ignore[attr-defined]
    assert client.post("/v1/people", json={"id": "vera"}).json()["unchanged"] == 1
    assert len(logged(engine, e.PersonSaved)) == 1


# --- what is wrong is told ---------------------------------------------------------------------

BAD: list[tuple[str, Any, str, str]] = [
    ("videos", {"id": "x"}, "creator", "missing"),
    ("videos", {"creator": "vera"}, "id", "missing"),
    ("videos", {"id": "x", "creator": "ghost"}, "creator", "no person"),
    ("videos", {"id": "x", "creator": "vera", "music_id": "ghost"}, "music_id", "no sound"),
    ("videos", {"id": "x", "creator": "brand", "music_id": "song"}, "music_id", "not cleared"),
    ("videos", {"id": "x", "creator": "vera", "mood": 1}, "mood", "not a known field"),
    ("videos", {"id": 7, "creator": "vera"}, "id", "Expected `str`"),
    ("videos", {"id": "x" * 201, "creator": "vera"}, "id", "length <= 200"),
    ("videos", {"id": "x", "creator": "vera", "duration_ms": -1}, "duration_ms", ">= 0"),
    ("videos", {"id": "x", "creator": "vera", "duration_ms": 1.5}, "duration_ms", "Expected"),
    ("videos", {"id": "x", "creator": "vera", "privacy_level": "ME"}, "privacy_level", "Invalid"),
    ("videos", {"id": "x", "creator": "vera", "share_url": "javascript:alert(1)"}, "share_url",
     "no web address"),
    ("videos", {"id": "x", "creator": "vera", "vector": ["a"]}, "vector[0]", "Expected"),
    ("videos", {"id": "x", "creator": "vera", "vector": [0.0] * 4097}, "vector", "<= 4096"),
    ("videos", {"id": "x", "creator": "vera", "hashtag_names": ["a b"]}, "hashtag_names.0",
     "no hashtag"),
    ("videos", {"id": "x", "creator": "vera", "language": "english"}, "language", "no language"),
    ("videos", {"id": "x", "creator": "vera", "update_time": 5}, "update_time", "not a known"),
    ("videos", {"id": "v0", "creator": "vera", "parent_id": "v0", "parent_kind": "duet"},
     "parent_id", "itself"),
    ("people", {"id": "x", "account": "robot"}, "account", "Invalid"),
    ("people", {"id": "x", "consent": "yes"}, "consent", "Expected"),
    ("people", {"id": "x/y"}, "id", "path"),
    ("people", {"id": "x", "avatar_url": "data:text/html,hi"}, "avatar_url", "no web address"),
    ("people", [1], "", "Expected"),
    ("sounds", {"id": "x", "owner": "ghost"}, "owner", "no person"),
    ("sounds", {"id": ""}, "id", "empty"),
    ("hashtags", {"id": "#"}, "id", "characters"),
    ("hashtags", {"id": "tea", "video_count": 5}, "video_count", "not a known"),
]  # fmt: skip
GOOD = {
    "videos": {"id": "good", "creator": "vera"},
    "people": {"id": "good"},
    "sounds": {"id": "good"},
    "hashtags": {"id": "good"},
}


@pytest.mark.parametrize(("path", "bad", "field", "reason"), BAD, ids=lambda x: str(x)[:40])
def test_a_bad_record_is_told_and_the_good_ones_are_kept(
    shared: Any, path: str, bad: Any, field: str, reason: str
) -> None:
    answer = shared.post(f"/v1/{path}", json=[bad, GOOD[path]])
    assert answer.status_code == 200
    told = answer.json()
    assert told["created"] + told["unchanged"] == 1
    (error,) = told["errors"]
    assert (error["index"], error["field"]) == (0, field)
    assert reason in error["reason"]
    alone = shared.post(f"/v1/{path}", json=[bad])
    assert (alone.status_code, alone.json()["errors"]) == (400, [error])


def test_an_id_twice_in_a_batch_is_told(shared: Any) -> None:
    told = shared.post("/v1/people", json=[{"id": 1}, {"id": "twin"}, {"id": "twin"}]).json()
    assert [(error["index"], error["field"]) for error in told["errors"]] == [(0, "id"), (2, "id")]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"3", b'{"videos": 3}', b'{"videos": {"id": "x"}}', b"\xff",
     b"[" * 100_000, b'{"a":' * 50_000, b'["\\ud800"]'],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["post", "patch", "merge"])
def test_a_body_that_holds_no_records_is_refused(shared: Any, verb: str, body: bytes) -> None:
    ask = {
        "post": lambda: shared.post("/v1/videos", content=body),
        "patch": lambda: shared.patch("/v1/videos/v0", content=body),
        "merge": lambda: shared.post("/v1/people/vera/merge", content=body),
    }
    assert ask[verb]().status_code == 400


def test_too_many_records_are_refused(shared: Any) -> None:
    many = shared.post("/v1/people", json=[{"id": f"p{i}"} for i in range(1_001)])
    assert many.status_code == 400
    assert many.json()["error"]["right"] == "up to 1000"


@pytest.mark.parametrize(
    ("path", "change", "field", "status"),
    [("videos/v0", {"mood": 1}, "mood", 400), ("videos/v0", {"id": "v1"}, "id", 400),
     ("videos/v0", {"title": None}, "title", 400),
     ("videos/v0", {"creator": "ghost"}, "creator", 400),
     ("videos/v0", {"update_time": 5}, "update_time", 400), ("videos/none", {}, "id", 404),
     ("people/vera", {"account": 1}, "account", 400), ("hashtags/a b", {}, "id", 400)],
)  # fmt: skip
def test_a_change_that_is_wrong_is_refused(
    shared: Any, path: str, change: Any, field: str, status: int
) -> None:
    answer = shared.patch(f"/v1/{path}", json=change)
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)


def test_what_is_not_there_is_404(shared: Any) -> None:
    for kind in ("people", "videos", "sounds", "hashtags"):
        for answer in (shared.get(f"/v1/{kind}/none"), shared.delete(f"/v1/{kind}/none")):
            assert answer.status_code == 404
            assert answer.json()["error"]["field"] == "id"
    assert shared.post("/v1/people/none/merge", json={"anonymous": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("anonymous", "reason"), [("vera", "own id"), ("adam", "is a person"), ("", "empty")]
)
def test_who_cannot_be_the_same_is_not_merged(shared: Any, anonymous: str, reason: str) -> None:
    answer = shared.post("/v1/people/vera/merge", json={"anonymous": anonymous})
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "anonymous"
    assert reason in answer.json()["error"]["reason"]


def test_a_cursor_of_another_list_is_refused(shared: Any) -> None:
    mine = shared.get("/v1/videos", params={"max_count": 1, "creator": "vera"}).json()["cursor"]
    asked = [("videos", {"cursor": mine}), ("videos", {"cursor": mine, "creator": "adam"}),
             ("sounds", {"cursor": mine}), ("videos", {"cursor": "nonsense"}),
             ("videos", {"cursor": "é"}), ("videos", {"cursor": mine[:-4]})]  # fmt: skip
    for path, query in asked:
        answer = shared.get(f"/v1/{path}", params=query)
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "cursor")


@pytest.mark.parametrize(
    ("query", "field"),
    [({"max_count": 0}, "max_count"), ({"max_count": 1_001}, "max_count"), ({"n": 3}, "n"),
     ({"hashtag": "a b"}, "hashtag"), ({"creator": "x" * 201}, "creator")],
)  # fmt: skip
def test_a_wrong_question_is_told_what_is_wrong(shared: Any, query: Any, field: str) -> None:
    answer = shared.get("/v1/videos", params=query)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)


@pytest.mark.parametrize("handler", CATALOGUE, ids=lambda handler: handler.fn.__name__)
def test_the_catalogue_opens_to_its_own_key_alone(shared: Any, handler: Any) -> None:
    (path,) = handler.paths
    (verb,) = handler.http_methods - {"HEAD", "OPTIONS"}
    for part in ("person", "video", "sound", "hashtag"):
        path = path.replace(f"{{{part}:str}}", "v0")
    for headers, status in ((APP, 403), ({"Authorization": "Bearer x"}, 401)):
        assert shared.request(verb, path, headers=headers).status_code == status


@pytest.mark.parametrize("slice_", [people, videos, sounds, hashtags], ids=lambda m: m.__name__)
def test_the_example_of_the_description_is_a_good_record(client: Any, slice_: Any) -> None:
    supply(client)
    client.post("/v1/people", json=people.EXAMPLE)
    client.post("/v1/sounds", json=sounds.EXAMPLE)
    plural = slice_.__name__.rpartition(".")[2]
    answer = client.post(f"/v1/{plural}", json=slice_.EXAMPLE)
    assert (answer.status_code, answer.json()["errors"]) == (200, [])


def test_the_description_knows_every_field_and_its_limits(shared: Any) -> None:
    paths = shared.get("/schema/openapi.json").json()["paths"]
    media = paths["/v1/videos"]["post"]["requestBody"]["content"]["application/json"]
    record, many, named = media["schema"]["oneOf"]
    assert set(record["properties"]) == set(videos.Video.__struct_fields__)
    assert record["required"] == ["id", "creator"]
    assert record["additionalProperties"] is False
    assert record["properties"]["vector"]["maxItems"] == 4_096
    assert many["maxItems"] == 1_000
    assert named["required"] == ["videos"]
    assert set(media["examples"]) == {"one", "many"}
    patched = paths["/v1/videos/{video}"]["patch"]["requestBody"]["content"]["application/json"]
    assert "required" not in patched["schema"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(
    path=st.sampled_from(["people", "videos", "sounds", "hashtags"]),
    changes=st.dictionaries(st.sampled_from(videos.Video.__struct_fields__), anything),
    verb=st.sampled_from(["post", "patch"]),
)
def test_nothing_sent_is_an_error_on_our_side(
    shared: Any, path: str, changes: Any, verb: str
) -> None:
    if verb == "post":
        answer = shared.post(f"/v1/{path}", content=msgspec.json.encode(GOOD[path] | changes))
    else:
        answer = shared.patch(f"/v1/{path}/v0", content=msgspec.json.encode(changes))
    assert answer.status_code in (200, 400, 404), answer.text
