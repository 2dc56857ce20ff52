"""Where a slate is written down before it is answered: once per request, one at a time.

    commit(slate, after) ─▶ request known?           ─▶ the slate of the first time
                          ─▶ another slate between?  ─▶ those, so that it is ranked again
                          ─▶ a trial's last place gone? ─▶ so that it is ranked again
                          ─▶ appended, durable

`after` is how many slates the viewer had been served when this one was put together. If
another worker served the same viewer meanwhile the numbers differ, and what it served comes
back: so two requests at once show nothing twice, whichever processes answer them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from freshet.domain.errors import Broken
from freshet.domain.events import Served, SlateServed
from freshet.feed.served import RecentSlates
from freshet.log.ports import EventLog, Offset

ENDED = 1 << 62  # beyond any offset


class Committed(msgspec.Struct, frozen=True):
    """What became of a slate.

    Attributes:
        offset: where it lies in the log, 0 if it was not appended.
        recorded: the slate this request was answered with before.
        served: slates of the viewer that were not reckoned with, the newest first.
        after: the number to give when one that reckons with them is committed.
        full: up to where to fold before it is ranked again: a place that chance gave to a video on
            trial was the last, and another feed took it. 0 = no such place.
    """

    offset: Offset = 0
    recorded: SlateServed | None = None
    served: tuple[SlateServed, ...] = ()
    after: int = 0
    full: Offset = 0


class Recorder(Protocol):
    """The writer's side of serving a feed."""

    async def commit(self, slate: SlateServed, after: int) -> Committed:
        """Append a slate, durable on return.

        Raises:
            Unavailable: the log does not take it now.
        """
        ...

    async def recorded(self, viewer: str, request_id: str) -> SlateServed | None:
        """The slate a request was answered with, if it was."""
        ...

    async def slates(self, viewer: str) -> tuple[SlateServed, ...]:
        """The viewer's recent slates, the newest first."""
        ...


@dataclass(eq=False, slots=True)
class _Unfolded:
    slate: SlateServed
    offset: Offset = ENDED  # not appended yet
    written: asyncio.Event = field(default_factory=asyncio.Event)  # or it failed


@dataclass(eq=False, slots=True)
class _Taken:
    videos: Sequence[str]
    offset: Offset = ENDED  # of the slate; 0 = it was not appended


class SlateBook:
    """Records slates in the process that writes the log.

    Args:
        recent: folded slates; its offset says how far.
        served: slates a viewer was served in all, as far as they are folded.
        appended: is told the viewer and the offset of each slate that was appended.
        room: places that a video on trial still has, by what is folded; None if it is on none.
    """

    def __init__(
        self,
        log: EventLog,
        recent: RecentSlates,
        served: Callable[[str], int],
        appended: Callable[[str, Offset], None],
        room: Callable[[str], int | None],
    ) -> None:
        self._log, self._recent, self._served, self._appended = log, recent, served, appended
        self._room = room
        self._taken: deque[_Taken] = deque()  # places of trials, not folded yet
        self._waiting: dict[str, list[_Unfolded]] = {}
        self._commits = 0

    async def commit(self, slate: SlateServed, after: int) -> Committed:
        waiting = self._unfolded(slate.viewer)
        known = self._known(slate.viewer, slate.request_id)
        if known is not None:
            return Committed(recorded=await self._when_appended(known))
        served = self._served(slate.viewer) + len(waiting)
        if after != served:
            between = tuple(_bare(one.slate) for one in reversed(waiting))
            return Committed(served=between, after=served)
        mine = _Unfolded(slate)
        tried = [item.video for item in slate.items if by_chance(item)]
        if not self._has_room(tried):
            return Committed(after=after, full=self._log.last)
        taken = _Taken(tried)
        self._taken.append(taken)
        self._waiting.setdefault(slate.viewer, []).append(mine)
        try:
            mine.offset = taken.offset = await self._append(slate)
        except BaseException:
            self._drop(mine)
            taken.offset = 0
            raise
        finally:
            mine.written.set()
        self._appended(slate.viewer, mine.offset)
        self._commits += 1
        if self._commits % 1024 == 0:
            for viewer in list(self._waiting):
                self._unfolded(viewer)
        return Committed(mine.offset)

    async def recorded(self, viewer: str, request_id: str) -> SlateServed | None:
        known = self._known(viewer, request_id)
        return None if known is None else await self._when_appended(known)

    async def slates(self, viewer: str) -> tuple[SlateServed, ...]:
        unfolded = [_bare(one.slate) for one in reversed(self._unfolded(viewer))]
        return (*unfolded, *self._recent.of_viewer(viewer))

    def _has_room(self, tried: Sequence[str]) -> bool:
        """Whether these videos have places, those taken since the last fold reckoned in."""
        while self._taken and self._taken[0].offset <= self._recent.offset:
            self._taken.popleft()
        for video in tried:
            room = self._room(video)
            if room is not None and room <= sum(video in one.videos for one in self._taken):
                return False
        return True

    async def _append(self, slate: SlateServed) -> Offset:
        appended = await self._log.append([slate])
        if appended.refused:
            raise Broken(f"the log refused a slate: {appended.refused[0][1]}")
        return appended.last

    def _known(self, viewer: str, request_id: str) -> _Unfolded | SlateServed | None:
        for one in self._unfolded(viewer):
            if one.slate.request_id == request_id:
                return one
        return self._recent.slate(viewer, request_id)

    async def _when_appended(self, known: _Unfolded | SlateServed) -> SlateServed | None:
        """A slate is answered only once it is durable; None if that failed."""
        if isinstance(known, SlateServed):
            return known
        viewer = known.slate.viewer
        while known.offset == ENDED and known in self._waiting.get(viewer, []):
            await known.written.wait()
        return None if known.offset == ENDED else _bare(known.slate)

    def _unfolded(self, viewer: str) -> list[_Unfolded]:
        """Slates of the viewer that are not folded yet, oldest first."""
        waiting = self._waiting.get(viewer)
        if waiting is None:
            return []
        waiting[:] = [one for one in waiting if one.offset > self._recent.offset]
        if not waiting:
            del self._waiting[viewer]
        return waiting

    def _drop(self, one: _Unfolded) -> None:
        waiting = self._waiting.get(one.slate.viewer, [])
        if one in waiting:
            waiting.remove(one)


def _bare(slate: SlateServed) -> SlateServed:
    """Without the vectors, which only learning reads."""
    return msgspec.structs.replace(slate, features=b"")


def by_chance(item: Served) -> bool:
    """Whether chance put it there, which is the one reason such an item has."""
    return bool(item.reasons) and item.reasons[0].startswith("exploring?")
