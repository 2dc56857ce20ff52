"""What HTTP needs of the engine behind it. `freshet.app` has the real one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from freshet.catalogue.store.catalogue import Catalogue
from freshet.domain.events import Event, SlateServed
from freshet.feed.answer import Answer, Item
from freshet.log.ports import Appended


class Keys(Protocol):
    def key(self, external: str) -> str: ...

    def keys(self, externals: Sequence[str]) -> dict[str, str]: ...

    def known(self, external: str) -> str | None: ...


class Engine(Protocol):
    @property
    def keys(self) -> Keys: ...

    @property
    def api_key(self) -> str: ...

    @property
    def admin_key(self) -> str: ...  # "" = supply and moderation are closed to HTTP

    def now_ms(self) -> int: ...

    async def record(self, events: Sequence[Event]) -> Appended:
        """Append, durable on return, and remember how far each viewer's folds must come."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """Its calls wait for the disk: in threads."""
        ...

    async def relay(self) -> None:
        """All that was committed to the catalogue before the call is in the log on return.

        Raises:
            Unavailable: not now; it is kept, and relayed later.
        """
        ...

    async def feed(
        self, surface: str, viewer: str, n: int, request_id: str, session_id: str
    ) -> Answer: ...

    def why(self, surface: str, viewer: str, video: str) -> tuple[SlateServed, Item]: ...

    def new_request_id(self) -> str: ...

    def unready(self) -> list[str]:
        """What keeps it from serving well; empty if nothing."""
        ...

    def metrics(self) -> bytes:
        """Counters in the text format of Prometheus."""
        ...

    def running(self) -> AbstractAsyncContextManager[None]:
        """Folds in the background while entered."""
        ...
