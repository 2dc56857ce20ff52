"""The two clients: the same calls, one blocking and one awaited.

with Client(url, key) as client:                  async with AsyncClient(url, key) as client:
    client.feed(viewer="ada")                         await client.feed(viewer="ada")
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from random import SystemRandom
from typing import Any, TypeVar

import httpx

from freshet_client.api import Api
from freshet_client.call import Awaited, Blocking, Call, Paged
from freshet_client.delivery import Batching
from freshet_client.errors import Refused
from freshet_client.events_async import AsyncEvents
from freshet_client.events_thread import Events
from freshet_client.talking import Heard, Lost, Outcome, Renew, Retries, Send, Wait, conversation

T = TypeVar("T")
TIMEOUT_S = 10.0


class Client(Api[Blocking]):
    """A Freshet server, asked from threads; may be shared by them.

    Args:
        url: where it listens, as in `http://127.0.0.1:8420`.
        key: an API key or a viewer token; or what gives one, called again when it has expired.
        timeout_s: of one attempt.
        retries: how long a call is tried.
        batching: how `events.add` gathers.
        transport: another way to reach the server.
    """

    def __init__(
        self,
        url: str,
        key: str | Callable[[], str],
        *,
        timeout_s: float = TIMEOUT_S,
        retries: Retries | None = None,
        batching: Batching | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        http = httpx.Client(base_url=_checked(url), timeout=timeout_s, transport=transport)
        self._blocking = _Blocking(http, key, retries or Retries())
        super().__init__(self._blocking)
        # Events that are gathered: told in the background, in batches.
        self.events = Events(self._blocking, batching or Batching())

    def close(self) -> None:
        """Tell what was added, as long as `batching` allows, and hang up.

        Raises:
            Unavailable: some could not be told; `events.waiting` has them.
        """
        try:
            self.events.close()
        finally:
            self._blocking.http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(Api[Awaited]):
    """A Freshet server, asked from coroutines of one event loop. Arguments: as of `Client`;
    what gives a key is a coroutine function."""

    def __init__(
        self,
        url: str,
        key: str | Callable[[], Awaitable[str]],
        *,
        timeout_s: float = TIMEOUT_S,
        retries: Retries | None = None,
        batching: Batching | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        http = httpx.AsyncClient(base_url=_checked(url), timeout=timeout_s, transport=transport)
        self._awaited = _Awaited(http, key, retries or Retries())
        super().__init__(self._awaited)
        self.events = AsyncEvents(self._awaited, batching or Batching())

    async def close(self) -> None:
        """As `Client.close`."""
        try:
            await self.events.close()
        finally:
            await self._awaited.http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _checked(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise Refused("url", f"{url!r} is no address", "http://… or https://…")
    return url


class _Blocking:
    """Drives conversations by waiting for each step."""

    def __init__(self, http: httpx.Client, key: str | Callable[[], str], retries: Retries) -> None:
        self.http, self._key, self.retries = http, key, retries
        self._random = SystemRandom()
        self._held = key if isinstance(key, str) else ""

    def run(self, call: Call[T], retries: Retries | None = None) -> T:
        renewable = callable(self._key)
        talk = conversation(call, retries or self.retries, self._random, renewable)
        outcome: Outcome = None
        while True:
            try:
                step = talk.send(outcome)
            except StopIteration as stopped:
                answer: T = stopped.value
                return answer
            match step:
                case Send():
                    outcome = self._sent(step)
                case Wait():
                    time.sleep(step.seconds)
                    outcome = None
                case Renew():
                    self._held, outcome = "", None

    def run_all(self, paged: Paged[T]) -> Iterator[T]:
        cursor = ""
        while True:
            page = self.run(paged.page(cursor))
            yield from paged.items(page)
            cursor = page.cursor
            if not cursor:
                return

    def _sent(self, send: Send) -> Heard | Lost:
        if not self._held and callable(self._key):
            self._held = self._key()
        try:
            return _heard(self.http.request(send.method, send.path, **_said(send, self._held)))
        except httpx.TransportError as error:
            return _lost(error)


class _Awaited:
    """Drives conversations by awaiting each step."""

    def __init__(
        self, http: httpx.AsyncClient, key: str | Callable[[], Awaitable[str]], retries: Retries
    ) -> None:
        self.http, self._key, self.retries = http, key, retries
        self._random = SystemRandom()
        self._held = key if isinstance(key, str) else ""

    async def run(self, call: Call[T], retries: Retries | None = None) -> T:
        renewable = callable(self._key)
        talk = conversation(call, retries or self.retries, self._random, renewable)
        outcome: Outcome = None
        while True:
            try:
                step = talk.send(outcome)
            except StopIteration as stopped:
                answer: T = stopped.value
                return answer
            match step:
                case Send():
                    outcome = await self._sent(step)
                case Wait():
                    await asyncio.sleep(step.seconds)
                    outcome = None
                case Renew():
                    self._held, outcome = "", None

    async def run_all(self, paged: Paged[T]) -> AsyncIterator[T]:
        cursor = ""
        while True:
            page = await self.run(paged.page(cursor))
            for item in paged.items(page):
                yield item
            cursor = page.cursor
            if not cursor:
                return

    async def _sent(self, send: Send) -> Heard | Lost:
        if not self._held and callable(self._key):
            self._held = await self._key()
        try:
            said = _said(send, self._held)
            return _heard(await self.http.request(send.method, send.path, **said))
        except httpx.TransportError as error:
            return _lost(error)


def _said(send: Send, key: str) -> dict[str, Any]:
    headers = {**send.headers, "Authorization": f"Bearer {key}"}
    return {"params": dict(send.query), "headers": headers, "content": send.body}


def _heard(response: httpx.Response) -> Heard:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Heard(response.status_code, headers, response.content)


def _lost(error: httpx.TransportError) -> Lost:
    return Lost(f"no answer: {error or type(error).__name__}")
