"""Acts on videos that are not known yet: kept until the video is published, for a day.

A phone can be quicker than the app's backend. Such an act is in the log at once and is
folded when the video's facts are there to be credited; what nobody publishes within a day
is folded without them. Either way nothing is lost and nothing counts twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from msgspec.structs import replace

from freshet.domain.events import Event, VideoAct
from freshet.domain.upcast import decode_batch, encode_batch

PARKED_MS = 24 * 3_600_000
PARKED_MAX = 100_000  # more are folded at once: memory is bounded


class Parked:
    """What waits, in the order in which it came."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[VideoAct]] = {}
        self._order: deque[tuple[int, str]] = deque()  # (received, video) of each, oldest first
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, event: VideoAct) -> bool:
        """Keep it; False if no more may wait."""
        if self._count >= PARKED_MAX:
            return False
        self._waiting.setdefault(event.video, []).append(event)
        self._order.append((event.received, event.video))
        self._count += 1
        return True

    def take(self, video: str, now_ms: int) -> list[Event]:
        """What waited for this video, as of now."""
        found = self._waiting.pop(video, [])
        self._count -= len(found)
        return [_as_of(event, now_ms) for event in found]

    def ended(self, now_ms: int) -> Iterator[Event]:
        """What has waited for a day, as of now."""
        while self._order and now_ms - self._order[0][0] >= PARKED_MS:
            received, video = self._order.popleft()
            waiting = self._waiting.get(video, [])
            while waiting and waiting[0].received <= received:
                self._count -= 1
                yield _as_of(waiting.pop(0), now_ms)
            if not waiting:
                self._waiting.pop(video, None)

    def forget(self, viewer: str) -> None:
        """Drop what a person did who must be forgotten."""
        for video, waiting in list(self._waiting.items()):
            kept = [event for event in waiting if event.viewer != viewer]
            self._count -= len(waiting) - len(kept)
            if kept:
                self._waiting[video] = kept
            else:
                del self._waiting[video]

    def saved(self) -> bytes:
        events = [event for waiting in self._waiting.values() for event in waiting]
        return encode_batch(sorted(events, key=lambda event: event.received))

    @classmethod
    def of(cls, saved: bytes) -> Parked:
        """What `saved` gave."""
        parked = cls()
        for event in decode_batch(saved):
            parked.put(event)  # type: ignore[arg-type]
        return parked


def _as_of(event: VideoAct, now_ms: int) -> Event:
    """The act as if received now: folds' time never goes back."""
    return replace(event, received=now_ms)
