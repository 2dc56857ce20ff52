"""What HTTP needs of the engine behind it. `freshet.app` has the real one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from freshet.catalogue.access import Access
from freshet.domain.events import Event, SlateServed
from freshet.feed.answer import Answer, Item
from freshet.feed.telemetry import Telemetry
from freshet.http.settings import Http
from freshet.log.ports import Appended


class Keys(Protocol):
    def key(self, external: str) -> str: ...

    def keys(self, externals: Sequence[str]) -> dict[str, str]: ...

    def known(self, external: str) -> str | None: ...


class Engine(Protocol):
    @property
    def keys(self) -> Keys: ...

    @property
    def http(self) -> Http: ...

    @property
    def access(self) -> Access: ...

    def now_ms(self) -> int: ...

    async def record(self, events: Sequence[Event]) -> Appended:
        """Append, durable on return, and remember how far each viewer's folds must come."""
        ...

    async def feed(
        self, surface: str, viewer: str, n: int, request_id: str, session_id: str
    ) -> Answer: ...

    def knows_video(self, video: str) -> bool:
        """Whether it was published."""
        ...

    def personalised(self, viewer: str) -> bool:
        """False if the viewer of this key chose a feed that does not learn from them."""
        ...

    def why(self, surface: str, viewer: str, video: str) -> tuple[SlateServed, Item]: ...

    def new_request_id(self) -> str: ...

    def unready(self) -> list[str]:
        """What keeps it from serving well; empty if nothing."""
        ...

    @property
    def telemetry(self) -> Telemetry: ...

    def running(self) -> AbstractAsyncContextManager[None]:
        """Folds in the background while entered."""
        ...
