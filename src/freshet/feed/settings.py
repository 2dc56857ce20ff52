"""Every number of a feed that is configuration, with its default and unit.

`weights` is the value table: the value of a video for a viewer is the sum over the table
of weight × predicted outcome. An outcome is a probability, `watch_s` the expected seconds
of watching. A weight multiplies a predicted *probability*, not a count: reports are far
rarer than likes, so their weight is far larger.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

WEIGHTS: dict[str, float] = {
    "watch_s": 0.02,
    "watched_2s": 0.1,
    "watched_6s": 0.2,
    "long_view": 1.0,
    "finish": 1.0,  # watching a longer video to its end is the strongest single signal
    "rewatch": 1.0,
    "click": 0.1,
    "like": 1.0,
    "comment": 2.0,
    "share": 3.0,
    "favorite": 2.0,
    "follow": 4.0,
    "profile_visit": 0.5,
    "not_interested": -8.0,
    "hide": -12.0,
    "report": -40.0,
}

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]


class ForYou(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a For You feed is put together."""

    candidates: Positive = 800  # a catalogue up to this size is ranked whole for everybody
    similar: Count = 80  # candidates near the last videos the viewer liked
    interests: Count = 300  # candidates near what the viewer lately liked, taste by taste
    # candidates by what others watched with, and after, what the viewer lately liked, where the
    # catalogue is no larger than `retrieval.cowatch_max`
    co_watched: Count = 100
    followed: Count = 40  # candidates by creators the viewer follows
    proven: Count = 100  # candidates of most worth to anybody that fit the viewer
    rising: Count = 40  # candidates that gain fastest, half of them in the viewer's country
    fresh: Count = 30  # newest videos that are always candidates
    first_audience: Count = 30  # candidates that are new, little shown, and fit the viewer
    explore: Count = 30  # little-shown videos that are always candidates
    sample: Count = 40  # candidates drawn from the whole of a larger catalogue
    # candidates to be ranked; where tastes bring fewer, as many more are drawn from the whole
    least: Count = 600
    explore_share: Share = 0.05  # probability that a place goes to a little-shown video
    # The same for videos on trial (`stages`); where there is one for the viewer, instead of it.
    trial_share: Share = 0.06
    # Hold a video whose stage is full, or that was stopped, also back from places that it would
    # get by its own value: audiences are then as small as the stages say.
    hold: bool = False
    # standard deviations of value by which a viewer may be predicted below what a video on trial is
    # worth, and still be one it is tried on
    spare: Annotated[float, Meta(ge=0)] = 2.0
    explore_shown_max: Count = 100  # a video is little shown up to this many views
    # How much what is not known of a video speaks for it, in deviations of what one more view may
    # tell of its worth: 1 is what Thompson sampling would hope. 0 = only `explore_share` tries
    # little-known videos.
    optimism: Annotated[float, Meta(ge=0)] = 0.0
    topic_spread: Annotated[float, Meta(ge=0)] = 1.0  # standard deviations that variety weighs
    topic_window: Count = 5  # neighbouring videos from which a video should differ in topics
    # of a slate's places, at least, that go to topics, and to creators, not shown to them lately
    new_share: Share = 0.1
    # standard deviations gained by a topic that the viewer was not shown lately
    topic_novelty: Annotated[float, Meta(ge=0)] = 0.5
    seen_horizon_days: Positive = 90  # until a video that was seen may be shown again
    reopen_seen: bool = False  # show the oldest seen rather than nothing
    less_of_share: Share = 0.9  # of its worth that a video loses once "less of this" is said
    less_of_half_life_days: Positive = 14  # until half of that loss is forgotten
    reasons: Annotated[int, Meta(ge=1, le=10)] = 3  # reasons shown per video at most
    reason_share_min: Share = 0.01  # of a video's value that a reason must account for
    wait_ms: Count = 20  # longest wait for the viewer's own last act to be folded
    slates_kept: Positive = 20_000  # recent slates held for repeated requests and for "why"
    seed: Count = 0  # of all chance, together with the request's id
    # What a predicted outcome adds to the value of a video, per unit of probability.
    weights: dict[str, float] = msgspec.field(default_factory=lambda: dict(WEIGHTS))


class Shedding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How feeds are answered when more is asked than can be carried; per process."""

    on: bool = True  # answer at less cost under load, rather than let requests queue
    # longest that a feed should wait for its turn: if even the shortest wait of an interval is
    # longer, feeds are answered one step more cheaply
    target_ms: Positive = 50
    interval_ms: Positive = 200  # of which the shortest wait counts
    calm_ms: Positive = 1_000  # waits below half of the target until a step is taken back
    queue: Positive = 64  # feeds waiting for their turn, beyond which the last step answers
    candidates: Positive = 200  # ranked in the step of fewer candidates
    kept: Count = 60  # videos that a ranking left over, kept for the session's next slate
    kept_s: Positive = 600  # how long they are kept
    sessions: Positive = 10_000  # sessions they are kept for


# Who is followed was chosen: what holds them, and what they talk about, counts for more than
# what makes them follow somebody new.
FOLLOWING_WEIGHTS: dict[str, float] = {
    **{name: weight for name, weight in WEIGHTS.items() if name != "follow"},
    "long_view": 1.5,
    "comment": 3.0,
    "favorite": 1.0,
}


class Following(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a Following feed is put together."""

    window: Positive = 200  # newest videos not seen yet that are ranked against each other
    creators: Positive = 2_000  # followed people looked at, newest follow first
    depth: Positive = 500  # videos of one person looked at, however many were seen
    topic_spread: Annotated[float, Meta(ge=0)] = 0.5  # standard deviations that variety weighs
    topic_window: Count = 5  # neighbouring videos from which a video should differ in topics
    seen_horizon_days: Positive = 90  # until a video that was seen may be shown again
    reopen_seen: bool = False  # show the oldest seen rather than nothing
    less_of_share: Share = 0.9  # of its worth that a video loses once "less of this" is said
    less_of_half_life_days: Positive = 14  # until half of that loss is forgotten
    reasons: Annotated[int, Meta(ge=1, le=10)] = 3  # reasons shown per video at most
    reason_share_min: Share = 0.01  # of a video's value that a reason must account for
    wait_ms: Count = 20  # longest wait for the viewer's own last act to be folded
    seed: Count = 0  # of all chance, together with the request's id
    # What a predicted outcome adds to the value of a video, per unit of probability.
    weights: dict[str, float] = msgspec.field(default_factory=lambda: dict(FOLLOWING_WEIGHTS))
