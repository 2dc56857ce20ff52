"""What can be told of trials: of one video to its creator, of all to the operator."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping

import msgspec

from freshet.catalogue.trials import FOLLOWERS, RUNNING, STATES
from freshet.distribution.deciding import Deciding
from freshet.distribution.journey import Decision, Journey
from freshet.distribution.scaling import scaled

AUDIENCES = ("everybody", "followers")
SIZES = (0, 10, 100, 1_000, 10_000)  # followers from which creators are of another size
WEEK_MS = 7 * 86_400_000


class Decided(msgspec.Struct, frozen=True):
    """How a stage ended, and on what."""

    at_ms: int
    stage: int
    verdict: str
    impressions: int
    views: int  # over when it was decided
    worth: float  # of a view beyond what was expected of such viewers
    uncertainty: float  # one standard deviation of that
    bar: float  # worth of the middle of the cohort
    chance: float  # that the video is above it


class JourneySoFar(msgspec.Struct, frozen=True):
    """Where a video is on its way."""

    video: str
    state: str  # running, open, stopped, ended
    stage: int  # from 0
    stages: int  # there are
    audience: str  # everybody, followers
    impressions: int  # had in this stage
    quota: int  # of this stage
    since_ms: int  # the stage began
    worth: float  # of a view, beyond what was expected of such viewers
    uncertainty: float
    bar: float
    chance: float  # of being above the bar: decides what comes next
    promote: float  # a chance that is enough
    stop: float  # and one that is too small
    decisions: list[Decided]


class Step(msgspec.Struct, frozen=True):
    """One stage, over all videos."""

    stage: int
    quota: int  # as scaled now
    running: int
    promoted: int
    extended: int
    stopped: int
    passes: float  # share that goes on, as sizes are worked out with


class BySize(msgspec.Struct, frozen=True):
    """What videos of creators of one size got, of those tried in the last week."""

    followers_min: int
    followers_max: int | None  # None = any more
    creators: int
    videos: int
    impressions: int
    open: int  # of the videos, went all the way


class Funnel(msgspec.Struct, frozen=True):
    """What the operator sees of all trials."""

    on: bool
    scale: float  # of the quotas in the settings: what there is to watch allows no more
    impressions_per_upload: float
    running: int
    steps: list[Step]
    by_size: list[BySize]


def standing(book: Deciding, slot: int) -> JourneySoFar:
    """Of the trial in a slot."""
    row, journey = book.trials.slots[slot], book.journeys[slot]
    belief, bar = book.belief(slot)
    return JourneySoFar(
        journey.video, STATES[int(row["state"])], int(row["stage"]),
        len(book.settings.quotas_of(journey.country)), AUDIENCES[int(row["audience"] == FOLLOWERS)],
        int(row["shown"]), int(row["quota"]), journey.since_ms, round(belief.mean, 6),
        round(belief.sd, 6), round(bar, 6), round(belief.above(bar), 6), book.settings.promote,
        book.settings.stop, [_decided(one) for one in journey.decisions],
    )  # fmt: skip


def _decided(one: Decision) -> Decided:
    return Decided(
        one.at_ms, one.stage, one.verdict, one.shown, one.views, one.mean, one.sd, one.bar,
        one.chance,
    )  # fmt: skip


def impressions(journey: Journey, shown: int) -> int:
    """Had in all stages; `shown` in the one it is in."""
    ended = (one.shown for one in journey.decisions if one.verdict == "promoted")
    return sum(ended) + shown


def funnel(book: Deciding, followers: Mapping[str, int], now_ms: int) -> Funnel:
    """Over all trials that are remembered."""
    settings, scaling = book.settings, book.scaling
    verdicts = Counter(
        (decision.stage, decision.verdict)
        for journey in book.journeys.values()
        for decision in journey.decisions
    )
    slots = book.trials.slots[: book.trials.used]
    running = Counter(slots["stage"][slots["state"] == RUNNING].tolist())
    scale = scaling.scale(settings.quotas, book.budget, settings.quota_min)
    steps = [
        Step(
            stage, scaled(quota, scale), running[stage],
            verdicts[stage, "promoted"] + verdicts[stage, "opened"], verdicts[stage, "extended"],
            verdicts[stage, "stopped"], round(scaling.passes(stage), 4),
        )
        for stage, quota in enumerate(settings.quotas)
    ]  # fmt: skip
    per_upload = scaling.impressions / scaling.uploads if scaling.uploads else 0.0
    return Funnel(
        settings.on, round(scale, 6), round(per_upload, 3), sum(running.values()), steps,
        _by_size(book, followers, now_ms - WEEK_MS),
    )  # fmt: skip


def _by_size(book: Deciding, followers: Mapping[str, int], since_ms: int) -> list[BySize]:
    creators: list[set[str]] = [set() for _ in SIZES]
    counts = [[0, 0, 0] for _ in SIZES]
    for slot, journey in reversed(book.journeys.items()):
        if journey.published_ms < since_ms and journey.since_ms < since_ms:
            break
        row = book.trials.slots[slot]
        size = bisect_right(SIZES, followers.get(journey.creator, 0)) - 1
        creators[size].add(journey.creator)
        opened = bool(journey.decisions) and journey.decisions[-1].verdict == "opened"
        for at, n in enumerate((1, impressions(journey, int(row["shown"])), opened)):
            counts[size][at] += n
    return [
        BySize(least, SIZES[at + 1] - 1 if at + 1 < len(SIZES) else None, len(creators[at]), *more)
        for at, (least, more) in enumerate(zip(SIZES, counts, strict=True))
    ]
