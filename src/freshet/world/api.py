"""What life and publishing need of a server, over HTTP: the one place that knows its routes."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random, SystemRandom
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

# What the events of the catalogue call its fields.
TYPES = {"people": "person_saved", "sounds": "sound_saved", "videos": "video_published"}
SAME = ("language", "country", "account", "category", "original", "commercial", "creator",
        "duration_ms", "width", "height", "topics")  # fmt: skip
AS_EVENTS: dict[Kind, dict[str, str]] = {
    "people": {"id": "person"} | {name: name for name in SAME},
    "sounds": {"id": "sound"} | {name: name for name in SAME},
    "videos": {"id": "video", "create_time": "created", "music_id": "sound",
               "hashtag_names": "hashtags", "region_code": "country"}
    | {name: name for name in SAME},
}  # fmt: skip


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
        self._originals: set[str] = set()
        self._random = SystemRandom()  # two runs must never make the same event

    async def feed(self, viewer: str, n: int, session_id: str = "") -> Slate:
        """The viewer's next videos."""
        query = {"viewer": viewer, "n": str(n), "session_id": session_id}
        answer = await self._ask("GET", "/v1/feeds/for_you", params=query)
        return msgspec.json.decode(answer.content, type=Slate)

    async def save(self, kind: Kind, records: Sequence[Record], at_ms: int) -> None:
        """Put people, sounds or videos into the catalogue, in the fields of its entities.

        Saved again with the same `at_ms` they change nothing.
        """
        self._originals |= {one["id"] for one in records if one.get("original")}
        await self.tell([self._as_event(kind, record, at_ms) for record in records])

    def _as_event(self, kind: Kind, record: Record, at_ms: int) -> Record:
        """The catalogue is told by the events that follow from it."""
        event_id = uuid7(at_ms, Random(f"{kind} {record['id']} {at_ms}"))
        names = AS_EVENTS[kind]
        said = {names[name]: value for name, value in record.items() if name in names}
        if kind == "videos":
            said["original_sound"] = record["music_id"] in self._originals
        return {"type": TYPES[kind], "event_id": event_id, "time": at_ms} | said

    async def tell(self, events: Sequence[Record]) -> None:
        """Send events; those without an id get one of their time."""
        for start in range(0, len(events), BATCH):
            batch = [
                {"event_id": uuid7(event["time"], self._random)} | event
                for event in events[start : start + BATCH]
            ]
            answer = await self._ask("POST", "/v1/events", json={"events": batch})
            # What had been told long ago is known already.
            bad = [e for e in answer.json().get("errors", ()) if e["code"] != "too_late"]
            if bad:
                raise Refused(bad[0]["field"], bad[0]["reason"], bad[0].get("right", ""))

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
