"""The slates of one surface as they were served, and what came of every item.

    SlateServed ─▶ a slate ─▶ Impression: an item was on screen ─▶ Watch, Like, …: its outcomes

Outcomes are those that learning knows, and end as views do, 30 minutes after the impression.
Of many slates those of a sample of viewers are kept, by hash: when more than `slates_max` are
held, `keep` is halved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from freshet.domain import events as ev
from freshet.domain.outcomes import INDEX, OUTCOMES, VIEW_TIMEOUT_MS
from freshet.feed.experiments import chance
from freshet.learning import kernels
from freshet.learning.records import GAINS, LOSES

RANKED = ("", "unspaced", "fewer_candidates")  # rungs that order by value
BY_CHANCE = ("pinned", "explore")  # sources that say that it was not the value
END_OF_TIME = 1 << 62

_reached: Callable[[int, int, int], int] = getattr(kernels.reached, "py_func", kernels.reached)
_clipped: Callable[[int, int], float] = getattr(kernels.clipped_s, "py_func", kernels.clipped_s)

Doubles = NDArray[np.float64]


class Described(NamedTuple):
    """A video. No two neighbours share creator or sound; "" equals nothing."""

    creator: str = ""
    sound: str = ""
    duration_ms: int = 0


@dataclass(slots=True)
class Came:
    """What came of one item, once it was on screen."""

    since: int  # ms: the impression
    watched_ms: int = 0
    duration_ms: int = 0
    flags: int = 0
    bits: int = 0

    def outcomes(self) -> Doubles:
        """(outcomes + 1,): whether each came, then seconds watched, three durations at most."""
        bits = self.bits | _reached(self.watched_ms, self.duration_ms, self.flags)
        came = [float(bits >> index & 1) for index in range(len(OUTCOMES))]
        return np.array([*came, _clipped(self.watched_ms, self.duration_ms)])


@dataclass(slots=True, eq=False)
class Slate:
    """n items in the order in which they were shown."""

    viewer: str
    request_id: str
    videos: tuple[str, ...]
    predictions: Doubles  # (n, outcomes + 1): probabilities, then seconds
    value: Doubles  # (n,) as logged
    boost: Doubles  # (n,) of it, the app's
    less_of: Doubles  # (n,) of it, taken by wishes
    fixed: list[bool]  # (n,) a pin, chance or a new topic put it there
    came: dict[int, Came] = field(default_factory=dict)  # by place, of those seen


@dataclass(slots=True, eq=False)
class LoggedSlates:
    """A fold of the log.

    Args:
        since, until: ms since 1970; slates of [since, until).
    """

    surface: str = "for_you"
    since: int = 0
    until: int = END_OF_TIME
    slates_max: int = 50_000
    slates: list[Slate] = field(default_factory=list)
    keep: float = 1.0  # share of viewers that is kept
    left_out: Counter[str] = field(default_factory=Counter)
    described: dict[str, Described] = field(default_factory=dict)
    _at: dict[tuple[str, str], tuple[Slate, int]] = field(default_factory=dict)

    def apply(self, events: Sequence[ev.Event]) -> None:
        for event in events:
            if isinstance(event, ev.SlateServed):
                self._served(event)
            elif isinstance(event, ev.VideoPublished):
                sound = "" if event.original_sound else event.sound
                told = Described(event.creator, sound, event.duration_ms)
                self.described[event.video] = told
            elif isinstance(event, ev.PersonErased):
                self._keep_only(event.person.__ne__)
            elif isinstance(event, ev.ViewerEvent) and event.surface == self.surface:
                self._did(event)

    def _served(self, event: ev.SlateServed) -> None:
        if event.surface != self.surface or not self.since <= event.received < self.until:
            return
        if not self._kept(event.viewer):
            return
        items = event.items
        if event.rung not in RANKED or any(len(i.predictions) != len(OUTCOMES) for i in items):
            self.left_out["not ranked by value"] += 1
        elif len(items) < 2:
            self.left_out["fewer than two videos"] += 1
        else:
            slate = slate_of(event)
            self.slates.append(slate)
            for place, video in enumerate(slate.videos):
                self._at[slate.viewer, video] = slate, place
        while len(self.slates) > self.slates_max:
            self.keep /= 2
            self._keep_only(self._kept)

    def _kept(self, viewer: str) -> bool:
        return self.keep == 1 or chance("weights", 0, viewer) < self.keep

    def _keep_only(self, kept: Callable[[str], bool]) -> None:
        self.slates = [slate for slate in self.slates if kept(slate.viewer)]
        self._at = {key: at for key, at in self._at.items() if kept(key[0])}

    def _did(self, event: Any) -> None:
        hides = isinstance(event, ev.Hide | ev.Unhide) and event.kind == "video"
        video = event.target if hides else getattr(event, "video", "")
        slate, place = self._at.get((event.viewer, video), (None, 0))
        if slate is None:
            return
        if isinstance(event, ev.Impression):
            lasts = self.described.get(video, Described()).duration_ms
            slate.came.setdefault(place, Came(event.received, duration_ms=lasts))
            return
        came = slate.came.get(place)
        if came is None or event.received - came.since > VIEW_TIMEOUT_MS:
            return
        if isinstance(event, ev.Watch):
            came.watched_ms = max(came.watched_ms, event.watched_ms)
            came.duration_ms = came.duration_ms or event.duration_ms
            came.flags |= kernels.COMPLETED * event.completed | kernels.LOOPED * (event.loops > 0)
        elif (outcome := "hide" if hides else _outcome(event)) is not None:
            bit = 1 << INDEX[outcome]
            gains = isinstance(event, ev.Hide) or type(event) in GAINS
            came.bits = came.bits | bit if gains else came.bits & ~bit


def _outcome(event: ev.Event) -> str | None:
    kind: Any = type(event)
    return GAINS.get(kind) or LOSES.get(kind)


def slate_of(event: ev.SlateServed) -> Slate:
    items = event.items
    return Slate(
        viewer=event.viewer,
        request_id=event.request_id,
        videos=tuple(item.video for item in items),
        predictions=np.array([(*item.predictions, item.watch_s) for item in items]),
        value=np.array([item.value for item in items]),
        boost=np.array([item.boost for item in items]),
        less_of=np.array([item.less_of for item in items]),
        fixed=[item.source in BY_CHANCE or _new_topic(item) for item in items],
    )


def _new_topic(item: ev.Served) -> bool:
    return any(reason.startswith("new_topic?") for reason in item.reasons)
