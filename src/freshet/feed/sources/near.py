"""Sources that begin with what the viewer did: liked videos, tastes, followed creators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.feed.parts import Parts
from freshet.feed.query import NO_ROWS, FeedQuery
from freshet.feed.sources.catalogue import distinct
from freshet.pipeline import NOTHING, UNASKED, Candidates, Rows
from freshet.retrieval.index import Floats
from freshet.retrieval.nearby import Nearby

LAST = 3  # liked videos that the viewer is taken to be still in the mood of
FOLLOWED_EACH = 5  # newest videos of one creator that are looked at


@dataclass(frozen=True, slots=True)
class Similar:
    """`similar` videos near the last three that the viewer liked, a third for each."""

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        return _near(self.parts, query)[0]


@dataclass(frozen=True, slots=True)
class Interests:
    """`interests` videos near the centroids of what the viewer lately liked.

    Half of them are shared out evenly and half by how much each taste was liked, so that a
    small taste is found too.
    """

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        return _near(self.parts, query)[1]


@dataclass(frozen=True, slots=True)
class CoWatched:
    """`co_watched` videos that were watched by who liked the same as the viewer, or after it."""

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        live, room = self.parts.live, self.parts.settings.co_watched
        cowatched = self.parts.nearby and self.parts.nearby.cowatched
        # What is ranked whole needs no search.
        whole = live.video_count() <= self.parts.settings.candidates
        if not cowatched or not cowatched.model or whole or not room:
            return UNASKED
        return Candidates(cowatched.near(query.taste(live).liked, room))


@dataclass(frozen=True, slots=True)
class Followed:
    """Up to `followed` of the newest videos by creators whom the viewer follows, the last
    followed first."""

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        live, room = self.parts.live, self.parts.settings.followed
        if query.known_as < 0 or not room:
            return NOTHING
        found: list[Rows] = [NO_ROWS]
        for person in live.follows(query.known_as).tolist():
            rows = live.videos_of(person, min(FOLLOWED_EACH, room))
            found.append(rows)
            room -= len(rows)
            if room <= 0:
                break
        rows = np.concatenate(found)
        return Candidates(rows[live.eligible[rows]])


def _near(parts: Parts, query: FeedQuery) -> tuple[Candidates, Candidates]:
    """What is near videos lately liked, and near tastes; the pipeline drops what is not
    eligible. Both are searched for at once, by whichever source comes first."""
    found = query.memo.get("near")
    if found is None:
        found = query.memo["near"] = _searched(parts, query)
    return found


def _searched(parts: Parts, query: FeedQuery) -> tuple[Candidates, Candidates]:
    live, settings = parts.live, parts.settings
    taste = query.taste(live)
    if parts.nearby is None or not len(taste.liked):
        return NOTHING, NOTHING
    # Searching costs by the number of points, so none is searched by for nothing.
    liked = taste.liked[: LAST if settings.similar else 0]
    similar = np.full(len(liked), -(-settings.similar // max(len(liked), 1)))
    interests = np.ceil(settings.interests * (0.5 / max(len(taste.shares), 1) + 0.5 * taste.shares))
    # The few nearest of one video lie in the first lists.
    few = parts.nearby.settings.probes_similar
    return (
        _nearest(parts.nearby, live.items(liked), similar, few),
        _nearest(parts.nearby, taste.centroids, interests, 0),
    )


def _nearest(nearby: Nearby, vectors: Floats, counts: NDArray[Any], probes: int) -> Candidates:
    """`counts` (k,) videos near each of `vectors` (k, 64)."""
    if not len(counts) or not counts.max():
        return NOTHING
    rows, _ = nearby.index.search(vectors, int(counts.max()), probes)
    return Candidates(distinct(rows[(np.arange(rows.shape[1]) < counts[:, None]) & (rows >= 0)]))
