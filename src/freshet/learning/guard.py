"""Is the model still as good as it was? Its loss as it goes, versions of it, the way back.

    view ─▶ loss of what was predicted, faded ─▶ skill: how far below the loss of a constant
    every so many views, or once the skill has dropped ─▶ trial: the versions predict along
    trial over ─▶ did a version surely do better on the very same views? ─▶ back to it
                  else, if it was time for one, the model as it is becomes a version
    a number that is not finite ─▶ back at once

A drop of skill only raises suspicion: the world may have become harder, and then the versions
are worse still and nothing happens. All of it is part of the fold: the same log, the same
versions and the same ways back.
"""

from __future__ import annotations

from collections import namedtuple
from math import sqrt

import numpy as np

from freshet.domain.outcomes import OUTCOMES
from freshet.learning.learner import ONE, ZERO, forward, standardise
from freshet.learning.params import params_at
from freshet.state.arithmetic import e_to, ln, ln1p
from freshet.state.block import out_of_line
from freshet.state.compiled import kernel

N_OUTCOMES = len(OUTCOMES)
LATELY, LONG = 1_000.0, 50_000.0  # views that the two faded means look back over
FOLLOWED = np.float32(1 / 200)  # share of the last view in the rates of the constant
CHECK = 500  # views between looks at skill and finiteness
ENOUGH = 500  # views before a skill says anything
DROP = 0.02  # of skill below the best version's, beyond three deviations, raises suspicion
# What a version must be better by to replace the model: this many deviations of the paired
# difference, and this share of the model's loss.
SURE, WORTH = 3.0, 0.005
BACKS_KEPT = 16
RAREST, COMMONEST = np.float32(1e-4), np.float32(1 - 2e-4)  # bounds of what it believes
LANED = 16  # outcomes, and one head more, so that loops take whole registers
MOST = np.float32(15.0)  # log odds beyond this count as this, as in `learner.sigmoid`
NOT_FINITE_BITS, INFINITE = np.int32(0x7F800000), np.float32(np.inf)

Model = namedtuple(
    "Model", "params floats doubles seen rates score versions tried backs beside marks rules"
)
# params           those that serve: views of the first rows, for making views takes a while
# floats, doubles  rows of `params.py`: the model, its versions, the shadow if there is one
# seen             int64 (0 or 1, 2): the shadow's; the versions share the model's
# rates            float32 (16,): the constant that the model is compared with
# score            float64 (2, 4): faded means lately and for long, by the columns below
# versions         float64 (kept, 6), by the columns below
# tried            float64 (kept + 1, 2): sum and squares of how much less each lost in this
#                  trial; last, the model's own loss
# backs            float64 (16, 8): the last ways back, by the columns below
# beside           float64 (3, outcomes + 1), see `shadow.py`
# marks            int64, by the places below; rules float64, by the last two

LOST, PLAIN, SQUARE, WEIGHTS = range(4)  # loss, a constant's, their difference squared; a
# mean's weights squared, which times its variance is the square of its deviation
NUMBER, VIEWS, TIME, LOSS, SKILL, DEVIATION = range(6)  # of a version; number -1: none
(B_VIEWS, B_TIME, B_CAUSE, B_FROM, B_TO, B_LOSS, B_ITS_LOSS, B_SURE) = range(8)
(SCORED, SCORED_LATELY, LEFT, CAUSE, UNTIL, PATIENCE, MADE, BACKS) = range(8)
EVERY, TRIAL = range(2)
REGULAR, SUSPECTED, NOT_FINITE = range(3)  # causes


@kernel
def losses(params, logits, target, out):
    """Log loss of each outcome as predicted, calibrated, in out (16,); returns their mean."""
    stretch, shift = params.odds[0], params.odds[1]
    for o in range(LANED):
        v = min(max(stretch[o] * logits[o] + shift[o], -MOST), MOST)
        out[o] = max(v, ZERO) - target[o] * v + ln1p(e_to(-abs(v)))
    total = 0.0
    for o in range(N_OUTCOMES):
        total += out[o]
    return total / N_OUTCOMES


@kernel
def plain_loss(rates, target, out):
    """Mean loss of a constant that goes with the rates of the last views; it learns once it
    has lost."""
    for o in range(LANED):
        rate, y = rates[o], target[o]
        out[o] = -ln(y * rate + (ONE - y) * (ONE - rate))
        rates[o] = rate + FOLLOWED * (RAREST + COMMONEST * y - rate)
    total = 0.0
    for o in range(N_OUTCOMES):
        total += out[o]
    return total / N_OUTCOMES


