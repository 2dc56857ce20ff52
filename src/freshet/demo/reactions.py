"""What viewers made of each video: a fold of the log, for the numbers beside a clip.

A *view* is the first playback of an impression: loops are not views, and scrolling back is
a new one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from freshet.domain import events as e
from freshet.log.ports import Batch

# event -> (what it is kept as, whether it sets or takes back)
TIES: dict[type[e.Event], tuple[str, bool]] = {
    e.Like: ("likes", True), e.Unlike: ("likes", False),
    e.Favorite: ("favorites", True), e.Unfavorite: ("favorites", False),
    e.Follow: ("follows", True), e.Unfollow: ("follows", False),
}  # fmt: skip


class Reactions:
    """Who likes and saved which video, who follows whom, and how often each was seen.

    Viewers and people are named by their keys, as the log does.
    """

    def __init__(self) -> None:
        self.views: Counter[str] = Counter()
        self.shares: Counter[str] = Counter()
        self._ties: dict[str, defaultdict[str, set[str]]] = {
            name: defaultdict(set) for name, _ in TIES.values()
        }
        self._open: set[tuple[str, str]] = set()  # impressions that have not been played yet

    def count(self, tie: str, target: str) -> int:
        """How many viewers `likes`, `favorites` or `follows` the target."""
        return len(self._ties[tie].get(target, ()))

    def has(self, tie: str, viewer: str, target: str) -> bool:
        return viewer in self._ties[tie].get(target, ())

    def apply(self, batch: Batch) -> None:
        for event in batch.events:
            if (fold := FOLDS.get(type(event))) is not None:
                fold(self, event)

    def _tie(self, event: Any) -> None:
        name, sets = TIES[type(event)]
        who = self._ties[name][event.person if name == "follows" else event.video]
        who.add(event.viewer) if sets else who.discard(event.viewer)

    def _shown(self, event: e.Impression) -> None:
        self._open.add((event.viewer, event.video))

    def _watched(self, event: e.Watch) -> None:
        view = event.viewer, event.video
        if event.watched_ms and view in self._open:
            self._open.remove(view)
            self.views[event.video] += 1

    def _shared(self, event: e.Share) -> None:
        self.shares[event.video] += 1

    def _erased(self, event: e.PersonErased) -> None:
        for ties in self._ties.values():
            for viewers in ties.values():
                viewers.discard(event.person)


FOLDS: dict[type[e.Event], Callable[[Reactions, Any], None]] = {
    **dict.fromkeys(TIES, Reactions._tie),
    e.Impression: Reactions._shown,
    e.Watch: Reactions._watched,
    e.Share: Reactions._shared,
    e.PersonErased: Reactions._erased,
}
