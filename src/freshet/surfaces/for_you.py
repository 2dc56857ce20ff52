"""The For You feed: one endless stream per viewer, mostly from creators they do not follow.

Nothing here knows how many followers a creator has or how their other videos did.
"""

from __future__ import annotations

from dataclasses import replace

from freshet.feed.diverse import Diverse
from freshet.feed.ladder import Ladder, Rung
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.feed.reasons import Placed, Reasons
from freshet.feed.sources import Everything, Explore, Fresh, Whole
from freshet.feed.steps import (
    Describe,
    Eligible,
    Hydrate,
    LongestAgo,
    NotHidden,
    NotSeen,
    Popularity,
    Predict,
)
from freshet.feed.value import Value
from freshet.pipeline import Pipeline


def for_you(parts: Parts) -> Ladder:
    """The pipeline of `for_you` and the rungs under it.

    Raises:
        Refused: the value table names what the model does not predict.
    """
    settings = parts.settings
    value = Value(settings.weights, parts.live.outcomes)
    diverse = Diverse(
        by=("creator", "sound", "topic"),
        explore_share=settings.explore_share,
        topic_spread=settings.topic_spread,
        topic_window=settings.topic_window,
    )
    certain = replace(diverse, explore_share=0.0)
    forced = replace(certain, lift_first=True)
    why = Reasons(parts.live, value, settings.reasons, settings.reason_share_min)
    unseen = [Hydrate(parts), Eligible(), NotSeen(), NotHidden(), Describe(parts)]

    full = Pipeline[FeedQuery](
        name="for_you",
        sources=[Fresh(parts), Explore(parts), Everything(parts)],
        steps=[*unseen, Predict(parts), value],
        selector=diverse,
        finish=[why],
    )
    popular = Pipeline[FeedQuery](
        name="for_you.popular",
        sources=[Whole(parts)],
        steps=[*unseen, Popularity()],
        selector=certain,
        finish=[Predict(parts), Placed("popular")],
    )
    unspaced = Pipeline[FeedQuery](
        name="for_you.unspaced",
        sources=[Whole(parts)],
        steps=[*unseen, Predict(parts), value],
        selector=forced,
        finish=[why],
    )
    reopened = Pipeline[FeedQuery](
        name="for_you.reopened",
        sources=[Whole(parts)],
        steps=[Hydrate(parts), Eligible(), NotHidden(), Describe(parts), LongestAgo(parts)],
        selector=forced,
        finish=[Predict(parts), Placed("reopened")],
    )
    rungs = [Rung("", full), Rung("popular", popular), Rung("unspaced", unspaced)]
    if settings.reopen_seen:
        rungs.append(Rung("reopened", reopened))
    return Ladder(tuple(rungs))
