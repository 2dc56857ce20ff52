"""Videos on trial in a feed: who may see them now, and which gets a place that is kept for them.

A share of all places (`trial_share`) goes to videos on trial whose stages have room. Which
one is Thompson sampling (1933; Chapelle and Li 2011): each is drawn as good as it may be to this
viewer, and the best draw takes it. So that the chance of each is known, the draws are made
`DRAWS` times and one of those rounds is picked: a video's chance is the share of rounds it wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.catalogue.facts import seconds
from freshet.catalogue.trials import (
    EVERYBODY,
    RUNNING,
    STOPPED,
    has_room,
    has_room_for_fans,
)
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.pipeline import Candidates, Columns, Mask

DRAWS = 32  # rounds: chances are told in steps of 1/32
NOBODY = np.empty(0, np.int32)
PLENTY = 5  # candidates per place, without which no quota is kept: a feed comes first


@dataclass(frozen=True, slots=True)
class OnTrial:
    """Adds `on_trial` (a place may be kept for it) and `in_quota` (it may be shown at all now).

    A place is kept for it while its stage has room. Followers of its creator see it in its first
    stage, as long as their part of that lasts, and are alone where it begins with them; then not
    before it is open to all: they decide where a video starts, not how far it gets. (They find it
    in Following.) With `hold` nobody sees it for whom there is no room, or one that was stopped.
    All this unless it leaves too little to choose from.
    """

    parts: Parts
    hold: bool = False
    adds = ("on_trial", "in_quota")

    async def columns(self, query: FeedQuery, candidates: Candidates) -> Columns:
        trials = self.parts.trials
        assert trials is not None
        known = trials.of[candidates.rows]
        at = np.flatnonzero(known)
        if not len(at):
            return self.default(candidates)
        n = len(candidates)
        on_trial, in_quota = np.zeros(n, np.bool_), np.ones(n, np.bool_)
        slots = trials.slots[known[at]]
        running, followed = slots["state"] == RUNNING, self._followed(query, slots["creator"])
        free = running & has_room(slots)
        for_fans = has_room_for_fans(slots) & (slots["stage"] == 0)
        free &= np.where(followed, for_fans, slots["audience"] == EVERYBODY)
        on_trial[at] = free
        tried = running | (slots["state"] == STOPPED)
        in_quota[at] = free | ~tried | (~followed if not self.hold else False)
        if np.count_nonzero(in_quota) < PLENTY * query.n:
            in_quota[:] = True
        return {"on_trial": on_trial, "in_quota": in_quota}

    def _followed(self, query: FeedQuery, creators: NDArray[np.int32]) -> Mask:
        follows = self.parts.live.follows(query.viewer) if len(creators) else NOBODY
        return np.isin(creators, follows)

    def default(self, candidates: Candidates) -> Columns:
        n = len(candidates)
        return {"on_trial": np.zeros(n, np.bool_), "in_quota": np.ones(n, np.bool_)}


@dataclass(frozen=True, slots=True)
class InQuota:
    """Hide videos on trial that are held back from this viewer."""

    needs = ("in_quota",)

    def keep(self, query: FeedQuery, candidates: Candidates) -> Mask:
        return candidates["in_quota"]


@dataclass(frozen=True, slots=True)
class Draw:
    """Adds `draws` (n, DRAWS): how good each video on trial may be to this viewer, -inf for all
    others, and for viewers who are predicted far below what the video is worth."""

    parts: Parts
    spare: float  # deviations of value below that are far
    hours: float = 6.0  # in which a stage should be had
    haste: float = 2.0  # deviations that a stage gains which is all behind its time
    needs = ("value", "on_trial")
    adds = ("draws",)

    async def columns(self, query: FeedQuery, candidates: Candidates) -> Columns:
        trials = self.parts.trials
        assert trials is not None
        draws = _none(len(candidates))
        at = np.flatnonzero(candidates["on_trial"])
        if not len(at):
            return {"draws": draws}
        slots, value = trials.at(candidates.rows[at]), candidates["value"]
        spread = max(float(value.std()), 1e-9)
        suits = value[at] >= slots["mean"] - self.spare * spread
        at, slots = at[suits], slots[suits]
        luck = query.draws("trials").normal(len(at) * DRAWS).reshape(len(at), DRAWS)
        hoped = value[at] + self.haste * spread * self._late(query, slots)
        draws[at] = hoped[:, None] + slots["sd"][:, None] * luck
        return {"draws": draws}

    def _late(self, query: FeedQuery, slots: NDArray[Any]) -> NDArray[Any]:
        """(n,) by which share of its stage a video is behind its time: those go first."""
        gone = (seconds(query.now_ms) - slots["since_s"]) / (3_600 * self.hours)
        had = (slots["shown"] + slots["flying"]) / np.maximum(slots["quota"], 1)
        late: NDArray[Any] = np.clip(np.minimum(gone, 1.0) - had, 0.0, 1.0)
        return late

    def default(self, candidates: Candidates) -> Columns:
        return {"draws": _none(len(candidates))}


def _none(n: int) -> NDArray[np.float32]:
    return np.full((n, DRAWS), -np.inf, np.float32)
