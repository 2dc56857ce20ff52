"""Feeds of a loaded server: cheaper, and with every promise of the others."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from freshet.domain import events as e
from freshet.engine import OneProcess as Engine
from freshet.feed.answer import Answer
from freshet.feed.load import STEPS
from freshet.feed.options import Filters, Options
from freshet.surfaces.surfaces import Question
from tests.feed.making import engine_of, make, video, watched
from tests.feed.world import NOW_MS

FEWER, CACHED, POPULAR = STEPS[1:]
MANY = [video(f"v{i}") for i in range(40)]


async def opened(folder: Path, *events: e.Event, **told: Any) -> Engine:
    engine = engine_of(folder, **told)
    await engine.record(events)
    await engine.catch_up()
    return engine


async def ask(
    engine: Engine, step: int, viewer: str = "v", n: int = 5, surface: str = "for_you",
    **more: Any,
) -> Answer:  # fmt: skip
    """A feed answered in this step."""
    engine.load.step_of_next = lambda: step  # type: ignore[method-assign]
    answer = await engine.ask(surface, Question(viewer, n, may_shed=True, **more))
    await engine.catch_up()
    return answer


def videos(answer: Answer) -> list[str]:
    return [item.video for item in answer.items]


def slates(engine: Engine) -> list[e.SlateServed]:
    return [one for one in engine.log.events if isinstance(one, e.SlateServed)]  # type: ignore[attr-defined]


async def test_fewer_candidates_are_ranked_and_the_answer_says_so(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *[video(f"v{i}") for i in range(700)])
    counts = []
    for step, rung in ((0, ""), (1, FEWER)):
        answer = await ask(engine, step)
        assert answer.trace is not None
        assert (answer.rung, answer.trace.step) == (rung, rung)
        ranked = [one.after for one in answer.trace.rungs[0].steps if one.stage == "predict"]
        counts += ranked
    full, fewer = counts
    assert 200 <= fewer <= full / 2


async def test_the_rest_of_what_was_ranked_comes_next_and_is_recorded(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    first = await ask(engine, 0)
    answer = await ask(engine, 2)
    assert (answer.rung, len(answer.items)) == (CACHED, 5)
    assert not set(videos(first)) & set(videos(answer))
    assert answer.trace is not None
    assert [trace.pipeline for trace in answer.trace.rungs] == ["for_you.cached_slate"]
    assert all(why.code == "left_over" for item in answer.items for why in item.reasons)
    assert all(item.propensity == 1.0 for item in answer.items)
    told = slates(engine)[-1]
    assert (told.rung, [one.video for one in told.items]) == (CACHED, videos(answer))
    features = np.frombuffer(told.features, np.float16).reshape(5, -1)
    assert features.shape[1] == len(engine.live.feature_names)


async def test_of_the_rest_only_what_may_be_shown_now_is(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    first = await ask(engine, 0)
    left = [f"v{i}" for i in range(40) if f"v{i}" not in videos(first)]
    hidden, barred, blocked, seen = (left[i::5] for i in range(4))
    acts = [make(e.Hide, viewer="v", kind="video", target=one) for one in hidden]
    acts += [make(e.LabelSet, video=one, label="ineligible", actor="us") for one in barred]
    acts += [make(e.Block, viewer="v", person=f"creator of {one}") for one in blocked]
    await engine.record([*acts, *watched("v", *seen)])
    answer = await ask(engine, 2)
    assert answer.rung == CACHED
    assert len(answer.items) == 5
    assert set(videos(answer)) <= set(left[4::5])


async def test_of_the_rest_what_is_wanted_less_comes_later(tmp_path: Path) -> None:
    clips = [video(f"v{i}", topics=("cats" if i % 2 else "cars",)) for i in range(40)]
    likes = watched("v", *[f"v{i}" for i in range(1, 12, 2)])
    engine = await opened(tmp_path, *clips, *likes)
    await ask(engine, 0, n=2)
    await engine.record([make(e.LessOf, viewer="v", kind="topic", target="cats")])
    answer = await ask(engine, 2)
    assert answer.rung == CACHED
    assert all(int(name[1:]) % 2 == 0 for name in videos(answer))


@pytest.mark.parametrize(
    "more",
    [
        {"session_id": "another"},
        {"options": Options(filters=Filters(videos=tuple(f"v{i}" for i in range(40))))},
        {"options": Options(personalised=False)},
        {"viewer": "w"},
    ],
    ids=lambda more: next(iter(more)),
)
async def test_another_session_or_question_gets_a_ranking_of_its_own(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    engine = await opened(tmp_path, *MANY)
    await ask(engine, 0)
    assert (await ask(engine, 2, **more)).rung == FEWER


async def test_who_began_anew_is_not_shown_what_was_ranked_before(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY, *watched("v", "v1", "v2"))
    await ask(engine, 0)
    engine.live.watched.clear()  # type: ignore[attr-defined]
    assert (await ask(engine, 2)).rung == FEWER


async def test_what_was_ranked_long_ago_is_not_gone_on_with(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    await ask(engine, 0)
    engine.now_ms.now = NOW_MS + 601_000  # type: ignore[attr-defined]
    assert (await ask(engine, 2)).rung == FEWER


async def test_a_rest_too_short_for_the_slate_is_passed_over(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY[:8])
    await ask(engine, 0, n=5)
    answer = await ask(engine, 2, n=5)
    assert (answer.rung, len(answer.items)) == (FEWER, 3)


async def test_popular_is_what_was_shown_most_in_ones_country_first(tmp_path: Path) -> None:
    seen = {"here1": 3, "here2": 2, "there1": 9, "there2": 8, "there3": 40, "none": 0}
    clips = [video(name, country="FR" if name.startswith("here") else "DE") for name in seen]
    shown = [
        one for name, count in seen.items()
        for number in range(count) for one in watched(f"other{number}", name)
    ]  # fmt: skip
    home = make(e.PersonSaved, person="v", country="FR")
    engine = await opened(tmp_path, home, *clips, *shown)
    answer = await ask(engine, 3, n=6)
    assert answer.rung == POPULAR
    # here1 counts as 15 views and here2 as 11: before there1's 9.
    assert videos(answer) == ["there3", "here1", "here2", "there1", "there2", "none"]
    assert {why.code for item in answer.items for why in item.reasons} == {"popular_here"}
    assert all(item.propensity == 1.0 for item in answer.items)
    assert slates(engine)[-1].rung == POPULAR


async def test_the_last_step_goes_on_with_the_session_where_it_can(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    await ask(engine, 0)
    answer = await ask(engine, 3)
    assert answer.trace is not None
    assert (answer.rung, answer.trace.step) == (CACHED, POPULAR)


async def test_whatever_the_steps_nothing_comes_twice_and_all_comes(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    random, got, rungs = Random(1), [], set()
    while answer := await ask(engine, random.randrange(4), n=3):
        if not answer.items:
            break
        got += videos(answer)
        rungs.add(answer.rung)
    assert sorted(got) == sorted(one.video for one in MANY)
    assert {FEWER, CACHED, POPULAR} <= rungs
    assert answer.rung == "exhausted"
    assert [one.video for slate in slates(engine) for one in slate.items] == got


async def test_slates_not_folded_yet_are_reckoned_with(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    engine.load.step_of_next = lambda: 3  # type: ignore[method-assign]
    got: list[str] = []
    for _ in range(4):
        answer = await engine.ask("for_you", Question("v", 5, may_shed=True))
        got += videos(answer)
    assert len(got) == len(set(got)) == 20


@pytest.mark.parametrize("step", [1, 2, 3])
async def test_pins_and_filters_hold_in_every_step(tmp_path: Path, step: int) -> None:
    engine = await opened(tmp_path, *MANY)
    wanted = Options(
        filters=Filters(videos=tuple(f"v{i}" for i in range(0, 40, 2))), pins={"v4": 1}
    )
    if step == 2:
        await ask(engine, 0, n=2, options=wanted)
        wanted = Options(filters=wanted.filters, pins={"v8": 1})
    answer = await ask(engine, step, options=wanted)
    assert answer.rung == STEPS[step]
    assert answer.items[1].source == "pinned"
    assert all(int(name[1:]) % 2 == 0 for name in videos(answer))


async def test_following_shows_only_whom_one_follows_in_every_step(tmp_path: Path) -> None:
    clips = [video(f"a{i}", "ann", i + 1, sound=f"s{i}") for i in range(3)]
    clips += [video(f"b{i}", "bob", i + 1, sound=f"t{i}") for i in range(3)]
    follow = [make(e.Follow, viewer="v", person=person) for person in ("ann", "bob")]
    engine = await opened(tmp_path, *MANY, *clips, *follow)
    got = []
    for step in (0, 2, 3, 1):
        answer = await ask(engine, step, n=1, surface="following")
        assert answer.rung in ("", FEWER, CACHED)
        got += videos(answer)
    assert len(set(got)) == 4
    assert {name[0] for name in got} == {"a", "b"}


async def test_whom_one_follows_no_more_is_not_in_the_rest(tmp_path: Path) -> None:
    people = [f"p{i}" for i in range(8)]
    clips = [video(f"v{i}", f"p{i % 8}", i + 1) for i in range(24)]
    engine = await opened(
        tmp_path, *clips, *(make(e.Follow, viewer="v", person=person) for person in people)
    )
    await ask(engine, 0, n=2, surface="following")
    await engine.record([make(e.Unfollow, viewer="v", person=person) for person in people[:6]])
    answer = await ask(engine, 2, n=3, surface="following")
    assert answer.rung == CACHED
    assert {int(name[1:]) % 8 for name in videos(answer)} == {6, 7}


async def test_a_request_that_is_repeated_gets_its_slate_whatever_the_step(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    first = await ask(engine, 3, request_id="r")
    again = await ask(engine, 0, request_id="r")
    assert (again.items, again.rung) == (first.items, POPULAR)
    assert len(slates(engine)) == 1


async def test_who_is_not_asked_over_http_is_answered_in_full(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    engine.load.step_of_next = lambda: 3  # type: ignore[method-assign]
    assert (await engine.feed("for_you", "v", 5)).rung == ""
