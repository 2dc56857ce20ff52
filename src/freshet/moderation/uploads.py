"""What was published of late: a fold that forgets after two days.

Only what is new counts: a video made long before it was saved is part of an import. And what
was saved at one and the same millisecond is one call of the app's, not somebody's haste.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from freshet.domain.events import VideoPublished

DAY_MS = 86_400_000
HELD_MS = 2 * DAY_MS


class Upload(msgspec.Struct, array_like=True, frozen=True):
    video: str
    person: str
    created: int
    received: int
    hashtags: tuple[str, ...]


class Uploads:
    """By person, the oldest first."""

    def __init__(self, uploads: Iterable[Upload] = ()) -> None:
        self._hold(uploads)

    def fold(self, event: VideoPublished) -> bool:
        """Whether it is a new video: one that is changed is published again."""
        self.pass_time(event.received)
        old = abs(event.received - event.created) > DAY_MS
        if old or event.video in self._videos:
            return False
        made = (event.video, event.creator, event.created, event.received, event.hashtags)
        self._add(Upload(*made))
        return True

    def pass_time(self, now_ms: int) -> None:
        while self._recent and self._recent[0].received < now_ms - HELD_MS:
            gone = self._recent.popleft()
            self._videos.discard(gone.video)
            theirs = self._of[gone.person]
            theirs.remove(gone)
            if not theirs:
                del self._of[gone.person]

    def forget(self, person: str) -> None:
        if person in self._of:
            self._hold([one for one in self._recent if one.person != person])

    def of(self, person: str) -> Sequence[Upload]:
        return self._of.get(person, ())

    def people(self) -> list[str]:
        return list(self._of)

    def saved(self) -> list[Upload]:
        return list(self._recent)

    def _hold(self, uploads: Iterable[Upload]) -> None:
        self._recent: deque[Upload] = deque()
        self._videos: set[str] = set()
        self._of: dict[str, list[Upload]] = {}
        for one in uploads:
            self._add(one)

    def _add(self, one: Upload) -> None:
        self._recent.append(one)
        self._videos.add(one.video)
        self._of.setdefault(one.person, []).append(one)
