"""Surfaces at less cost, for when there is more load than can be carried: one ladder a step.

Each begins with what makes the step cheap and ends with the rungs of the surface itself, so a
feed stays never empty. All filters are those of the surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from freshet.domain.events import Surface
from freshet.feed.ladder import Ladder, Rung
from freshet.feed.load import STEPS
from freshet.feed.parts import Live, Parts
from freshet.feed.query import FeedQuery
from freshet.feed.reasons import Placed
from freshet.feed.rest import AsRanked, Leaving, LeftOver
from freshet.feed.settings import Following, ForYou, Shedding
from freshet.feed.sources import PopularHere
from freshet.feed.steps import Predict, ShownMost
from freshet.feed.wanted import Pinned
from freshet.pipeline import Candidates, Mask, Pipeline
from freshet.surfaces.shared import diverse, totalled, unseen

COUNTS = (
    "candidates", "similar", "interests", "co_watched", "followed", "proven", "rising", "fresh",
    "first_audience", "explore", "sample", "least",
)  # fmt: skip
FEWER, CACHED, POPULAR = STEPS[1:]


@dataclass(frozen=True, slots=True)
class Cheaper:
    """The ladders of one surface, by step from the first."""

    surface: Surface
    parts: Parts
    shedding: Shedding

    def of(self, ladder: Ladder, popular: bool = True) -> Sequence[Ladder]:
        """
        Args:
            ladder: the surface's, with fewer candidates.
            popular: whether anything popular may stand in for it.
        """
        first, *lower = self.leaving(ladder).rungs
        pipeline = replace(first.pipeline, name=f"{self.surface}.{FEWER}")
        fewer = replace(ladder, rungs=(Rung(FEWER, pipeline), *lower))
        cached = Rung(CACHED, self._cached(), left_over=True)
        rest = replace(ladder, rungs=(cached, *fewer.rungs))
        if not popular:
            return fewer, rest, rest
        known = Rung(POPULAR, self._popular())
        return fewer, rest, replace(ladder, rungs=(cached, known, *fewer.rungs))

    def leaving(self, ladder: Ladder) -> Ladder:
        """The same, and what its ranking leaves over is told, where that may be served."""
        if not self.shedding.on:
            return ladder
        first, *lower = ladder.rungs
        left = Leaving(first.pipeline.selector, self.shedding.kept)
        pipeline = replace(first.pipeline, selector=left)
        return replace(ladder, rungs=(Rung(first.name, pipeline), *lower))

    def _cached(self) -> Pipeline[FeedQuery]:
        parts = self.parts
        return Pipeline(
            name=f"{self.surface}.{CACHED}",
            sources=[Pinned(parts), LeftOver()],
            steps=[*self._unseen(), AsRanked(), *totalled(parts)],
            selector=Leaving(diverse(parts), self.shedding.kept),
            finish=[Predict(parts), Placed("left_over")],
        )

    def _unseen(self) -> list[Any]:
        if self.surface == "following":
            return [*unseen(self.parts, to_followers=True), StillFollowed(self.parts.live)]
        return unseen(self.parts)

    def _popular(self) -> Pipeline[FeedQuery]:
        parts = self.parts
        return Pipeline(
            name=f"{self.surface}.{POPULAR}",
            sources=[Pinned(parts), PopularHere(parts)],
            steps=[*unseen(parts), ShownMost(parts)],
            selector=diverse(parts),
            finish=[Predict(parts), Placed("popular_here")],
        )


@dataclass(frozen=True, slots=True)
class StillFollowed:
    """Hide whom the viewer follows no more, but for what the app pins."""

    live: Live
    needs = ("creator",)

    def keep(self, query: FeedQuery, candidates: Candidates) -> Mask:
        pinned = [row for row, _ in query.wanted.pins]
        followed = np.isin(candidates["creator"], self.live.follows(query.viewer))
        return followed | np.isin(candidates.rows, pinned)


def fewer(section: ForYou, shedding: Shedding) -> ForYou:
    """The section with every number of candidates in proportion."""
    share = min(1.0, shedding.candidates / max(section.least, 1))
    counts = {name: -int(-share * getattr(section, name) // 1) for name in COUNTS}
    # Searching costs by the number of points; tastes find most of what is near the last videos.
    return msgspec.structs.replace(section, **{**counts, "similar": 0})


def narrower(section: Following, shedding: Shedding) -> Following:
    window = min(section.window, max(1, shedding.candidates // 3))
    return msgspec.structs.replace(section, window=window)
