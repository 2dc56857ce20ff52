"""When it should be told that a feed is not what it was: limits, with defaults and units."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Alerts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits beyond which metrics, `/v1/admin/alerts` and the log tell of it."""

    window_h: Annotated[int, Meta(ge=1, le=168)] = 24  # hours looked back over
    # An outcome that comes this many times as often as predicted, or as rarely.
    calibration_factor: Annotated[float, Meta(gt=1)] = 1.5
    outcomes_min: Positive = 200  # of one kind, predicted or observed, before that says anything
    fallback_share: Share = 0.05  # of feeds that a rung of the ladder had to fill
    empty_share: Share = 0.98  # of a source's runs that found nothing
    failed_share: Share = 0.01  # of a source's runs that failed
    runs_min: Positive = 100  # feeds, or runs of a source, before a share says anything


class Alert(msgspec.Struct, frozen=True):
    """One number beyond its limit."""

    code: str  # miscalibrated, fallback, source_empty, source_failing, went_back
    subject: str  # outcome, surface or source
    value: float
    limit: float
    text: str
    worker: str = ""  # of the process that saw it


class Hours:
    """Sums over a sliding window, in hours of the log: memory for `window_h` rows of `width`.

    >>> hours = Hours(2, 1)
    >>> for hour, value in ((0, 1), (1, 10), (2, 100)):
    ...     hours.add(hour * 3_600_000, 0, value)
    >>> hours.totals(2 * 3_600_000), hours.totals(9 * 3_600_000)
    ([110.0], [0.0])
    """

    def __init__(self, window_h: int, width: int) -> None:
        self.width = width
        self.rows = [[0.0] * width for _ in range(window_h)]
        self.marks = [-1] * window_h  # which hour since 1970 a row holds

    def row(self, now_ms: int) -> list[float]:
        """This hour's sums, to be added to."""
        hour = now_ms // 3_600_000
        at = hour % len(self.rows)
        if self.marks[at] != hour:
            self.rows[at], self.marks[at] = [0.0] * self.width, hour
        return self.rows[at]

    def add(self, now_ms: int, column: int, value: float = 1.0) -> None:
        self.row(now_ms)[column] += value

    def totals(self, now_ms: int) -> list[float]:
        first = now_ms // 3_600_000 - len(self.rows)
        held = [row for row, mark in zip(self.rows, self.marks, strict=True) if mark > first]
        return [sum(column) for column in zip(*held, strict=True)] or [0.0] * self.width
