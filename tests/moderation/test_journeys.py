"""Moderation as an app, its creators and its moderators see it: only through HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from freshet.app import open_engine
from freshet.config import Http, Log, Settings
from freshet.domain.ids import uuid7
from freshet.engine import OneProcess
from freshet.http.app import create_app
from freshet.lab.duplicates.transform import CHANGES, copy_changed
from tests.feed.making import Clock
from tests.http.calling import ADMIN, APP, _ids, bearer
from tests.media.films import Film

DAY_MS = 86_400_000


class Town:
    """An app with a few people, each with a video: `by NAME`."""

    def __init__(self, http: httpx.AsyncClient, engine: OneProcess, clock: Clock) -> None:
        self.http, self.engine, self.clock = http, engine, clock
        made = engine.access.keys.create("moderators", ["moderate"])
        self.moderator = bearer(made.secret)

    async def get(self, path: str, headers: Any, **query: Any) -> Any:
        return await self.http.get(path, params=query, headers=headers)

    async def post(self, path: str, headers: Any, **body: Any) -> Any:
        return await self.http.post(path, json=body, headers=headers)

    async def settles(self, *people: str) -> None:
        await self.post("/v1/people", ADMIN, people=[{"id": one} for one in people])
        for one in people:
            await self.publishes(one, f"by {one}")

    async def publishes(self, person: str, video: str) -> None:
        await self.post("/v1/videos", ADMIN, videos=[{"id": video, "creator": person}])

    async def sends(self, video: str, file: bytes) -> Any:
        path = f"/v1/videos/{video}/fingerprint"
        return await self.http.post(path, content=file, headers=ADMIN)

    async def recommended(self, surface: str = "for_you", viewer: str = "") -> set[str]:
        """To somebody nobody has met, unless they are named."""
        viewer = viewer or f"visitor {len(self.engine.keys)}"
        answer = await self.get(f"/v1/feeds/{surface}", APP, viewer=viewer, n=50)
        return {item["video"] for item in answer.json()["items"]}

    async def tells(self, kind: str, viewer: str, **fields: Any) -> None:
        now_ms = self.engine.now_ms()
        event = {"type": kind, "event_id": uuid7(now_ms, _ids), "time": now_ms, "viewer": viewer}
        answer = await self.post("/v1/events", APP, events=[{**event, **fields}])
        assert answer.json()["errors"] == [], answer.text

    async def reports(self, video: str, *viewers: str) -> None:
        for viewer in viewers:
            await self.tells("report", viewer, video=video, reason="gory")
        await self.engine.catch_up()
        await self.engine.writer.moderation.react()

    async def decides(self, effect: str, **fields: Any) -> Any:
        told = {"moderator": "kim", "reason": "seen", "effect": effect, **fields}
        return (await self.post("/v1/moderation/decisions", self.moderator, **told)).json()

    async def acts_on(self, decision: str, verb: str, **fields: Any) -> Any:
        path = f"/v1/moderation/decisions/{decision}/{verb}"
        told = {"moderator": "lou", "reason": "looked again", **fields}
        return await self.post(path, self.moderator, **told)

    async def token(self, viewer: str) -> dict[str, str]:
        told = {"viewer": viewer, "ttl_s": 60, "consent": True}
        return bearer((await self.post("/v1/viewer_tokens", APP, **told)).json()["token"])


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    http = Http(api_key=APP["Authorization"][7:], admin_key=ADMIN["Authorization"][7:])
    settings, clock = Settings(data=str(folder), http=http, log=Log(tick_ms=0)), Clock()
    async with open_engine(settings, clock=clock) as engine, engine.running():
        transport = httpx.ASGITransport(create_app(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield Town(client, engine, clock)


def files(folder: Path) -> tuple[bytes, bytes]:
    """A film, and a copy of it."""
    original, mirrored = Film(seconds=3).write(folder / "original.mp4"), folder / "mirrored.mp4"
    copy_changed(original, CHANGES["mirror"], 1, mirrored)
    return original.read_bytes(), mirrored.read_bytes()


def refused(answer: Any) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["field"], error["reason"]


async def test_a_reupload_is_found_its_owner_sees_why_appeals_and_is_recommended_again(
    tmp_path: Path,
) -> None:
    original, mirrored = files(tmp_path)
    async with town(tmp_path / "data") as app:
        await app.settles("ann", "bob", "cat")
        assert (await app.sends("by ann", original)).json()["duplicate_of"] == ""
        looked = (await app.sends("by bob", mirrored)).json()
        assert looked["duplicate_of"] == "by ann"
        assert "mirrored" in looked["rulings"][0]["evidence"]["changes"]
        assert await app.recommended() == {"by ann", "by cat"}

        [side] = (await app.get("/v1/moderation/duplicates", app.moderator)).json()["pairs"]
        assert (side["copy_by"], side["original_by"]) == ("bob", "ann")

        bob = await app.token("bob")
        standing = (await app.get("/v1/people/bob/standing", bob)).json()
        [bearing] = standing["decisions"]
        told = (await app.get("/v1/people/bob/diagnosis", bob)).json()
        assert [(one["video"], one["cause"]) for one in told["videos"]] == [("by bob", "penalty")]
        why = (await app.get("/v1/videos/by bob/diagnosis", bob)).json()
        assert why["evidence"][0]["text"] == "this video is not recommended: a copy of by ann"
        ruling = bearing["ruling"]
        assert (ruling["effect"], ruling["reason"]) == ("duplicate", "a copy of by ann")
        assert bearing["may_appeal"]
        assert (await app.get("/v1/people/bob/standing", await app.token("ann"))).status_code == 403

        mine = {"decision": ruling["decision"], "text": "I filmed it, ann has it from me"}
        stranger = await app.post("/v1/appeals", await app.token("ann"), **mine)
        assert refused(stranger)[:2] == (400, "decision")
        assert (await app.post("/v1/appeals", bob, **mine)).status_code == 200
        [line] = (await app.get("/v1/moderation/queue", app.moderator)).json()["lines"]
        assert (line["why"], line["video"], line["person"]) == ("appeal", "by bob", "bob")
        await app.acts_on(ruling["decision"], "answer", granted=True)
        assert await app.recommended() == {"by ann", "by bob", "by cat"}
        standing = (await app.get("/v1/people/bob/standing", bob)).json()
        appeal = standing["decisions"][0]["ruling"]["appeal"]
        assert (appeal["granted"], appeal["actor"]) == (True, "moderator")

        again = (await app.sends("by bob", mirrored)).json()
        assert again["duplicate_of"] == ""  # it was decided, and reversed
        trail = (await app.get("/v1/moderation/audit", app.moderator, video="by bob")).json()
        done = [(entry["what"], entry["actor"]) for entry in trail["entries"]]
        assert done == [("answered", "moderator:lou"), ("appealed", ""),
                        ("decided", "rule:duplicates")]  # fmt: skip


async def test_newcomers_ask_and_proven_reporters_hold_back_until_a_moderator_decides(
    tmp_path: Path,
) -> None:
    crowd = [f"new{k}" for k in range(30)]
    async with town(tmp_path) as app:
        await app.settles("ann", "bob", "cat", "dan", "eve")
        await app.reports("by ann", *crowd)
        [line] = (await app.get("/v1/moderation/queue", app.moderator)).json()["lines"]
        assert (line["reports"], line["held_back"]) == (30, False)
        assert "by ann" in await app.recommended()

        for video in ("by bob", "by cat"):  # pat and pia are right twice
            await app.reports(video, "pat", "pia")
            await app.decides("upsetting", video=video)
        await app.reports("by dan", "pat", "pia", "pam", "pete")
        assert "by dan" not in await app.recommended()
        case = (await app.get("/v1/moderation/videos/by dan", app.moderator)).json()
        assert (case["reports"]["proven"], case["effects"]) == (2, ["review", "under_review"])
        assert case["reports"]["reasons"] == {"gory": 4}

        await app.decides("none", video="by dan")
        assert "by dan" in await app.recommended()
        await app.decides("none", video="by ann")
        await app.reports("by eve", *crowd)
        [line] = (await app.get("/v1/moderation/queue", app.moderator)).json()["lines"]
        assert (line["video"], line["weight"]) == ("by eve", 0.9)


async def test_a_penalty_keeps_all_videos_out_of_for_you_but_not_from_followers(
    tmp_path: Path,
) -> None:
    async with town(tmp_path) as app:
        await app.settles("ann", "bob")
        await app.tells("follow", "fan", person="ann")
        until = app.clock.now + DAY_MS
        made = await app.decides("penalised", person="ann", until=until)
        penalties = await app.get("/v1/moderation/decisions", app.moderator, effect="penalised")
        [penalty] = penalties.json()["decisions"]
        assert (penalty["person"], penalty["until"]) == ("ann", until)
        await app.publishes("ann", "later")
        assert await app.recommended() == {"by bob"}
        assert "later" in await app.recommended("following", "fan")
        standing = (await app.get("/v1/people/ann/standing", await app.token("ann"))).json()
        assert (standing["penalised"], standing["penalised_until"]) == (True, until)
        app.clock.now = until - 1
        await app.tells("open_app", "fan")
        assert await app.recommended() == {"by bob"}
        app.clock.now = until
        await app.tells("open_app", "fan")
        assert await app.recommended() > {"by bob"}
        late = await app.post("/v1/appeals", await app.token("ann"), decision=made["decision"],
                              text="too long")  # fmt: skip
        assert refused(late) == (400, "decision", "does not hold any more: ended")


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("/v1/moderation/decisions", {"effect": "spam"}, 400, "video"),
        ("/v1/moderation/decisions", {"effect": "ugly", "video": "v1"}, 400, "effect"),
        ("/v1/moderation/decisions", {"effect": "spam", "video": "gone"}, 404, "video"),
        ("/v1/moderation/decisions", {"effect": "penalised", "person": "gone"}, 404, "person"),
        ("/v1/moderation/decisions/gone/reverse", {}, 404, "decision"),
        ("/v1/moderation/decisions/gone/answer", {"granted": True}, 404, "decision"),
    ],
)
def test_what_is_wrong_is_told(
    shared: Any, path: str, body: dict[str, Any], status: int, field: str
) -> None:
    told = {"moderator": "kim", "reason": "seen", **body}
    answer = shared.post(path, json=told, headers=ADMIN)
    assert refused(answer)[:2] == (status, field)
    assert shared.post(path, json=told, headers=APP).status_code == 403


def test_a_list_of_what_no_decision_does_is_refused(shared: Any) -> None:
    answer = shared.get("/v1/moderation/decisions", params={"effect": "ugly"}, headers=ADMIN)
    assert refused(answer)[:2] == (400, "effect")


def test_a_file_that_is_too_large_empty_or_no_video_is_refused(shared: Any) -> None:
    shared.post("/v1/people", json={"id": "ann"}, headers=ADMIN)
    shared.post("/v1/videos", json={"id": "v1", "creator": "ann"}, headers=ADMIN)
    for body, status in ((b"", 400), (b"no video" * 9, 400), (b"x" * 300_000, 413)):
        answer = shared.post("/v1/videos/v1/fingerprint", content=body, headers=ADMIN)
        assert answer.status_code == status, answer.text
    gone = shared.post("/v1/videos/gone/fingerprint", content=b"x", headers=ADMIN)
    assert gone.status_code == 404
