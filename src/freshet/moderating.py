"""Moderation in the process that writes: the desk, and what it needs of the system around."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.catalogue import Catalogue
from freshet.copies import Copies
from freshet.domain.events import Event
from freshet.feed.parts import Live
from freshet.log.ports import Appended
from freshet.moderation.rules import Caption, Found

WEEK_MS = 7 * 86_400_000
CAPTIONS = 500  # of a person's newest videos


class Around:
    """The log, the live state and the catalogue, as the desk sees them."""

    def __init__(
        self,
        append: Callable[[Sequence[Event]], Awaitable[Appended]],
        catch_up: Callable[[], Awaitable[object]],
        live: Live,
        catalogue: Catalogue,
        keys: PersonKeys,
        clock: Callable[[], int],
    ) -> None:
        self.append, self.catch_up = append, catch_up
        self._live, self._catalogue, self._keys, self._clock = live, catalogue, keys, clock
        self._copies = Copies(catalogue)

    def owner_of(self, video: str) -> str | None:
        if not self._live.published(video):
            return None
        row = self._live.video_row(video)
        return self._live.names("creator", int(self._live.creator[[row]][0]))

    async def captions(self, person: str) -> Sequence[Caption]:
        name = self._keys.external(person)
        if name is None:
            return ()
        since_ms, videos = self._clock() - WEEK_MS, self._catalogue.videos
        found = await asyncio.to_thread(videos.captions, name, since_ms, CAPTIONS)
        return [Caption(*one) for one in found]

    async def copies(self, video: str) -> Sequence[Found]:
        return await asyncio.to_thread(self._copies.found, video)
