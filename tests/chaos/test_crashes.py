"""Invariant 1: an acknowledged event survives `kill -9` and a power cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import kill9, powercut
from tests.conftest import Rounds

pytestmark = pytest.mark.thorough


def test_no_acknowledged_event_is_lost_or_doubled_by_kill_9(tmp_path: Path, rounds: Rounds) -> None:
    assert kill9.check(tmp_path / "data", rounds(few=5, many=50)) == []


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_acknowledged_event_is_lost_by_a_power_cut(
    tmp_path: Path, seed: int, rounds: Rounds
) -> None:
    assert await powercut.check(tmp_path, seed, rounds(few=12, many=200)) == []
