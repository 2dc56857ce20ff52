"""How the running system does, as a fold of its log: for those who look behind the glass.

The learning curve is progressive: what was predicted when a slate was served is held against
what its viewer then did, and beside it a constant, the share of views so far that came to
their end. Below the constant, the model knows more than that.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from math import log
from typing import Any

import msgspec

from freshet.domain import events as e
from freshet.domain.outcomes import END_SLACK, INDEX
from freshet.log.ports import Batch

SECONDS = 60  # events a second are kept this long
VIEWS = 100  # of which one point of the curve is the mean
POINTS = 400
OPEN_MAX = 20_000  # predictions that wait for their view
FINISH = INDEX["finish"]
SURE = 1e-6  # no prediction counts as surer


class Point(msgspec.Struct, frozen=True):
    """Mean log loss of "watched to the end", over the views up to this one."""

    views: int
    model: float
    constant: float


class Measured:
    """Fed with the log; nothing here is ranked by."""

    def __init__(self) -> None:
        self.events = 0
        self.views = 0
        self.curve: deque[Point] = deque(maxlen=POINTS)
        self.shown: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.watched: Counter[str] = Counter()
        self._seconds: deque[tuple[int, int]] = deque(maxlen=SECONDS)  # second, events
        self._expected: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._ends = 0
        self._losses = [0.0, 0.0]

    def apply(self, batch: Batch) -> None:
        for event in batch.events:
            self.events += not isinstance(event, e.Tick)
            self._count(event)
            if (fold := FOLDS.get(type(event))) is not None:
                fold(self, event)

    def per_second(self, now_ms: int) -> list[int]:
        """Events in each of the last seconds, the oldest first; the one that runs is left out."""
        now_s, counts = now_ms // 1000, dict(self._seconds)
        return [counts.get(second, 0) for second in range(now_s - SECONDS, now_s)]

    def _count(self, event: e.Event) -> None:
        if isinstance(event, e.Tick):
            return
        second = event.received // 1000
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = second, self._seconds[-1][1] + 1
        else:
            self._seconds.append((second, 1))

    def _served(self, event: e.SlateServed) -> None:
        for item in event.items:
            if len(item.predictions) > FINISH:
                self._expected[event.viewer, item.video] = item.predictions[FINISH]
        while len(self._expected) > OPEN_MAX:
            self._expected.popitem(last=False)

    def _shown(self, event: e.Impression) -> None:
        self.shown[event.video] += 1

    def _watched(self, event: e.Watch) -> None:
        if not event.left:
            return
        end = event.completed or event.watched_ms >= END_SLACK * event.duration_ms > 0
        self.watched[event.video] += 1
        self.finished[event.video] += end
        expected = self._expected.pop((event.viewer, event.video), None)
        if expected is None:
            return
        constant = (self._ends + 1) / (self.views + 2)
        self._losses[0] += loss(expected, end)
        self._losses[1] += loss(constant, end)
        self.views += 1
        self._ends += end
        if self.views % VIEWS == 0:
            model, plain = (round(total / VIEWS, 4) for total in self._losses)
            self.curve.append(Point(self.views, model, plain))
            self._losses = [0.0, 0.0]


def loss(expected: float, happened: bool) -> float:
    """
    >>> round(loss(0.9, True), 3), round(loss(0.9, False), 3)
    (0.105, 2.303)
    """
    p = min(max(expected, SURE), 1 - SURE)
    return -log(p if happened else 1 - p)


FOLDS: dict[type[e.Event], Callable[[Measured, Any], None]] = {
    e.SlateServed: Measured._served,
    e.Impression: Measured._shown,
    e.Watch: Measured._watched,
}
