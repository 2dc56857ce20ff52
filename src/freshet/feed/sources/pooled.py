"""Sources that draw from pools which are kept off the path of requests.

A pool is some seconds old: what is no longer eligible is dropped by the pipeline's filter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freshet.feed.parts import Floats, Parts
from freshet.feed.query import FeedQuery
from freshet.pipeline import NOTHING, Candidates

# What speaks for a video beside the cosine to the viewer's nearest taste. A standard deviation
# of worth to anybody weighs as a linear fit of the ranker's value by both says it does, in a
# generated world.
WORTH = 0.2
SAME_COUNTRY, SAME_LANGUAGE = np.float32(0.1), np.float32(0.2)
LUCK = 0.1  # so that not the same few of many like ones are always taken


@dataclass(frozen=True, slots=True)
class Rising:
    """`rising` videos whose engagement grows fastest: half of them published in the viewer's
    country, half anywhere; all anywhere if the country is not known."""

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        if self.parts.nearby is None:
            return NOTHING
        most = self.parts.settings.rising
        country = query.taste(self.parts.live).country
        world, here = self.parts.nearby.rising.rows(country, query.now_ms)
        here = here[: most - most // 2]
        # At most len(here) of the world's are among them, so so many more are enough.
        world = world[:most]
        taken = set(here.tolist())
        others = [row for row in world.tolist() if row not in taken][: most - len(here)]
        return Candidates(np.concatenate([here, np.array(others, np.int32)]))


@dataclass(frozen=True, slots=True)
class PopularHere:
    """What was shown most, in the viewer's country and anywhere."""

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        if self.parts.nearby is None:
            return NOTHING
        country, _ = self.parts.live.home(query.known_as)
        world, here = self.parts.nearby.popular.rows(country, query.now_ms)
        return Candidates(np.concatenate([here, world]))


@dataclass(frozen=True, slots=True)
class Proven:
    """`proven` videos of those that are worth most to a viewer of whom nothing is known,
    those that fit this viewer first."""

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        if self.parts.nearby is None:
            return NOTHING
        live, proven = self.parts.live, self.parts.nearby.proven
        pool = proven.pool(query.now_ms)
        centroids = query.taste(live).centroids
        fit = pool.cosines(centroids) + np.float32(WORTH) * pool.standing
        # Who has seen the best of them gets the next best.
        settings = self.parts.settings
        left = np.flatnonzero(~query.seen(live, pool.rows, settings.seen_horizon_days))
        return Candidates(pool.rows[left[_largest(fit[left], settings.proven)]])


@dataclass(frozen=True, slots=True)
class FirstAudience:
    """`first_audience` videos that are new and little shown and fit this viewer: near one of
    their tastes, in their language, from their country. Chance tells like ones apart."""

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        if self.parts.nearby is None:
            return NOTHING
        live, settings = self.parts.live, self.parts.settings
        pool = self.parts.nearby.young.pool(query.now_ms)
        if not len(pool.rows):
            return NOTHING
        taste = query.taste(live)
        fit = pool.cosines(taste.centroids)
        if taste.country >= 0:
            fit += SAME_COUNTRY * (pool.country == taste.country)
        if taste.language >= 0:
            fit += SAME_LANGUAGE * (pool.language == taste.language)
        fit += (LUCK * query.draws("first_audience").random(len(fit))).astype(np.float32)
        return Candidates(pool.rows[_largest(fit, settings.first_audience)])


def _largest(fit: Floats, n: int) -> NDArray[np.int64]:
    """Where the `n` largest are, largest first."""
    best = np.argpartition(-fit, n - 1)[:n] if 0 < n < len(fit) else np.arange(len(fit) if n else 0)
    return best[np.argsort(-fit[best], kind="stable")]
