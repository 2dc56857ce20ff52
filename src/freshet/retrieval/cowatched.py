"""What is watched with what, and after what, for catalogues whose pairs fit into memory.

The sums over all pairs (learning/cowatch.py) grow by each view that viewers liked, as their
histories hold them; like the index they are a cache of what the blocks hold, made anew by
whatever process begins. Solving them takes seconds, so it is for the background, and requests
read what was solved last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from freshet.learning.cowatch import Cowatch, Onward
from freshet.retrieval.index import Floats, Rows
from freshet.retrieval.settings import Retrieval

LEAST_VIEWS = 500  # before which pairs say nothing
MORE = 0.05  # of all views that are new, before it is solved anew
ROOM = 1.25  # for videos that come


class Views(Protocol):
    """What is read of the live state."""

    def video_count(self) -> int: ...

    @property
    def view_counts(self) -> Rows: ...  # (viewers,) how many each has begun; -1: cannot be read

    def liked_views(self, viewer: int) -> tuple[Rows, Rows]:
        """Lately liked, oldest first: rows, and how many views there were before each."""
        ...


@dataclass
class CoWatched:
    """
    Args:
        live: as other threads write it; a viewer that is being written is read a moment off.
    """

    live: Views
    settings: Retrieval
    model: Onward | None = None  # as solved last; None while there is nothing to know
    views: int = 0  # counted
    _sums: Cowatch | None = None
    _seen: Rows = field(default_factory=lambda: np.zeros(0, np.int32))  # views counted, by viewer
    _solved_views: int = 0
    _looked_ms: int = -(1 << 62)

    def maintain(self, now_ms: int) -> None:
        """Count what was watched since, and solve where that is enough to matter."""
        if now_ms - self._looked_ms < 1_000 * self.settings.cowatch_s:
            return
        self._looked_ms = now_ms
        if self.live.video_count() > self.settings.cowatch_max:
            self.model = self._sums = None
            self._seen, self.views, self._solved_views = self._seen[:0], 0, 0
            return
        self._count(self._room())
        new = self.views - self._solved_views
        if self._sums is not None and new >= max(LEAST_VIEWS, MORE * self._solved_views):
            self.model, self._solved_views = self._sums.solved(), self.views

    def near(self, liked: Rows, n: int) -> Rows:
        """Up to `n` videos, half of them by what is watched with what, half by what follows.

        Args:
            liked: by the viewer, the newest first.
        """
        model = self.model
        if model is None:
            return liked[:0]
        known = liked[liked < len(model.around)][::-1]
        if not len(known):
            return known
        found = [_best(scores, (n + 1) // 2) for scores in model.both(known)]
        return np.unique(np.concatenate(found)).astype(np.int32)

    def _room(self) -> Cowatch:
        videos = self.live.video_count()
        if self._sums is None:
            self._sums = Cowatch(self._roomy(videos))
        elif videos > self._sums.videos:
            self._sums = self._sums.grown(self._roomy(videos))
        return self._sums

    def _roomy(self, videos: int) -> int:
        return min(max(int(videos * ROOM), 64), self.settings.cowatch_max)

    def _count(self, sums: Cowatch) -> None:
        counts = self.live.view_counts.copy()
        seen = np.zeros(len(counts), np.int32)
        seen[: len(self._seen)] = self._seen[: len(counts)]
        away = counts < 0  # who has done nothing since
        counts[away] = seen[away] + 1
        seen[counts < seen] = 0  # who was forgotten begins anew
        # The last view may yet be liked: it is counted with the next.
        for viewer in np.flatnonzero(counts - 1 > seen).tolist():
            rows, numbers = self.live.liked_views(viewer)
            known = rows < sums.videos
            rows, numbers = rows[known], numbers[known]
            first = int(np.searchsorted(numbers, seen[viewer]))
            sums.views(rows, first)
            self.views += len(rows) - first
        self._seen = np.maximum(counts - 1, 0)


def _best(scores: Floats, n: int) -> Rows:
    """The `n` largest above 0."""
    above = np.flatnonzero(scores > 0)
    if len(above) > n:
        above = above[np.argpartition(-scores[above], n - 1)[:n]]
    return above.astype(np.int32)
