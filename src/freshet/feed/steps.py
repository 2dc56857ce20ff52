"""Steps between the sources and the selector: read columns once, then filter and predict.

Filters read columns only, so a test of one needs arrays and nothing else. When a read
fails, the default is the careful value: not eligible, seen, hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.pipeline import Candidates, Columns, Mask

HERE = np.float32(np.log(4.0))


@dataclass(frozen=True, slots=True)
class Hydrate:
    """What filters ask: may it be shown at all, has this viewer seen it, or hidden it.

    `to_followers`: what is shown was chosen by following, so a penalty does not bar it.
    """

    parts: Parts
    to_followers: bool = False
    adds = ("eligible", "seen", "hidden")

    async def columns(self, query: FeedQuery, candidates: Candidates) -> Columns:
        live, rows = self.parts.live, candidates.rows
        return {
            "eligible": (live.followable if self.to_followers else live.eligible)[rows],
            "seen": query.seen(live, rows, self.parts.settings.seen_horizon_days),
            "hidden": live.hidden(query.viewer, rows),
        }

    def default(self, candidates: Candidates) -> Columns:
        n = len(candidates)
        return {
            "eligible": np.zeros(n, np.bool_),
            "seen": np.ones(n, np.bool_),
            "hidden": np.ones(n, np.bool_),
        }


@dataclass(frozen=True, slots=True)
class Eligible:
    """Hide what may not be recommended to anybody."""

    needs = ("eligible",)

    def keep(self, query: FeedQuery, candidates: Candidates) -> Mask:
        return candidates["eligible"]


@dataclass(frozen=True, slots=True)
class NotSeen:
    """Hide what the viewer has already been shown."""

    needs = ("seen",)

    def keep(self, query: FeedQuery, candidates: Candidates) -> Mask:
        return ~candidates["seen"]


@dataclass(frozen=True, slots=True)
class NotHidden:
    """Hide what the viewer hid and who is blocked, either way."""

    needs = ("hidden",)

    def keep(self, query: FeedQuery, candidates: Candidates) -> Mask:
        return ~candidates["hidden"]


@dataclass(frozen=True, slots=True)
class Describe:
    """What the selector reads of the catalogue, for those that passed.

    `explorable`: so little shown that a slot may go to it by chance.
    """

    parts: Parts
    adds = ("creator", "sound", "topics", "shown", "explorable")

    async def columns(self, query: FeedQuery, candidates: Candidates) -> Columns:
        creator, sound, topics, shown = self.parts.live.described(candidates.rows)
        explorable = shown <= self.parts.settings.explore_shown_max
        return {
            "creator": creator, "sound": sound, "topics": topics, "shown": shown,
            "explorable": explorable,
        }  # fmt: skip

    def default(self, candidates: Candidates) -> Columns:
        # Spacing cannot be held over unknown creators: all count as one creator's.
        n = len(candidates)
        return {
            "creator": np.zeros(n, np.int32),
            "sound": np.full(n, -1, np.int32),
            "topics": np.full((n, 3), -1, np.int32),
            "shown": np.zeros(n, np.float32),
            "explorable": np.zeros(n, np.bool_),
        }


@dataclass(frozen=True, slots=True)
class Predict:
    """The model's word on every candidate.

    features     (n, features)   as ranked; logged with the slate and learned from
    predictions  (n, outcomes)   probabilities
    watch_s      (n,)            expected seconds of watching
    typical      (n, features)   mean vector of these candidates, the same in every row:
                                 what reasons compare an item with
    """

    parts: Parts
    adds = ("features", "predictions", "watch_s", "typical")

    async def columns(self, query: FeedQuery, candidates: Candidates) -> Columns:
        ranked = self.parts.live.rank(query.known_as, candidates.rows, query.now_ms, query.surface)
        return {
            "features": ranked.features,
            "predictions": ranked.predictions,
            "watch_s": ranked.watch_s,
            "typical": _mean_row(ranked.features),
        }

    def default(self, candidates: Candidates) -> Columns:
        n, live = len(candidates), self.parts.live
        features = np.zeros((n, len(live.feature_names)), np.float32)
        return {
            "features": features,
            "predictions": np.zeros((n, len(live.outcomes)), np.float32),
            "watch_s": np.zeros(n, np.float32),
            "typical": features,
        }


def _mean_row(features: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(features):
        return features
    mean = np.zeros(features.shape[1], np.float32)
    _add_rows(features, mean)
    mean /= np.float32(len(features))
    return np.broadcast_to(mean, features.shape)  # one row in memory


@njit(cache=True)
def _add_rows(features, total):  # type: ignore[no-untyped-def]
    """As numpy adds them, row after row, but without its call for each."""
    for i in range(features.shape[0]):
        for j in range(len(total)):
            total[j] += features[i, j]


@dataclass(frozen=True, slots=True)
class Popularity:
    """Value by how often a video was shown: for the rung that has no time to predict."""

    needs = ("shown",)
    adds = ("value",)
    default = 0.0

    def score(self, query: FeedQuery, candidates: Candidates) -> NDArray[np.float32]:
        return candidates["shown"].astype(np.float32)


@dataclass(frozen=True, slots=True)
class ShownMost:
    """Value by how often a video was shown, in logarithms; one published in the viewer's country
    counts as one shown four times as often."""

    parts: Parts
    needs = ("shown",)
    adds = ("value",)
    default = 0.0

    def score(self, query: FeedQuery, candidates: Candidates) -> NDArray[np.float32]:
        live = self.parts.live
        country, _ = live.home(query.known_as)
        value: NDArray[np.float32] = np.log1p(candidates["shown"]).astype(np.float32)
        if country >= 0:
            value += HERE * (live.country[candidates.rows] == country)
        return value


@dataclass(frozen=True, slots=True)
class LongestAgo:
    """Value by how long ago the viewer was last shown it, in seconds."""

    parts: Parts
    adds = ("value",)
    default = 0.0

    def score(self, query: FeedQuery, candidates: Candidates) -> NDArray[np.float64]:
        last_ms = self.parts.live.seen_ms(query.viewer, candidates.rows)
        ago_s = (query.now_ms - last_ms) / 1000
        return np.where(np.isin(candidates.rows, query.served), 0.0, ago_s)
