"""The For You feed: one endless stream per viewer, mostly from creators they do not follow.

Nothing here knows how many followers a creator has or how their other videos did.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from freshet.feed.ladder import Ladder, Rung
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.feed.reasons import Placed
from freshet.feed.sources import (
    CoWatched,
    Everything,
    Explore,
    FirstAudience,
    Followed,
    Fresh,
    Interests,
    Proven,
    Rising,
    Similar,
    Whole,
)
from freshet.feed.steps import (
    Describe,
    Eligible,
    Hydrate,
    LongestAgo,
    NotHidden,
    Popularity,
    Predict,
)
from freshet.feed.trying import Draw, InQuota, OnTrial
from freshet.feed.wanted import AsAsked, Asked, Matching, Pinned
from freshet.pipeline import Pipeline
from freshet.surfaces.shared import diverse, doubted, ranked, reasons, unseen, value_of


def for_you(parts: Parts) -> Ladder:
    """The pipeline of `for_you` and the rungs under it.

    Raises:
        Refused: the value table names what the model does not predict.
    """
    settings, value = parts.settings, value_of(parts)
    why = reasons(parts, value)
    certain = diverse(parts)
    forced = replace(certain, lift_first=True)

    tries = parts.trials is not None
    in_trial: list[Any] = [OnTrial(parts, settings.hold), InQuota()] if tries else []
    drawn: list[Any] = [Draw(parts, settings.spare)] if tries else []
    trial_share = settings.trial_share if tries else 0.0
    full = Pipeline[FeedQuery](
        name="for_you",
        sources=[
            Pinned(parts),
            Similar(parts),
            Interests(parts),
            CoWatched(parts),
            Followed(parts),
            Proven(parts),
            Rising(parts),
            Fresh(parts),
            FirstAudience(parts),
            Explore(parts),
            Everything(parts),
            Matching(parts),
        ],
        steps=[
            *unseen(parts),
            *in_trial,
            *ranked(parts, value),
            *doubted(parts, value),
            *drawn,
        ],
        selector=diverse(parts, settings.explore_share, settings.optimism, trial_share),
        finish=[why],
    )
    popular = Pipeline[FeedQuery](
        name="for_you.popular",
        sources=[Whole(parts)],
        steps=[*unseen(parts), Popularity()],
        selector=certain,
        finish=[Predict(parts), Placed("popular")],
    )
    unspaced = Pipeline[FeedQuery](
        name="for_you.unspaced",
        sources=[Whole(parts)],
        steps=[*unseen(parts), *ranked(parts, value)],
        selector=forced,
        finish=[why],
    )
    again = [Hydrate(parts), Asked(parts), Eligible(), NotHidden(), AsAsked(), Describe(parts)]
    reopened = Pipeline[FeedQuery](
        name="for_you.reopened",
        sources=[Whole(parts)],
        steps=[*again, LongestAgo(parts)],
        selector=forced,
        finish=[Predict(parts), Placed("reopened")],
    )
    rungs = [Rung("", full), Rung("popular", popular), Rung("unspaced", unspaced)]
    if settings.reopen_seen:
        rungs.append(Rung("reopened", reopened))
    return Ladder(tuple(rungs))
