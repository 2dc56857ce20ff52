"""Put the slate in order: best first, spaced, varied, and with honest chance.

*Spacing is hard*: no two neighbours share a creator or a sound, nor does the first item
with what the viewer was shown last. *Topics are soft*: an item loses value by the share of
the window's items that have a topic in common with it. *Chance*: each slot goes, with
probability ε, to a uniform draw from the explorable items allowed there, else to the best.

The probability of what was put there is known exactly, given the candidates and the slots
above, and is logged for off-policy evaluation:

    p(item) = (1 − ε) · [item is the best]  +  ε · [item is explorable] / explorable allowed

and p = 1 for the best where nothing explorable is allowed.

*Pins* of the app stand at their places, as far as spacing allows; the places around them are
filled so that it does. Where nothing else is left, a pin moves up rather than leave a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from freshet.domain.errors import Refused
from freshet.feed.query import FeedQuery
from freshet.pipeline import Candidates

HARD = ("creator", "sound")  # (n,) int32; a value below 0 equals nothing
SOFT = {"topic": "topics"}  # (n, k) int32, padded with values below 0


@dataclass(frozen=True, slots=True)
class Diverse:
    """Selects up to `query.n` items by `value`, spaced by `by`.

    Adds `propensity`, `explored` (the slot went to chance) and `pinned`. The slate is shorter than
    asked when no allowed item is left: spacing is never given up for length. With
    `lift_first`, and only if nothing is allowed in the first slot, that slot's spacing is.

    Raises:
        Refused: `by` names something this selector cannot space.
    """

    by: Sequence[str] = ("creator", "sound", "topic")
    explore_share: float = 0.0  # ε
    topic_spread: float = 0.5  # in standard deviations of the candidates' value
    topic_window: int = 5
    lift_first: bool = False
    adds = ("propensity", "explored", "pinned")

    def __post_init__(self) -> None:
        for name in self.by:
            if name not in HARD and name not in SOFT:
                raise Refused("by", f"cannot space by {name!r}", ", ".join((*HARD, *SOFT)))

    @property
    def needs(self) -> tuple[str, ...]:
        columns = tuple(SOFT.get(name, name) for name in self.by)
        return ("value", "explorable", *columns)

    def select(self, query: FeedQuery, candidates: Candidates) -> Candidates:
        n = len(candidates)
        value = candidates["value"].astype(np.float64)
        value[~np.isfinite(value)] = -1e300  # a broken score comes last, but still comes
        hard = [name for name in self.by if name in HARD]
        soft = [SOFT[name] for name in self.by if name in SOFT]
        window = self.topic_window if soft else 0
        luck = query.draws("diverse").random(2 * query.n).reshape(query.n, 2)
        pins, places = _pins(query, candidates)
        picks, propensity, explored = _fill(
            value,
            _stack(candidates, hard, n),
            _stack(candidates, soft, n),
            candidates["explorable"],
            pins,
            places,
            _stack(query.adjacent, hard, len(query.adjacent)),
            _stack(query.before, soft, len(query.before))[:window][::-1].copy(),
            luck,
            self.explore_share,
            self._cost(value),
            window,
            self.lift_first,
        )
        slate = candidates.take(picks)
        pinned = np.isin(picks, pins) if len(pins) else np.zeros(len(picks), np.bool_)
        return slate.adding({"propensity": propensity, "explored": explored, "pinned": pinned})

    def _cost(self, value: NDArray[Any]) -> float:
        """What an item loses whose topics all the window's items share."""
        real = value[value > -1e300]
        deviation = float(real.std()) if len(real) else 0.0
        return self.topic_spread * (deviation if deviation > 0 else 1.0)


def _pins(query: FeedQuery, candidates: Candidates) -> tuple[NDArray[Any], NDArray[Any]]:
    """Candidates that are pinned, and their places, in order; none that was filtered out."""
    at = {int(candidates.rows[i]): i for i in range(len(candidates))} if query.wanted.pins else {}
    found = [(at[row], place) for row, place in query.wanted.pins if row in at]
    return np.array([i for i, _ in found], np.int64), np.array([p for _, p in found], np.int64)


def _stack(candidates: Candidates, names: Sequence[str], n: int) -> NDArray[np.int32]:
    """Columns of integers side by side: (n, their widths together)."""
    if not names or not n:
        return np.empty((n, 0), np.int32)
    columns = [candidates[name].reshape(n, -1).astype(np.int32) for name in names]
    return np.ascontiguousarray(np.concatenate(columns, axis=1))


@njit(cache=True)
def _meets(a, i, b, j):  # type: ignore[no-untyped-def]
    """Is a value of 0 or more at the same place in row i of a and row j of b."""
    for place in range(min(a.shape[1], b.shape[1])):
        if a[i, place] >= 0 and a[i, place] == b[j, place]:
            return True
    return False


