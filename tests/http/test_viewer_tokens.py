"""A viewer token speaks for one viewer, for a while, and opens nothing else."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import jwt
import pytest

from freshet.catalogue.api_keys import HELD_MS
from freshet.engine import OneProcess as Engine
from tests.feed.world import HOUR_MS, NOW_MS
from tests.http.calling import ADMIN, APP, bearer, catalogue, event, get, post

NOW_S = NOW_MS // 1000
URL = "/v1/viewer_tokens"


def made(client: Any, headers: Any = APP, **wanted: Any) -> Any:
    return client.post(URL, json={"consent": True, **wanted}, headers=headers)


def token(client: Any, viewer: str = "vera", **wanted: Any) -> dict[str, str]:
    return bearer(made(client, viewer=viewer, **wanted).json()["token"])


def signed(signing: str, kid: str, **claims: Any) -> dict[str, str]:
    full = {"sub": "vera", "exp": NOW_S + 600, "consent": True, **claims}
    given = {name: value for name, value in full.items() if value is not None}
    return bearer(jwt.encode(given, signing, "HS256", headers={"kid": kid}))


def own(client: Any, headers: Any, **query: Any) -> Any:
    return client.get("/v1/feeds/for_you", params=query, headers=headers)


def test_a_viewer_asks_and_tells_for_themselves_without_saying_who_they_are(
    client: Any, engine: Engine
) -> None:
    catalogue(client)
    vera = token(client)
    item = own(client, vera, n=1).json()["items"][0]["video"]
    assert post(client, event("like", video=item), headers=vera).json()["accepted"] == 1
    liked = engine.log.events[-1]  # type: ignore[attr-defined]
    assert liked.viewer == engine.keys.known("vera")
    assert client.get(f"/v1/feeds/for_you/why/{item}", headers=vera).status_code == 200


def test_for_another_viewer_it_opens_nothing(client: Any) -> None:
    vera = token(client)
    answer = own(client, vera, viewer="walt")
    assert (answer.status_code, answer.json()["error"]["field"]) == (403, "viewer")
    told = post(
        client, event("like", viewer="walt", video="v1"), event("like", viewer="vera", video="v1"),
        headers=vera,
    ).json()  # fmt: skip
    (error,) = told["errors"]
    assert (error["index"], error["code"], error["field"]) == (0, "forbidden", "viewer")
    assert told["accepted"] == 1


def test_it_neither_supplies_nor_makes_further_tokens(client: Any) -> None:
    vera = token(client)
    video = event("video_published", video="v", creator="vera", created=1)
    assert post(client, video, headers=vera).json()["errors"][0]["field"] == "type"
    answer = made(client, vera, viewer="vera")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


def test_the_apps_backend_signs_one_by_itself(client: Any, engine: Engine) -> None:
    key = engine.access.keys.create("app", ["ingest", "feed"])
    signing = hmac.new(key.secret.encode(), b"freshet viewer tokens", hashlib.sha256).hexdigest()
    assert signing == key.signing
    assert own(client, signed(signing, key.key.id)).status_code == 200
    engine.access.keys.revoke(key.key.id)
    engine.now_ms.now += HELD_MS  # type: ignore[attr-defined]
    answer = own(client, signed(signing, key.key.id))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


def test_no_token_opens_more_than_the_key_that_signed_it(client: Any, engine: Engine) -> None:
    key = engine.access.keys.create("feeds only", ["feed", "catalogue"])
    headers = signed(key.signing, key.key.id, scopes=["feed", "ingest"])
    assert own(client, headers).status_code == 200
    assert post(client, event("like", video="v1"), headers=headers).status_code == 403


def test_a_token_of_one_scope_has_that_one(client: Any, engine: Engine) -> None:
    key = engine.access.keys.create("app", ["feed", "ingest"])
    headers = signed(key.signing, key.key.id, scopes=["ingest"])
    assert post(client, event("like", video="v1"), headers=headers).status_code == 200
    assert own(client, headers).status_code == 403


@pytest.mark.parametrize(
    ("claims", "reason"),
    [({"exp": NOW_S}, "expired"), ({"exp": NOW_S + 25 * 3600}, "24 hours"), ({"exp": None}, "exp"),
     ({"exp": "soon"}, "wrong form"), ({"exp": True}, "wrong form"), ({"sub": ""}, "names no"),
     ({"sub": None}, "sub"), ({"sub": 7}, "viewer token"), ({"sub": "v" * 201}, "names no"),
     ({"scopes": ["admin"]}, "wrong form"), ({"scopes": "feed"}, "wrong form"),
     ({"scopes": [["feed"]]}, "wrong form")],
)  # fmt: skip
def test_a_token_that_is_not_right_opens_nothing(
    client: Any, engine: Engine, claims: dict[str, Any], reason: str
) -> None:
    key = engine.access.keys.create("app", ["feed", "ingest"])
    answer = own(client, signed(key.signing, key.key.id, **claims))
    assert answer.status_code == 401
    assert reason in answer.json()["error"]["reason"]


def test_a_forged_token_opens_nothing(client: Any, engine: Engine) -> None:
    key = engine.access.keys.create("app", ["feed", "ingest"])
    good = signed(key.signing, key.key.id)["Authorization"].removeprefix("Bearer ")
    head, claims, signature = good.split(".")
    other = jwt.encode({"sub": "walt", "exp": NOW_S + 600}, "x" * 64, "HS256").split(".")[1]
    unsigned = jwt.encode({"sub": "vera", "exp": NOW_S + 600}, None, "none")
    wrong = (
        f"{head}.{other}.{signature}", f"{head}.{claims}.", f"{head}..{signature}", unsigned,
        f"eyJhbGciOiJIUzI1NiJ9.{claims}.{signature}", "eyJ.eyJ.eyJ", f"{good}" * 20,
    )  # fmt: skip
    for given in wrong:
        assert own(client, bearer(given)).status_code == 401, given
    assert own(client, signed("y" * 64, key.key.id)).status_code == 401
    assert own(client, signed(key.signing, "nobody")).status_code == 401


def test_a_token_ends_when_it_said(client: Any, engine: Engine) -> None:
    answer = made(client, viewer="vera", ttl_s=60).json()
    assert answer["expires"] == NOW_MS + 60_000
    engine.now_ms.now += 59_000  # type: ignore[attr-defined]
    assert own(client, bearer(answer["token"])).status_code == 200
    engine.now_ms.now += 1_000  # type: ignore[attr-defined]
    assert own(client, bearer(answer["token"])).status_code == 401


def test_somebody_new_gets_an_id_of_their_own(client: Any) -> None:
    one, two = (made(client, anonymous=True).json() for _ in range(2))
    assert one["viewer"].startswith("anon_")
    assert one["viewer"] != two["viewer"]
    assert own(client, bearer(one["token"]), viewer=one["viewer"]).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "field"),
    [({}, "viewer"), ({"viewer": "vera", "anonymous": True}, "viewer"),
     ({"viewer": "\n"}, "viewer"),
     ({"viewer": "vera", "ttl_s": 86_401}, "ttl_s"), ({"viewer": "vera", "ttl_s": 0}, "ttl_s"),
     ({"viewer": 7}, "viewer"), ({"viewer": "vera", "mood": "up"}, "mood")],
)  # fmt: skip
def test_a_wrong_wish_is_told_what_is_wrong(
    client: Any, wanted: dict[str, Any], field: str
) -> None:
    answer = made(client, **wanted)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)


def test_it_takes_both_scopes_to_make_one(client: Any, engine: Engine) -> None:
    for scopes, status in ((["feed"], 403), (["ingest"], 403), (["feed", "ingest"], 200)):
        key = engine.access.keys.create("app", scopes)
        assert made(client, bearer(key.secret), viewer="vera").status_code == status
    assert made(client, ADMIN, viewer="vera").json()["scopes"] == ["ingest", "feed"]


def test_a_page_that_is_left_sends_its_token_in_the_query(client: Any) -> None:
    given = made(client, viewer="vera").json()["token"]
    body = {"events": [event("watch", video="v1", watched_ms=5, left=True)]}
    assert client.post("/v1/events", params={"viewer_token": given}, json=body).status_code == 200
    key = APP["Authorization"].removeprefix("Bearer ")
    assert client.post("/v1/events", params={"viewer_token": key}, json=body).status_code == 401
    assert client.get("/v1/feeds/for_you", params={"viewer_token": given}).status_code == 401


def test_an_api_key_must_say_for_whom(client: Any) -> None:
    answer = own(client, APP)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "viewer")


# --- without consent --------------------------------------------------------------------------


def logged(engine: Engine, kind: str) -> list[Any]:
    log = engine.log.events  # type: ignore[attr-defined]
    return [x for x in log if type(x).__struct_config__.tag == kind]


def test_without_consent_acts_are_logged_under_a_key_of_their_session(
    client: Any, engine: Engine
) -> None:
    vera = token(client, consent=False)
    for session in ("s1", "s1", "s2"):
        post(client, event("like", video="v1", session_id=session), headers=vera)
    first, again, other = logged(engine, "like")
    assert first.viewer == again.viewer != other.viewer
    assert first.viewer.startswith("s_")
    assert engine.keys.known("vera") is None
    assert engine.keys.external(first.viewer) is None
    assert "s1" not in repr(first)
    assert engine.access.sessions.key("vera", "s1") == first.viewer


def test_the_next_day_nothing_links_a_viewer_to_their_session(client: Any, engine: Engine) -> None:
    vera = {"events": [event("like", viewer="vera", video="v1", session_id="s1")], "consent": False}
    client.post("/v1/events", json=vera, headers=APP)
    engine.now_ms.now += 24 * HOUR_MS  # type: ignore[attr-defined]
    (liked,) = logged(engine, "like")
    assert engine.access.sessions.key("vera", "s1") != liked.viewer


def test_without_consent_a_session_still_repeats_no_video(client: Any) -> None:
    catalogue(client)
    vera = token(client, consent=False)
    shown = [
        item["video"]
        for _ in range(4)
        for item in own(client, vera, n=3, session_id="s").json()["items"]
    ]
    assert len(shown) == len(set(shown)) == 12


def test_what_a_viewer_asks_to_last_is_kept_under_their_own_key_and_tied_to_no_session(
    client: Any, engine: Engine
) -> None:
    vera = token(client, consent=False)
    post(
        client,
        event("follow", person="walt", video="v1", session_id="s1", request_id="r1"),
        event("hide", kind="creator", target="xena", session_id="s1"),
        headers=vera,
    )
    (follow,), (hide,) = logged(engine, "follow"), logged(engine, "hide")
    assert follow.viewer == hide.viewer == engine.keys.known("vera")
    assert (follow.video, follow.session_id, follow.request_id) == ("", "", "")
    assert hide.target == engine.keys.known("xena")


def test_a_viewer_who_switched_personalisation_off_is_logged_by_session_at_once(
    client: Any, engine: Engine
) -> None:
    like = {"viewer": "vera", "video": "v1", "session_id": "s"}
    post(client, event("like", **like), event("personalisation_set", viewer="vera", on=False),
         event("like", **like))  # fmt: skip
    post(client, event("like", **like))
    before, same_batch, after = logged(engine, "like")
    own_key = engine.keys.known("vera")
    assert before.viewer == own_key
    assert same_batch.viewer == after.viewer != own_key
    assert logged(engine, "personalisation_set")[0].viewer == own_key
    post(client, event("personalisation_set", viewer="vera", on=True), event("like", **like))
    assert logged(engine, "like")[-1].viewer == own_key


def test_a_backend_says_for_its_viewers_whether_they_consent(client: Any, engine: Engine) -> None:
    catalogue(client)
    get(client, viewer="vera", consent=0, session_id="s")
    (slate,) = logged(engine, "slate_served")
    assert slate.viewer == engine.access.sessions.key("vera", "s")
    assert slate.session_id == slate.viewer
    item = slate.items[0].video
    asked = {"viewer": "vera", "consent": 0, "session_id": "s"}
    why = client.get(f"/v1/feeds/for_you/why/{item}", params=asked, headers=APP)
    assert why.status_code == 200
