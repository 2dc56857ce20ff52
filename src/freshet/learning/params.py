"""Where a model's numbers lie: all of them in two rows, so that a copy is one copy.

    floats   mean variance w1 a1 w3 a3 w2 a2 b1 ab1 b ab odds     float32
    doubles  ends tuning rates                                    float64

`Params` are views of them by name; F inputs, H hidden units, O heads.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.learning.calibration import N_OUTCOMES, new_odds, new_tuning
from freshet.learning.learner import (
    HEADS,
    LINEAR_STEP,
    MIDDLES_S,
    SHRINK,
    START,
    STEP,
    WIDTH,
)
from freshet.state.compiled import kernel

Params = namedtuple(
    "Params", "mean variance fixed seen ends w1 a1 b1 ab1 w2 a2 w3 a3 b ab odds tuning rates"
)
# fixed  int8 (F,)    1: what an input is standardised by stays as it is
# seen   int64 (2,)   vectors standardised (and a head start), views learned
# ends   float64      views that ended between thresholds
# rates  float64 (3,) step, step of the linear layer, how fast weights shrink

N_ENDS, TUNED, N_RATES = len(MIDDLES_S), 5, 3
DOUBLES = N_ENDS + TUNED * N_OUTCOMES + N_RATES
LINE = 16  # float32 in a cache line: rows begin at one
SUMS = ("a1", "ab1", "a2", "a3", "ab")  # of squared gradients


def floats_of(inputs: int) -> int:
    """Length of a row of floats."""
    used = 2 * (inputs * (1 + WIDTH + HEADS) + WIDTH * HEADS + WIDTH + 2 * HEADS)
    return -(-used // LINE) * LINE


@kernel
def params_at(floats, doubles, fixed, seen):
    """The parameters that lie in a row of floats and one of doubles."""
    n, w, o = fixed.shape[0], WIDTH, HEADS
    at1 = 2 * n
    at3 = at1 + 2 * n * w
    at2 = at3 + 2 * n * o
    at = at2 + 2 * w * o
    b, tuned = at + 2 * w, N_ENDS + TUNED * N_OUTCOMES
    return Params(
        floats[:n],
        floats[n:at1],
        fixed,
        seen,
        doubles[:N_ENDS],
        floats[at1 : at1 + n * w].reshape((n, w)),
        floats[at1 + n * w : at3].reshape((n, w)),
        floats[at : at + w],
        floats[at + w : b],
        floats[at2 : at2 + w * o].reshape((w, o)),
        floats[at2 + w * o : at].reshape((w, o)),
        floats[at3 : at3 + n * o].reshape((n, o)),
        floats[at3 + n * o : at2].reshape((n, o)),
        floats[b : b + o],
        floats[b + o : b + 2 * o],
        floats[b + 2 * o : b + 4 * o].reshape((2, o)),
        doubles[N_ENDS:tuned].reshape((N_OUTCOMES, TUNED)),
        doubles[tuned:],
    )


# The same views outside of kernels: what a kernel makes may not leave it.
views_of = getattr(params_at, "py_func", params_at)


def fresh(
    floats: NDArray[Any], doubles: NDArray[Any], fixed: NDArray[Any], seen: NDArray[Any], seed: int
) -> Any:
    """Untrained parameters, laid into blank rows; the same seed gives the same bytes."""
    params, inputs = views_of(floats, doubles, fixed, seen), len(fixed)
    random = np.random.default_rng(seed)

    def draw(rows: int, columns: int, scale: float) -> NDArray[np.float32]:
        return (random.standard_normal((rows, columns)) * scale).astype(np.float32)

    params.w1[:] = draw(inputs, WIDTH, inputs**-0.5)
    params.w2[:] = draw(WIDTH, HEADS, (0.1 / WIDTH) ** 0.5)
    for name in SUMS:
        getattr(params, name)[:] = START
    params.variance[:] = params.ends[:] = 1.0
    params.seen[0] = 20  # a head start
    params.odds[:], params.tuning[:] = new_odds(HEADS), new_tuning()
    params.rates[:] = STEP, LINEAR_STEP, SHRINK
    return params


def new_params(inputs: int, seed: int) -> Any:
    """Untrained parameters for `inputs` features, in rows of their own."""
    rows = np.zeros(floats_of(inputs), np.float32), np.zeros(DOUBLES)
    return fresh(*rows, np.zeros(inputs, np.int8), np.zeros(2, np.int64), seed)
