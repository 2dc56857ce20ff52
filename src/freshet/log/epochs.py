"""Epochs: begin the log anew from a snapshot, so that what lies before can be forgotten.

    epoch 1:  1 ········ 900 ······ 1200        epoch 2:  base 900 ─▶ 901 ··· 1200

Offsets go on. The snapshot at the base is what folds start from; it is kept as long as
the epoch lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from freshet.domain.errors import Refused

if TYPE_CHECKING:
    from freshet.log.ports import EventLog, Offset, Projection
    from freshet.log.snapshots import Snapshots


async def begin_epoch(
    log: EventLog, snapshots: Snapshots, projections: Sequence[Projection], base: Offset
) -> None:
    """Drop the events up to `base`, after making sure that all state can start from there.

    Raises:
        Refused: there is no good snapshot of every projection at `base`.
    """
    for projection in projections:
        if snapshots.at(base, projection) is None:
            raise Refused(
                "base",
                f"no good snapshot of {projection.name!r} at offset {base}",
                "an offset where all projections are saved",
            )
    await log.begin_epoch(base)


def refuse_dropped(after: Offset, base: Offset, epoch: int) -> None:
    if after < base:
        raise Refused(
            "after", f"{after}: events up to {base} were dropped by epoch {epoch}", f">= {base}"
        )


def refuse_base(base: Offset, before: Offset, last: Offset) -> None:
    if not before < base <= last:
        raise Refused("base", f"{base} is not in the log", f"{before + 1} to {last}")
