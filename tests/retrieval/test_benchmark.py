"""The benchmark of retrieval, in small."""

from __future__ import annotations

from benchmarks.retrieval import measure
from freshet.retrieval.settings import Retrieval


def test_retrieval_finds_nearly_what_ranking_everything_finds() -> None:
    found = measure(2_000, 100, 40, 10, 0, Retrieval(exact_max=500))
    assert found["recall100"] >= 0.85
    assert found["slate_value"] >= 0.98
    assert 300 <= found["candidates"] <= 1_000
