"""Run sources, steps and a selector over columns; check that they fit; keep the trace.

    sources ─▶ merged, each row once ─▶ step ─▶ step ─▶ … ─▶ selector ─▶ finish ─▶ slate

The first source to bring a row owns it: the column `source` holds that source's index.
Neighbouring filters see the same candidates and are applied together, so ten filters cost
one copy of the columns.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np

from freshet.domain.errors import Broken
from freshet.pipeline.candidates import NOTHING, UNASKED, Candidates, Columns, Mask
from freshet.pipeline.first import first_of_each
from freshet.pipeline.stages import VERBS, Enricher, Selector, Source, adds, needs, stage_name
from freshet.pipeline.trace import Step, Trace

Q = TypeVar("Q")


@dataclass(frozen=True)
class Pipeline(Generic[Q]):
    """A feed, declared. Reading order is running order.

    Sources read state in memory, so they are awaited one after the other; together they
    have `fetch_timeout_s`, after which the rest count as failed.

    Raises:
        Broken: built from stages that do not fit; says which stage lacks which column.
    """

    name: str
    sources: Sequence[Source[Q]]
    steps: Sequence[Any]
    selector: Selector[Q]
    finish: Sequence[Enricher[Q]] = ()  # what only the slate needs, not every candidate
    fetch_timeout_s: float = 0.25
    timer: Callable[[], float] = time.perf_counter  # tells stages' times, decides nothing
    kinds: tuple[str, ...] = field(init=False)
    source_names: tuple[str, ...] = field(init=False)
    shared: tuple[str, ...] = field(init=False)  # columns that every source brings

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(self._kind(step) for step in self.steps))
        object.__setattr__(self, "source_names", tuple(map(stage_name, self.sources)))
        if not self.sources:
            raise Broken(f"pipeline {self.name!r} has no source")
        names = self.source_names
        if len(set(names)) < len(names):
            raise Broken(f"pipeline {self.name!r} names a source twice: {', '.join(names)}")
        shared = set.intersection(*(set(adds(source)) for source in self.sources))
        object.__setattr__(self, "shared", tuple(sorted(shared)))
        known = {"source"} | shared
        for stage in (*self.steps, self.selector, *self.finish):
            self._check(stage, known)
            known |= set(adds(stage))

    async def run(self, query: Q) -> tuple[Candidates, Trace]:
        """The slate of one query and how it came about.

        Raises:
            Broken: the selector failed. Other stages' failures are in the trace.
        """
        started = self.timer()
        steps: list[Step] = []
        candidates = await self._fetch(query, steps)
        for kind, group in self._groups():
            if kind == "filter":
                candidates = self._filter(group, query, candidates, steps)
            else:
                candidates = await self._add(group[0], kind, query, candidates, steps)
        slate = self._select(query, candidates, steps)
        for stage in self.finish:
            slate = await self._add(stage, "enricher", query, slate, steps)
        return slate, Trace(self.name, tuple(steps), self._since(started))

    # --- the parts of a run -----------------------------------------------------------------

    async def _fetch(self, query: Q, steps: list[Step]) -> Candidates:
        found: list[Candidates] = []
        end = asyncio.get_running_loop().time() + self.fetch_timeout_s
        for name, source in zip(self.source_names, self.sources, strict=True):
            started, failed, some = self.timer(), "", NOTHING
            try:
                some = await _within(source.fetch(query), end)
                missing = set(adds(source)) - set(some.columns)
                if missing:
                    raise Broken(f"did not bring {', '.join(sorted(missing))}")
            except Exception as error:  # a dead source makes a thinner feed
                failed, some = _why(error), NOTHING
            if some is not UNASKED:
                steps.append(Step(name, "source", self._since(started), 0, len(some), failed))
            found.append(some)
        return self._merge(found)

    def _merge(self, found: list[Candidates]) -> Candidates:
        """Each row once, with the index of the first source that brought it."""
        brought = [(index, some) for index, some in enumerate(found) if len(some)]
        if not brought:
            return NOTHING.adding({name: np.empty(0) for name in ("source", *self.shared)})
        rows = np.concatenate([some.rows for _, some in brought])
        columns = {
            name: np.concatenate([some[name] for _, some in brought]) for name in self.shared
        }
        columns["source"] = np.repeat(
            np.array([index for index, _ in brought], np.int16),
            [len(some) for _, some in brought],
        )
        first, merged = first_of_each(rows), Candidates(rows, columns)
        return merged if first.all() else merged.take(first)

    def _groups(self) -> Iterator[tuple[str, list[Any]]]:
        """Steps one by one, but neighbouring filters together."""
        filters: list[Any] = []
        for kind, step in zip(self.kinds, self.steps, strict=True):
            if kind == "filter":
                filters.append(step)
                continue
            if filters:
                yield "filter", filters
                filters = []
            yield kind, [step]
        if filters:
            yield "filter", filters

    def _filter(
        self, filters: list[Any], query: Q, candidates: Candidates, steps: list[Step]
    ) -> Candidates:
        kept: Mask = np.ones(len(candidates), np.bool_)
        left = len(candidates)
        for stage in filters:
            started, before, failed = self.timer(), left, ""
            try:
                mask = np.asarray(stage.keep(query, candidates))
                if mask.dtype != np.bool_ or mask.shape != kept.shape:
                    raise Broken(f"a mask of {mask.dtype}{mask.shape} for {kept.shape}")
                kept &= mask
            except Exception as error:  # what cannot be checked does not pass
                failed = _why(error)
                kept[:] = False
            left = int(np.count_nonzero(kept))
            steps.append(
                Step(stage_name(stage), "filter", self._since(started), before, left, failed)
            )
        return candidates if left == len(candidates) else candidates.take(kept)

    async def _add(
        self, stage: Any, kind: str, query: Q, candidates: Candidates, steps: list[Step]
    ) -> Candidates:
        started, failed = self.timer(), ""
        try:
            enriched = candidates.adding(await self._columns(stage, kind, query, candidates))
        except Exception as error:  # the stage has said what then counts
            failed = _why(error)
            enriched = candidates.adding(self._default(stage, kind, candidates))
        size = len(candidates)
        steps.append(Step(stage_name(stage), kind, self._since(started), size, size, failed))
        return enriched

    async def _columns(self, stage: Any, kind: str, query: Q, candidates: Candidates) -> Columns:
        if kind == "scorer":
            return {stage.adds[0]: stage.score(query, candidates)}
        columns: Columns = await stage.columns(query, candidates)
        if set(columns) != set(stage.adds):
            raise Broken(f"made {sorted(columns)}, declared {sorted(stage.adds)}")
        return columns

    def _default(self, stage: Any, kind: str, candidates: Candidates) -> Columns:
        if kind == "scorer":
            return {stage.adds[0]: np.full(len(candidates), stage.default, np.float32)}
        columns: Columns = stage.default(candidates)
        return columns

    def _select(self, query: Q, candidates: Candidates, steps: list[Step]) -> Candidates:
        started = self.timer()
        try:
            slate = self.selector.select(query, candidates)
        except Exception as error:
            raise Broken(
                f"selector {stage_name(self.selector)} of {self.name!r}: {error}"
            ) from error
        steps.append(
            Step(
                stage_name(self.selector),
                "selector",
                self._since(started),
                len(candidates),
                len(slate),
            )
        )
        return slate

    def _since(self, started: float) -> float:
        return round(1000 * (self.timer() - started), 4)

    # --- building ---------------------------------------------------------------------------

    def _kind(self, step: object) -> str:
        verbs = [verb for verb in VERBS if callable(getattr(step, verb, None))]
        if len(verbs) != 1:
            raise Broken(
                f"pipeline {self.name!r}: step {type(step).__name__} must have one of the verbs "
                f"{', '.join(VERBS)}, it has {', '.join(verbs) or 'none'}"
            )
        return VERBS[verbs[0]]

    def _check(self, stage: object, known: set[str]) -> None:
        name = type(stage).__name__
        for column in needs(stage):
            if column not in known:
                raise Broken(
                    f"pipeline {self.name!r}: {name} needs the column {column!r}, which no stage "
                    f"before it adds; there is {', '.join(sorted(known))}"
                )
        for column in adds(stage):
            if column in known:
                raise Broken(f"pipeline {self.name!r}: {name} adds {column!r} a second time")


async def _within(fetching: Coroutine[Any, Any, Candidates], end: float) -> Candidates:
    """What a source fetches; one that never waits, as they are meant to be, costs no timer.

    Raises:
        TimeoutError: it was not ready at `end`, by the loop's clock.
    """
    if asyncio.get_running_loop().time() >= end:
        fetching.close()
        raise TimeoutError
    try:
        first = fetching.send(None)
    except StopIteration as done:
        found: Candidates = done.value
        return found
    async with asyncio.timeout_at(end):
        return await _Rest(fetching, first)


class _Rest:
    """A coroutine that has begun and waits: awaited, it goes on from there."""

    def __init__(self, begun: Coroutine[Any, Any, Candidates], waits_for: Any) -> None:
        self.begun, self.waits_for = begun, waits_for

    def __await__(self) -> Generator[Any, Any, Candidates]:
        waits_for = self.waits_for
        while True:
            try:
                sent = yield waits_for
            except BaseException as error:  # a cancellation, for one: it decides what becomes
                step = partial(self.begun.throw, error)
            else:
                step = partial(self.begun.send, sent)
            try:
                waits_for = step()
            except StopIteration as done:
                found: Candidates = done.value
                return found


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
