"""Put the slate in order: best first, spaced, varied, and with honest chance.

*Spacing is hard*: no two neighbours share a creator or a sound, nor does the first item
with what the viewer was shown last. *Topics are soft*: an item loses value by how much of it
the window's items hold (varied.py), and gains if the viewer was not shown any of its topics
lately. *New* is certain: a share of the slots goes to topics, and to creators, that the viewer
was not shown lately, as long as there are any; the last slots, where it would not come by
itself. *Chance*: each slot goes, with probability ε, to a uniform draw from the explorable
items allowed there, else to the best.

The probability of what was put there is known exactly, given the candidates and the slots
above, and is logged for off-policy evaluation:

    p(item) = (1 − ε) · [item is the best]  +  ε · [item is explorable] / explorable allowed

and p = 1 for the best where nothing explorable is allowed. Where something is on trial, chance
(`trial_share`) goes to that and is not uniform: the item with the best draw of a round takes the
place, the round is drawn uniformly, and the second term is the share of rounds that it wins.

*Optimism*: a video of which little is known may be better than predicted. In the order, and only
there, it gains `optimism` times what a view would tell of it (`lesson`) times a draw of its own,
never below 0 (optimistic Thompson sampling; May, Korda, Lee and Leslie 2012): where much is
unknown something of it draws high, where little is there is little to gain. Each view tells less
than the one before, so what is not better soon stops costing anything. A video's draw holds for
everybody for some seconds: given the time, the order is no matter of chance. Nor does chance try
what is known not to be good enough: explorable is only what may, by its doubt, be worth a place.

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
from freshet.feed.varied import enter, held
from freshet.pipeline import Candidates

DRAWN_MS = 10_000  # how long a video's draw holds
HOPE = 2.0  # doubts up to which chance may try
HARD = ("creator", "sound")  # (n,) int32; a value below 0 equals nothing
SOFT = {"topic": "topics"}  # (n, k) int32, padded with values below 0
NO_DRAWS = np.empty((0, 0), np.float32)
NOBODY = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Diverse:
    """Selects up to `query.n` items by `value`, spaced by `by`.

    Adds `propensity`, `explored` (the slot went to chance), `novel` (it went to a topic because
    that is new to the viewer) and `pinned`. The slate is shorter than asked when no allowed item
    is left: spacing is never given up for length. With `lift_first`, and only if nothing is
    allowed in the first slot, that slot's spacing is.

    Raises:
        Refused: `by` names something this selector cannot space.
    """

    by: Sequence[str] = ("creator", "sound", "topic")
    explore_share: float = 0.0  # ε
    topic_spread: float = 1.0  # of variety, in standard deviations of the candidates' value
    topic_window: int = 5
    topic_novelty: float = 0.0  # in the same deviations
    new_share: float = 0.0  # of the slots, to topics and to creators not shown lately
    lift_first: bool = False
    optimism: float = 0.0  # lessons that are added to a value
    # ε where something is on trial: chance then goes by the column `draws`; 0 = there are no trials
    trial_share: float = 0.0
    adds = ("propensity", "explored", "novel", "pinned")

    def __post_init__(self) -> None:
        for name in self.by:
            if name not in HARD and name not in SOFT:
                raise Refused("by", f"cannot space by {name!r}", ", ".join((*HARD, *SOFT)))

    @property
    def needs(self) -> tuple[str, ...]:
        columns = tuple(SOFT.get(name, name) for name in self.by)
        doubted = ("doubt", "lesson") if self.optimism else ()
        drawn = ("draws",) if self.trial_share else ()
        return ("value", "explorable", *drawn, *doubted, *columns)

    def select(self, query: FeedQuery, candidates: Candidates) -> Candidates:
        n = len(candidates)
        value = candidates["value"].astype(np.float64)
        deviation = _deviation(value)
        value[~np.isfinite(value)] = -1e300  # a broken score comes last, but still comes
        explorable, draws, share = self._by_chance(candidates, value, query.n)
        share = 0.0 if query.certain else share
        if self.optimism:
            hope = np.maximum(_drawn(candidates.rows, query.now_ms // DRAWN_MS), 0.0)
            value += self.optimism * candidates["lesson"] * hope
        hard = [name for name in self.by if name in HARD]
        soft = [SOFT[name] for name in self.by if name in SOFT]
        window = self.topic_window if soft else 0
        luck = query.draws("diverse").random(2 * query.n).reshape(query.n, 2)
        pins, places = _pins(query, candidates)
        picks, propensity, explored, novel = _fill(
            value,
            _stack(candidates, hard, n),
            _stack(candidates, soft, n),
            explorable,
            draws,
            pins,
            places,
            _stack(query.adjacent, hard, len(query.adjacent)),
            _stack(query.before, soft, len(query.before)),
            _stack(query.met, soft, len(query.met)),
            *self._new(query, candidates),
            luck,
            share,
            self.topic_spread * deviation,
            self.topic_novelty * deviation,
            window,
            self.lift_first,
        )
        slate = candidates.take(picks)
        pinned = np.isin(picks, pins) if len(pins) else np.zeros(len(picks), np.bool_)
        told = {"propensity": propensity, "explored": explored, "novel": novel}
        return slate.adding({**told, "pinned": pinned})

    def _new(
        self, query: FeedQuery, candidates: Candidates
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
        """Creators, of candidates and of what was shown lately, and how many slots are for who
        and what is new."""
        due = int(self.new_share * query.n)
        if "creator" not in self.by or not due:
            return NOBODY, NOBODY, due
        met = query.met["creator"] if len(query.met) else NOBODY
        return candidates["creator"].astype(np.int32), met.astype(np.int32), due

    def _by_chance(
        self, candidates: Candidates, value: NDArray[Any], places: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], float]:
        """Where chance may choose, the draws there, round by round (none = uniformly), and ε."""
        if self.trial_share:
            draws = candidates["draws"]
            at = np.flatnonzero(np.isfinite(draws[:, 0]))
            if len(at):
                return at, np.ascontiguousarray(draws[at].T), self.trial_share
        explorable = candidates["explorable"]
        if self.optimism:
            explorable = explorable & _may_be_worth_it(value, candidates["doubt"], places)
        return np.flatnonzero(explorable), NO_DRAWS, self.explore_share


def _may_be_worth_it(value: NDArray[Any], doubt: NDArray[Any], places: int) -> NDArray[np.bool_]:
    """True where a value may, two doubts up, be among the best for so many places."""
    if len(value) <= places:
        return np.ones(len(value), np.bool_)
    least = np.partition(value, -places)[-places]
    found: NDArray[np.bool_] = value + HOPE * doubt >= least
    return found


def _drawn(rows: NDArray[Any], epoch: int) -> NDArray[np.float64]:
    """A standard normal number for each row in an epoch: hashed (SplitMix64), then Box-Muller."""
    mixed = rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed += np.uint64(epoch * 0xD1B54A32D192ED03 & (1 << 64) - 1)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    one = ((mixed >> np.uint64(32)) + np.uint64(1)).astype(np.float64) / 2.0**32
    other = (mixed & np.uint64(0xFFFFFFFF)).astype(np.float64) / 2.0**32
    drawn: NDArray[np.float64] = np.sqrt(-2.0 * np.log(one)) * np.cos(2.0 * np.pi * other)
    return drawn


def _deviation(value: NDArray[Any]) -> float:
    """The unit in which topics cost and gain; 1 where all values are equal."""
    real = value[np.isfinite(value)]
    deviation = float(real.std()) if len(real) else 0.0
    return deviation if deviation > 0 else 1.0


def _pins(query: FeedQuery, candidates: Candidates) -> tuple[NDArray[Any], NDArray[Any]]:
    """Candidates that are pinned, and their places, in order; none that was filtered out."""
    at = {int(candidates.rows[i]): i for i in range(len(candidates))} if query.wanted.pins else {}
    found = [(at[row], place) for row, place in query.wanted.pins if row in at]
    return np.array([i for i, _ in found], np.int64), np.array([p for _, p in found], np.int64)


def _stack(candidates: Candidates, names: Sequence[str], n: int) -> NDArray[np.int32]:
    """Columns of integers one above the other: (their widths together, n). So the same thing
    of all candidates lies side by side, and is compared eight at a time."""
    if not names or not n:
        return np.empty((0, n), np.int32)
    columns = [candidates[name].reshape(n, -1).T for name in names]
    return np.ascontiguousarray(
        np.concatenate(columns) if len(columns) > 1 else columns[0], np.int32
    )


@njit(cache=True)
def _keep_others(keys, what, allowed):  # type: ignore[no-untyped-def]
    """Disallow what has a value of 0 or more at the same place as `what` (hard,)."""
    for place in range(min(keys.shape[0], what.shape[0])):
        if what[place] >= 0:
            for i in range(allowed.shape[0]):
                allowed[i] &= keys[place, i] != what[place]


@njit(cache=True)
def _meets(keys, i, what):  # type: ignore[no-untyped-def]
    """Whether that disallows item i."""
    for place in range(min(keys.shape[0], what.shape[0])):
        if what[place] >= 0 and keys[place, i] == what[place]:
            return True
    return False


@njit(cache=True)
def _count_shared(topics, what, hit, shared):  # type: ignore[no-untyped-def]
    """Add 1 where an item (soft, n) has a topic of `what` (soft',); both end with the first
    below 0."""
    hit[:] = False
    for other in range(what.shape[0]):
        if what[other] < 0:
            break
        for one in range(topics.shape[0]):
            for i in range(hit.shape[0]):
                hit[i] |= topics[one, i] == what[other]
    for i in range(hit.shape[0]):
        shared[i] += hit[i]


@njit(cache=True)
def _enter(topics, what, alike, around, entered):  # type: ignore[no-untyped-def]
    """An item of topics `what` enters the window; how many ever did."""
    place = entered % len(around)
    enter(topics, what, alike[place])
    around[place] = what
    return entered + 1


@njit(cache=True)
def _best(value, lost, cost, allowed):  # type: ignore[no-untyped-def]
    """The best that is allowed, the first of equals; -1 if nothing is."""
    best, most = -1, 0.0
    for i in range(len(value)):
        if allowed[i]:
            worth = value[i] - cost * lost[i]
            if best < 0 or worth > most:
                best, most = i, worth
    return best


@njit(cache=True)
def _narrow(allowed, new):  # type: ignore[no-untyped-def]
    """Allow only what is new, if any of it is."""
    if np.any(allowed & new):
        allowed &= new


@njit(cache=True)
def _fits(keys, item, picks, slot, adjacent):  # type: ignore[no-untyped-def]
    """May `item` stand in `slot`, behind what was picked for the one before."""
    if slot > 0:
        return not _meets(keys, item, keys[:, picks[slot - 1]])
    for k in range(adjacent.shape[1]):  # noqa: SIM110 (numba)
        if _meets(keys, item, adjacent[:, k]):
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
def _winner(explorable, allowed, draws):  # type: ignore[no-untyped-def]
    """Which item that chance may choose and that is allowed has the best draw of a round."""
    best = -1
    for k in range(len(explorable)):
        if allowed[explorable[k]] and (best < 0 or draws[k] > draws[best]):
            best = k
    return explorable[best] if best >= 0 else -1


@njit(cache=True)
def _fill(  # type: ignore[no-untyped-def]
    value,  # (n,) float64
    keys,  # (hard, n) int32: creator, sound
    topics,  # (soft, n) int32
    explorable,  # (e,) items that chance may choose
    draws,  # (rounds, e) float32: chance goes to the best of a round; no rounds = uniformly
    pins,  # (p,) candidates with a place of their own
    places,  # (p,) those places, ascending
    adjacent,  # (hard, a) int32: what the first slot stands behind
    before,  # (soft, w') int32: the session's last topics, newest first
    met,  # (soft, m) int32: topics lately shown
    creators,  # (n,) int32, or nobody's: then none counts as new
    known,  # creators lately shown
    due,  # slots for new topics, and for new creators
    luck,  # (slots, 2) float64: is it chance, and which
    share,  # ε
    cost,  # value of variety: see varied.py
    gain,  # value of a topic that is new to the viewer
    window,  # neighbours that count
    lift_first,
):
    n, slots, past = len(value), len(luck), min(before.shape[1], window)
    picks = np.empty(slots, np.int64)
    propensity = np.empty(slots, np.float64)
    explored, novel = np.empty(slots, np.bool_), np.zeros(slots, np.bool_)
    if n == 0:
        return picks[:0], propensity[:0], explored[:0], novel[:0]
    free = np.ones(n, np.bool_)
    free[pins] = False
    waiting = np.ones(len(pins), np.bool_)
    allowed, hit = np.empty(n, np.bool_), np.empty(n, np.bool_)
    # The last items, in a ring: how alike all are to each, and its topics.
    alike = np.zeros((window, n), np.float32)
    around = np.full((window, topics.shape[0]), -1, np.int32)
    entered, lost = 0, np.zeros(n)
    for ago in range(past - 1, -1, -1):
        entered = _enter(topics, before[:, ago], alike, around, entered)
    unmet = np.ones(len(creators), np.bool_)
    for one in known:
        for i in range(len(creators)):
            unmet[i] &= creators[i] != one
    new_topics, new_creators = 0, 0
    shown = np.zeros(n, np.int32)  # items lately shown that share a topic
    seeks = (gain > 0 or due > 0) and topics.shape[0] > 0
    if seeks:
        shown += topics[0] < 0  # of no topic is of no new one
        for k in range(met.shape[1]):
            _count_shared(topics, met[:, k], hit, shown)
    for slot in range(slots):
        pick = _pin_due(keys, pins, places, waiting, picks, slot, adjacent, False)
        chance, p = False, 1.0
        pool = 0
        if pick < 0:
            # What spacing allows here, before a pin that comes next too.
            allowed[:] = free
            if slot > 0:
                _keep_others(keys, keys[:, picks[slot - 1]], allowed)
            else:
                for k in range(adjacent.shape[1]):
                    _keep_others(keys, adjacent[:, k], allowed)
            for d in range(len(pins)):
                if waiting[d] and places[d] == slot + 1:
                    _keep_others(keys, keys[:, pins[d]], allowed)
            some = np.sum(allowed)
            if some == 0:
                pick = _pin_due(keys, pins, places, waiting, picks, slot, adjacent, True)
            if pick < 0 and some == 0 and slot == 0 and lift_first:
                allowed[:] = free
                some = np.sum(allowed)
                if some == 0 and len(pins) > 0:
                    pick, waiting[0] = pins[0], False
            if pick < 0 and some == 0:
                return picks[:slot], propensity[:slot], explored[:slot], novel[:slot]
        if pick < 0:
            if cost > 0 and window > 0:
                held(alike, around, min(entered, window), lost)
            best = _best(value, lost, cost, allowed)
            usual = best
            # What is new comes now, or it would not come at all.
            if seeks and due - new_topics >= slots - slot:
                _narrow(allowed, shown == 0)
                best = _best(value, lost, cost, allowed)
            if len(unmet) > 0 and due - new_creators >= slots - slot:
                _narrow(allowed, unmet)
                best = _best(value, lost, cost, allowed)
            # A new topic goes before it if what it gains makes up for what it is worth less.
            if gain > 0 and seeks and shown[best] > 0:
                best_value = value[best] - cost * lost[best]
                for i in range(n):
                    if allowed[i] and shown[i] == 0:
                        worth = value[i] - cost * lost[i] + gain
                        if worth > best_value:
                            best, best_value = i, worth
            # Or one by chance.
            pick = best
            for i in explorable:
                pool += allowed[i]
            rounds = len(draws)
            chance = pool > 0 and luck[slot, 0] < share
            if chance and rounds > 0:
                pick = _winner(explorable, allowed, draws[int(luck[slot, 1] * rounds)])
            elif chance:
                place = int(luck[slot, 1] * pool)
                for i in explorable:
                    if allowed[i]:
                        if place == 0:
                            pick = i
                            break
                        place -= 1
            novel[slot] = pick == best and best != usual and shown[pick] == 0 and not chance
            p = 0.0 if pool > 0 else 1.0
            if pool > 0:
                if pick == best:
                    p += 1.0 - share
                if rounds > 0 and share > 0.0:
                    for one in range(rounds):
                        if _winner(explorable, allowed, draws[one]) == pick:
                            p += share / rounds
                else:
                    for i in explorable:
                        if i == pick:
                            p += share / pool
        picks[slot], propensity[slot], explored[slot] = pick, p, chance
        free[pick] = False
        if seeks:
            new_topics += shown[pick] == 0
            _count_shared(topics, topics[:, pick], hit, shown)
        if len(unmet) > 0:
            new_creators += unmet[pick]
            unmet &= creators != creators[pick]
        # The window moves: the new item takes the place of the one that falls out.
        if window > 0:
            entered = _enter(topics, topics[:, pick], alike, around, entered)
    return picks, propensity, explored, novel
