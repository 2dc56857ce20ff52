"""The same log without some of its events, folded anew: what a video would be worth then.

Nothing stands in for anything: the state is folded by the very code that serves, from a
snapshot before the first event that is left out, so its model, its tallies and its item
vectors are those that would have been. With nothing left out it gives the value that was
served, to the bit; that is checked beside.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from freshet.domain.events import Event
from freshet.learning.live import Live

EVERY = 1_000  # events from one snapshot to the next
PENDING = 1 << 12  # vectors that wait for their outcome; of half an hour


class Past:
    """A log, and snapshots of its fold in a folder.

    Args:
        empty: makes a state as the one that served began.
    """

    def __init__(self, events: Sequence[Event], empty: Callable[[], Live], folder: Path) -> None:
        self.events, self._empty, self._folder = events, empty, folder
        live = empty()
        self._place = {event.event_id: at for at, event in enumerate(events)}
        self._snapshots = list(range(0, len(events), EVERY))
        for at in self._snapshots:
            (folder / str(at)).mkdir()
            live.save(folder / str(at))
            live.fold(events[at : at + EVERY])

    def without(self, left_out: Collection[str], end: int) -> Live:
        """The state after the first `end` events, but for those whose ids are left out."""
        first = min((self._place[one] for one in left_out), default=end)
        begin = self._snapshots[bisect_right(self._snapshots, first) - 1]
        live = self._empty()
        live.load(self._folder / str(begin))
        kept = set(left_out)
        live.fold([event for event in self.events[begin:end] if event.event_id not in kept])
        return live
