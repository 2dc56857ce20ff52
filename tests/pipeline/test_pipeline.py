"""A pipeline runs its stages in order, tells what each did, and fails as each kind may."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import numpy as np
import pytest

from freshet.domain.errors import Broken
from freshet.pipeline import UNASKED, Candidates, Pipeline, Trace


class Numbers:
    async def fetch(self, query: int) -> Candidates:
        return Candidates.of(np.arange(query))


class Evens:
    async def fetch(self, query: int) -> Candidates:
        return Candidates.of(np.arange(0, query, 2))


class Dead:
    async def fetch(self, query: int) -> Candidates:
        raise ConnectionError("no route")


class Unasked:
    async def fetch(self, query: int) -> Candidates:
        return UNASKED


class Hung:
    async def fetch(self, query: int) -> Candidates:
        await asyncio.sleep(60)
        return Candidates.of([99])


class Square:
    adds = ("square",)

    async def columns(self, query: int, candidates: Candidates) -> dict[str, Any]:
        return {"square": candidates.rows**2}

    def default(self, candidates: Candidates) -> dict[str, Any]:
        return {"square": np.full(len(candidates), -1)}


class BrokenSquare(Square):
    async def columns(self, query: int, candidates: Candidates) -> dict[str, Any]:
        return {"square": candidates.rows[:1]}


class Worth:
    needs, adds, default = ("square",), ("value",), 0.5

    def score(self, query: int, candidates: Candidates) -> Any:
        return -candidates["square"].astype(np.float32)


class BrokenWorth(Worth):
    def score(self, query: int, candidates: Candidates) -> Any:
        raise ValueError("no model")


class OverTen:
    needs = ("square",)

    def keep(self, query: int, candidates: Candidates) -> Any:
        return candidates["square"] > 10


class Odd:
    def keep(self, query: int, candidates: Candidates) -> Any:
        return candidates.rows % 2 == 1


class BrokenFilter:
    def keep(self, query: int, candidates: Candidates) -> Any:
        return np.ones(len(candidates) + 1, np.bool_)


class FirstThree:
    def select(self, query: int, candidates: Candidates) -> Candidates:
        return candidates.take(np.arange(min(3, len(candidates))))


class BestThree:
    needs = ("value",)

    def select(self, query: int, candidates: Candidates) -> Candidates:
        return candidates.take(np.argsort(-candidates["value"], kind="stable")[:3])


def pipeline(*steps: Any, sources: Any = None, selector: Any = None, **more: Any) -> Pipeline[int]:
    return Pipeline("test", sources or [Numbers()], steps, selector or FirstThree(), **more)


def step(trace: Trace, stage: str) -> Any:
    return next(one for one in trace.steps if one.stage == stage)


async def test_stages_run_in_reading_order() -> None:
    slate, _ = await pipeline(Square(), OverTen(), Odd(), Worth(), selector=BestThree()).run(10)
    assert slate.rows.tolist() == [5, 7, 9]


async def test_the_trace_counts_each_filters_own_drops() -> None:
    _, trace = await pipeline(Square(), OverTen(), Odd()).run(10)
    assert trace.drops == {"over_ten": 4, "odd": 3}
    assert (step(trace, "odd").before, step(trace, "odd").after) == (6, 3)
    assert trace.candidates == 10


async def test_a_row_of_two_sources_comes_once_and_belongs_to_the_first() -> None:
    slate, trace = await pipeline(sources=[Evens(), Numbers()]).run(3)
    assert slate.rows.tolist() == [0, 2, 1]
    assert slate["source"].tolist() == [0, 0, 1]
    assert step(trace, "numbers").after == 3


async def test_a_source_that_a_query_does_not_ask_has_no_step_and_no_rows() -> None:
    slate, trace = await pipeline(sources=[Unasked(), Evens()]).run(3)
    assert slate.rows.tolist() == [0, 2]
    assert slate["source"].tolist() == [1, 1]  # places are those of the pipeline
    assert [one.stage for one in trace.steps if one.kind == "source"] == ["evens"]


async def test_a_dead_source_makes_a_thinner_feed_and_is_told() -> None:
    slate, trace = await pipeline(sources=[Dead(), Evens()]).run(3)
    assert slate.rows.tolist() == [0, 2]
    assert [one.failed for one in trace.failures] == ["ConnectionError: no route"]


async def test_a_hung_source_is_given_up_and_those_before_it_count() -> None:
    hung = pipeline(sources=[Evens(), Hung()], fetch_timeout_s=0.01)
    slate, trace = await hung.run(3)
    assert slate.rows.tolist() == [0, 2]
    assert step(trace, "hung").failed.startswith("TimeoutError")


async def test_a_failing_filter_lets_nothing_pass() -> None:
    slate, trace = await pipeline(BrokenFilter()).run(5)
    assert len(slate) == 0
    assert "mask" in step(trace, "broken_filter").failed


async def test_a_failing_enricher_and_scorer_leave_what_they_declared() -> None:
    slate, trace = await pipeline(BrokenSquare(), BrokenWorth(), selector=BestThree()).run(5)
    assert slate["square"].tolist() == [-1, -1, -1]
    assert slate["value"].tolist() == [0.5, 0.5, 0.5]
    assert [one.stage for one in trace.failures] == ["broken_square", "broken_worth"]


async def test_no_candidates_at_all_pass_through_every_stage() -> None:
    slate, trace = await pipeline(Square(), OverTen(), Worth(), selector=BestThree()).run(0)
    assert len(slate) == 0
    assert not trace.failures


async def test_finishing_enrichers_see_the_slate_only() -> None:
    slate, trace = await pipeline(finish=[Square()]).run(10)
    assert slate["square"].tolist() == [0, 1, 4]
    assert step(trace, "square").before == 3


async def test_a_trace_is_json() -> None:
    _, trace = await pipeline(Square(), OverTen()).run(9)
    assert msgspec.json.decode(msgspec.json.encode(trace), type=Trace) == trace


def test_a_missing_column_is_refused_when_the_pipeline_is_built() -> None:
    with pytest.raises(Broken, match="OverTen needs the column 'square'"):
        pipeline(OverTen(), Square())


def test_a_selector_and_a_finish_are_checked_too() -> None:
    with pytest.raises(Broken, match="BestThree needs the column 'value'"):
        pipeline(Square(), selector=BestThree())
    with pytest.raises(Broken, match="Square adds 'square' a second time"):
        pipeline(Square(), finish=[Square()])


def test_a_step_without_a_verb_and_a_pipeline_without_a_source_are_refused() -> None:
    with pytest.raises(Broken, match="must have one of the verbs"):
        pipeline(object())
    with pytest.raises(Broken, match="no source"):
        Pipeline("test", [], [], FirstThree())


def test_the_same_source_twice_is_refused() -> None:
    with pytest.raises(Broken, match="twice"):
        pipeline(sources=[Numbers(), Numbers()])


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(Broken, match="2 values for 3 candidates"):
        Candidates.of([1, 2, 3]).adding({"short": np.zeros(2)})
