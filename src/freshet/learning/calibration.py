"""Probabilities that mean what they say: per outcome, a logit is stretched and shifted by what
came of the predictions before.

    logit' = logit + s (logit - middle) + t         s and t near 0, one pair per outcome

Rare outcomes need it: their weights have seen few gradients, so a ranker that learns in one pass
says too little of them, and says it late. (s, t) is the mode of a posterior, normal around 0
before anything was seen. Each view that ends moves it by one Newton step and adds its Fisher
information; what was known fades with every view, so a change of rates is followed (an extended
Kalman filter of two states; West, Harrison and Migon 1985). The ranker itself learns from its
own logits and knows nothing of this.
"""

from __future__ import annotations

import numpy as np

from freshet.domain.outcomes import OUTCOMES
from freshet.features.tally import BASE, place
from freshet.state.arithmetic import e_to
from freshet.state.compiled import kernel

LATELY = 20_000.0  # views that count: some hundred positives of a rare outcome
YOUNG, GROWTH = 200.0, 0.5  # a model that changes fast is followed fast: YOUNG + GROWTH x views
PRIOR = 5.0  # positives that s = 0 and t = 0 are believed as firmly as
S_MIN, S_MAX, T_MAX = -0.5, 1.0, 2.0

N_OUTCOMES = len(OUTCOMES)
RATES = np.array([BASE[place(name)] for name in OUTCOMES], np.float64)
MIDDLES = np.log(RATES / (1 - RATES))  # so that s and t have little to do with each other


def new_odds(heads: int) -> np.ndarray:
    """float32 (2, heads): logit' = odds[0] logit + odds[1]; heads past the outcomes stay."""
    odds = np.zeros((2, heads), np.float32)
    odds[0] = 1.0
    return odds


def new_tuning() -> np.ndarray:
    """float64 (outcomes, 5): s, t, and the information on (s, s), (s, t), (t, t)."""
    tuning = np.zeros((N_OUTCOMES, 5))
    tuning[:, 2] = tuning[:, 4] = PRIOR
    return tuning


@kernel
def tune(odds, tuning, logits, target, views):
    """One step of each outcome's (s, t) towards `target` (O,), from the logits (O,) predicted
    before it was known, after so many views."""
    lately = min(LATELY, YOUNG + GROWTH * views)
    kept = 1.0 - 1.0 / lately
    believed = PRIOR / lately
    for o in range(N_OUTCOMES):
        row = tuning[o]
        away = np.float64(logits[o]) - MIDDLES[o]
        said = np.float64(logits[o]) + row[0] * away + row[1]
        p = 1.0 / (1.0 + np.float64(e_to(np.float32(-min(max(said, -15.0), 15.0)))))
        wrong, informs = np.float64(target[o]) - p, p * (1.0 - p)
        row[2] = kept * row[2] + believed + informs * away * away
        row[3] = kept * row[3] + informs * away
        row[4] = kept * row[4] + believed + informs
        down_s, down_t = wrong * away - believed * row[0], wrong - believed * row[1]
        area = row[2] * row[4] - row[3] * row[3]
        row[0] += (row[4] * down_s - row[3] * down_t) / area
        row[1] += (row[2] * down_t - row[3] * down_s) / area
        row[0] = min(max(row[0], S_MIN), S_MAX)
        row[1] = min(max(row[1], -T_MAX), T_MAX)
        odds[0, o] = np.float32(1.0 + row[0])
        odds[1, o] = np.float32(row[1] - row[0] * MIDDLES[o])
