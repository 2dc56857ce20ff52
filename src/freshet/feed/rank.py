"""Score a list that the app gives, whatever of it may be shown, and log nothing.

Every video known here gets a value, its predictions and flags that say what a feed would
make of it; the best comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from freshet.domain.errors import Unavailable
from freshet.domain.ids import NO_ROW
from freshet.feed.options import Options
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery, request_seed
from freshet.feed.reason import Reason
from freshet.feed.value import Value
from freshet.feed.wanted import wanted
from freshet.pipeline import Candidates, Columns, Pipeline, Trace


class Scored(msgspec.Struct, frozen=True, omit_defaults=True):
    """One video of the list. Flags that are left out are false."""

    video: str
    value: float
    predictions: dict[str, float]
    watch_s: float
    ineligible: bool = False  # may not be recommended to anybody
    seen: bool = False
    hidden: bool = False  # hidden or blocked, either way
    filtered: bool = False  # outside the filters, or excluded
    boost: float = 0.0
    less_of: float = 0.0
    reasons: tuple[Reason, ...] = ()


class Ranking(msgspec.Struct, frozen=True, omit_defaults=True):
    surface: str
    model_version: str
    items: tuple[Scored, ...]  # best first
    unknown: tuple[str, ...] = ()  # ids that no video has, in the order given
    personalised: bool = True
    arm: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """The list the app gave."""

    async def fetch(self, query: FeedQuery) -> Candidates:
        return Candidates(query.given)


@dataclass(frozen=True, slots=True)
class Best:
    """All candidates, best first; chance and spacing have no part in it."""

    needs = ("value",)
    adds = ("explored", "novel", "pinned")

    def select(self, query: FeedQuery, candidates: Candidates) -> Candidates:
        value = candidates["value"].astype(np.float64)
        order = np.argsort(-np.where(np.isfinite(value), value, -np.inf), kind="stable")
        nothing = np.zeros(len(order), np.bool_)
        return candidates.take(order).adding(dict.fromkeys(self.adds, nothing))


@dataclass(frozen=True, slots=True)
class Unexplained:
    """No reasons, where none are asked for."""

    adds = ("reasons",)

    async def columns(self, query: FeedQuery, candidates: Candidates) -> Columns:
        return self.default(candidates)

    def default(self, candidates: Candidates) -> Columns:
        column = np.empty(len(candidates), object)
        for i in range(len(column)):
            column[i] = ()
        return {"reasons": column}


@dataclass(frozen=True, slots=True)
class Scorer:
    """A surface's scoring of given lists. `explained` also has reasons, `plain` does not."""

    surface: str
    parts: Parts
    value: Value
    plain: Pipeline[FeedQuery]
    explained: Pipeline[FeedQuery]
    observe: Callable[[Trace], None]
    arm: str = ""

    async def rank(
        self, viewer: str, videos: Sequence[str], options: Options, now_ms: int, reasons: bool
    ) -> Ranking:
        """
        Raises:
            Unavailable: the model did not answer.
        """
        live = self.parts.live
        rows = {video: live.video_row(video) for video in videos}
        row = live.viewer_row(viewer)
        query = FeedQuery(
            viewer=row,
            n=len(videos),
            now_ms=now_ms,
            seed=request_seed(self.parts.settings.seed, ""),
            surface=self.surface,
            wanted=wanted(options, live),
            given=np.array([at for at in rows.values() if at != NO_ROW], np.int32),
            personalised=options.personalised and not live.impersonal(row),
        )
        slate, trace = await (self.explained if reasons else self.plain).run(query)
        self.observe(trace)
        if trace.failures:  # a stand-in is no answer to "what is this worth"
            raise Unavailable(f"scoring failed at {trace.failures[0].stage}")
        return Ranking(
            surface=self.surface,
            model_version=live.model_version,
            items=tuple(self._scored(slate, i) for i in range(len(slate))),
            unknown=tuple(video for video, at in rows.items() if at == NO_ROW),
            personalised=query.personalised,
            arm=self.arm,
        )

    def _scored(self, slate: Candidates, i: int) -> Scored:
        live = self.parts.live
        return Scored(
            video=live.video_id(int(slate.rows[i])),
            value=_six(slate["value"][i]),
            predictions=dict(zip(live.outcomes, map(_six, slate["predictions"][i]), strict=True)),
            watch_s=_six(slate["watch_s"][i]),
            ineligible=not slate["eligible"][i],
            seen=bool(slate["seen"][i]),
            hidden=bool(slate["hidden"][i]),
            filtered=not slate["asked"][i],
            boost=_six(slate["boost"][i]),
            less_of=_six(slate["less_of"][i]),
            reasons=tuple(slate["reasons"][i]),
        )


def _six(number: Any) -> float:
    return round(float(number), 6)
