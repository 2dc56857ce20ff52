"""What a feed answers, read from the `SlateServed` that was logged: so a request repeated
after a crash is answered with the same bytes as the first time."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from freshet.domain.events import SlateServed
from freshet.feed.reasons import Reason, read
from freshet.pipeline import Trace


class PinDropped(msgspec.Struct, frozen=True):
    """A pin that is not in the slate, and why."""

    video: str
    position: int
    reason: str


class FeedTrace(msgspec.Struct, frozen=True):
    """How this answer came about: every rung that was tried, and how fresh the state was."""

    rungs: tuple[Trace, ...] = ()
    waited_ms: float = 0.0
    behind: int = 0  # events of this viewer's own that were not folded in time
    repeated: bool = False  # this request was answered before; nothing was ranked
    empty: str = ""  # why there is nothing, in words
    pins_dropped: tuple[PinDropped, ...] = ()
    boosts: dict[str, float] = {}  # by video, value the app's boosts added
    less_of: dict[str, float] = {}  # by video, value that "less of this" took


class Item(msgspec.Struct, frozen=True):
    video: str
    position: int
    source: str
    propensity: float  # probability that the policy put it there
    value: float
    predictions: dict[str, float]
    reasons: tuple[Reason, ...]
    model_version: str


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    request_id: str
    seed: int
    surface: str
    time: int  # ms since 1970, of the ranking
    items: tuple[Item, ...]
    rung: str = ""  # of the never-empty ladder, "" = the whole pipeline; or why it is empty
    session_id: str = ""
    arm: str = ""  # of an experiment
    personalised: bool = True
    cursor: str = ""  # asks for the next page; "" = there is none
    trace: FeedTrace | None = None


def answer(slate: SlateServed, outcomes: Sequence[str], trace: FeedTrace | None) -> Answer:
    """The answer a logged slate stands for."""
    items = tuple(
        Item(
            video=one.video,
            position=position,
            source=one.source,
            propensity=one.propensity,
            value=one.value,
            predictions=_named(one.predictions, outcomes),
            reasons=tuple(read(text) for text in one.reasons),
            model_version=slate.model,
        )
        for position, one in enumerate(slate.items)
    )
    return Answer(
        request_id=slate.request_id,
        seed=slate.seed,
        surface=slate.surface,
        time=slate.time,
        items=items,
        rung=slate.rung,
        session_id=slate.session_id,
        arm=slate.arm,
        personalised=slate.personalised,
        trace=trace,
    )


def _named(predictions: Sequence[float], outcomes: Sequence[str]) -> dict[str, float]:
    # A slate of a model with other outcomes: numbers without their names say nothing.
    if len(predictions) != len(outcomes):
        return {}
    return dict(zip(outcomes, predictions, strict=True))
