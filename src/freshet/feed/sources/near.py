"""Sources that begin with what the viewer did: liked videos, tastes, followed creators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freshet.feed.parts import Floats, Parts
from freshet.feed.query import NO_ROWS, FeedQuery
from freshet.feed.sources.catalogue import distinct
from freshet.pipeline import NOTHING, Candidates, Rows

LAST = 3  # liked videos that the viewer is taken to be still in the mood of
FOLLOWED_EACH = 5  # newest videos of one creator that are looked at


@dataclass(frozen=True, slots=True)
class Similar:
    """`similar` videos near the last three that the viewer liked, a third for each."""

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        live, most = self.parts.live, self.parts.settings.similar
        liked = query.taste(live).liked[:LAST]
        if not len(liked):
            return NOTHING
        return _near(self.parts, live.items(liked), np.full(len(liked), -(-most // len(liked))))


@dataclass(frozen=True, slots=True)
class Interests:
    """`interests` videos near the centroids of what the viewer lately liked.

    Half of them are shared out evenly and half by how much each taste was liked, so that a
    small taste is found too.
    """

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        taste = query.taste(self.parts.live)
        if not len(taste.centroids):
            return NOTHING
        most, shares = self.parts.settings.interests, taste.shares
        counts = np.ceil(most * (0.5 / len(shares) + 0.5 * shares))
        return _near(self.parts, taste.centroids, counts)


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


def _near(parts: Parts, vectors: Floats, counts: Floats) -> Candidates:
    """Videos near each of `vectors`, as many as `counts` says; the pipeline drops what is not
    eligible."""
    if parts.nearby is None or not counts.max():
        return NOTHING
    found, _ = parts.nearby.index.search(vectors, int(counts.max()))
    wanted = (np.arange(found.shape[1]) < counts[:, None]) & (found >= 0)
    return Candidates(distinct(found[wanted]))