@kernel
def skill_of(score):
    """(skill, its deviation): 1 less the loss over a constant's, of one row of `score`."""
    plain, better = score[PLAIN], score[PLAIN] - score[LOST]
    if plain <= 0.0:
        return 0.0, 0.0
    spread = sqrt(max(score[SQUARE] - better * better, 0.0) * score[WEIGHTS])
    return better / plain, spread / plain


@kernel
def fade(score, share, loss, plain):
    """Take a view into a faded mean."""
    better = plain - loss
    score[LOST] += share * (loss - score[LOST])
    score[PLAIN] += share * (plain - score[PLAIN])
    score[SQUARE] += share * (better * better - score[SQUARE])
    score[WEIGHTS] = (1.0 - share) * (1.0 - share) * score[WEIGHTS] + share * share


@kernel
def score(model, x, scratch):
    """Take in the loss of what was predicted of a view (`scratch.logits`), before it is learned
    from; in a trial the versions predict its vector x (F,), too."""
    marks, lost = model.marks, scratch.lost[0]
    total = losses(model.params, scratch.logits, scratch.target, lost)
    plain = plain_loss(model.rates, scratch.target, scratch.lost[1])
    marks[SCORED] += 1
    marks[SCORED_LATELY] += 1
    fade(model.score[0], 1.0 / min(marks[SCORED_LATELY], LATELY), total, plain)
    fade(model.score[1], 1.0 / min(marks[SCORED], LONG), total, plain)
    if marks[LEFT] > 0:
        try_versions(model, x, scratch, total)


@kernel
def try_versions(model, x, scratch, total):
    """In a trial: by how much less each version would have lost than `total`."""
    out_of_line()
    kept = model.versions.shape[0]
    model.tried[kept, 0] += total
    for k in range(kept):
        if model.versions[k, NUMBER] >= 0:
            floats, doubles = model.floats[1 + k], model.doubles[1 + k]
            version = params_at(floats, doubles, model.params.fixed, model.params.seen)
            standardise(version, x, scratch.z2)
            forward(version, scratch.z2, scratch.pre2, scratch.logits2)
            less = total - losses(version, scratch.logits2, scratch.target, scratch.lost[1])
            model.tried[k, 0] += less
            model.tried[k, 1] += less * less


@kernel
def whole(pre, logits):
    """Whether a forward pass came to numbers. Looked at before anything is cut off: what is not
    a number would pass every bound as its lower end."""
    wrong = 0
    for q in range(pre.shape[0]):
        wrong += (np.float32(pre[q]).view(np.int32) & NOT_FINITE_BITS) == NOT_FINITE_BITS
    for r in range(logits.shape[0]):
        wrong += (np.float32(logits[r]).view(np.int32) & NOT_FINITE_BITS) == NOT_FINITE_BITS
    return wrong == 0


@kernel
def all_finite(model):
    """Whether all parameters that serve are finite. A fixed input may vary without bounds: so a
    laboratory leaves it out."""
    out_of_line()
    floats, doubles, fixed = model.floats[0], model.doubles[0], model.params.fixed
    wrong = 0
    for i in range(floats.shape[0]):
        wrong += (np.float32(floats[i]).view(np.int32) & NOT_FINITE_BITS) == NOT_FINITE_BITS
    for j in range(fixed.shape[0]):
        wrong -= fixed[j] and floats[fixed.shape[0] + j] == INFINITE
    for i in range(doubles.shape[0]):
        wrong += doubles[i] - doubles[i] != 0.0
    return wrong == 0


@kernel
def copy_row(model, source, to):
    """All parameters, and all that is kept to learn them by."""
    theirs, mine = model.floats[source], model.floats[to]
    for i in range(mine.shape[0]):
        mine[i] = theirs[i]
    theirs64, mine64 = model.doubles[source], model.doubles[to]
    for i in range(mine64.shape[0]):
        mine64[i] = theirs64[i]


@kernel
def newest_before(model, number):
    """Slot of the newest version before one of this number, -1 if there is none."""
    found = -1
    for k in range(model.versions.shape[0]):
        made = model.versions[k, NUMBER]
        if 0 <= made < number and (found < 0 or made > model.versions[found, NUMBER]):
            found = k
    return found


