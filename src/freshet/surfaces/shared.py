"""What surfaces are put together from: the same filters, the same way to a value."""

from __future__ import annotations

from typing import Any

from freshet.feed.diverse import Diverse
from freshet.feed.parts import Parts
from freshet.feed.reasons import Reasons
from freshet.feed.steps import Describe, Eligible, Hydrate, NotHidden, NotSeen, Predict
from freshet.feed.value import Doubt, LessOfThis, Lesson, Total, Value
from freshet.feed.wanted import AsAsked, Asked, Boosts

DAY_S = 86_400


def value_of(parts: Parts) -> Value:
    """The surface's value table.

    Raises:
        Refused: the table names what the model does not predict.
    """
    return Value(parts.settings.weights, parts.live.outcomes)


def unseen(parts: Parts, to_followers: bool = False) -> list[Any]:
    """What may be shown to this viewer, was not, and passes the app's filters."""
    filters = [Eligible(), NotSeen(), NotHidden(), AsAsked()]
    return [Hydrate(parts, to_followers), Asked(parts), *filters, Describe(parts)]


def ranked(parts: Parts, value: Value) -> list[Any]:
    """Predictions, what they are worth, and what app and viewer make of that."""
    return [Predict(parts), value, Boosts(parts), *totalled(parts)]


def totalled(parts: Parts) -> list[Any]:
    """From worth and boosts to the value that a slate is put in order by."""
    settings = parts.settings
    fading_s = settings.less_of_half_life_days * DAY_S
    return [LessOfThis(parts.live, settings.less_of_share, fading_s), Total()]


def doubted(parts: Parts, value: Value) -> list[Any]:
    """What optimism asks, where there is any."""
    if not parts.settings.optimism:
        return []
    return [Doubt(parts.live, value), Lesson(parts.live)]


def diverse(
    parts: Parts, explore_share: float = 0.0, optimism: float = 0.0, trial_share: float = 0.0
) -> Diverse:
    settings = parts.settings
    return Diverse(
        by=("creator", "sound", "topic"),
        explore_share=explore_share,
        topic_spread=settings.topic_spread,
        topic_window=settings.topic_window,
        topic_novelty=settings.topic_novelty,
        new_share=settings.new_share,
        optimism=optimism,
        trial_share=trial_share,
    )


def reasons(parts: Parts, value: Value, first: str = "") -> Reasons:
    settings = parts.settings
    return Reasons(parts.live, value, settings.reasons, settings.reason_share_min, first)
