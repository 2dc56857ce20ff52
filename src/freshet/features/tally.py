"""Tallies: how many views, and how many of them came to each outcome.

A full tally is the float32 row [views, one sum per outcome, watched fraction, log watch].
A short tally keeps the sums that pay where memory is dear. A tally becomes features as
*evidence*: how far its shrunken rate lies from what was to be expected without it, in
log-odds, so that no evidence is 0 (empirical Bayes with the parent's rate as prior mean:
p = (sum + strength * prior) / (views + strength)).
"""

from __future__ import annotations

from math import exp

import numpy as np

from freshet.domain.outcomes import INDEX, OUTCOMES
from freshet.state.arithmetic import e_to, ln_ratio
from freshet.state.compiled import inlined, kernel

VIEWS = 0
FRACTION = 1 + len(OUTCOMES)  # watched / duration, at most 2, halved
LOG_WATCH = FRACTION + 1  # log(1 + seconds watched), clipped at 3 x duration
TALLY = LOG_WATCH + 1  # width of a full tally


def place(outcome: str) -> int:
    """Index of an outcome's sum in a tally."""
    return 1 + INDEX[outcome]


# Prior of the world before anything was seen, worth BASE_VIEWS views.
BASE_VIEWS = np.float32(10.0)
BASE = np.zeros(TALLY, np.float32)
BASE[VIEWS] = 1.0
for _name, _rate in {
    "watched_2s": 0.6, "watched_6s": 0.4, "finish": 0.15, "long_view": 0.3, "rewatch": 0.03,
    "click": 0.4, "like": 0.02, "comment": 0.003, "share": 0.002, "favorite": 0.003,
    "follow": 0.002, "profile_visit": 0.02, "not_interested": 0.001, "hide": 0.0005,
    "report": 0.0002,
}.items():  # fmt: skip
    BASE[place(_name)] = _rate
BASE[FRACTION], BASE[LOG_WATCH] = 0.25, 1.8

# Nine sums that become features of a full tally, in this order.
RATED = np.array(
    [place(o) for o in ("watched_2s", "watched_6s", "finish", "long_view", "click", "like",
                        "profile_visit")] + [FRACTION, LOG_WATCH]
)  # fmt: skip
RATED_NAMES = ("watched_2s", "watched_6s", "finish", "long_view", "click", "like",
               "profile_visit", "fraction", "log_watch")  # fmt: skip

# A short tally: views and six sums, log watch the last.
SHORT = np.array(
    [VIEWS] + [place(o) for o in ("watched_2s", "watched_6s", "long_view", "click", "like")]
    + [LOG_WATCH]
)  # fmt: skip
SHORT_NAMES = ("watched_2s", "watched_6s", "long_view", "click", "like", "log_watch")
SHORT_WIDTH = len(SHORT)

# Of a content's total tally the sums of a short one are read, of its recent tally three;
# log watch is the last of both.
RATED_SHORT, RATED_SHORT_NAMES = SHORT[1:], SHORT_NAMES
LATELY_RATED = np.array([place("watched_2s"), place("long_view"), LOG_WATCH])
LATELY_NAMES = ("recent_watched_2s", "recent_long_view", "recent_log_watch")
LATELY_MS = 43_200_000.0  # half-life of what counts as lately, for everything but viewers
LN2 = 0.6931471805599453
SURE = np.float32(1e-4)  # no rate is taken to be nearer to 0 or 1 than this
ONE, NOTHING = np.float32(1.0), np.float32(0.0)

# The first LANES sums of a full tally, all but the last two, are worked out together. With
# fewer the compiler unrolls the loop before it thinks of vector instructions, and with more
# there is a rest: 16 of them take a tenth of the time of one by one.
LANES = 16


@kernel
def world_rate(state, what):
    """Rate of one sum over all views, with the base prior."""
    world = state.all[0]
    return (world[what] + BASE_VIEWS * BASE[what]) / (world[VIEWS] + BASE_VIEWS)


@inlined
def log_odds(total, weight, prior, strength):
    """ln of the odds of a rate over those of its prior; `weight` is views + strength.

    With A = total + strength * prior the rate is A / weight, and the ratio of the two odds
    A (1 - prior) / ((weight - A) prior): one logarithm and one division for what by the
    book takes two logarithms and three divisions.
    """
    least, most = SURE * weight, (ONE - SURE) * weight
    there = min(max(max(total, NOTHING) + strength * prior, least), most)
    prior = min(max(prior, SURE), ONE - SURE)
    return ln_ratio(there * (ONE - prior), (weight - there) * prior)


@kernel
def distance(total, weight, prior, strength):
    """As `log_odds`, of a mean that is no probability: how far it lies from its prior."""
    return (max(total, NOTHING) + strength * prior) / weight - prior


@kernel
def evidence(total, views, prior, strength, linear):
    """Log-odds (or plain, if `linear`) distance of a shrunken rate from its prior.

    A sum can be below 0: an undo takes 1 back from a tally in which the like has faded.
    """
    total, prior, strength = np.float32(total), np.float32(prior), np.float32(strength)
    weight = np.float32(views) + strength
    if linear:
        return distance(total, weight, prior, strength)
    return log_odds(total, weight, prior, strength)


@kernel
def evidences(row, at, fade, priors, first, strength, out, k):
    """`evidence` of the first LANES sums of the full tally at `row[at:]`, each times `fade`,
    against `priors[first:]`, into `out[k:]`. The first, of the views, says nothing."""
    fade, strength = np.float32(fade), np.float32(strength)
    weight = row[at] * fade + strength
    for j in range(LANES):
        out[k + j] = log_odds(row[at + j] * fade, weight, priors[first + j], strength)


@kernel
def add_full(row, at, delta):
    for k in range(TALLY):
        row[at + k] += delta[k]


@kernel
def add_short(row, at, delta):
    for k in range(SHORT_WIDTH):
        row[at + k] += delta[SHORT[k]]


@kernel
def faded(elapsed_ms, half_life_ms):
    """What is left of 1 after a time."""
    return e_to(np.float32(-LN2 * max(elapsed_ms, 0.0) / half_life_ms))


@kernel
def decay(row, at, width, elapsed_ms, half_life_ms):
    """Let `width` sums fade by the time that went by."""
    if elapsed_ms > 0:
        factor = faded(elapsed_ms, half_life_ms)
        for k in range(width):
            row[at + k] *= factor


# Buckets of durations: the first of 1 ms, then three to a factor e of 2 s + duration.
SPANS_MS = np.array([1, *(int(2000.0 * (exp(b / 3.0) - 1.0)) + 1 for b in range(1, 15))], np.int32)


@kernel
def span_of(duration_ms):
    """Bucket of a duration, 0 (unknown) to 15. Comparing is faster than a logarithm."""
    bucket = 0
    for b in range(SPANS_MS.shape[0]):
        bucket += duration_ms >= SPANS_MS[b]
    return bucket
