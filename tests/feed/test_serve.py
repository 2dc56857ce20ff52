"""Serving: logged before answered, repeatable by request, fresh, never twice, never empty."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freshet.config import Log
from freshet.domain import events as e
from freshet.domain.errors import Broken, NotFound, Unavailable
from freshet.engine import OneProcess as Engine
from freshet.feed.answer import Answer
from freshet.feed.served import RecentSlates
from freshet.log.ports import Batch
from tests.feed.making import engine_of, make, video, watched
from tests.feed.world import DAY_MS, NOW_MS, FakeLog


def videos(answer: Answer) -> list[str]:
    return [item.video for item in answer.items]


async def opened(folder: Path, *events: e.Event, log: Any = None, **told: Any) -> Engine:
    engine = engine_of(folder, log, **told)
    await engine.record(events)
    await engine.catch_up()
    return engine


async def feed(engine: Engine, request: str, viewer: str = "v", n: int = 3, **more: Any) -> Answer:
    return await engine.feed("for_you", viewer, n, request, **more)


MANY = [video(f"v{i}") for i in range(12)]


async def test_the_slate_is_in_the_log_before_the_answer(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    answer = await feed(engine, "r1")
    slate = engine.log.events[-1]  # type: ignore[attr-defined]
    assert isinstance(slate, e.SlateServed)
    assert [item.video for item in slate.items] == videos(answer)
    assert (slate.request_id, slate.seed, slate.model) == ("r1", answer.seed, "linear-1")
    features = np.frombuffer(slate.features, np.float16).reshape(3, -1)
    assert features.shape[1] == len(engine.live.feature_names)


async def test_no_answer_without_the_log(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    engine.log.broken = Unavailable("the disk is full")  # type: ignore[attr-defined]
    with pytest.raises(Unavailable):
        await feed(engine, "r1")
    engine.log.broken = None  # type: ignore[attr-defined]
    assert len((await feed(engine, "r1")).items) == 3


async def test_a_repeated_request_gets_the_same_slate(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    first = await feed(engine, "r1")
    before = engine.log.last
    unfolded = await feed(engine, "r1")
    await engine.catch_up()
    folded = await feed(engine, "r1")
    assert first.items == unfolded.items == folded.items
    assert folded.trace is not None
    assert folded.trace.repeated
    assert engine.log.last == before


async def test_a_restarted_engine_repeats_the_recorded_slate(tmp_path: Path) -> None:
    log = FakeLog()
    engine = await opened(tmp_path, *MANY, log=log)
    first = await feed(engine, "r1", session_id="s")
    again = await opened(tmp_path, log=log)
    assert (await feed(again, "r1")).items == first.items
    assert not set(videos(await feed(again, "r2", session_id="s"))) & set(videos(first))


async def test_another_viewers_request_of_the_same_name_is_another_request(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    await feed(engine, "r1", viewer="v")
    assert (await feed(engine, "r1", viewer="w")).trace.repeated is False  # type: ignore[union-attr]


async def test_the_same_request_twice_at_once_is_one_slate(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    one, other = await asyncio.gather(feed(engine, "r1"), feed(engine, "r1"))
    assert one.items == other.items
    assert sum(isinstance(x, e.SlateServed) for x in engine.log.events) == 1  # type: ignore[attr-defined]


async def test_two_requests_at_once_show_nothing_twice(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    answers = await asyncio.gather(*(feed(engine, f"r{i}") for i in range(4)))
    shown = [name for answer in answers for name in videos(answer)]
    assert len(shown) == len(set(shown)) == 12


async def test_a_client_that_hangs_up_is_still_remembered(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    asked = asyncio.create_task(feed(engine, "r1"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked.cancel()
    answer = await feed(engine, "r2")
    slates = [x for x in engine.log.events if isinstance(x, e.SlateServed)]  # type: ignore[attr-defined]
    assert [slate.request_id for slate in slates] == ["r1", "r2"]
    assert not {item.video for item in slates[0].items} & set(videos(answer))


async def test_what_the_viewer_did_is_in_the_next_feed(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    hide = make(e.NotInterested, viewer="v", video="v0")
    await engine.record([hide])  # acknowledged, not folded
    answer = await feed(engine, "r1", n=12)
    assert "v0" not in videos(answer)
    assert answer.trace is not None
    assert answer.trace.behind == 0


async def test_a_fold_that_is_too_slow_is_told(tmp_path: Path) -> None:
    class SlowLog(FakeLog):
        slow = False

        async def read(self, after: int = 0) -> Any:
            if self.slow:
                await asyncio.sleep(60)
            async for batch in super().read(after):
                yield batch

    log = SlowLog()
    engine = await opened(tmp_path, *MANY, log=log, wait_ms=5)
    log.slow = True
    await engine.record([make(e.Like, viewer="v", video="v0")])
    answer = await feed(engine, "r1")
    assert answer.trace is not None
    assert answer.trace.behind == 1
    assert answer.trace.waited_ms >= 5
    assert len(answer.items) == 3
    # Unfolded as it is, the slate counts for the next one.
    assert not set(videos(await feed(engine, "r2"))) & set(videos(answer))


async def test_two_identical_replays_give_identical_feeds(tmp_path: Path) -> None:
    answers = []
    for run in ("a", "b"):
        (tmp_path / run).mkdir()
        engine = await opened(tmp_path / run, *MANY, *watched("v", "v3"), explore_share=0.5)
        answers.append([(await feed(engine, f"r{i}")).items for i in range(3)])
    assert answers[0] == answers[1]


async def test_a_feed_that_ran_dry_is_empty_unless_seen_may_be_reopened(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    await feed(engine, "r1", n=12)
    assert (await feed(engine, "r2")).items == ()

    seen = watched("v", "v0", "v1", "v2"), watched("v", "v2", "v0", time=NOW_MS + 1000)
    reopening = await opened(tmp_path, *MANY[:3], *seen[0], *seen[1], reopen_seen=True)
    reopening.now_ms.now += DAY_MS  # type: ignore[attr-defined]
    again = await feed(reopening, "r1")
    assert again.rung == "reopened"
    assert videos(again)[0] == "v1"
    assert again.items[0].reasons[0].code == "reopened"


async def test_spacing_yields_only_when_nothing_else_is_left(tmp_path: Path) -> None:
    engine = await opened(tmp_path, video("a1", "ann"), video("a2", "ann"), video("b", "bob"))
    first = await feed(engine, "r1")
    assert len(first.items) == 3  # ann, bob, ann
    engine = await opened(tmp_path, video("a1", "ann"), video("a2", "ann"))
    assert len((await feed(engine, "r1")).items) == 1
    second = await feed(engine, "r2")
    assert (second.rung, len(second.items)) == ("unspaced", 1)
    assert [trace.pipeline for trace in second.trace.rungs] == [  # type: ignore[union-attr]
        "for_you", "for_you.popular", "for_you.unspaced",
    ]  # fmt: skip


async def test_when_a_sample_holds_nothing_the_whole_catalogue_is_looked_through(
    tmp_path: Path,
) -> None:
    seen = watched("v", *(f"v{i}" for i in range(11)))
    sources = ("similar", "interests", "co_watched", "proven", "rising", "fresh")
    sources += ("first_audience", "explore")
    settings = {"candidates": 1, "sample": 1, "least": 0} | dict.fromkeys(sources, 0)
    # One video of twelve is sampled; with this seed it is a seen one.
    engine = await opened(tmp_path, *MANY, *seen, **settings, seed=1)
    answer = await feed(engine, "r1")
    assert (videos(answer), answer.rung) == (["v11"], "popular")
    slate = engine.log.events[-1]  # type: ignore[attr-defined]
    assert slate.features  # what a lower rung showed is learned from too


async def test_a_failing_model_thins_the_feed_and_is_never_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await opened(tmp_path, *MANY)

    def rank(*_: Any) -> Any:
        raise FloatingPointError("overflow")

    monkeypatch.setattr(engine.live, "rank", rank)
    answer = await feed(engine, "r1")
    assert len(answer.items) == 3
    assert engine.log.events[-1].features == b""  # type: ignore[attr-defined]
    assert answer.items[0].predictions == {}
    assert answer.items[0].reasons[0].code in ("unseen", "exploring")
    failures = 'freshet_stage_failures_total{pipeline="for_you",stage="predict",worker="0"} 1.0'
    assert failures in engine.telemetry.metrics()


async def test_why_is_read_from_the_recorded_slate(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY, video("new", age_h=1), explore_share=0.0)
    answer = await feed(engine, "r1", n=5)
    slate, item = await engine.why("for_you", "v", "new")
    assert item in answer.items
    assert slate.request_id == "r1"
    with pytest.raises(NotFound):
        await engine.why("for_you", "v", "never shown")


async def test_a_fold_that_failed_is_loud_and_does_not_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await opened(tmp_path, *MANY)

    def apply(_: Batch) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(engine.live, "apply", apply)
    await engine.record([make(e.Like, viewer="v", video="v0")])
    with pytest.raises(Broken, match="ZeroDivisionError"):
        await engine.catch_up()
    assert (await engine.health()).problems
    with pytest.raises(Broken):
        await feed(engine, "r1")


async def test_ticks_come_while_running(tmp_path: Path) -> None:
    engine = await opened(tmp_path, *MANY)
    engine.writer.settings = msgspec.structs.replace(engine.settings, log=Log(tick_ms=1))
    async with engine.running():
        await engine.log.wait(engine.log.last)
    assert isinstance(engine.log.events[-1], e.Tick)  # type: ignore[attr-defined]


def test_recent_slates_are_bounded_and_come_back_from_disk(tmp_path: Path) -> None:
    slates = [
        make(e.SlateServed, viewer=f"v{i % 2}", request_id=f"r{i}", items=(), features=b"xx")
        for i in range(6)
    ]
    recent = RecentSlates(kept=4)
    recent.apply(Batch(1, slates))
    assert recent.slate("v0", "r0") is None
    assert [slate.request_id for slate in recent.of_viewer("v1")] == ["r5", "r3"]
    recent.save(tmp_path)
    loaded = RecentSlates(kept=4)
    loaded.load(tmp_path)
    assert (loaded.offset, len(loaded)) == (6, 4)
    assert list(loaded.of_viewer("v1")) == list(recent.of_viewer("v1"))


@st.composite
def worlds(draw: st.DrawFn) -> list[e.Event]:
    """A few videos of few creators and sounds; some seen, hidden, labelled."""
    n = draw(st.integers(1, 8))
    names = [f"v{i}" for i in range(n)]
    few = st.sampled_from(["", "a", "b"])
    events: list[e.Event] = [
        video(name, draw(st.sampled_from(["ann", "bob", ""])), sound=draw(few)) for name in names
    ]
    which = st.sets(st.sampled_from(names))
    events += watched("v", *sorted(draw(which)))
    events += [make(e.LabelSet, video=x, label="spam", actor="m") for x in sorted(draw(which))]
    events += [make(e.NotInterested, viewer="v", video=x) for x in sorted(draw(which))]
    return events


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=worlds(), n=st.integers(1, 4), share=st.sampled_from([0.0, 0.5]))
def test_precedence_holds_through_a_session(
    tmp_path: Path, events: list[e.Event], n: int, share: float
) -> None:
    asyncio.run(_a_session(tmp_path, events, n, share))


async def _a_session(folder: Path, events: list[e.Event], n: int, share: float) -> None:
    barred = {x.video for x in events if isinstance(x, e.LabelSet | e.NotInterested | e.Watch)}
    created = {x.video: x for x in events if isinstance(x, e.VideoPublished)}
    engine = await opened(folder, *events, explore_share=share)
    shown: list[str] = []
    for request in range(10):
        before = len(shown)
        answer = await feed(engine, f"r{request}", n=n, session_id="s")
        # Never empty while one eligible unseen video exists.
        assert answer.items or not set(created) - barred - set(shown)
        shown += videos(answer)
        # Spacing, but for the first of an unspaced slate.
        for i in range(max(1, before), len(shown)):
            one, other = created[shown[i - 1]], created[shown[i]]
            if not (i == before and answer.rung == "unspaced"):
                assert one.creator != other.creator
                assert one.sound != other.sound or not one.sound
    assert len(shown) == len(set(shown))
    assert set(shown) == set(created) - barred
