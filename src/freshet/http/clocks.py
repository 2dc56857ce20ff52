"""Phones' clocks are wrong by minutes and by years; what happened on them is kept all the same.

A batch may say `sent_at`, the sender's clock at sending. What that differs from ours is how
wrong the clock is (and the way here, which is short): beyond `skew_max_s` the batch's
times are moved by it and marked "corrected". A time that then, or without `sent_at`, still
lies ahead or is older than `past_max_days` is held to now and marked "clamped". Nothing is
refused for its time alone.

An event's *id* has a time of its own, and within seven days of it the log finds repeats. An
id from outside that is refused by the log (`too_late`): taking it could count an act twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from freshet.domain.events import ViewerEvent
from freshet.http.settings import Clocks

DAY_MS = 86_400_000


@dataclass(slots=True)
class Clock:
    """The times of one batch, and what was done about them."""

    rules: Clocks
    now_ms: int
    sent_at: int | None = None
    corrected: int = 0
    clamped: int = 0
    skew_ms: int = field(init=False)  # the sender's clock is to be put forward by so much
    _earliest: int = field(init=False)
    _latest: int = field(init=False)

    def __post_init__(self) -> None:
        rules = self.rules
        skew_ms = 0 if self.sent_at is None else self.now_ms - self.sent_at
        self.skew_ms = skew_ms if abs(skew_ms) > 1000 * rules.skew_max_s else 0
        self._earliest = self.now_ms - rules.past_max_days * DAY_MS
        self._latest = self.now_ms + 1000 * rules.future_max_s

    def keeps(self, events: Sequence[ViewerEvent]) -> bool:
        """Whether all of their times can be, as they are."""
        times = [event.time for event in events]
        return not self.skew_ms and self._earliest <= min(times) <= max(times) <= self._latest

    def set_right(self, event: ViewerEvent) -> ViewerEvent:
        """The event with a time that can be."""
        skew_ms = self.skew_ms
        time = event.time + skew_ms
        if not self._earliest <= time <= self._latest:
            self.clamped += 1
            return msgspec.structs.replace(event, time=self.now_ms, clock="clamped")
        if skew_ms:
            self.corrected += 1
            return msgspec.structs.replace(event, time=time, clock="corrected")
        return event
