"""What came of views on trial, counted so that a creator can be told why a video stalls.

Per video, over all its stages, and per cohort (stage, length, topic, country, each with the wider
ones it is part of): views, what they were worth, what such viewers were expected to make of any
such video, each outcome, and at which part of it they left.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from freshet.distribution.cohorts import key
from freshet.distribution.journey import Journey
from freshet.domain.outcomes import OUTCOMES

LEAVES = 20  # parts of a video in which they leave; one more for those who stay to its end

# columns
VIEWS, EXPECTED, EXPECTED2, BEYOND = range(4)
OUTCOME = 4
LEFT = OUTCOME + len(OUTCOMES)
WIDTH = LEFT + LEAVES + 1

ENOUGH = 8  # views, before anything is said of how they went
LEAN = 30.0  # views as which the wider cohort counts
SAMPLES, SAMPLE = 4_096, 64  # videos whose last viewers are remembered, and how many of each

Row = NDArray[np.float64]
Where = tuple[int | str, ...]
Saw = tuple[str, float, float]  # viewer, worth of the view, and what was expected


def told_by(worth: float, expected: float, bits: int, watched_ms: int, duration_ms: int) -> Row:
    """One view, (WIDTH,).

    Args:
        bits: the outcomes that came.
        duration_ms: 0 = unknown: then nothing is said of where they left.
    """
    row = np.zeros(WIDTH)
    row[:OUTCOME] = 1, expected, expected * expected, worth - expected
    for index in range(len(OUTCOMES)):
        row[OUTCOME + index] = bits >> index & 1
    if duration_ms:
        row[LEFT + min(LEAVES * watched_ms // duration_ms, LEAVES)] = 1
    return row


class Tallies:
    """Of every trial that is remembered, by slot, and of cohorts."""

    def __init__(self, slots: int) -> None:
        self.of = np.zeros((slots, WIDTH))
        self.cohorts: dict[Where, Row] = {}
        self.last: OrderedDict[int, deque[Saw]] = OrderedDict()

    def begin(self, slot: int) -> None:
        """The slot is another video's from now on."""
        self.of[slot] = 0
        self.last.pop(slot, None)

    def count(self, slot: int, journey: Journey, stage: int, change: Row) -> None:
        self.of[slot] += change
        for where in _wider(journey, stage):
            row = self.cohorts.get(where)
            if row is None:
                row = self.cohorts[where] = np.zeros(WIDTH)
            row += change

    def saw(self, slot: int, viewer: str, worth: float, expected: float) -> None:
        """One more viewer, what the view was worth and what was expected."""
        last = self.last.get(slot)
        if last is None:
            if len(self.last) >= SAMPLES:
                self.last.popitem(last=False)
            last = self.last[slot] = deque(maxlen=SAMPLE)
        last.append((viewer, worth, expected))

    def forget(self, viewer: str) -> None:
        for slot, last in self.last.items():
            if any(one[0] == viewer for one in last):
                kept = (one for one in last if one[0] != viewer)
                self.last[slot] = deque(kept, maxlen=SAMPLE)

    def usual(self, slot: int, journey: Journey, stage: int, width: int = 4) -> Row:
        """What comes of a view of its cohort's videos, (WIDTH,) per view, in the stages that its
        own views were of: later audiences are better chosen.

        Args:
            stage: it is in now.
            width: of the cohort: 1 stage, 2 and length, 3 and topic, 4 and country.
        """
        ended = {one.stage: one.views for one in journey.decisions if one.verdict == "promoted"}
        now = max(float(self.of[slot, VIEWS]) - sum(ended.values()), 0.0)
        shares = {**ended, stage: now} if now or not ended else ended
        total = sum(shares.values()) or 1.0
        usual: Row = np.zeros(WIDTH)
        for at, views in shares.items():
            usual += views / total * self._usual(journey, at, width)
        return usual

    def _usual(self, journey: Journey, stage: int, width: int) -> Row:
        """Of one stage; a narrow cohort of few views leans on the wider ones."""
        mean, lean = np.zeros(WIDTH), 0.0
        for where in _wider(journey, stage)[:width]:
            row = self.cohorts.get(where)
            if row is not None and row[VIEWS] > 0:
                mean = (row + lean * mean) / (row[VIEWS] + lean)
                lean = LEAN
        return mean

    # --- snapshots --------------------------------------------------------------------------

    def saved(self) -> tuple[list[Where], Row]:
        rows = list(self.cohorts.values())
        return list(self.cohorts), np.stack(rows) if rows else np.zeros((0, WIDTH))

    def restore(
        self,
        where: Sequence[Where],
        rows: Row,
        last: Sequence[tuple[int, list[Saw]]],
    ) -> None:
        self.cohorts = {tuple(one): row.copy() for one, row in zip(where, rows, strict=True)}
        self.last = OrderedDict((slot, deque(some, SAMPLE)) for slot, some in last)


def _wider(journey: Journey, stage: int) -> list[Where]:
    """Its cohorts in a stage, the widest first."""
    cohort = key(stage, journey.duration_ms, journey.topic, journey.country)
    return [cohort[:width] for width in range(1, len(cohort) + 1)]
