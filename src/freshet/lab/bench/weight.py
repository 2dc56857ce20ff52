"""S4: what one more video, and one more viewer, weigh in memory.

Proportional set size (PSS) over all processes of the server, what they share counted once,
after the same short load, at two numbers of videos and at two of viewers: the difference by
the number of what was added. What a server weighs that holds nothing is in neither.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from freshet.app import Tell
from freshet.lab.bench.drive import carried_out, plan_for
from freshet.lab.bench.folder import Made, made_folder
from freshet.lab.bench.server import Server

STEP_MIN = 100_000  # a smaller difference drowns in what a process weighs by chance


class Weight(msgspec.Struct, frozen=True):
    """Where the other folders are made."""

    beside: Path


def weighed(
    folder: Path, made: Made, workers: int, weight: Weight, tell: Tell
) -> tuple[float, float]:
    """Bytes per video and per viewer."""
    base = _pss(folder, made, workers)
    return (
        _marginal("videos", base, made, workers, weight, tell),
        _marginal("viewers", base, made, workers, weight, tell),
    )


def _marginal(
    kind: Literal["videos", "viewers"], base: int, made: Made, workers: int, weight: Weight,
    tell: Tell,
) -> float:  # fmt: skip
    count: int = getattr(made, kind)
    # Half of a large number, more of a small one.
    other = count // 2 if count >= 2 * STEP_MIN else count + STEP_MIN
    varied = replace(made, **{kind: other})
    folder = weight.beside / f"{kind}-{other}"
    tell(f"weighing {other:,} {kind}")
    try:
        made_folder(folder, varied, tell)
        found = _pss(folder, varied, workers)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return round((found - base) / (other - count), 1)


def _pss(folder: Path, made: Made, workers: int) -> int:
    with Server(folder, workers) as server:
        carried_out(plan_for(server, made, clients=4, seconds=3.0))
        return server.pss_bytes
