"""Serve a feed: ask the state, fill the ladder, log the slate with its reasons, then answer.

    request ─▶ own last acts folded? (waits up to 20 ms) ─▶ ladder (with reasons)
            ─▶ SlateServed appended, durable ─▶ answer

The answer leaves only after the log has the slate: a crash between the two can lose an
answer, never the memory of one. One viewer's requests are served one after the other, so
two at once cannot show the same video.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

import numpy as np

from freshet.domain.errors import Broken, NotFound
from freshet.domain.events import Served, SlateServed, Surface
from freshet.domain.ids import NO_ROW, uuid7
from freshet.feed.answer import Answer, FeedTrace, Item, answer
from freshet.feed.ladder import Filled, Ladder
from freshet.feed.parts import Floats, Live, Parts
from freshet.feed.query import FeedQuery, request_seed
from freshet.feed.reasons import written
from freshet.feed.served import RecentSlates
from freshet.log.ports import EventLog, Offset
from freshet.pipeline import Candidates, Rows, Trace


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `viewer` is a key; the same `request_id` gets the same slate again."""

    viewer: str
    n: int
    request_id: str
    session_id: str = ""


class Progress(Protocol):
    """How far the folds are, and how far a viewer needs them to be."""

    def acknowledged(self, viewer: str) -> Offset:
        """Offset of the viewer's last act that was acknowledged; 0 if long folded."""
        ...

    def note(self, viewer: str, offset: Offset) -> None: ...

    async def reach(self, offset: Offset, within_ms: float) -> bool:
        """Fold up to `offset`; False if that took too long."""
        ...