@njit(cache=True)
def _shares(a, i, b, j):  # type: ignore[no-untyped-def]
    """Is a value of 0 or more anywhere in both rows; the first below 0 ends a list."""
    for one in range(a.shape[1]):
        if a[i, one] < 0:
            break
        for other in range(b.shape[1]):
            if b[j, other] < 0:
                break
            if a[i, one] == b[j, other]:
                return True
    return False


@njit(cache=True)
def _fits(keys, item, picks, slot, adjacent):  # type: ignore[no-untyped-def]
    """May `item` stand in `slot`, behind what was picked for the one before."""
    if slot > 0:
        return not _meets(keys, item, keys, picks[slot - 1])
    for k in range(adjacent.shape[0]):  # noqa: SIM110 (numba)
        if _meets(keys, item, adjacent, k):
            return False
    return True


@njit(cache=True)
def _pin_due(keys, pins, places, waiting, picks, slot, adjacent, early):  # type: ignore[no-untyped-def]
    """The first pin that may stand in `slot`, -1 if none; drops those whose place it is and
    that may not. With `early`, also one whose place comes later."""
    for d in range(len(pins)):
        if waiting[d] and (places[d] <= slot or early):
            if _fits(keys, pins[d], picks, slot, adjacent):
                waiting[d] = False
                return pins[d]
            if not early:
                waiting[d] = False
    return -1


@njit(cache=True)
def _fill(  # type: ignore[no-untyped-def]
    value,  # (n,) float64
    keys,  # (n, hard) int32: creator, sound
    topics,  # (n, soft) int32
    explorable,  # (n,) bool
    pins,  # (p,) candidates with a place of their own
    places,  # (p,) those places, ascending
    adjacent,  # (a, hard) int32: what the first slot stands behind
    before,  # (w', soft) int32: the session's last topics, oldest first
    luck,  # (slots, 2) float64: is it chance, and which
    share,  # ε
    cost,  # value lost at full overlap
    window,  # neighbours that count
    lift_first,
):
    n, slots = len(value), len(luck)
    picks = np.empty(slots, np.int64)
    propensity = np.empty(slots, np.float64)
    explored = np.empty(slots, np.bool_)
    free = np.ones(n, np.bool_)
    free[pins] = False
    waiting = np.ones(len(pins), np.bool_)
    allowed = np.empty(n, np.bool_)
    familiar = np.zeros(n, np.float64)  # window items that share a topic
    for past in range(len(before)):
        for i in range(n):
            familiar[i] += _shares(topics, i, before, past)
    for slot in range(slots):
        pick = _pin_due(keys, pins, places, waiting, picks, slot, adjacent, False)
        chance, p = False, 1.0
        if pick < 0:
            # What spacing allows here, before a pin that comes next too.
            ahead = -1
            for d in range(len(pins)):
                if waiting[d] and places[d] == slot + 1:
                    ahead = pins[d]
            pool = some = 0
            for i in range(n):
                fits = free[i] and _fits(keys, i, picks, slot, adjacent)
                if fits and ahead >= 0:
                    fits = not _meets(keys, i, keys, ahead)
                allowed[i] = fits
                some += fits
                pool += fits and explorable[i]
            if some == 0:
                pick = _pin_due(keys, pins, places, waiting, picks, slot, adjacent, True)
            if pick < 0 and some == 0 and slot == 0 and lift_first:
                for i in range(n):
                    allowed[i] = free[i]
                    some += free[i]
                    pool += free[i] and explorable[i]
                if some == 0 and len(pins) > 0:
                    pick, waiting[0] = pins[0], False
            if pick < 0 and some == 0:
                return picks[:slot], propensity[:slot], explored[:slot]
        if pick < 0:
            # The best of them; the first of equals.
            best, best_value = -1, 0.0
            for i in range(n):
                if allowed[i]:
                    worth = value[i] - cost * familiar[i] / max(window, 1)
                    if best < 0 or worth > best_value:
                        best, best_value = i, worth
            # Or one by chance.
            pick = best
            chance = pool > 0 and luck[slot, 0] < share
            if chance:
                place = int(luck[slot, 1] * pool)
                for i in range(n):
                    if allowed[i] and explorable[i]:
                        if place == 0:
                            pick = i
                            break
                        place -= 1
            p = 0.0 if pool > 0 else 1.0
            if pool > 0:
                if pick == best:
                    p += 1.0 - share
                if explorable[pick]:
                    p += share / pool
        picks[slot], propensity[slot], explored[slot] = pick, p, chance
        free[pick] = False
        # The window moves: the new item enters, the one that falls out leaves.
        out = slot - window
        for i in range(n):
            if window > 0 and free[i]:
                familiar[i] += _shares(topics, i, topics, pick)
                if out >= 0:
                    familiar[i] -= _shares(topics, i, topics, picks[out])
                elif len(before) + out >= 0:
                    familiar[i] -= _shares(topics, i, before, len(before) + out)
    return picks, propensity, explored
