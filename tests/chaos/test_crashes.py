"""Invariant 1: an acknowledged event survives `kill -9` and a power cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import kill9, powercut


def test_no_acknowledged_event_is_lost_or_doubled_by_kill_9(tmp_path: Path) -> None:
    assert kill9.check(tmp_path / "data", rounds=5) == []


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_acknowledged_event_is_lost_by_a_power_cut(tmp_path: Path, seed: int) -> None:
    assert await powercut.check(tmp_path, seed, cuts=12) == []
