"""Nothing that a phone sends is lost for a small fault: clocks, unknown fields, early acts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from freshet.app import open_engine
from freshet.config import Http, Settings
from freshet.domain.ids import uuid7
from freshet.engine import OneProcess as Engine
from freshet.features.ring import H_COUNT, H_WATCHED
from freshet.http.app import create_app
from tests.feed.world import HOUR_MS, NOW_MS
from tests.http.calling import ADMIN, APP, _ids, catalogue, event, post, published

LIKE: dict[str, Any] = {"viewer": "vera", "video": "v1"}
DAY_MS = 24 * HOUR_MS


def liked(engine: Engine) -> list[Any]:
    log = engine.log.events  # type: ignore[attr-defined]
    return [x for x in log if type(x).__struct_config__.tag == "like"]


def at(time: int) -> dict[str, Any]:
    return {**event("like", **LIKE), "time": time}


# --- clocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong_by", [-400 * DAY_MS, -HOUR_MS, 31_000, 3 * HOUR_MS, 900 * DAY_MS])
def test_a_wrong_clock_is_set_right_by_the_batch_it_came_in(
    client: Any, engine: Engine, wrong_by: int
) -> None:
    sent_at = NOW_MS + wrong_by
    told = post(client, at(sent_at - 5_000), at(sent_at - 2 * HOUR_MS), sent_at=sent_at).json()
    assert (told["accepted"], told["corrected"], told["clamped"]) == (2, 2, 0)
    assert [(x.time, x.clock) for x in liked(engine)] == [
        (NOW_MS - 5_000, "corrected"),
        (NOW_MS - 2 * HOUR_MS, "corrected"),
    ]


def test_a_clock_that_is_nearly_right_is_believed(client: Any, engine: Engine) -> None:
    told = post(client, at(NOW_MS - 5_000), sent_at=NOW_MS - 30_000).json()
    assert (told["corrected"], told["clamped"]) == (0, 0)
    assert [(x.time, x.clock) for x in liked(engine)] == [(NOW_MS - 5_000, "kept")]


@pytest.mark.parametrize("time", [NOW_MS + 61_000, NOW_MS * 2, 10**30, NOW_MS - 8 * DAY_MS, 0, -5])
def test_without_the_senders_clock_a_time_that_cannot_be_is_held_to_now(
    client: Any, engine: Engine, time: int
) -> None:
    told = post(client, at(time), at(NOW_MS - HOUR_MS)).json()
    assert (told["accepted"], told["clamped"]) == (2, 1)
    assert [(x.time, x.clock) for x in liked(engine)] == [
        (NOW_MS, "clamped"),
        (NOW_MS - HOUR_MS, "kept"),
    ]


def test_a_time_that_stays_impossible_after_correction_is_held_to_now(
    client: Any, engine: Engine
) -> None:
    told = post(client, at(NOW_MS + 10 * DAY_MS), sent_at=NOW_MS - HOUR_MS).json()
    assert (told["corrected"], told["clamped"]) == (0, 1)
    assert liked(engine)[0].clock == "clamped"


def test_a_supplys_wrong_time_is_refused_since_a_backend_can_put_it_right(client: Any) -> None:
    late = {**published("v"), "time": NOW_MS + 2 * DAY_MS}
    (error,) = post(client, late, headers=ADMIN).json()["errors"]
    assert error["field"] == "time"


def test_the_answer_tells_the_servers_clock(client: Any) -> None:
    assert post(client, at(NOW_MS)).json()["now"] == NOW_MS


@pytest.mark.parametrize("sent_at", [-1, "now", 1.5])
def test_a_senders_clock_of_the_wrong_form_is_refused(client: Any, sent_at: Any) -> None:
    answer = post(client, at(NOW_MS), sent_at=sent_at)
    assert answer.status_code == 400
    assert "sent_at" in answer.json()["error"]["reason"]


# --- unknown fields ---------------------------------------------------------------------------


def test_unknown_fields_of_what_viewers_did_are_dropped_and_counted(
    client: Any, engine: Engine
) -> None:
    told = post(
        client, event("like", **LIKE, mood="up", device={"os": "x"}),
        event("like", **LIKE, mood="down"), event("like", **LIKE),
    ).json()  # fmt: skip
    assert (told["accepted"], told["errors"]) == (3, [])
    assert told["dropped"] == {"mood": 2, "device": 1}
    assert len(liked(engine)) == 3


def test_an_unknown_field_of_supply_is_refused(client: Any) -> None:
    told = post(client, published("v", mood="up"), published("w"), headers=ADMIN).json()
    assert (told["accepted"], told["dropped"]) == (1, {})
    assert told["errors"][0]["field"] == "mood"


def test_an_unknown_field_hides_no_other_fault(client: Any) -> None:
    told = post(client, event("watch", **LIKE, mood="up", watched_ms="9"))
    (error,) = told.json()["errors"]
    assert (told.status_code, error["field"]) == (400, "watched_ms")
    assert told.json()["dropped"] == {}


def test_an_unknown_field_of_the_batch_is_refused(client: Any) -> None:
    answer = post(client, event("like", **LIKE), mood="up")
    assert answer.status_code == 400


def test_however_many_unknown_fields_come_the_answer_stays_short(client: Any) -> None:
    odd = {f"{i:03}" + "x" * 200: 1 for i in range(300)}
    dropped = post(client, event("like", **LIKE, **odd)).json()["dropped"]
    assert len(dropped) == 50
    assert max(map(len, dropped)) == 60


# --- what is not known yet --------------------------------------------------------------------


def test_acts_on_a_video_not_known_yet_are_kept_and_counted(client: Any, engine: Engine) -> None:
    catalogue(client, 2)
    early = event("like", viewer="new here", video="not yet")
    told = post(client, event("like", **LIKE), early).json()
    assert (told["accepted"], told["parked"]) == (2, 1)
    assert engine.keys.known("new here") is not None
    assert post(client, early).json()["parked"] == 0  # a repeat waits for nothing


def test_a_video_published_earlier_in_the_same_batch_is_known(client: Any) -> None:
    told = post(client, published("v"), event("like", viewer="vera", video="v"), headers=ADMIN)
    assert told.json()["parked"] == 0


def test_a_vector_of_the_wrong_length_is_refused(client: Any) -> None:
    told = post(client, published("v", vector="AAAA"), headers=ADMIN).json()
    assert told["errors"][0]["field"] == "vector"


# --- with the real log and state --------------------------------------------------------------


async def test_progress_may_repeat_and_come_late_and_the_most_counts(tmp_path: Path) -> None:
    http = Http(api_key=APP["Authorization"][7:], admin_key=ADMIN["Authorization"][7:])
    settings = Settings(data=str(tmp_path), http=http)
    async with open_engine(settings) as engine, engine.running():
        app: Any = create_app(engine)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

            def now(made: dict[str, Any]) -> dict[str, Any]:
                time = engine.now_ms()
                return {**made, "event_id": uuid7(time, _ids), "time": time}

            async def send(*events: dict[str, Any], headers: Any = APP) -> dict[str, Any]:
                body = {"events": [now(x) for x in events]}
                answer = await client.post("/v1/events", json=body, headers=headers)
                told: dict[str, Any] = answer.json()
                assert told["errors"] == [], told
                return told

            await send(published("v1", duration_ms=60_000), headers=ADMIN)
            await send(event("impression", **LIKE))
            for watched_ms in (3_000, 9_000, 5_000, 9_000, 1_000):
                await send(event("watch", **LIKE, watched_ms=watched_ms))
            told = await send(event("watch", **LIKE, watched_ms=2_000, left=True))
            assert told["parked"] == 0
            await engine.catch_up()
            live: Any = engine.live
            row = live.viewer_row(engine.keys.known("vera"))
            viewer = live.row_of(row)
            assert viewer[H_COUNT] == 1
            assert viewer[H_WATCHED] == 9_000

            # An id tells when it was made; repeats of one made a week ago could not be found.
            old = {**event("like", **LIKE), "event_id": uuid7(engine.now_ms() - 8 * DAY_MS, _ids)}
            answer = await client.post("/v1/events", json=[old], headers=APP)
            (error,) = answer.json()["errors"]
            assert (answer.status_code, error["code"]) == (400, "too_late")
            assert error["field"] == "event_id"
