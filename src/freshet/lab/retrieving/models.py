"""What is compared: ours, EASE and `implicit`'s iALS, each with the settings it may take.

A model is fitted on histories and scores all videos for some of the same viewers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from freshet.lab.extras import extra
from freshet.lab.retrieving.histories import Rows
from freshet.learning.cowatch import Cowatch, ease

Floats = NDArray[np.float32]
Score = Callable[[int, int], Floats]  # viewers first to end -> (end - first, videos)
Setting = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Model:
    grid: Sequence[Setting]
    # What is worked out once for all settings, then a fit for each.
    prepare: Callable[[Sequence[Rows], int, int], Callable[[Setting], Score]]


def _ours(histories: Sequence[Rows], videos: int, seed: int) -> Callable[[Setting], Score]:
    sums = Cowatch(videos)
    for history in histories:
        sums.views(history)

    def fit(setting: Setting) -> Score:
        model = sums.solved(setting["around"], setting["onward"])
        return lambda first, end: model.scores(histories[first:end])

    return fit


def _ease(histories: Sequence[Rows], videos: int, seed: int) -> Callable[[Setting], Score]:
    watched = matrix(histories, videos)
    together = (watched.T @ watched).toarray()

    def fit(setting: Setting) -> Score:
        weights = ease(together, setting["ridge"])
        return lambda first, end: watched[first:end] @ weights

    return fit


def _ials(histories: Sequence[Rows], videos: int, seed: int) -> Callable[[Setting], Score]:
    als: Any = extra("bench", "implicit.als", "freshet lab retrieval").AlternatingLeastSquares
    one_thread = extra("bench", "threadpoolctl", "freshet lab retrieval").threadpool_limits
    watched = matrix(histories, videos)

    def fit(setting: Setting) -> Score:
        with one_thread(1, "blas"):  # it has threads of its own, which would wait for these
            model = als(
                factors=int(setting["factors"]), regularization=setting["ridge"],
                alpha=setting["alpha"], iterations=15, random_state=seed, use_gpu=False,
            )  # fmt: skip
            model.fit(watched, show_progress=False)
        items = np.ascontiguousarray(model.item_factors.T)
        return lambda first, end: model.user_factors[first:end] @ items

    return fit


def matrix(histories: Sequence[Rows], videos: int) -> Any:
    """(viewers, videos) 1 where one watched the other."""
    ends = np.cumsum([0, *map(len, histories)])
    rows = np.concatenate(histories)
    watched = csr_matrix((np.ones(len(rows), np.float32), rows, ends), (len(histories), videos))
    watched.sum_duplicates()
    watched.data[:] = 1.0
    return watched


def _grid(**values: Sequence[float]) -> list[Setting]:
    return [dict(zip(values, one, strict=True)) for one in product(*values.values())]


OURS = Model(_grid(around=(30, 100, 300), onward=(300, 1000)), _ours)
PEERS = {
    "ease": Model(_grid(ridge=(30, 100, 300, 1000)), _ease),
    "ials": Model(_grid(factors=(64, 128), alpha=(5, 20, 60), ridge=(1, 10)), _ials),
}
