"""One feed: neighbours and popular videos, joined features, models, a simple rule."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal

import faiss
import numpy as np
from numpy.typing import NDArray

from freshet.feed.settings import WEIGHTS
from freshet.lab.bench.assembled.night import Models
from freshet.lab.bench.assembled.table import OUTCOMES, TASTES, Floats, Rows, Table
from freshet.lab.extras import extra
from freshet.retrieval.lists import lists_for
from freshet.retrieval.settings import Retrieval

POPULAR = 2_048  # best of everything, from which a feed takes the first
POPULAR_TAKEN = 100  # that its viewer has not seen
PER_LIST = 40  # videos a list holds at the least
SAMPLE = 1 << 16

By = Literal["outcomes", "value"]  # a model per outcome, or one for the value itself


@dataclass(slots=True)
class Ranked:
    """Videos best first; what they are predicted to come to, where that is known."""

    rows: list[int]
    values: list[float]
    predictions: list[dict[str, float]]


@dataclass(slots=True)
class Ranker:
    """Candidates, scores and slate out of a table and trained models."""

    table: Table
    models: Models
    by: By
    candidates: int  # ranked for each feed
    ranked: list[int] = field(default_factory=list)
    stages_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _index: Any = None
    _popular: list[int] = field(default_factory=list)
    _fitted: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faiss.omp_set_num_threads(1)
        self.table.at_night()
        self._index = _filed(self.table.vectors)
        rates = self.table.rates(self.table.videos)
        row = np.array([*(WEIGHTS[name] for name in OUTCOMES), WEIGHTS["watch_s"]])
        self._popular = np.argsort(-(rates[:, :-1] @ row))[:POPULAR].tolist()
        lightgbm = extra("bench", "lightgbm", "--baseline")
        wanted = self.models.text.keys() - {"value"} if self.by == "outcomes" else {"value"}
        for name in sorted(wanted):
            self._fitted[name] = lightgbm.Booster(model_str=self.models.text[name])

    @property
    def model_count(self) -> int:
        return len(self._fitted)

    def feed(self, viewer: int, n: int) -> Ranked:
        begun = time.perf_counter()
        rows = self._candidates(viewer)
        begun = self._took("retrieve", begun)
        hour = time.time() / 3_600 % 24
        inputs = self.table.inputs(viewer, rows, hour)
        begun = self._took("features", begun)
        predicted = {
            name: model.predict(inputs, num_threads=1) for name, model in self._fitted.items()
        }
        begun = self._took("predict", begun)
        value = sum(WEIGHTS.get(name, 1.0) * p for name, p in predicted.items())
        chosen = self._diverse(rows, np.argsort(-np.asarray(value)), n)
        self.ranked.append(len(rows))
        self._took("select", begun)
        return Ranked(
            rows[chosen].tolist(),
            np.asarray(value)[chosen].tolist(),
            [{name: float(p[k]) for name, p in predicted.items()} for k in chosen],
        )

    def _candidates(self, viewer: int) -> Rows:
        """The best of everything and the nearest to what was liked, without what was seen."""
        seen, liked = self.table.seen[viewer], self.table.liked(viewer)
        popular = [row for row in self._popular if row not in seen][:POPULAR_TAKEN]
        near: list[int] = []
        if len(liked):
            each = self.candidates * TASTES // (2 * len(liked))
            cosines, found = self._index.search(self.table.vectors[liked], each)
            order = np.argsort(-cosines, axis=None)
            near = [row for row in found.ravel()[order].tolist() if row >= 0 and row not in seen]
        return np.array(list(dict.fromkeys(popular + near))[: self.candidates], np.int32)

    def _diverse(self, rows: Rows, order: NDArray[Any], n: int) -> list[int]:
        """The best, one of each creator."""
        chosen: list[int] = []
        creators: set[int] = set()
        for k in order.tolist():
            creator = int(self.table.creator[rows[k]])
            if creator not in creators:
                creators.add(creator)
                chosen.append(k)
                if len(chosen) == n:
                    break
        return chosen

    def _took(self, stage: str, begun: float) -> float:
        now = time.perf_counter()
        self.stages_ms[stage].append(1_000 * (now - begun))
        return now


def _filed(vectors: Floats) -> Any:
    """Inverted lists of 8-bit vectors, as many lists and probes as ours."""
    lists = max(min(lists_for(len(vectors)), len(vectors) // PER_LIST), 1)
    kind = f"IVF{lists},SQ8"
    index: Any = faiss.index_factory(vectors.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
    rows = np.random.default_rng(0).permutation(len(vectors))[:SAMPLE]
    index.train(vectors[rows])
    index.add(vectors)
    index.nprobe = min(Retrieval().probes, lists)
    return index
