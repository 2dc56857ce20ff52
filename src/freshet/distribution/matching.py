"""Whether those who saw a video are those it is for: what it is about beside what they like.

Trials expect what such viewers make of the topic that a video was *given*; where it is about
something else, somebody who likes the given one was expected to watch it and did not. So what is
expected is held against what viewers like, in two numbers: the share of what they liked lately
that is about what the video is about, and the share that is of the topic it was given. What each
is worth beyond what was expected is measured over the videos last tried, within each video, or
better videos would speak for their viewers.

A dozen liked videos say roughly what somebody likes, and a rough number weighs too little in a
regression. So one half of them stands for the other (instrumental variables; split-sample,
Angrist and Krueger 1995): what both halves say is taste, what one says alone is chance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from freshet.distribution.postits import Postits
from freshet.distribution.tallies import ENOUGH, EXPECTED, VIEWS, Tallies

Doubles = NDArray[np.float64]
Rows = NDArray[np.int32]

OF_A_TASTE = 0.15  # share of what somebody likes that makes a topic one of their tastes
VIDEOS = 160  # looked at, to learn what a match is worth
STALE_MS = 600_000
PRIOR = 20.0  # views as which "a match is worth nothing more" counts
FEW, BOTH = 5, 4  # viewers of a video; liked videos, before a half of them says anything


@dataclass(frozen=True, slots=True)
class Seen:
    """The last viewers of a video."""

    liked: list[Rows]  # topics of what each liked lately
    worth: Doubles  # of their views
    expected: Doubles  # of such viewers

    @property
    def beyond(self) -> Doubles:
        beyond: Doubles = self.worth - self.expected
        return beyond

    @property
    def likes(self) -> list[set[int]]:
        """Tastes of each."""
        return [_tastes(topics) for topics in self.liked]

    def match(self, about: Mapping[int, float]) -> Doubles:
        """(n,) how much of what a video is about each has a taste for."""
        return np.array([sum(about.get(topic, 0.0) for topic in one) for one in self.likes])

    def shares(
        self, about: Mapping[int, float], given: Collection[int], half: slice = slice(None)
    ) -> Doubles:
        """(n, 2) of what each likes: how much is about it, how much is of the given topics."""
        out = np.zeros((len(self.liked), 2))
        for row, topics in zip(out, self.liked, strict=True):
            some = topics[half].tolist()
            if some:
                row[0] = sum(about.get(topic, 0.0) for topic in some) / len(some)
                row[1] = sum(topic in given for topic in some) / len(some)
        return out


def _tastes(topics: Rows) -> set[int]:
    found, counts = np.unique(topics, return_counts=True)
    return set(found[counts >= OF_A_TASTE * len(topics)].tolist())


@dataclass(frozen=True, slots=True)
class Usual:
    """Over videos on trial."""

    match: float = 0.0
    shares: Doubles = field(default_factory=lambda: np.zeros(2))
    worth: Doubles = field(default_factory=lambda: np.zeros(2))  # of each share, all of it
    met: float = 0.0  # variance, between videos, of what was expected of those who saw them


class Matching:
    """
    Args:
        rows: of videos, by slot.
    """

    def __init__(self, tallies: Tallies, rows: NDArray[np.int32], postits: Postits) -> None:
        self._tallies, self._rows, self._postits = tallies, rows, postits
        self.usual = Usual()
        self._as_of_ms: int | None = None

    def seen(self, slot: int) -> Seen:
        """What the last viewers like now, this video apart."""
        last, row = list(self._tallies.last.get(slot, ())), int(self._rows[slot])
        liked = [self._postits.liked(viewer, without=row) for viewer, _, _ in last]
        numbers = np.array([one[1:] for one in last], np.float64).reshape(-1, 2)
        return Seen(liked, numbers[:, 0], numbers[:, 1])

    def misled(self, seen: Seen, video: int, now_ms: int) -> float:
        """What a view was expected to be worth, and was not, because of who saw it: they like what
        it was given for, or do not like what it is about, more than is usual."""
        given = set(self._postits.given(video))
        if not given or not seen.liked:
            return 0.0
        shares = seen.shares(self._postits.content(video, now_ms), given).mean(axis=0)
        return float(self.usual.worth @ (self.usual.shares - shares))

    async def measure(self, now_ms: int) -> None:
        """Find out what is usual, unless that was done in the last ten minutes. Others go on
        between two videos, and who asks meanwhile goes by what was known before."""
        if self._as_of_ms is not None and now_ms - self._as_of_ms <= STALE_MS:
            return
        self._as_of_ms, sums = now_ms, _Sums()
        # Of all that are remembered: cohorts speak of all times, and later audiences are better.
        every = max(len(self._tallies.last) // VIDEOS, 1)
        for slot in list(self._tallies.last)[::every]:
            seen, video = self.seen(slot), int(self._rows[slot])
            given = set(self._postits.given(video))
            if len(seen.liked) >= FEW and given:
                sums.add(seen, self._postits.content(video, now_ms), given)
            await asyncio.sleep(0)
        self.usual = sums.usual(self._met())

    def _met(self) -> float:
        tallies = self._tallies.of[list(self._tallies.last)]
        known = tallies[tallies[:, VIEWS] >= ENOUGH]
        return float(np.var(known[:, EXPECTED] / known[:, VIEWS])) if len(known) else 0.0


class _Sums:
    """Of the regression, over videos."""

    def __init__(self) -> None:
        self._together, self._with_worth, self._known = np.zeros((2, 2)), np.zeros(2), 0
        self._match, self._shares, self._views = 0.0, np.zeros(2), 0

    def add(self, seen: Seen, about: Mapping[int, float], given: Collection[int]) -> None:
        self._views += len(seen.liked)
        self._match += float(seen.match(about).sum())
        self._shares += seen.shares(about, given).sum(axis=0)
        known = np.array([len(topics) >= BOTH for topics in seen.liked])
        if known.sum() < FEW:
            return
        one, other = (
            _apart(seen.shares(about, given, half)[known])
            for half in (slice(0, None, 2), slice(1, None, 2))
        )
        self._together += (one.T @ other + other.T @ one) / 2
        self._with_worth += (one + other).T @ _apart(seen.beyond[known]) / 2
        self._known += int(known.sum())

    def usual(self, met: float) -> Usual:
        if not self._known:
            return Usual(met=met)
        ridge = PRIOR / self._known * max(float(np.trace(self._together)), 0.0) / 2 + 1e-9
        worth = np.linalg.solve(self._together + ridge * np.eye(2), self._with_worth)
        share = 1 / self._views
        return Usual(self._match * share, self._shares * share, np.asarray(worth), met)


def _apart(values: Doubles) -> Doubles:
    apart: Doubles = values - values.mean(axis=0)
    return apart
