"""Families of inputs, to be left out one at a time: what each brings."""

from __future__ import annotations

from collections.abc import Sequence

from freshet.domain.errors import Refused
from freshet.features.alike import Alike
from freshet.features.compose import FEATURES
from freshet.features.content import HashtagRates, SoundRates, TopicRates, VideoTraitRates
from freshet.features.duration import Duration
from freshet.features.effect import VideoEffect
from freshet.features.feature import Feature
from freshet.features.history import HistoryCrosses, HistoryHere
from freshet.features.hour import HourRates
from freshet.features.known import VideoKnown, ViewerKnown
from freshet.features.match import Match
from freshet.features.placement import (
    PlacementRates,
    SpanPlacement,
    VideoPlacement,
    ViewerPlacement,
)
from freshet.features.surprise import VideoSurprise, ViewerSurprise
from freshet.features.video_rates import VideoRates
from freshet.features.viewer import Session, ViewerRates, ViewerTraitRates

FAMILIES: dict[str, tuple[type[Feature], ...]] = {
    "history": (HistoryCrosses, HistoryHere, Alike),
    "crosses": (HistoryCrosses,),
    "similarity": (Alike,),
    "last-views": (HistoryHere,),
    "viewer-rates": (ViewerRates, ViewerSurprise),
    "viewer-traits": (ViewerTraitRates,),
    "session": (Session,),
    "before-the-log": (ViewerKnown, VideoKnown),
    "video-rates": (VideoRates,),
    "video-surprise": (VideoSurprise, VideoEffect),
    "length": (Duration,),
    "placement": (PlacementRates, ViewerPlacement, VideoPlacement, SpanPlacement),
    "hour": (HourRates,),
    "match": (Match,),
}
# One class, told apart by what it is asked about.
CONTENT: dict[str, Feature] = {
    "topics": TopicRates, "hashtags": HashtagRates, "sound": SoundRates,
    "video-traits": VideoTraitRates,
}  # fmt: skip
NAMES = (*FAMILIES, *CONTENT)


def inputs_of(families: Sequence[str], features: Sequence[Feature] = FEATURES) -> tuple[str, ...]:
    """Names of the inputs of some families.

    Raises:
        Refused: there is no such family.

    >>> inputs_of(["similarity"])
    ('alike_shown', 'alike_long', 'alike_surprise', 'alike_nearest')
    """
    found: list[str] = []
    for family in families:
        if family not in NAMES:
            raise Refused("--without", f"{family!r} is no family of inputs", ", ".join(NAMES))
        for feature in features:
            if feature is CONTENT.get(family) or type(feature) in FAMILIES.get(family, ()):
                found += feature.outputs
    return tuple(found)
