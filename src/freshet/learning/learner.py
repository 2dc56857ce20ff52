"""The ranker: one shared online model with many outcomes, learned view by view.

Inputs are standardised as they come, then pass a hidden layer and, beside it, straight
through a linear one:

    z = clip((x - mean) / deviation)              (F,)
    h = relu(z @ W1 + b1)                         (H,)
    logits = z @ W3 + h @ W2 + b                  (O,)
    p = sigmoid(logits, calibrated)               (O,)   calibration.py

O = the outcomes, then P(watched more than t seconds) for each t of `THRESHOLDS_S`: the
distribution of watch time given this viewer and this video, from which its median and its
mean follow. Every weight has its own step size (Adagrad, Duchi et al. 2011). One pass, no
retraining.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import numpy as np

from freshet.domain.outcomes import OUTCOMES
from freshet.state.arithmetic import e_to
from freshet.state.block import out_of_line
from freshet.state.compiled import allocating, kernel
from freshet.state.machine import LANES, ROWS, add_products

THRESHOLDS_S = np.array(
    [0.5, 1, 2, 3.5, 5, 7, 10, 14, 18, 25, 35, 50, 75, 110, 160, 250], np.float32
)
HEADS = len(OUTCOMES) + len(THRESHOLDS_S)
WIDTH = 32  # of the hidden layer
# Where a view that ends between two thresholds is taken to end, s.
MIDDLES_S = np.array(
    [
        0.05,
        *(float(a + b) / 2 for a, b in pairwise(THRESHOLDS_S)),
        330,
    ],
    np.float32,
)

LOG_MIDDLES = np.log1p(MIDDLES_S.astype(np.float64))

STEP, LINEAR_STEP = 0.02, 0.01  # of the hidden layer's weights, of the linear one's
# Weights shrink towards 0 like a prior does: felt while there is little to go by (measured on
# 90,000 views: AUC + .0006), gone once the views are many.
SHRINK, SHRINK_VIEWS = 8e-4, 100_000.0
START = np.float32(1e-3)  # of the sums of squared gradients
WIDE = -(-HEADS // LANES) * LANES  # heads, padded to whole registers
CLIP = np.float32(4.0)  # of standardised inputs
LEAST = np.float32(0.01)  # is added to every input's variance
ABSURD = np.float32(1e9)  # inputs this far from their mean say nothing of it
FAR = np.float32(100.0)  # deviations from the mean, beyond which an input counts as that far
ONE, ZERO = np.float32(1.0), np.float32(0.0)


@kernel
def sigmoid(v):
    return ONE / (ONE + e_to(-min(max(v, np.float32(-15.0)), np.float32(15.0))))


@kernel
def meet(params, x):
    """Take a vector into the running mean and variance."""
    params.seen[0] += 1
    share = np.float32(max(1.0 / params.seen[0], 1e-4))
    for j in range(x.shape[0]):
        away = x[j] - params.mean[j]
        if params.fixed[j] or not (abs(away) < ABSURD):
            continue  # also what is not a number: it would stay in the mean for ever
        farthest = FAR * FAR * (params.variance[j] + LEAST)
        if away * away > farthest:
            away = np.float32(sqrt(farthest)) if away > ZERO else -np.float32(sqrt(farthest))
        params.mean[j] += share * away
        params.variance[j] += share * (away * away * (ONE - share) - params.variance[j])


@kernel
def scale_of(variance):
    """What a standardised input is multiplied by: one over its deviation."""
    return ONE / np.float32(sqrt(variance + LEAST))


@kernel
def put_standard(mean, scale, x, z):
    """x (n,) standardised and clipped into z (n,); what is not a number counts as least.

    All are given from the input on that is meant: a loop that begins anywhere may begin below 0
    for all the compiler knows, and then it gathers what it could read eight at a time.
    """
    for j in range(z.shape[0]):
        v = (x[j] - mean[j]) * scale[j]
        v = v if v > -CLIP else -CLIP
        z[j] = v if v < CLIP else CLIP


@kernel
def standardise(params, x, z):
    for j in range(x.shape[0]):
        v = (x[j] - params.mean[j]) * scale_of(params.variance[j])
        v = v if v > -CLIP else -CLIP
        z[j] = v if v < CLIP else CLIP


@kernel
def forward(params, z, pre, logits):
    """Logits (O,) and hidden pre-activations pre (H,) of a standardised vector."""
    out_of_line()
    width, heads = pre.shape[0], logits.shape[0]
    for q in range(width):
        pre[q] = params.b1[q]
    for q in range(heads):
        logits[q] = params.b[q]
    for j in range(z.shape[0]):
        v = z[j]
        if v != ZERO:
            row1, row3 = params.w1[j], params.w3[j]
            for q in range(width):
                pre[q] += v * row1[q]
            for q in range(heads):
                logits[q] += v * row3[q]
    for q in range(width):
        if pre[q] > ZERO:
            row2 = params.w2[q]
            for r in range(heads):
                logits[r] += pre[q] * row2[r]


@kernel
def chances(params, logits, p):
    """Predictions p (O,): the logits, calibrated, as probabilities."""
    stretch, shift = params.odds[0], params.odds[1]
    for r in range(p.shape[0]):
        p[r] = sigmoid(stretch[r] * logits[r] + shift[r])


@allocating
def forward_many(params, x, shared, p):
    """Predictions p (n, O) for vectors x (n, F) that are not standardised yet.

    The same sums in the same order as `standardise`, `forward` and `chances`, so the same bits; but
    six vectors go through the weights together while their sums stay in registers, and what
    all vectors share is summed once.

    Args:
        shared: so many leading values are the same in every vector.
    """
    out_of_line()
    n, inputs = x.shape
    weights, scale = np.zeros((inputs, WIDTH + WIDE), np.float32), np.empty(inputs, np.float32)
    above, odds = np.zeros((WIDTH, WIDE), np.float32), np.zeros((2, WIDE), np.float32)
    for j in range(inputs):
        scale[j] = scale_of(params.variance[j])
        for q in range(WIDTH):
            weights[j, q] = params.w1[j, q]
        for r in range(HEADS):
            weights[j, WIDTH + r] = params.w3[j, r]
    for q in range(WIDTH):
        for r in range(HEADS):
            above[q, r] = params.w2[q, r]
    for r in range(HEADS):
        odds[0, r], odds[1, r] = params.odds[0, r], params.odds[1, r]
    z = np.zeros((ROWS, inputs), np.float32)
    base = np.zeros((ROWS, WIDTH + WIDE), np.float32)
    sums = np.empty((ROWS, WIDTH + WIDE), np.float32)
    hidden, heads = np.empty((ROWS, WIDTH), np.float32), np.empty((ROWS, WIDE), np.float32)
    for k in range(ROWS if n > 0 else 0):
        put_standard(params.mean, scale, x[0], z[k, :shared])
        for q in range(WIDTH):
            base[k, q] = params.b1[q]
        for r in range(HEADS):
            base[k, WIDTH + r] = params.b[r]
    for lane in range(0, (WIDTH + WIDE) if n > 0 else 0, LANES):
        add_products(z, weights, 0, shared, lane, base)
    for first in range(0, n, ROWS):
        some = min(ROWS, n - first)
        for k in range(ROWS):
            for q in range(WIDTH + WIDE):
                sums[k, q] = base[k, q]
        for k in range(some):
            row = x[first + k, shared:]
            put_standard(params.mean[shared:], scale[shared:], row, z[k, shared:])
        for lane in range(0, WIDTH + WIDE, LANES):
            add_products(z, weights, shared, inputs, lane, sums)
        for k in range(ROWS):
            for q in range(WIDTH):
                hidden[k, q] = sums[k, q] if sums[k, q] > ZERO else ZERO
            for r in range(WIDE):
                heads[k, r] = sums[k, WIDTH + r]
        for lane in range(0, WIDE, LANES):
            add_products(hidden, above, 0, WIDTH, lane, heads)
        for k in range(some):
            for r in range(WIDE):
                heads[k, r] = sigmoid(odds[0, r] * heads[k, r] + odds[1, r])
            for r in range(HEADS):
                p[first + k, r] = heads[k, r]


@kernel
def alike(x):
    """How many leading values are the same in every vector of x (n, F)."""
    for j in range(x.shape[1] if x.shape[0] > 0 else 0):
        for i in range(1, x.shape[0]):
            if x[i, j] != x[0, j]:
                return j
    return x.shape[1]


@kernel
def nudge(weights, squares, gradient, step, shrink):
    """One Adagrad step on a row: w -= step * (g / sqrt(sum of g^2) + shrink * w)."""
    for q in range(weights.shape[0]):
        g = gradient[q]
        squares[q] += g * g
        weights[q] -= step * (g / np.float32(sqrt(squares[q])) + shrink * weights[q])


@kernel
def learn(params, z, pre, logits, target, work):
    """One step towards `target` (O,), from the forward pass just made.

    `work` is scratch (3, max(H, O)).
    """
    out_of_line()
    heads, width = logits.shape[0], pre.shape[0]
    gradient, hidden, scaled = work[0][:heads], work[1][:width], work[2]
    step, linear_step = np.float32(params.rates[0]), np.float32(params.rates[1])
    shrink = np.float32(params.rates[2] * SHRINK_VIEWS / (SHRINK_VIEWS + params.seen[1]))
    for r in range(heads):
        gradient[r] = sigmoid(logits[r]) - target[r]
    for q in range(width):
        hidden[q] = ZERO
        if pre[q] > ZERO:
            row2 = params.w2[q]
            total = ZERO
            for r in range(heads):
                total += gradient[r] * row2[r]
                scaled[r] = gradient[r] * pre[q]
            hidden[q] = total
            nudge(row2, params.a2[q], scaled, step, shrink)
    nudge(params.b1, params.ab1, hidden, step, ZERO)
    nudge(params.b, params.ab, gradient, linear_step, ZERO)
    for j in range(z.shape[0]):
        v = z[j]
        if v != ZERO:
            for q in range(width):
                scaled[q] = hidden[q] * v
            nudge(params.w1[j], params.a1[j], scaled, step, shrink)
            for r in range(heads):
                scaled[r] = gradient[r] * v
            nudge(params.w3[j], params.a3[j], scaled, linear_step, shrink)
    params.seen[1] += 1


@kernel
def meet_watch(params, watched_s):
    """Count where a view ended, for the ranks of watch times among all views."""
    k = 0
    while k < THRESHOLDS_S.shape[0] and watched_s > THRESHOLDS_S[k]:
        k += 1
    params.ends[k] += 1.0


@kernel
def watch_times(params, p, out):
    """Watch times that the threshold heads of p (O,) speak of.

    out[0] expected, out[1] median, out[2] mean, in seconds; out[3] expected log(1 + seconds).
    The expected one is the watch time at the expected rank among all views (a mean under the
    population's own scale, as in duration-quantile methods): it orders pairs best and is not
    swayed by the few who watch for very long. A later head never exceeds an earlier one.
    """
    out_of_line()
    count = THRESHOLDS_S.shape[0]
    first = p.shape[0] - count
    total = 0.0
    for k in range(count + 1):
        total += params.ends[k]
    above, median = 1.0, -1.0
    low = 0.0
    log_mean, mean, rank, below = 0.0, 0.0, 0.0, 0.0
    for k in range(count + 1):
        here = min(above, float(p[first + k])) if k < count else 0.0
        share = above - here  # probability of ending between thresholds k - 1 and k
        if median < 0.0 and here < 0.5:
            top = float(THRESHOLDS_S[k]) if k < count else 2.0 * low
            median = low + (above - 0.5) / max(share, 1e-9) * (top - low)
        rank += share * (below + 0.5 * params.ends[k]) / total
        log_mean += share * LOG_MIDDLES[k]
        mean += share * MIDDLES_S[k]
        below += params.ends[k]
        above = here
        if k < count:
            low = float(THRESHOLDS_S[k])
    out[0] = at_rank(params, rank * total)
    out[1], out[2], out[3] = median, mean, log_mean


@kernel
def at_rank(params, target):
    """Seconds below which `target` of the views ended, between middles in proportion."""
    below, last_rank, last_s = 0.0, 0.0, 0.0
    for k in range(MIDDLES_S.shape[0]):
        middle = below + 0.5 * params.ends[k]
        if target <= middle:
            share = (target - last_rank) / max(middle - last_rank, 1e-9)
            return last_s + share * (MIDDLES_S[k] - last_s)
        below += params.ends[k]
        last_rank, last_s = middle, float(MIDDLES_S[k])
    return last_s
