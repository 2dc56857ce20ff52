"""Moderation and stages through both Python clients, against a real server."""

from __future__ import annotations

import asyncio

import pytest

from freshet_client import AsyncClient, Client, NotFound, Person, Refused, Video
from tests.clients.conftest import PATIENCE_S
from tests.clients.serving import ADMIN_KEY, API_KEY, Served


@pytest.fixture
def admin(admin: Client) -> Client:
    admin.people.save(Person(id="nell"), Person(id="olga"))
    admin.videos.save(Video(id="nell's", creator="nell"), Video(id="olga's", creator="olga"))
    return admin


def test_a_decision_is_made_appealed_against_and_taken_back(admin: Client, client: Client) -> None:
    desk = admin.moderation
    copy = desk.decide(
        "duplicate", video="nell's", original="olga's", moderator="kim", reason="the same"
    )
    assert [side.copy for side in desk.duplicates()] == ["nell's"]
    [bearing] = client.people.standing("nell").decisions
    assert (bearing.ruling.reason, bearing.may_appeal) == ("the same", True)

    client.appeal(copy.decision, "it is mine", person="nell")
    assert [line.why for line in desk.queue() if line.video == "nell's"] == ["appeal"]
    granted = desk.answer(copy.decision, granted=True, moderator="lou", reason="so it is")
    assert (granted.state, granted.appeal and granted.appeal.granted) == ("reversed", True)
    assert [side.copy for side in desk.duplicates(past=True)] == ["nell's"]
    trail = [(entry.what, entry.actor) for entry in desk.audit(video="nell's")]
    assert ("answered", "moderator:lou") in trail


def test_a_penalty_is_in_force_until_it_is_reversed(admin: Client) -> None:
    desk = admin.moderation
    made = desk.decide("penalised", person="olga", moderator="kim", reason="thrice")
    assert [one.person for one in desk.decisions("penalised")] == ["olga"]
    assert desk.video("olga's").penalised
    assert admin.people.standing("olga").penalised
    desk.reverse(made.decision, moderator="kim", reason="mistaken")
    assert list(desk.decisions("penalised")) == []
    assert [one.state for one in desk.person("olga").decisions] == ["reversed"]


def test_what_is_wrong_says_what_would_be_right(admin: Client) -> None:
    with pytest.raises(Refused, match="nothing to dismiss") as refused:
        admin.moderation.decide("none", video="nell's", moderator="kim", reason="fine")
    assert refused.value.right
    with pytest.raises(NotFound):
        admin.videos.journey("nobody's")


def test_what_is_no_video_cannot_be_looked_at(admin: Client) -> None:
    for file in (b"", b"no video"):
        with pytest.raises(Refused):
            admin.videos.fingerprint("nell's", file)


def test_a_creator_is_told_how_their_videos_fare(admin: Client, client: Client) -> None:
    assert [one.video for one in client.people.diagnosis("nell").videos] == ["nell's"]
    told = client.videos.diagnosis("nell's")
    assert (told.cause, told.next.code) == ("", "next_waits")
    assert told.journey == admin.videos.journey("nell's")
    assert (told.journey.state, told.journey.stage) == ("running", 0)


def test_the_awaited_client_asks_the_same(server: Served) -> None:
    async def asks() -> tuple[bool, int]:
        async with AsyncClient(server.url, ADMIN_KEY, timeout_s=PATIENCE_S) as client:
            stages = await client.stages()
            lines = [line async for line in client.moderation.queue()]
            return stages.on, len(lines)

    assert asyncio.run(asks()) == (True, 0)


def test_an_apps_key_does_not_moderate(server: Served) -> None:
    with Client(server.url, API_KEY) as client, pytest.raises(Refused, match="scope"):
        list(client.moderation.queue())