@kernel
def keep(model, now):
    """The model as it is becomes a version, in the place of the oldest."""
    versions, marks = model.versions, model.marks
    slot = 0
    for k in range(versions.shape[0]):
        if versions[k, NUMBER] < versions[slot, NUMBER]:
            slot = k
    copy_row(model, 0, 1 + slot)
    version = versions[slot]
    version[NUMBER], version[VIEWS], version[TIME] = marks[MADE], model.params.seen[1], now
    version[LOSS] = model.score[0, LOST]
    version[SKILL], version[DEVIATION] = skill_of(model.score[0])
    marks[MADE] += 1


@kernel
def go_back(model, slot, cause, loss, its_loss, sure, now):
    """The model is the version of a slot again; later versions are of no more use."""
    out_of_line()
    marks, versions = model.marks, model.versions
    back = model.backs[marks[BACKS] % BACKS_KEPT]
    marks[BACKS] += 1
    number = versions[slot, NUMBER]
    back[B_VIEWS], back[B_TIME], back[B_CAUSE] = model.params.seen[1], now, cause
    back[B_FROM], back[B_TO], back[B_SURE] = marks[MADE] - 1, number, sure
    back[B_LOSS], back[B_ITS_LOSS] = loss, its_loss
    copy_row(model, 1 + slot, 0)
    for k in range(versions.shape[0]):
        if versions[k, NUMBER] > number:
            versions[k, NUMBER] = -1.0
    marks[SCORED_LATELY] = marks[LEFT] = 0
    marks[UNTIL], marks[PATIENCE] = np.int64(model.rules[EVERY]), 2 * np.int64(model.rules[TRIAL])


@kernel
def repair(model, now):
    """Something is not finite: back to the newest version; once more within as many views as
    lie between versions, to the one before it."""
    out_of_line()
    marks = model.marks
    slot = newest_before(model, marks[MADE])
    last = model.backs[(marks[BACKS] - 1) % BACKS_KEPT]
    again = marks[BACKS] > 0 and last[B_CAUSE] == NOT_FINITE
    earlier = newest_before(model, model.versions[slot, NUMBER])
    if again and earlier >= 0 and model.params.seen[1] - last[B_VIEWS] < model.rules[EVERY]:
        slot = earlier
    go_back(model, slot, NOT_FINITE, model.score[0, LOST], model.versions[slot, LOSS], 0.0, now)


@kernel
def begin_trial(model, cause):
    model.marks[LEFT], model.marks[CAUSE] = np.int64(model.rules[TRIAL]), cause
    model.tried[:, :] = 0.0


@kernel
def settle(model, now):
    """A trial is over."""
    out_of_line()
    kept, n = model.versions.shape[0], model.rules[TRIAL]
    loss = model.tried[kept, 0] / n
    best, most, how_sure = -1, WORTH * loss, 0.0
    for k in range(kept):
        less = model.tried[k, 0] / n
        spread = sqrt(max(model.tried[k, 1] / n - less * less, 0.0) / n)
        if model.versions[k, NUMBER] >= 0 and less > most and less > SURE * spread:
            best, most, how_sure = k, less, less / max(spread, 1e-12)
    if best >= 0:
        go_back(model, best, model.marks[CAUSE], loss, loss - most, how_sure, now)
    elif model.marks[CAUSE] == REGULAR:
        keep(model, now)
        model.marks[UNTIL] = np.int64(model.rules[EVERY])
    else:
        model.marks[PATIENCE] = 2 * np.int64(model.rules[TRIAL])


@kernel
def suspicious(model):
    """Whether the skill has dropped below that of the best version."""
    if model.marks[SCORED_LATELY] < ENOUGH:
        return False
    best = -1.0
    for k in range(model.versions.shape[0]):
        if model.versions[k, NUMBER] > 0:  # number 0 is the model before it learned
            best = max(best, model.versions[k, SKILL])
    skill, deviation = skill_of(model.score[0])
    return skill + 3.0 * deviation < best - DROP


@kernel
def decide(model, now):
    """After a view was learned: has a trial to begin or to end, is all finite?"""
    marks = model.marks
    look = marks[SCORED] % CHECK == 0
    if look and not all_finite(model):
        repair(model, now)
        return
    if model.rules[EVERY] == 0.0:
        return
    if marks[LEFT] > 0:
        marks[LEFT] -= 1
        if marks[LEFT] == 0:
            settle(model, now)
        return
    marks[UNTIL] -= 1
    if marks[UNTIL] <= 0:
        begin_trial(model, REGULAR)
    elif marks[PATIENCE] > 0:
        marks[PATIENCE] -= 1
    elif look and suspicious(model):
        begin_trial(model, SUSPECTED)
