"""Item vectors without a fold: a table that tests write into."""

from __future__ import annotations

from typing import Any

import numpy as np


class Table:
    """`count` videos around `groups` directions, as a live state has them."""

    def __init__(self, count: int, groups: int = 20, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.directions = unit(random.standard_normal((groups, 64)))
        self.vectors = np.zeros((count + 1_000, 64), np.float32)
        noise = random.standard_normal((count, 64)) * 0.08
        self.vectors[:count] = unit(self.directions[np.arange(count) % groups] + noise)
        self.vector_sequence = np.full(len(self.vectors), 2, np.uint32)
        self.count = count
        self.eligible = np.ones(len(self.vectors), np.bool_)
        self.shown = np.zeros(len(self.vectors), np.float32)
        self.speed = np.zeros(len(self.vectors), np.float32)
        self.country = np.zeros(len(self.vectors), np.int32)
        self.language = np.zeros(len(self.vectors), np.int32)
        self.view_counts = np.zeros(0, np.int32)  # nobody has watched anything

    def video_count(self) -> int:
        return self.count

    def items(self, rows: Any) -> np.ndarray:
        return self.vectors[rows]

    def speeds(self, first: int, end: int, now_ms: int) -> np.ndarray:
        return self.speed[first:end]

    def put(self, row: int, vector: np.ndarray) -> None:
        self.vectors[row] = vector
        self.vector_sequence[row] += 2
        self.count = max(self.count, row + 1)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
