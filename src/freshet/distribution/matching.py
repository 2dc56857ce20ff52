"""Whether those who saw a video are those it is for: what it is about beside what they like.

A viewer's match with a video is the sum, over the topics they like, of the video's share of each.
Trials expect what such viewers make of the topic that a video was *given*; where it is about
something else, somebody who likes the given one was expected to watch it and did not. How much
that is worth is measured over the videos last tried: by how much more somebody who likes the
given topic makes of a video than somebody who does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from freshet.distribution.postits import Postits
from freshet.distribution.tallies import Tallies

Doubles = NDArray[np.float64]

OF_A_TASTE = 0.15  # share of what somebody likes that makes a topic one of their tastes
VIDEOS, VIEWERS = 80, 24  # looked at, to learn what a match is worth
STALE_MS = 600_000
PRIOR = 20.0  # views as which "a match is worth nothing" counts
FEW = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """The last viewers of a video."""

    likes: list[set[int]]  # topics, of each
    worth: Doubles  # of their views
    expected: Doubles  # of such viewers

    @property
    def beyond(self) -> Doubles:
        beyond: Doubles = self.worth - self.expected
        return beyond

    def match(self, about: Mapping[int, float]) -> Doubles:
        """(n,) of each with a video about this."""
        return np.array([sum(about.get(topic, 0.0) for topic in one) for one in self.likes])

    def like(self, given: Set[int]) -> Doubles:
        """(n,) 1 for who likes one of these topics."""
        return np.array([float(bool(one & given)) for one in self.likes])


@dataclass(frozen=True, slots=True)
class Usual:
    """Over videos on trial."""

    match: float = 0.0
    misled: float = 0.0  # by how much more like the given topic than match
    worth: float = 0.0  # of liking the given topic


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
        likes = [self._likes(viewer, row) for viewer, _, _ in last]
        numbers = np.array([one[1:] for one in last], np.float64).reshape(-1, 2)
        return Seen(likes, numbers[:, 0], numbers[:, 1])

    def _likes(self, viewer: str, video: int) -> set[int]:
        taste = self._postits.taste(viewer, without=video)
        enough = OF_A_TASTE * sum(taste.values())
        return {topic for topic, n in taste.items() if n >= enough}

    def misled(self, seen: Seen, video: int, now_ms: int) -> float:
        """What a view was expected to be worth, and was not, because the topic that the video was
        given is not what it is about; beside what is usual."""
        given, usual = set(self._postits.given(video)), self.usual(now_ms)
        if not given or not seen.likes:
            return 0.0
        match = seen.match(self._postits.content(video, now_ms))
        return usual.worth * (float((seen.like(given) - match).mean()) - usual.misled)

    def usual(self, now_ms: int) -> Usual:
        """As of the last ten minutes."""
        if self._usual is None or now_ms - self._usual[0] > STALE_MS:
            self._usual = now_ms, self._measured(now_ms)
        return self._usual[1]

    def _measured(self, now_ms: int) -> Usual:
        matches: list[Doubles] = []
        likes: list[Doubles] = []
        together = alone = 0.0
        for slot in islice(reversed(self._tallies.last), VIDEOS):
            seen, video = self.seen(slot, VIEWERS), int(self._rows[slot])
            given = set(self._postits.given(video))
            if len(seen.likes) < FEW or not given:
                continue
            matches.append(seen.match(self._postits.content(video, now_ms)))
            likes.append(seen.like(given))
            # Within each video, or better videos would speak for their viewers.
            apart = likes[-1] - likes[-1].mean()
            together += float(apart @ seen.worth)
            alone += float(apart @ apart)
        if not matches:
            return Usual()
        match, like = np.concatenate(matches), np.concatenate(likes)
        worth = together / (alone + PRIOR * max(float(like.var()), 1e-9))
        return Usual(float(match.mean()), float((like - match).mean()), max(worth, 0.0))
