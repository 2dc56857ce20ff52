"""Several processes serve, any of them dies at any moment, and every promise holds."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.workers import run
from tests.conftest import Rounds


def test_promises_hold_while_processes_are_killed(tmp_path: Path, rounds: Rounds) -> None:
    seen = run(tmp_path, workers=2, viewers=3, kills=rounds(few=2, many=12), pause_s=10.0, seed=3)
    assert seen.feeds > 10
