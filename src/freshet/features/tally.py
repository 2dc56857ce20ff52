"""Tallies: how many views, and how many of them came to each outcome.

A full tally is the float32 row [views, one sum per outcome, watched fraction, log watch].
A short tally keeps the sums that pay where memory is dear. A tally becomes features as
*evidence*: how far its shrunken rate lies from what was to be expected without it, in
log-odds, so that no evidence is 0 (empirical Bayes with the parent's rate as prior mean:
p = (sum + strength * prior) / (views + strength)).
"""

from __future__ import annotations

from math import exp, log

import numpy as np

from freshet.domain.outcomes import INDEX, OUTCOMES
from freshet.state.compiled import kernel

VIEWS = 0
FRACTION = 1 + len(OUTCOMES)  # watched / duration, at most 2, halved
LOG_WATCH = FRACTION + 1  # log(1 + seconds watched), clipped at 3 x duration
TALLY = LOG_WATCH + 1  # width of a full tally


def place(outcome: str) -> int:
    """Index of an outcome's sum in a tally."""
    return 1 + INDEX[outcome]


# Prior of the world before anything was seen, worth BASE_VIEWS views.
BASE_VIEWS = 10.0
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

# A short tally: views and six sums.
SHORT = np.array(
    [VIEWS] + [place(o) for o in ("watched_2s", "watched_6s", "long_view", "click", "like")]
    + [LOG_WATCH]
)  # fmt: skip
SHORT_NAMES = ("watched_2s", "watched_6s", "long_view", "click", "like", "log_watch")
SHORT_WIDTH = len(SHORT)

# Of a content's total tally the sums of a short one are read, of its recent tally three.
RATED_SHORT, RATED_SHORT_NAMES = SHORT[1:], SHORT_NAMES
LATELY_RATED = np.array([place("watched_2s"), place("long_view"), LOG_WATCH])
LATELY_NAMES = ("recent_watched_2s", "recent_long_view", "recent_log_watch")
LATELY_MS = 43_200_000.0  # half-life of what counts as lately, for everything but viewers
LN2 = 0.6931471805599453


@kernel
def logit(p):
    p = min(max(p, 1e-4), 1.0 - 1e-4)
    return log(p / (1.0 - p))


@kernel
def world_rate(state, what):
    """Rate of one sum over all views, with the base prior."""
    world = state.all[0]
    return (world[what] + BASE_VIEWS * BASE[what]) / (world[VIEWS] + BASE_VIEWS)


@kernel
def evidence(total, views, prior, strength, linear):
    """Log-odds (or plain, if `linear`) distance of a shrunken rate from its prior.

    A sum can be below 0: an undo takes 1 back from a tally in which the like has faded.
    """
    rate = (max(total, 0.0) + strength * prior) / (views + strength)
    return rate - prior if linear else logit(rate) - logit(prior)


@kernel
def add_full(row, at, delta):
    for k in range(TALLY):
        row[at + k] += delta[k]


@kernel
def add_short(row, at, delta):
    for k in range(SHORT_WIDTH):
        row[at + k] += delta[SHORT[k]]


@kernel
def decay(row, at, width, elapsed_ms, half_life_ms):
    """Let `width` sums fade by the time that went by."""
    if elapsed_ms > 0:
        factor = exp(-LN2 * elapsed_ms / half_life_ms)
        for k in range(width):
            row[at + k] *= factor


@kernel
def span_of(duration_ms):
    """Bucket of a duration, 0 (unknown) to 15: three to a factor e."""
    if duration_ms <= 0:
        return 0
    return min(1 + int(3.0 * log(1.0 + duration_ms / 2000.0)), 15)
