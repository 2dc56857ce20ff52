"""From the chosen candidates to the items of a slate, as the log keeps them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from freshet.domain.events import Served
from freshet.feed.reason import written
from freshet.pipeline import Candidates

UNITS = 1e6  # six digits: float32 holds no more, and the log is read by people too


def items_of(
    slate: Candidates, video_id: Callable[[int], str], sources: Sequence[str], ranked: bool
) -> tuple[Served, ...]:
    """
    Args:
        sources: names, by the index in the column `source`.
        ranked: whether there are predictions; a stand-in's are not told.
    """
    count = len(slate)
    nothing = [0.0] * count
    watch_s = _rounded(slate["watch_s"]) if ranked else nothing
    boosts = _rounded(slate["boost"]) if "boost" in slate else nothing
    less_of = _rounded(slate["less_of"]) if "less_of" in slate else nothing
    predictions = map(tuple, _rounded(slate["predictions"])) if ranked else [()] * count
    # Positional, in the order of the fields: ten of these are made for every feed.
    return tuple(
        map(
            Served,
            map(video_id, slate.rows.tolist()),
            _placed_by(slate, sources),
            _rounded(slate["value"]),
            slate["propensity"].tolist(),
            predictions,
            [tuple(map(written, reasons)) for reasons in slate["reasons"]],
            watch_s,
            boosts,
            less_of,
        )
    )


def _placed_by(slate: Candidates, sources: Sequence[str]) -> list[str]:
    """What put each item there: its source, or what was not its value."""
    columns = (slate[name].tolist() for name in ("pinned", "explored", "source"))
    return [
        "pinned" if pinned else "explore" if explored else sources[source]
        for pinned, explored, source in zip(*columns, strict=True)
    ]


def _rounded(column: Any) -> list[Any]:
    # As np.round does it, without looking for more general ways.
    rounded: list[Any] = (np.rint(column.astype(np.float64) * UNITS) / UNITS).tolist()
    return rounded
