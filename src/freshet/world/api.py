"""What life and publishing need of a server, over HTTP: the one place that knows its routes."""

from __future__ import annotations

from collections.abc import Sequence
from random import SystemRandom
from typing import Any, Literal

import httpx
import msgspec

from freshet.domain.errors import Broken, Overloaded, Refused, Unavailable
from freshet.domain.ids import uuid7

BATCH = 500
TIMEOUT_S = 20
RETRY_S = 1.0

Record = dict[str, Any]
Kind = Literal["people", "sounds", "videos"]


class Shown(msgspec.Struct, frozen=True):
    """One video of a feed."""

    video: str
    position: int = 0


class Slate(msgspec.Struct, frozen=True):
    """A feed's answer; of all that it says, what a viewer acts on."""

    request_id: str
    items: tuple[Shown, ...]


class Api:
    """A server. Use as an asynchronous context manager.

    Args:
        url: where it listens.
        key: lets in events of viewers and of the catalogue.
        client: another way to reach it, for instance an app within this process.
    """

    def __init__(self, url: str, key: str, client: httpx.AsyncClient | None = None) -> None:
        self._http = client or httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False)
        self._headers = {"Authorization": f"Bearer {key}"}
        self._random = SystemRandom()  # two runs must never make the same event

    async def feed(self, viewer: str, n: int, session_id: str = "") -> Slate:
        """The viewer's next videos."""
        query = {"viewer": viewer, "n": str(n), "session_id": session_id}
        answer = await self._ask("GET", "/v1/feeds/for_you", params=query)
        return msgspec.json.decode(answer.content, type=Slate)

    async def save(self, kind: Kind, records: Sequence[Record]) -> None:
        """Put people, sounds or videos into the catalogue. Saved again they change nothing."""
        for start in range(0, len(records), BATCH):
            batch = {kind: list(records[start : start + BATCH])}
            refused_first(await self._ask("POST", f"/v1/{kind}", json=batch))

    async def tell(self, events: Sequence[Record]) -> None:
        """Send events; those without an id get one of their time."""
        for start in range(0, len(events), BATCH):
            batch = [
                {"event_id": uuid7(event["time"], self._random)} | event
                for event in events[start : start + BATCH]
            ]
            refused_first(await self._ask("POST", "/v1/events", json={"events": batch}))

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """
        Raises:
            Unavailable: it did not answer, or cannot take more now.
            Refused: the call is wrong, or the key.
        """
        try:
            answer = await self._http.request(method, path, headers=self._headers, **more)
        except httpx.TransportError as error:
            raise Unavailable(f"{path} does not answer: {error or type(error).__name__}") from error
        if answer.status_code in (429, 503):
            raise Overloaded(path, float(answer.headers.get("retry-after", RETRY_S)))
        if answer.status_code >= 500:
            raise Broken(f"{method} {path} answered {answer.status_code}: {answer.text[:200]}")
        # A batch of which nothing was taken says why for each record.
        if answer.status_code >= 400 and "errors" not in answer.text:
            raise Refused(path, f"answered {answer.status_code}: {answer.text[:200]}")
        return answer


def refused_first(answer: httpx.Response) -> None:
    """
    Raises:
        Refused: a record of the batch was not taken; the first one's reason.
    """
    for bad in answer.json().get("errors", ()):
        raise Refused(bad["field"], bad["reason"], bad.get("right", ""))
