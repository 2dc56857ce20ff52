"""Videos that were removed, until nothing is on its way to them any more.

A removed video's number stays for good: histories, lists of what was seen and reasons name it,
some of them on disk. Its rows, which are most of what a video takes, are given to others a day
later (`state/slots.py`). Until then reports of views that were open count as they always do;
what comes later is in the log and in its viewer's history, and of the video nothing is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

AFTER_MS = 24 * 3_600_000  # from removal; views end, and phones that were offline report, before
NEVER = 1 << 62


class Removed:
    """Rows of videos, in the order in which they were removed."""

    def __init__(self, saved: Iterable[tuple[int, int]] = ()) -> None:
        self._waiting: deque[tuple[int, int]] = deque(saved)  # (when, row)
        self._last = {row: when for when, row in self._waiting}

    @property
    def next_end(self) -> int:
        """When the next one has waited long enough."""
        return self._waiting[0][0] + AFTER_MS if self._waiting else NEVER

    def put(self, row: int, now_ms: int) -> None:
        self._waiting.append((now_ms, row))
        self._last[row] = now_ms

    def ended(self, now_ms: int) -> Iterator[int]:
        """Rows that have waited long enough; those of videos that came back among them.

        Who came back and was removed again waits from then on.
        """
        while now_ms >= self.next_end:
            when, row = self._waiting.popleft()
            if self._last[row] == when:
                del self._last[row]
                yield row

    def saved(self) -> list[tuple[int, int]]:
        return list(self._waiting)
