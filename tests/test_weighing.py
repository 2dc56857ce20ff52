"""Value tables change while a server runs: by SIGHUP, checked first, without a lost request."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from freshet import weighing
from freshet.config import Feed
from freshet.domain.errors import Refused
from freshet.engine import OneProcess
from freshet.feed.answer import Answer
from freshet.feed.experiments import Arm, Experiment
from freshet.feed.settings import FOLLOWING_WEIGHTS, WEIGHTS, ForYou, Shedding
from tests.feed.making import engine_of, video


async def serving(folder: Path, **more: Any) -> OneProcess:
    engine = engine_of(folder, explore_share=0.0, **more)
    await engine.record([video(f"v{i}") for i in range(12)])
    await engine.catch_up()
    return engine


def with_weights(engine: OneProcess, **weights: float) -> Feed:
    feed = engine.settings.feed
    table = feed.for_you.weights | weights
    return msgspec.structs.replace(
        feed, for_you=msgspec.structs.replace(feed.for_you, weights=table)
    )


def worth_is_of(answer: Answer, table: dict[str, float]) -> None:
    assert answer.trace is not None
    assert answer.trace.weights == table
    for item in answer.items:
        worth = sum(table[name] * p for name, p in item.predictions.items())
        assert item.value == pytest.approx(worth, abs=1e-4)


NO_SECONDS = {"watch_s": 0.0}  # an answer does not tell them


async def test_the_next_feed_is_valued_by_the_new_table(tmp_path: Path) -> None:
    engine = await serving(tmp_path, weights=WEIGHTS | NO_SECONDS)
    worth_is_of(await engine.feed("for_you", "vera", 4), WEIGHTS | NO_SECONDS)
    engine.reweigh(with_weights(engine, like=50.0))
    worth_is_of(await engine.feed("for_you", "vera", 4), WEIGHTS | NO_SECONDS | {"like": 50.0})
    assert engine.settings.feed.for_you.weights["like"] == 50.0


async def test_a_feed_under_way_ends_by_the_table_it_began_with(tmp_path: Path) -> None:
    engine = await serving(tmp_path, weights=WEIGHTS | NO_SECONDS)
    under_way = asyncio.create_task(engine.feed("for_you", "vera", 4))
    await asyncio.sleep(0)
    engine.reweigh(with_weights(engine, like=50.0))
    worth_is_of(await under_way, WEIGHTS | NO_SECONDS)


async def test_a_table_that_cannot_be_changes_nothing(tmp_path: Path) -> None:
    engine = await serving(tmp_path)
    surfaces = engine.surfaces
    with pytest.raises(Refused, match="predicts no such outcome"):
        engine.reweigh(with_weights(engine, likes=2.0))
    assert engine.surfaces is surfaces
    assert engine.settings.feed.for_you.weights == WEIGHTS


async def test_an_arm_stays_laid_over_the_table_that_is_in_force(tmp_path: Path) -> None:
    arms = {"more": Arm(share=1.0, weights={"share": 9.0})}
    engine = await serving(tmp_path, experiments={"x": Experiment(arms=arms)})
    engine.reweigh(with_weights(engine, like=7.0))
    answer = await engine.feed("for_you", "vera", 4)
    assert answer.trace is not None
    assert (answer.trace.weights["like"], answer.trace.weights["share"]) == (7.0, 9.0)


async def test_trials_and_their_worth_stay_as_they_began(tmp_path: Path) -> None:
    engine = await serving(tmp_path)
    worth = engine.writer.stages.worth
    engine.reweigh(with_weights(engine, like=50.0))
    assert engine.writer.stages.worth is worth
    assert engine.writer.settings.feed.for_you.weights["like"] == WEIGHTS["like"]


async def test_the_proven_are_valued_by_the_new_table(tmp_path: Path) -> None:
    engine = await serving(tmp_path)
    assert engine.nearby is not None
    rows, now_ms = engine.live.videos_of(0, 12)[:3], engine.now_ms()
    before = engine.nearby.proven.worth(rows, now_ms)
    engine.reweigh(with_weights(engine, **{name: 2 * w for name, w in WEIGHTS.items()}))
    assert engine.nearby.proven.worth(rows, now_ms) == pytest.approx(2 * before)


# --- the file and the signal ------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "freshet.toml"


def test_only_the_tables_are_read_again(file: Path) -> None:
    file.write_text(
        "[feed.for_you]\nexplore_share = 0.5\n[feed.for_you.weights]\nlike = 3\n"
        "[feed.following.weights]\nshare = 4\n"
    )
    before = Feed(for_you=ForYou(explore_share=0.2), shedding=Shedding(candidates=77))
    after = weighing.reread(before)
    assert after.for_you.weights == WEIGHTS | {"like": 3.0}
    assert after.following.weights == FOLLOWING_WEIGHTS | {"share": 4.0}
    assert (after.for_you.explore_share, after.shedding) == (0.2, before.shedding)


@pytest.mark.parametrize(
    "text", ["[feed.for_you.weights]\nlikes = 3\n", "[feed.for_you.weights]\nlike = 'much'\n", "["]
)
def test_what_cannot_be_read_again_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(Refused):
        weighing.reread(Feed())


async def test_each_hangup_reads_again_and_a_wrong_file_leaves_the_table(
    file: Path,
) -> None:
    feed, turns = Feed(), asyncio.Queue[float]()

    def take() -> None:
        nonlocal feed
        try:
            feed = weighing.reread(feed)
        finally:
            turns.put_nowait(feed.for_you.weights["like"])

    def hang_up(text: str) -> None:
        file.write_text(text)
        os.kill(os.getpid(), signal.SIGHUP)

    async def after_hangup(text: str) -> float:
        hang_up(text)
        return await asyncio.wait_for(turns.get(), 30)

    with weighing.asked_again() as asked:
        async with weighing.followed(asked, take):
            assert await after_hangup("[feed.for_you.weights]\nlike = 3\n") == 3.0
            assert await after_hangup("[feed.for_you.weights]\nlikes = 3\n") == 3.0
            assert await after_hangup("[feed.for_you.weights]\nlike = 4\n") == 4.0
