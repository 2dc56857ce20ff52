"""What is answered of new videos on trial: their journey, why they stall, how all fare."""

from __future__ import annotations

from freshet_client.answers import Answer


class StageDecided(Answer, frozen=True, kw_only=True):
    """How a stage ended, and on what."""

    at_ms: int
    stage: int
    verdict: str
    impressions: int
    views: int
    worth: float
    uncertainty: float
    bar: float
    chance: float


class Journey(Answer, frozen=True, kw_only=True):
    """Where a new video is on its way from stage to stage."""

    video: str
    state: str  # running, open, stopped, ended
    stage: int  # from 0
    stages: int
    audience: str  # everybody, followers
    impressions: int
    quota: int
    since_ms: int
    worth: float
    uncertainty: float
    bar: float
    chance: float  # of being above the bar
    promote: float  # a chance that is enough
    stop: float  # and one that is too small
    decisions: tuple[StageDecided, ...]


class FunnelStep(Answer, frozen=True, kw_only=True):
    """One stage, over all videos."""

    stage: int
    quota: int
    running: int
    promoted: int
    extended: int
    stopped: int
    passes: float


class BySize(Answer, frozen=True, kw_only=True):
    """What videos of creators of one size got, of those tried in the last week."""

    followers_min: int
    followers_max: int | None  # None = any more
    creators: int
    videos: int
    impressions: int
    open: int  # of the videos, went all the way


class Funnel(Answer, frozen=True, kw_only=True):
    """All stages, and how large they are now."""

    on: bool
    scale: float
    impressions_per_upload: float
    running: int
    steps: tuple[FunnelStep, ...]
    by_size: tuple[BySize, ...] = ()


# --- diagnosis ------------------------------------------------------------------------------


class Said(Answer, frozen=True, kw_only=True):
    """A sentence by its code; `params` fill it."""

    code: str
    text: str
    params: dict[str, str] = {}  # noqa: RUF012 (a struct copies it)


class Taste(Answer, frozen=True, kw_only=True):
    """One topic: how much of the video is about it, how many of its viewers like it."""

    topic: str
    of_video: float
    of_audience: float
    watched: float


class AudienceSeen(Answer, frozen=True, kw_only=True):
    """Who saw it. `match`: how much of what it is about is what they like, from 0 to 1;
    `match_usual`: of other videos on trial."""

    followers_share: float
    match: float
    match_usual: float
    tastes: tuple[Taste, ...]


class Measured(Answer, frozen=True, kw_only=True):
    """One number beside its cohort's, with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float
    usual: float
    verdict: str  # above, level, below


class Leaving(Answer, frozen=True, kw_only=True):
    """Share of viewers still there, by second."""

    at_s: tuple[float, ...]
    still: tuple[float, ...]
    usual: tuple[float, ...]
    most_s: float  # where most more than usual leave; -1 = nowhere


class Penalty(Answer, frozen=True, kw_only=True):
    """A decision that keeps it from being recommended."""

    decision: str
    effect: str
    reason: str
    until: int  # 0 = no end
    of: str  # video, person


class PostIt(Answer, frozen=True, kw_only=True):
    """One topic of a video or a profile."""

    topic: str
    share: float
    confidence: float


class Diagnosis(Answer, frozen=True, kw_only=True):
    """What a creator is told of one video."""

    video: str
    journey: Journey | None  # None: it was never on trial
    impressions: int
    views: int
    stalled: bool
    cause: str  # audience, watching, penalty; "" = it does not stall, or too little is known
    chance: float  # that it is this one rather than the other
    evidence: tuple[Said, ...]
    help: tuple[Said, ...]
    next: Said
    audience: AudienceSeen | None
    topics: tuple[PostIt, ...]
    numbers: tuple[Measured, ...]
    leaving: Leaving | None
    penalties: tuple[Penalty, ...]
    habits: tuple[Said, ...]


class VideoOf(Answer, frozen=True, kw_only=True):
    """One of a person's videos."""

    video: str
    state: str  # running, open, stopped, ended; "" = it was never on trial
    stage: int
    impressions: int
    cause: str


class PersonDiagnosis(Answer, frozen=True, kw_only=True):
    """What a creator is told of all they post."""

    person: str
    followers: int
    videos: tuple[VideoOf, ...]  # the newest first
    category: tuple[PostIt, ...]  # the largest first
    habits: tuple[Said, ...]
    penalties: tuple[Penalty, ...]
