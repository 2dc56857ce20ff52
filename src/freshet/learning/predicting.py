"""The model's word on videos, asked of the state as it is now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from freshet.domain.errors import Unavailable
from freshet.domain.outcomes import OUTCOMES
from freshet.learning import ranking
from freshet.learning.learner import HEADS
from freshet.learning.space import Space
from freshet.state.slots import COLD

Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

TORN_TRIES = 3  # how often a ranking is repeated because what it read was being written


@dataclass(frozen=True, slots=True)
class Ranked:
    """What the model says of n videos.

    Attributes:
        features: float32 (n, F), as `Live.feature_names`.
        predictions: float32 (n, O), as `Live.outcomes`: probabilities.
        watch_s: float32 (n,), expected watch time in seconds, the mean of the distribution that
            the heads speak of (`learner.watch_times`): a sum of values is right on average.
        by_rank_s, median_s: float32 (n,), the time at the expected rank among all views, which
            puts pairs in order best, and the median.
    """

    features: Floats
    predictions: Floats
    watch_s: Floats
    by_rank_s: Floats
    median_s: Floats


class Groups(Protocol):
    """Groups of features, each taken out of a vector by itself."""

    @property
    def columns(self) -> Rows: ...  # of all groups, one after the other

    @property
    def ends(self) -> Rows: ...  # (G,) where each group's columns end

    @property
    def of_stranger(self) -> Mask: ...  # (G,) replaced by a stranger's, else by the typical


class Predicting:
    """What feeds ask of the model."""

    space: Space
    params: Any
    _scratch: Any

    def away(self, viewer: int) -> bool:
        """Whether the writer must bring a viewer's rows into memory, or keep them there."""
        return viewer >= 0 and self.space.slots.away(viewer)

    def _here(self, viewer: int) -> None:
        """Raises Unavailable if what is to be read of a viewer is not in memory."""
        if viewer >= 0 and self.space.slots.of[viewer] == COLD:
            raise Unavailable("the viewer is being brought back from disk")

    @property
    def inputs(self) -> int:
        return len(self.space.composed.names)

    def rank(self, viewer: int, rows: Rows, now_ms: int, surface: str = "for_you") -> Ranked:
        """Predict videos `rows` for a viewer (-1: nobody known) as of `now_ms`."""
        self._here(viewer)
        rows, place = np.asarray(rows, np.int32), self._place(surface)
        x = np.empty((len(rows), self.inputs), np.float32)
        p, times = self._out(len(rows))
        params, shared = self._current(), self.space.composed.viewer_width
        for _ in self._until_whole(viewer, rows):
            ranking.rank(
                self.space.state, params, viewer, rows, now_ms, place, shared, self._scratch,
                x, p, times,
            )  # fmt: skip
        return self._ranked(x, p, times)

    def without(
        self, rows: Rows, now_ms: int, surface: str, served: Floats, typical: Floats,
        groups: Groups,
    ) -> Ranked:  # fmt: skip
        """Predict vectors (n, F) of videos as they were served, then once for each of `groups`
        with its features as a stranger's or as the typical vector has them: (1 + G) n in all."""
        rows, place = np.asarray(rows, np.int32), self._place(surface)
        stranger = np.empty((len(rows), self.inputs), np.float32)
        x = np.empty((len(rows) * (1 + len(groups.ends)), self.inputs), np.float32)
        p, times = self._out(len(x))
        params = self._current()
        for _ in self._until_whole(-1, rows):
            ranking.without(
                self.space.state, params, rows, now_ms, place, self._scratch,
                np.ascontiguousarray(served, np.float32),
                np.ascontiguousarray(typical, np.float32),
                groups.columns, groups.ends, groups.of_stranger, stranger, x, p, times,
            )  # fmt: skip
        return self._ranked(x, p, times)

    def _place(self, surface: str) -> int:
        return max(int(self.space.columns.names["placement"].row(surface)), 0)

    def _until_whole(self, viewer: int, rows: Rows) -> Iterator[None]:
        """Once, and again while a row that was read was being written meanwhile."""
        for _ in range(TORN_TRIES):
            before = self._sequences(viewer, rows)
            yield
            if not (before & 1).any() and (before == self._sequences(viewer, rows)).all():
                return

    def predict(self, features: Floats) -> Ranked:
        """The same heads on given vectors, float32 (n, F)."""
        x = np.ascontiguousarray(features, np.float32)
        p, times = self._out(len(x))
        ranking.predict(self._current(), x, -1, p, times)
        return self._ranked(x, p, times)

    def _current(self) -> Any:
        """The model's parameters as they are now."""
        return self.params

    def _sequences(self, viewer: int, rows: Rows) -> npt.NDArray[np.uint32]:
        found = np.empty(len(rows) + 1, np.uint32)
        found[:-1] = self.space.blocks["video"].sequence[rows]
        found[-1] = self.space.blocks["viewer"].sequence[viewer] if viewer >= 0 else 0
        return found

    def _out(self, n: int) -> tuple[Floats, Floats]:
        return np.empty((n, HEADS), np.float32), np.empty((n, 4), np.float32)

    def _ranked(self, x: Floats, p: Floats, times: Floats) -> Ranked:
        rank_s, median_s, mean_s = times[:, 0], times[:, 1], times[:, 2]
        return Ranked(x, p[:, : len(OUTCOMES)], mean_s, rank_s, median_s)
