"""What a feed answers, read from the `SlateServed` that was logged: so a request repeated
after a crash is answered with the same bytes as the first time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from freshet.domain.events import SlateServed
from freshet.feed.reason import Reason, read, spoken, written
from freshet.feed.wording import ENGLISH
from freshet.pipeline import Trace

EXACT_BELOW = 100.0  # a weight of four decimals then has six digits


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
    weights: dict[str, float] = {}  # the value table: what a predicted outcome adds to a value
    features: dict[str, dict[str, float]] = {}  # by video, what was predicted from, if asked for
    step: str = ""  # by which a loaded server meant to answer; `rung` says what did
    queued_ms: float = 0.0  # until it was this request's turn


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
    # Of the never-empty ladder, or the step of a loaded server; "" = the whole pipeline; or why
    # it is empty.
    rung: str = ""
    session_id: str = ""
    arm: str = ""  # of an experiment
    personalised: bool = True
    cursor: str = ""  # asks for the next page; "" = there is none
    trace: FeedTrace | None = None


def answer(
    slate: SlateServed,
    outcomes: Sequence[str],
    trace: FeedTrace | None,
    said: Iterable[Iterable[Reason]] | None = None,
) -> Answer:
    """The answer a logged slate stands for.

    Args:
        said: the items' reasons where they are at hand, not to be read from the log's words.
    """
    reasons = _read(slate) if said is None else map(_as_kept, said)
    # Fields by position: ten of these are made for every feed.
    items = tuple(
        [
            Item(
                one.video, position, one.source, one.propensity, one.value,
                _named(one.predictions, outcomes), why, slate.model,
            )
            for position, (one, why) in enumerate(zip(slate.items, reasons, strict=True))
        ]
    )  # fmt: skip
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


def in_language(told: Answer, language: str) -> Answer:
    """The answer with its reasons said in another language."""
    if language == ENGLISH:
        return told
    items = [
        msgspec.structs.replace(item, reasons=spoken_all(item.reasons, language))
        for item in told.items
    ]
    return msgspec.structs.replace(told, items=tuple(items))


def spoken_all(reasons: Iterable[Reason], language: str) -> tuple[Reason, ...]:
    return tuple([spoken(one, language) for one in reasons])


def _read(slate: SlateServed) -> Iterator[tuple[Reason, ...]]:
    return (tuple(map(read, one.reasons)) for one in slate.items)


def _as_kept(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The log keeps six digits of a weight; one that has more is answered as it is kept."""
    return tuple([
        one if abs(one.weight) < EXACT_BELOW else read(written(one)) for one in reasons
    ])  # fmt: skip


def _named(predictions: Sequence[float], outcomes: Sequence[str]) -> dict[str, float]:
    # A slate of a model with other outcomes: numbers without their names say nothing.
    if len(predictions) != len(outcomes):
        return {}
    return dict(zip(outcomes, predictions, strict=True))