@dataclass(slots=True)
class Feed:
    """One surface, served. `observe` is told every trace (metrics)."""

    surface: Surface
    parts: Parts
    ladder: Ladder
    log: EventLog
    recent: RecentSlates
    progress: Progress
    clock: Callable[[], int]  # ms since 1970
    random: Random  # of event ids
    observe: Callable[[Trace], None]
    _waiting: dict[str, list[tuple[Offset, SlateServed]]] = field(default_factory=dict)
    _order: deque[tuple[Offset, str]] = field(default_factory=deque)  # of what waits
    _locks: dict[str, tuple[asyncio.Lock, int]] = field(default_factory=dict)

    async def serve(self, ask: Ask) -> Answer:
        """The slate of a request: the recorded one if it was answered before.

        Raises:
            Unavailable: the log does not take the slate; nothing was shown.
        """
        # Shielded: a client that hangs up must not leave a slate logged but unremembered.
        return await asyncio.shield(asyncio.ensure_future(self._in_turn(ask)))

    async def warm(self) -> None:
        """Run once for nobody's eyes, so that no viewer waits for kernels to be compiled."""
        if self.parts.live.video_count():
            await self.ladder.fill(FeedQuery(viewer=0, n=10, now_ms=self.clock(), seed=0))

    def why(self, viewer: str, video: str) -> tuple[SlateServed, Item]:
        """The viewer's latest slate that held the video, and its item.

        Raises:
            NotFound: none of the slates kept did.
        """
        for slate in self._slates_of(viewer):
            for item in answer(slate, self.parts.live.outcomes, None).items:
                if item.video == video and slate.surface == self.surface:
                    return slate, item
        raise NotFound("video", f"{video!r} is in none of this viewer's recent slates")

    # --- one new slate ----------------------------------------------------------------------

    async def _in_turn(self, ask: Ask) -> Answer:
        async with _Turn(self._locks, ask.viewer):
            known = self._recorded(ask)
            if known is not None:
                return answer(known, self.parts.live.outcomes, FeedTrace(repeated=True))
            return await self._new(ask)

    async def _new(self, ask: Ask) -> Answer:
        waited_ms, behind = await self._catch_up(ask.viewer)
        query = self._query(ask)
        filled = await self.ladder.fill(query)
        for trace in filled.traces:
            self.observe(trace)
        slate = self._slate(ask, query, filled)
        await self._commit(slate)
        return answer(slate, self.parts.live.outcomes, FeedTrace(filled.traces, waited_ms, behind))

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

    def _query(self, ask: Ask) -> FeedQuery:
        live, settings, now_ms = self.parts.live, self.parts.settings, self.clock()
        viewer = live.viewer_row(ask.viewer)
        served = self._session(ask, now_ms)
        return FeedQuery(
            viewer=viewer,
            n=ask.n,
            now_ms=now_ms,
            seed=request_seed(settings.seed, ask.request_id),
            surface=self.surface,
            served=served,
            before=self._columns(served[: settings.topic_window]),
            # A client asks ahead: its viewer may be at the last item served or still at the
            # last one watched. The new slate may follow either.
            adjacent=self._columns(np.concatenate([served[:1], live.recent(viewer)[:1]])),
        )

    def _slate(self, ask: Ask, query: FeedQuery, filled: Filled) -> SlateServed:
        live, slate, rung = self.parts.live, filled.slate, filled.rung
        sources = rung.pipeline.source_names
        lost = any(step.stage == "predict" for step in filled.traces[-1].failures)
        ranked = "features" in slate and not lost  # never learn from a stand-in vector
        rows = slate.rows.tolist()
        items = tuple(
            Served(
                video=live.video_id(row),
                source="explore" if slate["explored"][i] else sources[slate["source"][i]],
                value=round(float(slate["value"][i]), 6),
                propensity=float(slate["propensity"][i]),
                predictions=_rounded(slate["predictions"][i]) if ranked else (),
                reasons=tuple(written(one) for one in slate["reasons"][i]),
            )
            for i, row in enumerate(rows)
        )
        return SlateServed(
            event_id=uuid7(query.now_ms, self.random),
            time=query.now_ms,
            viewer=ask.viewer,
            request_id=ask.request_id,
            session_id=ask.session_id,
            surface=self.surface,
            items=items,
            features=slate["features"].astype(np.float16).tobytes() if ranked else b"",
            seed=query.seed,
            model=live.model_version,
            rung=rung.name,
        )

    async def _commit(self, slate: SlateServed) -> None:
        appended = await self.log.append([slate])
        if appended.refused:
            raise Broken(f"the log refused a slate: {appended.refused[0][1]}")
        self._waiting.setdefault(slate.viewer, []).append((appended.last, slate))
        self._order.append((appended.last, slate.viewer))
        while self._order and self._order[0][0] <= self.recent.offset:
            self._unfolded(self._order.popleft()[1])
        self.progress.note(slate.viewer, appended.last)

    # --- what was served before -------------------------------------------------------------

    def _recorded(self, ask: Ask) -> SlateServed | None:
        for _, slate in self._unfolded(ask.viewer):
            if slate.request_id == ask.request_id:
                return slate
        return self.recent.slate(ask.viewer, ask.request_id)

    def _unfolded(self, viewer: str) -> list[tuple[Offset, SlateServed]]:
        """Slates of the viewer that were logged but not folded yet, oldest first."""
        waiting = self._waiting.get(viewer)
        if not waiting:
            return []
        waiting[:] = [(at, slate) for at, slate in waiting if at > self.recent.offset]
        if not waiting:
            del self._waiting[viewer]
        return waiting

    def _slates_of(self, viewer: str) -> Iterator[SlateServed]:
        """Newest first."""
        for _, slate in reversed(self._unfolded(viewer)):
            yield slate
        yield from self.recent.of_viewer(viewer)

    def _session(self, ask: Ask, now_ms: int) -> Rows:
        """Rows served in this session, the last shown first."""
        rows: list[int] = []
        later_ms = now_ms
        for slate in self._slates_of(ask.viewer):
            paused = later_ms - slate.time > 60_000 * self.parts.settings.session_gap_min
            if paused and not ask.session_id:
                break
            later_ms = slate.time
            same = not ask.session_id or slate.session_id == ask.session_id
            if same and slate.surface == self.surface:
                rows.extend(self._row(item.video) for item in reversed(slate.items))
        return np.array([row for row in rows if row != NO_ROW], np.int32)

    def _row(self, video: str) -> int:
        return self.parts.live.video_row(video)

    def _columns(self, rows: Rows) -> Candidates:
        live: Live = self.parts.live
        return Candidates(
            rows,
            {"creator": live.creator[rows], "sound": live.sound[rows], "topics": live.topics[rows]},
        )


def _rounded(predictions: Floats) -> tuple[float, ...]:
    """Six digits: float32 holds no more, and the log is read by people too."""
    return tuple(np.round(predictions.astype(np.float64), 6).tolist())


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
