"""A fair start over HTTP: who made a video does not matter, how it is watched does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from freshet.distribution.settings import Stages
from freshet.http.app import create_app
from tests.feed.making import engine_of
from tests.feed.world import HOUR_MS, NOW_MS
from tests.http.calling import ADMIN, APP, bearer, event, post, published

SMALL = Stages(on=True, quotas=(20, 60, 200), quota_min=20, established=30)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient[Any]]:
    engine = engine_of(tmp_path, stages=SMALL)
    with TestClient(create_app(engine), raise_server_exceptions=False) as opened:
        yield opened


def upload(client: Any, name: str, creator: str) -> None:
    made = published(name, creator=creator, created=NOW_MS - HOUR_MS, duration_ms=15_000)
    assert post(client, made, headers=ADMIN).status_code == 200


def watched(client: Any, name: str, seconds: float, viewers: range) -> None:
    for viewer in viewers:
        seen = {"viewer": f"w{viewer}", "video": name}
        watch = {"watched_ms": int(1000 * seconds), "left": True, "completed": seconds >= 15}
        said = post(client, event("impression", **seen), event("watch", **seen, **watch))
        assert said.status_code == 200


def journey(client: Any, name: str) -> dict[str, Any]:
    answer = client.get(f"/v1/videos/{name}/journey", headers=ADMIN)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_bad_video_of_a_star_stops_early_and_a_good_one_of_a_newcomer_opens(client: Any) -> None:
    follows = [event("follow", viewer=f"fan{fan}", person="star") for fan in range(40)]
    assert post(client, *follows).status_code == 200
    for other in range(8):  # what is usual here
        upload(client, f"usual{other}", f"maker{other}")
        watched(client, f"usual{other}", 15, range(6))
        watched(client, f"usual{other}", 1, range(6, 16))
    upload(client, "by the star", "star")
    upload(client, "by nobody", "newcomer")
    assert journey(client, "by the star")["audience"] == "followers"
    assert journey(client, "by nobody")["audience"] == "everybody"

    watched(client, "by the star", 0.5, range(100, 130))
    watched(client, "by nobody", 15, range(100, 180))
    star, newcomer = journey(client, "by the star"), journey(client, "by nobody")
    assert (star["state"], star["stage"]) == ("stopped", 0)
    assert star["decisions"][-1]["impressions"] <= 20
    assert star["chance"] < star["stop"]
    assert newcomer["state"] == "open"
    assert [one["verdict"] for one in newcomer["decisions"]] == ["promoted", "promoted", "opened"]

    told = client.get("/v1/admin/stages", headers=ADMIN).json()
    assert told["on"] is True
    assert told["steps"][0]["stopped"] >= 1
    assert told["steps"][0]["promoted"] >= 1


def test_a_video_that_was_never_on_trial_has_no_journey(client: Any) -> None:
    assert client.get("/v1/videos/unheard/journey", headers=ADMIN).status_code == 404
    post(client, published("old"), headers=ADMIN)
    upload(client, "new", "ann")
    assert journey(client, "new")["state"] == "running"
    assert client.get("/v1/admin/stages", headers=APP).status_code == 403


def diagnosis(client: Any, name: str, headers: Any = APP) -> Any:
    return client.get(f"/v1/videos/{name}/diagnosis", headers=headers)


def test_who_left_at_once_is_what_is_said_of_a_video_that_nobody_watched(client: Any) -> None:
    for other in range(6):
        upload(client, f"usual{other}", f"maker{other}")
        watched(client, f"usual{other}", 15, range(10))
        watched(client, f"usual{other}", 8, range(10, 16))
    upload(client, "dull", "ann")
    watched(client, "dull", 0.5, range(100, 120))
    told = diagnosis(client, "dull").json()
    assert (told["journey"]["state"], told["stalled"], told["cause"]) == (
        "stopped",
        True,
        "watching",
    )
    assert told["chance"] > 0.9
    assert [one["code"] for one in told["evidence"]][:2] == ["left_early", "worth_less"]
    assert told["help"][0]["code"] == "help_start"
    assert told["leaving"]["most_s"] == 0.75
    assert {one["name"]: one["verdict"] for one in told["numbers"]}["long_view"] == "below"
    good = diagnosis(client, "usual0").json()
    assert (good["stalled"], good["cause"], good["next"]["code"][:5]) == (False, "", "next_")


def test_a_penalised_creator_is_told_which_penalty_and_until_when(client: Any) -> None:
    upload(client, "held", "ann")
    decided = {"moderator": "mo", "effect": "penalised", "reason": "bought views",
               "person": "ann", "until": NOW_MS + 24 * HOUR_MS}  # fmt: skip
    made = client.post("/v1/moderation/decisions", json=decided, headers=ADMIN)
    assert made.status_code == 200, made.text
    told = diagnosis(client, "held").json()
    assert (told["cause"], told["chance"]) == ("penalty", 1.0)
    assert told["penalties"][0]["until"] == NOW_MS + 24 * HOUR_MS
    assert "bought views" in told["evidence"][0]["text"]
    person = client.get("/v1/people/ann/diagnosis", headers=APP).json()
    assert (person["person"], person["penalties"][0]["of"]) == ("ann", "person")


def test_only_its_creator_is_told_of_a_video(client: Any) -> None:
    upload(client, "mine", "ann")
    ann, ben = (
        bearer(client.post("/v1/viewer_tokens", json={"viewer": name}, headers=APP).json()["token"])
        for name in ("ann", "ben")
    )
    assert client.get("/v1/videos/mine/journey", headers=ann).status_code == 200
    assert diagnosis(client, "mine", ann).status_code == 200
    assert client.get("/v1/people/ann/diagnosis", headers=ann).status_code == 200
    refused = diagnosis(client, "mine", ben)
    assert (refused.status_code, refused.json()["error"]["field"]) == (404, "video")
    assert client.get("/v1/videos/mine/journey", headers=ben).status_code == 404
    assert client.get("/v1/people/ann/diagnosis", headers=ben).status_code == 403
    assert diagnosis(client, "unheard").status_code == 404


def test_the_operator_sees_what_creators_of_each_size_get(client: Any) -> None:
    follows = [event("follow", viewer=f"fan{fan}", person="star") for fan in range(40)]
    assert post(client, *follows).status_code == 200
    upload(client, "small", "ann")
    upload(client, "big", "star")
    watched(client, "small", 15, range(6))
    sizes = client.get("/v1/admin/stages", headers=ADMIN).json()["by_size"]
    told = {
        one["followers_min"]: (one["creators"], one["videos"], one["impressions"]) for one in sizes
    }
    assert (told[0], told[10], told[100]) == ((1, 1, 6), (1, 1, 0), (0, 0, 0))
