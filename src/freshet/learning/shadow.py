"""A second model that learns beside the one that serves, from the same views, and never serves.

Each view is predicted by both before either learns it, so their losses differ by the models
alone.
"""

from __future__ import annotations

from freshet.learning.calibration import tune
from freshet.learning.guard import LONG, N_OUTCOMES, SCORED, losses
from freshet.learning.learner import forward, learn, meet, meet_watch, standardise
from freshet.learning.params import params_at
from freshet.state.block import out_of_line
from freshet.state.compiled import kernel

# Rows of `Model.beside`; a column for each outcome, the last one for their mean.
LESS, SQUARE, ITS_LOSS = range(3)


@kernel
def has_shadow(model):
    return model.seen.shape[0] > 0


@kernel
def shadow_of(model):
    last = model.floats.shape[0] - 1
    return params_at(model.floats[last], model.doubles[last], model.params.fixed, model.seen[0])


@kernel
def meet_beside(model, x):
    meet(shadow_of(model), x)


@kernel
def compare(model, mine, its, total):
    """Take in by how much less the shadow lost than the model did (`mine`)."""
    share = 1.0 / min(model.marks[SCORED], LONG)
    less, square, loss = model.beside[LESS], model.beside[SQUARE], model.beside[ITS_LOSS]
    before = 0.0
    for o in range(N_OUTCOMES):
        d = mine[o] - its[o]
        before += mine[o]
        less[o] += share * (d - less[o])
        square[o] += share * (d * d - square[o])
        loss[o] += share * (its[o] - loss[o])
    d = before / N_OUTCOMES - total
    less[N_OUTCOMES] += share * (d - less[N_OUTCOMES])
    square[N_OUTCOMES] += share * (d * d - square[N_OUTCOMES])
    loss[N_OUTCOMES] += share * (total - loss[N_OUTCOMES])


@kernel
def learn_beside(model, x, watched_s, scratch):
    """The shadow predicts x (F,), is compared, and learns `scratch.target` (O,)."""
    out_of_line()
    shadow, logits = shadow_of(model), scratch.logits2
    standardise(shadow, x, scratch.z2)
    forward(shadow, scratch.z2, scratch.pre2, logits)
    total = losses(shadow, logits, scratch.target, scratch.lost[1])
    compare(model, scratch.lost[0], scratch.lost[1], total)
    meet_watch(shadow, watched_s)
    tune(shadow.odds, shadow.tuning, logits, scratch.target, shadow.seen[1])
    learn(shadow, scratch.z2, scratch.pre2, logits, scratch.target, scratch.work)
