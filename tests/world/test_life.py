"""Life goes only through HTTP: viewers act by taste, creators post, nothing is told twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from freshet.domain import events as e
from freshet.domain.errors import Broken, Overloaded, Refused, Unavailable
from freshet.engine import OneProcess as Engine
from freshet.http.app import create_app
from freshet.world import manifest
from freshet.world.api import Api
from freshet.world.life import Life, Manner, everybody
from freshet.world.manifest import Made, World
from freshet.world.pace import Pace
from freshet.world.plan import Plan, make_plan
from freshet.world.publish import Posted, introduce, publish
from freshet.world.taste import Taste
from tests.feed.making import engine_of
from tests.feed.world import NOW_MS

KEY = "key of the admin"
FILES = {"mp4": Made(1, "")}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(creators=12, clips=48, seed=7)


@pytest.fixture
def folder(plan: Plan, tmp_path: Path) -> Path:
    """A world all of whose clips are said to be made."""
    made = tmp_path / "world"
    made.mkdir()
    manifest.save(made, World(plan, {clip.id: FILES for clip in plan.clips}))
    return made


@asynccontextmanager
async def served(tmp_path: Path, key: str = KEY) -> AsyncIterator[tuple[Engine, Api]]:
    """An engine, and an API that reaches it through its HTTP app."""
    engine = engine_of(tmp_path)
    app: Any = create_app(engine)
    transport = httpx.ASGITransport(app)
    client = httpx.AsyncClient(transport=transport, base_url="http://here")
    async with engine.running(), Api("", key, client) as api:
        yield engine, api


async def logged(engine: Engine) -> list[Any]:
    return [event async for batch in engine.log.read() for event in batch.events]


def life(folder: Path, api: Api, **manner: Any) -> Life:
    told = {"viewers": 9, "rate": 400.0, "haste": 1e6, "post_every_s": 0.05, "reserve": 8} | manner
    one = Manner(**told)
    return Life(folder, api, Pace(one.rate), one, now_ms=lambda: NOW_MS)


# --- a life ---------------------------------------------------------------------------------


async def test_some_hundred_swipes_leave_views_acts_and_new_videos(
    folder: Path, plan: Plan, tmp_path: Path
) -> None:
    async with served(tmp_path) as (engine, api):
        lived = life(folder, api, swipes=300)
        await lived.run()
        events = await logged(engine)
    kinds = Counter(type(event) for event in events)
    assert lived.counts["swipes"] >= 300
    assert kinds[e.Impression] == kinds[e.Watch] >= 300
    assert kinds[e.OpenApp] == lived.counts["sessions"] > 0
    assert kinds[e.Like] == lived.counts["like"] > 0
    assert kinds[e.PersonSaved] == len(plan.people) + 9
    assert kinds[e.SoundSaved] == len(plan.sounds)
    # The end may come between the last one's posting and its being counted.
    assert kinds[e.VideoPublished] - 40 - lived.counts["posted"] in (0, 1)
    slates = {event.request_id for event in events if isinstance(event, e.SlateServed)}
    assert {event.request_id for event in events if isinstance(event, e.Impression)} <= slates
    watched = [event for event in events if isinstance(event, e.Watch)]
    assert all(event.left and event.session_id and event.duration_ms for event in watched)


async def test_clips_kept_back_are_posted_one_by_one_by_their_creators(
    folder: Path, plan: Plan, tmp_path: Path
) -> None:
    async with served(tmp_path) as (engine, api):
        lived = life(folder, api, post_every_s=0.01)
        going = asyncio.create_task(lived.run())
        while lived.counts["posted"] < 2:  # noqa: ASYNC110 (a count wakes nobody)
            await asyncio.sleep(0.01)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        events = await logged(engine)
    posted = [event for event in events if isinstance(event, e.VideoPublished)]
    assert [event.video for event in posted[:42]] == [clip.id for clip in plan.clips[:42]]
    ages = [NOW_MS - event.created for event in posted]
    assert min(ages[:40]) > 0
    assert set(ages[40:]) == {0}


async def test_a_second_life_goes_on_where_the_first_stopped(folder: Path, tmp_path: Path) -> None:
    async with served(tmp_path) as (engine, api):
        for _ in range(2):
            await life(folder, api, swipes=5, post_every_s=60).run()
        events = await logged(engine)
    videos = Counter(event.video for event in events if isinstance(event, e.VideoPublished))
    assert set(videos.values()) == {1}


async def test_publishing_again_after_a_crash_tells_nothing_twice(
    plan: Plan, tmp_path: Path
) -> None:
    async with served(tmp_path) as (engine, api):
        for _ in range(2):  # the second time nobody had kept what was posted
            await introduce(plan, api)
            await publish(api, plan.clips, Posted(NOW_MS))
        events = await logged(engine)
    assert Counter(type(event) for event in events)[e.VideoPublished] == len(plan.clips)
    assert len({event.event_id for event in events}) == len(events)
    original = {sound.id for sound in plan.sounds if sound.original}
    for event in events:
        if isinstance(event, e.VideoPublished):
            assert event.original_sound == (event.sound in original)
            assert (event.hashtags, event.country, event.width) != ((), "", 0)


async def test_a_paused_life_stands_still_and_goes_on(folder: Path, tmp_path: Path) -> None:
    pause = tmp_path / "pause"
    pause.touch()
    async with served(tmp_path) as (_, api):
        lived = life(folder, api, swipes=10)
        lived.pace.pause = pause
        going = asyncio.create_task(lived.run())
        await asyncio.sleep(0.3)
        assert lived.counts["swipes"] == 0
        pause.unlink()
        await going
        assert lived.counts["swipes"] >= 10


# --- a server in trouble --------------------------------------------------------------------


def answering(*answers: httpx.Response | Exception) -> Api:
    """An API whose server gives these answers, the last one for ever."""
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, Exception):
            raise one
        return httpx.Response(one.status_code, headers=one.headers, content=one.content)

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://here")
    return Api("", KEY, client)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503, headers={"retry-after": "2"}), Overloaded),
        (httpx.Response(429), Overloaded),
        (httpx.ConnectError("nobody there"), Unavailable),
        (httpx.Response(401, json={"code": "refused"}), Refused),
        (httpx.Response(500), Broken),
    ],
)
async def test_what_a_server_answers_becomes_an_error_of_ours(
    answer: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await answering(answer).feed("vera", 3)


async def test_an_event_that_is_not_taken_is_told_with_its_reason() -> None:
    body = {"accepted": 0, "errors": [{"index": 0, "code": "refused", "field": "video",
                                       "reason": "is empty"}]}  # fmt: skip
    with pytest.raises(Refused, match="video: is empty"):
        await answering(httpx.Response(400, json=body)).tell([{"type": "like", "time": 1}])


async def test_a_wrong_key_ends_life_with_a_word(folder: Path, tmp_path: Path) -> None:
    async with served(tmp_path, key="wrong") as (_, api):
        with pytest.raises(Refused):
            await life(folder, api).run()


def test_a_slow_server_halves_the_pace_once_a_second_and_a_quick_one_restores_it() -> None:
    now = [0.0]
    pace = Pace(8.0, clock=lambda: now[0])
    for _ in range(5):
        pace.answered(2.0)
    assert pace.per_s == 4.0
    now[0] = 1.5
    pace.slower()
    assert (pace.per_s, pace.slowed) == (2.0, 2)
    for _ in range(100):
        pace.answered(0.01)
    assert pace.per_s == 8.0


# --- tastes ---------------------------------------------------------------------------------


def test_a_taste_is_drawn_from_its_name_alone(plan: Plan) -> None:
    one, same, other = (Taste.of(name, plan) for name in ("vera", "vera", "otto"))
    assert one.topics == same.topics != other.topics
    assert [one.watch(clip) for clip in plan.clips] == [same.watch(clip) for clip in plan.clips]


def test_who_loves_a_topic_watches_it_longer_and_likes_it_more(plan: Plan) -> None:
    loved, other = Counter[str](), Counter[str]()
    for viewer in everybody(plan, 200):
        viewer.sit_down()
        for clip in plan.clips[:12]:
            view = viewer.watch(clip)
            into = loved if viewer.topics[clip.topic] > 0.8 else other
            into.update({"n": 1, "finished": int(view.completed), "like": view.acts.count("like")})
    assert loved["finished"] / loved["n"] > 2.5 * other["finished"] / other["n"]
    assert loved["like"] / loved["n"] > 4 * other["like"] / other["n"]


def test_too_much_of_one_topic_tires(plan: Plan) -> None:
    viewer = Taste.of("vera", plan)
    viewer.sit_down()
    clip = plan.clips[0]
    fresh = viewer.appeal(clip)
    for _ in range(8):
        viewer.watch(clip)
    assert viewer.appeal(clip) < fresh - 0.4


def test_creators_like_what_they_post_about(plan: Plan) -> None:
    for viewer, person in zip(everybody(plan, 0), plan.people, strict=True):
        assert all(viewer.topics[topic] > 0.8 for topic in person.topics)


def test_a_plain_viewer_has_two_to_four_loves(plan: Plan) -> None:
    loves = [sum(x > 0.8 for x in one.topics.values()) for one in everybody(plan, 200)[12:]]
    assert {2, 3, 4} <= set(loves)
    assert sorted(loves)[100] in (2, 3, 4)
