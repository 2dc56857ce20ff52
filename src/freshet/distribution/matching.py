"""Whether those who saw a video are those it is for: what it is about beside what they like.

A viewer's match with a video is the sum, over the topics they like, of the video's share of each.
What a match is worth is measured over the videos last tried: by how much more a view by somebody
who likes what it is about is worth than one by somebody who does not, beyond what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    beyond: Doubles  # what the view was worth beyond what was expected

    def match(self, about: Mapping[int, float]) -> Doubles:
        """(n,) of each with a video about this."""
        return np.array([sum(about.get(topic, 0.0) for topic in one) for one in self.likes])


@dataclass(frozen=True, slots=True)
class Usual:
    """Over videos on trial."""

    match: float = 0.0
    worth: float = 0.0  # of a match of 1 against one of 0


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
        likes = [self._likes(viewer, row) for viewer, _ in last]
        return Seen(likes, np.array([beyond for _, beyond in last], np.float64))

    def _likes(self, viewer: str, video: int) -> set[int]:
        taste = self._postits.taste(viewer, without=video)
        enough = OF_A_TASTE * sum(taste.values())
        return {topic for topic, n in taste.items() if n >= enough}

    def usual(self, now_ms: int) -> Usual:
        """As of the last ten minutes."""
        if self._usual is None or now_ms - self._usual[0] > STALE_MS:
            self._usual = now_ms, self._measured(now_ms)
        return self._usual[1]

    def _measured(self, now_ms: int) -> Usual:
        matches, beyonds, within = [], [], [np.zeros(2)]
        for slot in islice(reversed(self._tallies.last), VIDEOS):
            seen = self.seen(slot, VIEWERS)
            if len(seen.likes) < FEW:
                continue
            match = seen.match(self._postits.content(int(self._rows[slot]), now_ms))
            matches.append(match)
            beyonds.append(seen.beyond)
            # Within each video, or better videos would speak for their viewers.
            apart = match - match.mean()
            within.append(np.array([apart @ seen.beyond, apart @ apart]))
        if not matches:
            return Usual()
        together, alone = np.sum(within, axis=0)
        worth = together / (alone + PRIOR * max(float(np.concatenate(matches).var()), 1e-9))
        return Usual(float(np.concatenate(matches).mean()), max(float(worth), 0.0))
