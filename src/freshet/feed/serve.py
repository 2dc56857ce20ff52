"""Serve a feed: ask the state, fill the ladder, record the slate with its reasons, then answer.

    request ─▶ own last acts folded? (waits up to 20 ms) ─▶ ladder (with reasons)
            ─▶ slate recorded, durable ─▶ answer

The answer leaves only after the log has the slate: a crash between the two can lose an
answer, never the memory of one. If another request of the same viewer was answered while
this one was ranked, it is ranked again without what that one showed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Protocol

import numpy as np

from freshet.domain.errors import NotFound, Refused, Unavailable
from freshet.domain.events import SlateServed, Surface
from freshet.domain.ids import NO_ROW, uuid7
from freshet.feed.answer import Answer, FeedTrace, Item, answer
from freshet.feed.ladder import Filled, Ladder
from freshet.feed.load import STEPS, Load
from freshet.feed.notes import noted
from freshet.feed.options import PLAIN, Options
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery, request_seed
from freshet.feed.recorder import Recorder
from freshet.feed.rest import Rests
from freshet.feed.settings import Shedding
from freshet.feed.slate import items_of
from freshet.feed.wanted import wanted
from freshet.log.ports import Offset
from freshet.pipeline import Candidates, Rows, Trace

COMMIT_TRIES = 20  # other requests of the same viewer that may come between
CROWDED = 2  # times that others took the place of a video on trial first; then none is tried


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `viewer` is a key; the same `request_id` gets the same slate again."""

    viewer: str
    n: int
    request_id: str
    session_id: str = ""
    repeatable: bool = True  # False: the id was made for this request, nobody can repeat it
    options: Options = PLAIN  # creators by key
    given: tuple[str, ...] = ()  # rank this list instead of asking sources
    features: bool = False  # tell what was predicted from
    utc_offset_min: int | None = None  # how far the viewer's clock is ahead, if it is known
    may_shed: bool = False  # under load it may be answered at less cost


class Progress(Protocol):
    """How far the folds are, and how far a viewer needs them to be."""

    def acknowledged(self, viewer: str) -> Offset:
        """Offset of the viewer's last act that was acknowledged; 0 if long folded."""
        ...

    async def reach(self, offset: Offset, within_ms: float) -> bool:
        """Fold up to `offset`; False if that took too long."""
        ...


