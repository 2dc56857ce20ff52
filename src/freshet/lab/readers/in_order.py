"""Events put in order as they become known, let go once nothing earlier can come."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from freshet.domain.events import Event


class InOrder:
    """Orders events by (time, rank, row, step).

    `rank` puts supply before impressions before acts; `row` is the place of the impression
    in its log, so that what came of one view stays together; `step` orders that.
    """

    def __init__(self) -> None:
        self._rows = 0
        self._keys: list[NDArray[np.int64]] = []  # (n, 4) each
        self._events: list[Event] = []

    def reserve(self, rows: int) -> int:
        """The first of `rows` new row numbers."""
        self._rows += rows
        return self._rows - rows

    def add(
        self,
        times: NDArray[np.int64],
        rank: int,
        rows: NDArray[np.int64],
        step: int,
        events: list[Event],
    ) -> None:
        keys = np.empty((len(events), 4), np.int64)
        keys[:, 0], keys[:, 1], keys[:, 2], keys[:, 3] = times, rank, rows, step
        self._keys.append(keys)
        self._events += events

    def add_sorted(self, rank: int, events: Iterator[Event]) -> None:
        """Events that are already in order among themselves."""
        new = list(events)
        rows = np.arange(self.reserve(len(new)), self._rows)
        self.add(np.array([event.time for event in new], np.int64), rank, rows, 0, new)

    def before(self, time_ms: int) -> Iterator[Event]:
        """What happened before `time_ms`; nothing earlier may be added afterwards."""
        keys = np.concatenate(self._keys) if self._keys else np.empty((0, 4), np.int64)
        order = np.lexsort(keys.T[::-1])
        due = int(np.searchsorted(keys[order, 0], time_ms))
        events, waiting = self._events, order[due:].tolist()
        self._keys, self._events = [keys[order[due:]]], [events[i] for i in waiting]
        return iter([events[i] for i in order[:due].tolist()])

    def rest(self) -> Iterator[Event]:
        return self.before(np.iinfo(np.int64).max)
