"""The Following feed: what the people one follows have published, newest windows first.

Ranked are the newest `window` videos that were not seen, so the feed moves back in time as
one pages or watches, and is near-endless. Whoever is penalised stays in it: following was
chosen. Its value table is its own, and chance has no
place in it. Not personalised, it is still made of whom one follows: that was chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from freshet.feed.ladder import Ladder, Rung
from freshet.feed.parts import Live, Parts
from freshet.feed.query import DAY_MS, FeedQuery
from freshet.feed.reasons import Placed
from freshet.feed.settings import Following, ForYou
from freshet.feed.steps import Describe, Eligible, Hydrate, LongestAgo, NotHidden, Predict
from freshet.feed.wanted import NO_ROWS, AsAsked, Asked, Pinned
from freshet.pipeline import Candidates, Mask, Pipeline, Rows
from freshet.surfaces.shared import diverse, ranked, reasons, unseen, value_of

FIRST_DEPTH = 16  # videos of each person looked at to begin with


@dataclass(frozen=True, slots=True)
class FollowedWindow:
    """The newest `window` videos of followed people that were not seen; with `seen`, all
    that `depth` reaches."""

    live: Live
    settings: Following
    seen: bool = False

    async def fetch(self, query: FeedQuery) -> Candidates:
        found, passing = NO_ROWS, NO_ROWS
        for found in self._deeper(query):
            passing = found[query.wanted.passes(self.live, found)]
            if len(passing) >= self.settings.window and not self.seen:
                break
        # Where nothing passes the app's filters, they are seen to be why.
        found = passing if len(passing) else found
        newest = np.argsort(-self.live.created_ms[found], kind="stable")
        return Candidates(found[newest if self.seen else newest[: self.settings.window]])

    def _deeper(self, query: FeedQuery) -> Iterator[Rows]:
        """What may be shown, looking further back each time, to the end or to `depth`."""
        live, settings = self.live, self.settings
        people = live.follows(query.viewer)[: settings.creators].tolist()
        depth = min(FIRST_DEPTH, settings.depth)
        while people:
            lists = [live.videos_of(person, depth) for person in people]
            yield self._showable(query, np.concatenate(lists).astype(np.int32))
            if depth == settings.depth or max(map(len, lists)) < depth:
                return
            depth = min(4 * depth, settings.depth)

    def _showable(self, query: FeedQuery, rows: Rows) -> Rows:
        # Filters guarantee it; here it decides how far back the window lies.
        keep: Mask = self.live.followable[rows]
        if not self.seen:
            horizon_ms = self.settings.seen_horizon_days * DAY_MS
            keep = keep & ~self.live.seen(
                query.viewer, rows, query.now_ms, horizon_ms, query.served_since_s
            )
            keep &= ~np.isin(rows, query.served)
        kept: Rows = rows[keep]
        return kept


def parts_for(live: Live, settings: Following) -> Parts:
    """Shared stages read their numbers by the names that For You gives them."""
    shared = {
        name: getattr(settings, name)
        for name in settings.__struct_fields__
        if name in ForYou.__struct_fields__
    }
    return Parts(live, ForYou(**shared, explore_share=0.0, new_share=0.0))


def following(live: Live, settings: Following) -> Ladder:
    """The pipeline of `following` and the rungs under it.

    Raises:
        Refused: the value table names what the model does not predict.
    """
    parts = parts_for(live, settings)
    value = value_of(parts)
    why = reasons(parts, value, first="followed")
    forced = replace(diverse(parts), lift_first=True)

    def follows_nobody(query: FeedQuery) -> str:
        return "exhausted" if len(live.follows(query.viewer)) else "no_follows"

    full = Pipeline[FeedQuery](
        name="following",
        sources=[Pinned(parts), FollowedWindow(live, settings)],
        steps=[*unseen(parts, to_followers=True), *ranked(parts, value)],
        selector=diverse(parts),
        finish=[why],
    )
    unspaced = replace(full, name="following.unspaced", selector=forced)
    again = [
        Hydrate(parts, to_followers=True), Asked(parts), Eligible(), NotHidden(), AsAsked(),
        Describe(parts),
    ]  # fmt: skip
    reopened = Pipeline[FeedQuery](
        name="following.reopened",
        sources=[FollowedWindow(live, settings, seen=True)],
        steps=[*again, LongestAgo(parts)],
        selector=forced,
        finish=[Predict(parts), Placed("reopened")],
    )
    rungs = [Rung("", full), Rung("unspaced", unspaced)]
    if settings.reopen_seen:
        rungs.append(Rung("reopened", reopened))
    return Ladder(tuple(rungs), follows_nobody)
