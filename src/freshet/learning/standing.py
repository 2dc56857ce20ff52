"""How the model stands, in words and numbers, read from the arrays that folding keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from freshet.domain.outcomes import OUTCOMES
from freshet.learning import guard as g
from freshet.learning.shadow import ITS_LOSS, LESS, SQUARE

CAUSES = {
    g.REGULAR: "an earlier version did better when a new one was due",
    g.SUSPECTED: "the skill dropped and an earlier version did better",
    g.NOT_FINITE: "a parameter or a prediction was not finite",
}
SURE = 1.96  # deviations on either side of an interval
_skill_of = getattr(g.skill_of, "py_func", g.skill_of)  # needs no compiling
EARLY = 1_000  # views before two models are said to differ


class Version(msgspec.Struct, frozen=True):
    """A copy of the model."""

    number: int
    views: int  # learned when it was made
    at: int  # ms since 1970, by the log
    loss: float | None
    skill: float | None  # None: made before anything was learned


class Back(msgspec.Struct, frozen=True):
    """One way back."""

    views: int
    at: int
    cause: str
    from_version: int  # the newest there was
    to_version: int
    loss: float  # of the model, lately
    its_loss: float  # of the version, on the views of the trial; when made, if there was none
    deviations: float  # by how many the version did better; 0 without a trial


class Interval(msgspec.Struct, frozen=True):
    value: float
    low: float
    high: float


class Beside(msgspec.Struct, frozen=True):
    """The shadow's loss less the model's, over the last views: below 0 it predicts better."""

    loss: float
    difference: Interval
    outcomes: dict[str, Interval]
    says: str


class Standing(msgspec.Struct, frozen=True):
    """The model that serves, and what is beside it."""

    views: int  # learned
    at: int  # ms since 1970, of the last event folded
    loss: float  # mean log loss over all outcomes, over about the last 1,000 views
    loss_long: float  # 50,000
    skill: float
    skill_long: float
    trial: bool  # whether versions predict along just now
    went_back: int  # times
    versions: tuple[Version, ...]
    backs: tuple[Back, ...]  # the last ones, newest first
    shadow: Beside | None


def standing(arrays: Mapping[str, NDArray[Any]], views: int, at: int) -> Standing:
    """
    Args:
        arrays: as `model.saved_of` names them.
        views: learned.
        at: received time of the last event folded.
    """
    score, marks = arrays["score"], arrays["marks"]
    (skill, _), (skill_long, _) = (_skill_of(row) for row in score)
    times = int(marks[g.BACKS])
    last = range(times - 1, max(times - g.BACKS_KEPT, 0) - 1, -1)
    rows = arrays["versions"]
    rows = rows[rows[:, g.NUMBER] >= 0]
    return Standing(
        views, at, float(score[0, g.LOST]), float(score[1, g.LOST]), float(skill),
        float(skill_long), bool(marks[g.LEFT]), times,
        tuple(_version(row) for row in rows[np.argsort(rows[:, g.NUMBER])]),
        tuple(_back(arrays["backs"][at % g.BACKS_KEPT]) for at in last),
        _beside(arrays["beside"], score[1]) if len(arrays["seen"]) else None,
    )  # fmt: skip


def _version(row: NDArray[Any]) -> Version:
    number, views, at = (int(value) for value in row[: g.LOSS])
    if number == 0:
        return Version(number, views, at, None, None)
    return Version(number, views, at, float(row[g.LOSS]), float(row[g.SKILL]))


def _back(row: NDArray[Any]) -> Back:
    views, at, cause, begun, to = (int(value) for value in row[: g.B_LOSS])
    numbers = (float(row[at]) for at in (g.B_LOSS, g.B_ITS_LOSS, g.B_SURE))
    return Back(views, at, CAUSES[cause], begun, to, *numbers)


def _beside(rows: NDArray[Any], score: NDArray[Any]) -> Beside:
    weight = float(score[g.WEIGHTS])
    spread = np.sqrt(np.maximum(rows[SQUARE] - rows[LESS] ** 2, 0.0) * weight)
    found = [
        Interval(-float(less), -float(less) - SURE * float(one), -float(less) + SURE * float(one))
        for less, one in zip(rows[LESS], spread, strict=True)
    ]
    return Beside(
        float(rows[ITS_LOSS, -1]), found[-1], dict(zip(OUTCOMES, found, strict=False)),
        _says(found[-1], float(score[g.LOST]), weight),
    )  # fmt: skip


def _says(one: Interval, loss: float, weight: float) -> str:
    if weight <= 0 or 1 / weight < EARLY:
        return "Too few views to tell them apart."
    if one.low > 0:
        return f"The model that serves predicts better, by {one.value / loss:.2%} of its loss."
    if one.high < 0:
        return f"The shadow predicts better, by {-one.value / loss:.2%} of the model's loss."
    return f"No difference is seen; it is not above {max(-one.low, one.high) / loss:.2%}."
