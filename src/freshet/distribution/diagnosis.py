"""What a creator is told of a video, and of all they post."""

from __future__ import annotations

import msgspec

from freshet.distribution.standing import JourneySoFar
from freshet.distribution.wording import Said


class Taste(msgspec.Struct, frozen=True):
    """One topic: how much of the video is about it, how much of what its viewers like."""

    topic: str
    of_video: float
    of_audience: float
    watched: float  # worth to viewers of that taste beyond what was expected, 0 if too few came


class AudienceSeen(msgspec.Struct, frozen=True):
    """Who saw it. `match`: how much of what it is about is what they like, from 0 to 1;
    `match_usual`: of other videos on trial."""

    followers_share: float  # of this stage's impressions
    match: float
    match_usual: float
    tastes: list[Taste]  # that stand out, the commonest first


class Measured(msgspec.Struct, frozen=True):
    """One number beside its cohort's; a share of views. 95 % interval (Wilson 1927)."""

    name: str
    value: float
    low: float
    high: float
    usual: float
    verdict: str  # above, level, below


class Leaving(msgspec.Struct, frozen=True):
    """Share of viewers still there, by second, (21,); empty if too few came."""

    at_s: list[float]
    still: list[float]
    usual: list[float]
    most_s: float  # where most more than usual leave; -1 = nowhere


class Penalty(msgspec.Struct, frozen=True):
    """What a moderator or a rule decided, that keeps it from being recommended."""

    decision: str
    effect: str
    reason: str
    until: int  # ms since 1970, 0 = no end
    of: str  # video, person


class VideoOf(msgspec.Struct, frozen=True):
    """One of a person's videos."""

    video: str
    state: str  # running, open, stopped, ended; "" = it was never on trial
    stage: int
    impressions: int
    cause: str  # audience, watching, penalty; "" = none known


class PostIt(msgspec.Struct, frozen=True):
    """One topic of a video or a profile."""

    topic: str
    share: float
    confidence: float  # from 0 to 1: how much it is based on


class PersonDiagnosis(msgspec.Struct, frozen=True):
    """What a creator is told of all they post."""

    person: str
    followers: int
    videos: list[VideoOf]  # the newest first
    category: list[PostIt]  # the largest first
    habits: list[Said]
    penalties: list[Penalty]


class Diagnosis(msgspec.Struct, frozen=True):
    """What a creator is told of one video."""

    video: str
    journey: JourneySoFar | None  # None: it was never on trial
    impressions: int
    views: int  # over, that the numbers are of
    stalled: bool
    cause: str  # audience, watching, penalty; "" = it does not stall, or too little is known
    chance: float  # that it is this one rather than the other
    evidence: list[Said]
    help: list[Said]
    next: Said
    audience: AudienceSeen | None
    topics: list[PostIt]  # what it is taken to be about
    numbers: list[Measured]
    leaving: Leaving | None
    penalties: list[Penalty]
    habits: list[Said]