@dataclass(slots=True)
class Feed:
    """One surface, served. `observe` is told every trace (metrics)."""

    surface: Surface
    parts: Parts
    ladder: Ladder
    recorder: Recorder
    progress: Progress
    clock: Callable[[], int]  # ms since 1970
    random: Random  # of event ids
    observe: Callable[[Trace], None]
    arm: str = ""  # of an experiment
    of_given: Ladder | None = None  # for a list that the app gives
    cheaper: Sequence[Ladder] = ()  # by step of the load, from the first
    load: Load | None = None
    rests: Rests = field(default_factory=lambda: Rests(Shedding()))
    _locks: dict[str, tuple[asyncio.Lock, int]] = field(default_factory=dict)

    async def serve(self, ask: Ask) -> Answer:
        """The slate of a request: the recorded one if it was answered before.

        Raises:
            Unavailable: the log does not take the slate; nothing was shown.
        """
        # Shielded: a client that hangs up must not leave a slate logged but unremembered.
        asked = self.load.asked() if self.load is not None and ask.may_shed else None
        return await asyncio.shield(asyncio.ensure_future(self._in_turn(ask, asked)))

    async def warm(self) -> None:
        """Run once for nobody's eyes, so that no viewer waits for kernels to be compiled."""
        if self.parts.live.video_count():
            await self.ladder.fill(FeedQuery(viewer=0, n=10, now_ms=self.clock(), seed=0))

    async def why(self, viewer: str, video: str) -> tuple[SlateServed, Item]:
        """The viewer's latest slate that held the video, and its item.

        Raises:
            NotFound: none of the slates kept did.
        """
        for slate in await self.recorder.slates(viewer):
            if slate.surface != self.surface:
                continue
            for item in answer(slate, self.parts.live.outcomes, None).items:
                if item.video == video:
                    return slate, item
        raise NotFound("video", f"{video!r} is in none of this viewer's recent slates")

    # --- one new slate ----------------------------------------------------------------------

    async def _in_turn(self, ask: Ask, asked: float | None) -> Answer:
        # A task of its own waits for its turn behind all that is ready: that is the load.
        queued_s = 0.0 if self.load is None or asked is None else self.load.its_turn(asked)
        async with _Turn(self._locks, ask.viewer):
            if ask.repeatable:
                known = await self.recorder.recorded(ask.viewer, ask.request_id)
                if known is not None:
                    return self._again(known)
            return await self._new(ask, queued_s)

    def _again(self, known: SlateServed) -> Answer:
        if known.surface != self.surface:
            reason = f"{known.request_id!r} was answered by the surface {known.surface!r}"
            raise Refused("request_id", reason, "a new one")
        return answer(known, self.parts.live.outcomes, FeedTrace(repeated=True))

    async def _new(self, ask: Ask, queued_s: float) -> Answer:
        live = self.parts.live
        waited_ms, behind = await self._catch_up(ask.viewer)
        between: Sequence[SlateServed] = ()
        after, late = -1, 0
        step = self._step(ask)
        ladder = self._ladder(ask, step)
        for _ in range(COMMIT_TRIES):
            query, slates = self._query(ask, between, step, certain=late >= CROWDED)
            filled = await ladder.fill(query)
            for trace in filled.traces:
                self.observe(trace)
            slate = self._slate(ask, query, filled)
            committed = await self.recorder.commit(slate, slates if after < 0 else after)
            if committed.recorded is not None:
                return self._again(committed.recorded)
            if committed.offset:
                self._left(ask, query, filled.rung.name)
                fresh = FeedTrace(
                    filled.traces, waited_ms, behind,
                    step=STEPS[step], queued_ms=round(1000 * queued_s, 3),
                )  # fmt: skip
                told = noted(fresh, self.parts, query, filled, slate, ask.features)
                return answer(slate, live.outcomes, told, filled.slate["reasons"])
            between, after = committed.served or between, committed.after
            if committed.full:
                late += 1
                await self.progress.reach(committed.full, self.parts.settings.wait_ms)
        raise Unavailable("too many requests of this viewer at once")

    def _step(self, ask: Ask) -> int:
        """How cheaply it is to be answered; 0 = in full."""
        sheds = self.load is not None and ask.may_shed and self.cheaper and not ask.given
        return self.load.step_of_next() if self.load is not None and sheds else 0

    def _ladder(self, ask: Ask, step: int) -> Ladder:
        if ask.given and self.of_given is not None:
            return self.of_given
        return self.cheaper[step - 1] if step else self.ladder

    def _left(self, ask: Ask, query: FeedQuery, rung: str) -> None:
        """Count what was answered, and keep what the ranking left over."""
        if self.load is None or not ask.may_shed:
            return
        self.load.answered(self.surface, rung)
        self.rests.keep(ask.viewer, query, *self._session(ask, query))

    def _session(self, ask: Ask, query: FeedQuery) -> tuple[str, bytes, bool]:
        """What a later request must be alike in to go on with the same ranking."""
        remembers = len(self.parts.live.recent(query.viewer)) > 0
        return ask.session_id, ask.options.digest(), remembers

    async def _catch_up(self, viewer: str) -> tuple[float, int]:
        """Wait for what the viewer did to be folded: ms waited, events still unfolded."""
        offset = self.progress.acknowledged(viewer)
        if offset <= self.parts.live.offset:
            return 0.0, 0
        loop = asyncio.get_running_loop()
        started = loop.time()
        await self.progress.reach(offset, self.parts.settings.wait_ms)
        waited_ms = round(1000 * (loop.time() - started), 3)
        return waited_ms, max(0, offset - self.parts.live.offset)

    def _query(
        self, ask: Ask, between: Sequence[SlateServed], step: int = 0, certain: bool = False
    ) -> tuple[FeedQuery, int]:
        """What is asked of the stages, and how many slates it reckons with.

        `between` are slates that are not folded yet, newest first; they are of this session.
        """
        live, settings, now_ms = self.parts.live, self.parts.settings, self.clock()
        viewer = live.viewer_row(ask.viewer)
        session = live.session(viewer, ask.session_id, self.surface, now_ms)
        served = self._rows(between)
        given = [row for row in map(live.video_row, ask.given) if row != NO_ROW]
        last = np.concatenate([self._rows(between, self.surface), session.last]).astype(np.int32)
        # A client asks ahead: its viewer may be at the last item served or still at the last one
        # watched. The new slate may follow either.
        recent = live.recent(viewer)
        seeks = settings.topic_novelty or settings.new_share
        before, adjacent, met = self._columns(
            last[: settings.topic_window],
            np.concatenate([last[:1], recent[:1]]),
            np.concatenate([last, recent]) if seeks else last[:0],
        )
        query = FeedQuery(
            viewer=viewer,
            n=ask.n,
            now_ms=now_ms,
            seed=request_seed(settings.seed, ask.request_id),
            surface=self.surface,
            served=served,
            served_since_s=session.since_s,
            before=before,
            adjacent=adjacent,
            met=met,
            wanted=wanted(ask.options, live),
            given=np.array(given, np.int32),
            personalised=ask.options.personalised and not live.impersonal(viewer),
            utc_offset_min=ask.utc_offset_min,
            certain=certain,
        )
        if step:
            rest = self.rests.of(ask.viewer, query, *self._session(ask, query))
            query = replace(query, rest=rest)
        return query, session.slates

    def _rows(self, slates: Sequence[SlateServed], surface: str = "") -> Rows:
        """Rows of the items of `slates`, of one surface or all, the last shown first."""
        rows = [
            self.parts.live.video_row(item.video)
            for slate in slates
            if not surface or slate.surface == surface
            for item in reversed(slate.items)
        ]
        return np.array([row for row in rows if row != NO_ROW], np.int32)

    def _slate(self, ask: Ask, query: FeedQuery, filled: Filled) -> SlateServed:
        live, slate, rung = self.parts.live, filled.slate, filled.rung
        lost = any(step.stage == "predict" for step in filled.traces[-1].failures)
        ranked = "features" in slate and not lost  # never learn from a stand-in vector
        return SlateServed(
            event_id=uuid7(query.now_ms, self.random),
            time=query.now_ms,
            viewer=ask.viewer,
            request_id=ask.request_id,
            session_id=ask.session_id,
            surface=self.surface,
            items=items_of(slate, live.video_id, rung.pipeline.source_names, ranked),
            features=slate["features"].astype(np.float16).tobytes() if ranked else b"",
            seed=query.seed,
            model=live.model_version,
            arm=self.arm,
            rung=rung.name,
            personalised=query.personalised,
        )

    def _columns(self, *parts: Rows) -> Iterator[Candidates]:
        """What spacing asks of videos, read at once for all parts."""
        rows = np.concatenate(parts)
        creator, sound, topics, _ = self.parts.live.described(rows)
        end = 0
        for part in parts:
            at = slice(end, end := end + len(part))
            columns = {"creator": creator[at], "sound": sound[at], "topics": topics[at]}
            yield Candidates(part, columns)


class _Turn:
    """One viewer's requests, one at a time; forgets the viewer when none waits."""

    def __init__(self, locks: dict[str, tuple[asyncio.Lock, int]], viewer: str) -> None:
        self.locks, self.viewer = locks, viewer

    async def __aenter__(self) -> None:
        lock, waiting = self.locks.get(self.viewer, (asyncio.Lock(), 0))
        self.locks[self.viewer] = (lock, waiting + 1)
        try:
            await lock.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self.locks[self.viewer][0].release()
        self._leave()

    def _leave(self) -> None:
        lock, waiting = self.locks[self.viewer]
        if waiting > 1:
            self.locks[self.viewer] = (lock, waiting - 1)
        else:
            del self.locks[self.viewer]
