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

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from freshet.distribution.postits import Postits
from freshet.distribution.tallies import Tallies

Doubles = NDArray[np.float64]
Rows = NDArray[np.int32]

OF_A_TASTE = 0.15  # share of what somebody likes that makes a topic one of their tastes
VIDEOS, VIEWERS = 160, 24  # looked at, to learn what a match is worth
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


class Matching:
    """
    Args:
        rows: of videos, by slot.
    """

    def __init__(self, tallies: Tallies, rows: NDArray[np.int32], postits: Postits) -> None:
        self._tallies, self._rows, self._postits = tallies, rows, postits
        self._usual: tuple[int, Usual] | None = None

    def seen(self, slot: int, most: int = 1 << 30) -> Seen:
        """What the last viewers like now, this video apart."""
        last = list(self._tallies.last.get(slot, ()))[-most:]
        row = int(self._rows[slot])
        liked = [self._postits.liked(viewer, without=row) for viewer, _, _ in last]
        numbers = np.array([one[1:] for one in last], np.float64).reshape(-1, 2)
        return Seen(liked, numbers[:, 0], numbers[:, 1])

    def misled(self, seen: Seen, video: int, now_ms: int) -> float:
        """What a view was expected to be worth, and was not, because of who saw it: they like what
        it was given for, or do not like what it is about, more than is usual."""
        given, usual = set(self._postits.given(video)), self.usual(now_ms)
        if not given or not seen.liked:
            return 0.0
        shares = seen.shares(self._postits.content(video, now_ms), given).mean(axis=0)
        return float(usual.worth @ (usual.shares - shares))

    def usual(self, now_ms: int) -> Usual:
        """As of the last ten minutes."""
        if self._usual is None or now_ms - self._usual[0] > STALE_MS:
            self._usual = now_ms, self._measured(now_ms)
        return self._usual[1]

    def _measured(self, now_ms: int) -> Usual:
        matches: list[Doubles] = []
        shares: list[Doubles] = []
        together, with_worth, views = np.zeros((2, 2)), np.zeros(2), 0
        for slot in islice(reversed(self._tallies.last), VIDEOS):
            seen, video = self.seen(slot, VIEWERS), int(self._rows[slot])
            given = set(self._postits.given(video))
            if len(seen.liked) < FEW or not given:
                continue
            about = self._postits.content(video, now_ms)
            matches.append(seen.match(about))
            shares.append(seen.shares(about, given))
            known = np.array([len(topics) >= BOTH for topics in seen.liked])
            if known.sum() < FEW:
                continue
            one, other = (
                _apart(seen.shares(about, given, half)[known])
                for half in (slice(0, None, 2), slice(1, None, 2))
            )
            together += (one.T @ other + other.T @ one) / 2
            with_worth += (one + other).T @ _apart(seen.beyond[known]) / 2
            views += int(known.sum())
        if not shares:
            return Usual()
        mean: Doubles = np.concatenate(shares).mean(axis=0)
        worth: Doubles = np.zeros(2)
        if views:
            ridge = PRIOR / views * max(float(np.trace(together)), 0.0) / 2 + 1e-9
            worth = np.asarray(
                np.linalg.solve(together + ridge * np.eye(2), with_worth), np.float64
            )
        return Usual(float(np.concatenate(matches).mean()), mean, worth)


def _apart(values: Doubles) -> Doubles:
    apart: Doubles = values - values.mean(axis=0)
    return apart
