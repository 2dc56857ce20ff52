"""Given lists: scored as a surface would, or served as one of its slates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from freshet.feed.ladder import Ladder, Rung
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.feed.rank import Best, Given, Scorer, Unexplained
from freshet.feed.steps import Describe, Hydrate
from freshet.feed.wanted import Asked
from freshet.pipeline import Pipeline, Trace
from freshet.surfaces.shared import diverse, ranked, reasons, unseen, value_of


def scorer(surface: str, parts: Parts, observe: Callable[[Trace], None], arm: str = "") -> Scorer:
    """Every video of a list, whether it may be shown or not."""
    value = value_of(parts)
    plain = Pipeline[FeedQuery](
        name=f"{surface}.rank",
        sources=[Given()],
        steps=[Hydrate(parts), Asked(parts), Describe(parts), *ranked(parts, value)],
        selector=Best(),
        finish=[Unexplained()],
    )
    explained = replace(plain, finish=[reasons(parts, value)])
    return Scorer(surface, parts, value, plain, explained, observe, arm)


def served(surface: str, parts: Parts) -> Ladder:
    """What of a list may be shown, best first and spaced, as a slate of the surface."""
    value = value_of(parts)
    pipeline = Pipeline[FeedQuery](
        name=f"{surface}.given",
        sources=[Given()],
        steps=[*unseen(parts), *ranked(parts, value)],
        selector=diverse(parts),
        finish=[reasons(parts, value)],
    )
    return Ladder([Rung("", pipeline)])
