"""What HTTP needs of the engine behind it. `freshet.app` has the real one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from freshet.domain.events import Event, SlateServed
from freshet.feed.answer import Answer, Item
from freshet.log.ports import Appended


class Health(Protocol):
    @property
    def problems(self) -> Sequence[str]: ...  # what keeps it from serving well; empty if nothing


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

    async def feed(
        self, surface: str, viewer: str, n: int, request_id: str, session_id: str
    ) -> Answer: ...

    async def why(self, surface: str, viewer: str, video: str) -> tuple[SlateServed, Item]: ...

    async def health(self) -> Health: ...

    def metrics(self) -> bytes:
        """Counters in the text format of Prometheus."""
        ...

    def running(self) -> AbstractAsyncContextManager[None]:
        """Folds in the background while entered."""
        ...
