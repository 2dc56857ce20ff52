"""Bodies of POST /v1/events, made cheaply: what viewers do with the videos they are shown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


class Acts:
    """Acts of now."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._ahead: list[dict[str, Any]] = []

    def watched(self, viewer: str, videos: Sequence[str], request_id: str) -> bytes:
        """Each video came on screen and was watched for a while."""
        now_ms, acts = time.time_ns() // 1_000_000, []
        for position, video in enumerate(videos):
            what = {"viewer": viewer, "video": video, "request_id": request_id}
            acts.append(self._act("impression", now_ms, position=position, **what))
            acts.append(self._left(now_ms, what))
        return _encode({"events": acts})

    def views(self, viewers: int, videos: int, count: int) -> bytes:
        """`count` events of any viewers on any videos: impressions, each with its report on
        leaving, in this batch or in the next."""
        now_ms, draw = time.time_ns() // 1_000_000, self._random.randrange
        while len(self._ahead) < count:
            what = {"viewer": f"viewer-{draw(viewers)}", "video": f"video-{draw(videos)}"}
            self._ahead += [self._act("impression", now_ms, **what), self._left(now_ms, what)]
        events, self._ahead = self._ahead[:count], self._ahead[count:]
        return _encode({"events": events})

    def hides_topic(self, viewer: str, topic: str) -> bytes:
        now_ms = time.time_ns() // 1_000_000
        act = self._act("hide", now_ms, viewer=viewer, target=topic)
        return _encode({"events": [act | {"kind": "topic"}]})

    def _left(self, now_ms: int, what: dict[str, str]) -> dict[str, Any]:
        # Many leave at once, some stay: the shape of views, not a fit of any log.
        watched_ms = int(1_000 * self._random.lognormvariate(1.8, 1.1))
        return self._act("watch", now_ms, watched_ms=min(watched_ms, 600_000), left=True, **what)

    def _act(self, kind: str, now_ms: int, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "event_id": self._id(now_ms), "time": now_ms, **fields}

    def _id(self, now_ms: int) -> str:
        bits = self._random.getrandbits(74)
        return (
            f"{now_ms >> 16:08x}-{now_ms & 0xFFFF:04x}-7{bits & 0xFFF:03x}-"
            f"{0x8000 | bits >> 12 & 0x3FFF:04x}-{bits >> 26:012x}"
        )
