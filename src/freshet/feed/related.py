"""Videos like a video: what stands under it, or plays after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freshet.domain.errors import NotFound
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.feed.steps import Eligible, Hydrate, NotHidden, NotSeen
from freshet.pipeline import NOTHING, Candidates, Pipeline, Rows

MORE = 4  # times as many are looked at as are asked, for some may not be shown
LOOKED_AT_MAX = 1_000
NEVER_S = 2**31 - 1  # what was served but not seen may be related


@dataclass(frozen=True, slots=True)
class RelatedQuery(FeedQuery):
    """What is asked: videos near `video`, a row."""

    video: int = -1


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The videos whose item vectors are nearest to that of the video asked about."""

    parts: Parts
    looked_at: int

    async def fetch(self, query: RelatedQuery) -> Candidates:
        if self.parts.nearby is None:
            return NOTHING
        return Candidates(self.parts.nearby.index.related(query.video, self.looked_at))


@dataclass(frozen=True, slots=True)
class First:
    """The first `query.n`, in the order in which they came."""

    def select(self, query: RelatedQuery, candidates: Candidates) -> Candidates:
        return candidates.take(np.arange(min(query.n, len(candidates))))


async def related(parts: Parts, video: str, viewer: int, n: int, now_ms: int) -> list[str]:
    """Ids of up to `n` videos like `video`, nearest first: none that may not be shown, and
    for a viewer (row, -1 = nobody) none that they have seen or hidden.

    Raises:
        NotFound: there is no such video, or it may not be shown itself.
    """
    row = parts.live.video_row(video)
    if row < 0 or not parts.live.eligible[np.array([row])][0]:
        raise NotFound("video", f"{video!r} is no video that is shown here")
    query = RelatedQuery(
        viewer=viewer, n=n, now_ms=now_ms, seed=0, video=row, served_since_s=NEVER_S
    )
    rows: Rows = NOTHING.rows
    for looked_at in dict.fromkeys((min(MORE * n, LOOKED_AT_MAX), LOOKED_AT_MAX)):
        pipeline = Pipeline[RelatedQuery](
            name="related",
            sources=[Neighbours(parts, looked_at)],
            steps=[Hydrate(parts), Eligible(), NotSeen(), NotHidden()],
            selector=First(),
        )
        slate, _ = await pipeline.run(query)
        rows = slate.rows
        if len(rows) >= n:
            break
    return [parts.live.video_id(row) for row in rows.tolist()]
