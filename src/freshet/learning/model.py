"""The model with its versions and its shadow, as the fold holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.learning.calibration import RATES
from freshet.learning.guard import (
    BACKS,
    BACKS_KEPT,
    MADE,
    N_OUTCOMES,
    NUMBER,
    SKILL,
    UNTIL,
    Model,
)
from freshet.learning.params import DOUBLES, floats_of, fresh, views_of
from freshet.learning.prior import believe
from freshet.learning.settings import Shadow, Versions

PER_ROW = ("floats", "doubles")  # the first row is the parameters that serve
SAVED = (*PER_ROW, "seen", "rates", "score", "versions", "tried", "backs", "beside", "marks")


def new_model(names: Sequence[str], seed: int, versions: Versions, shadow: Shadow) -> Any:
    """A model of inputs `names` that has learned nothing, which is its version 0."""
    inputs, kept = len(names), versions.kept
    rows = 1 + kept + shadow.on
    floats, doubles = np.zeros((rows, floats_of(inputs)), np.float32), np.zeros((rows, DOUBLES))
    fixed, seen = np.zeros(inputs, np.int8), np.zeros((int(shadow.on), 2), np.int64)
    params = fresh(floats[0], doubles[0], fixed, np.zeros(2, np.int64), seed)
    believe(params, names)
    floats[1:], doubles[1:] = floats[0], doubles[0]
    if shadow.on:
        floats[-1] = doubles[-1] = 0.0
        beside = fresh(floats[-1], doubles[-1], fixed, seen[0], shadow.seed)
        believe(beside, names, shadow.prior)
        beside.rates[:] = shadow.step, shadow.linear_step, shadow.shrink
    made = np.zeros((kept, 6))
    made[1:, NUMBER] = made[:, SKILL] = -1.0
    marks = np.zeros(BACKS + 1, np.int64)
    marks[MADE], marks[UNTIL] = 1, versions.every
    return Model(
        params, floats, doubles, seen,
        rates=np.append(RATES, 0.5).astype(np.float32), score=np.zeros((2, 4)), versions=made,
        tried=np.zeros((kept + 1, 2)), backs=np.zeros((BACKS_KEPT, 8)),
        beside=np.zeros((3, N_OUTCOMES + 1)), marks=marks,
        rules=np.array([versions.every, versions.trial], np.float64),
    )  # fmt: skip


def rows_of(model: Any) -> list[Any]:
    """Parameters by name: those that serve, the versions, the shadow if there is one."""
    kept, params = len(model.versions), model.params
    return [
        views_of(floats, doubles, params.fixed, model.seen[0] if row > kept else params.seen)
        for row, (floats, doubles) in enumerate(zip(model.floats, model.doubles, strict=True))
    ]


def saved_of(model: Any) -> dict[str, NDArray[Any]]:
    """What folding writes, by name, but for the parameters that serve."""
    return {
        name: getattr(model, name)[1:] if name in PER_ROW else getattr(model, name)
        for name in SAVED
    }
