"""The benchmark of refolding, in small."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.refold import Pass, differing, measure
from tests.conftest import Rounds
from tests.learning.test_fold import FEW


@pytest.mark.thorough
def test_lived_through_folded_anew_and_resumed_are_one_state(
    tmp_path: Path, rounds: Rounds
) -> None:
    found = measure(rounds(few=20_000, many=200_000), 1, tmp_path)
    assert found["differing"] == {"anew": [], "resumed": []}
    assert found["views_learned"] > found["events"] / 10


def test_a_difference_is_found() -> None:
    one, other = Pass(1, 10), Pass(1, 10)
    one.fold(iter(FEW), len(FEW))
    other.fold(iter(FEW), len(FEW) - 1)
    assert differing(one.live, other.live)
    other.fold(iter(FEW[-1:]), 1)
    assert differing(one.live, other.live) == []
    other.live.params.b[0] += 1e-6
    assert differing(one.live, other.live) == ["params.b"]
