"""A small live state, and a story of events told to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.domain import events as ev
from freshet.domain.events import Event
from freshet.domain.ids import uuid7
from freshet.domain.outcomes import INDEX
from freshet.learning.live import Live, Ranked
from freshet.log.ports import Batch

START_MS = 1_767_571_200_000  # 5 January 2026, 00:00 UTC
SMALL = {"viewer": 1 << 10, "video": 1 << 10, "tie": 1 << 18}


def small_live(**settings: Any) -> Live:
    given: dict[str, Any] = {"capacity": SMALL, "pending": 1 << 8} | settings
    return Live(**given)


def everything(live: Live) -> dict[str, Any]:
    """All that a state is, byte for byte."""
    rest = {
        "moved": live.columns.names["viewer"].moved, "parked": live.parked.saved(),
        "verdicts": live.columns.verdicts.saved(), "removed": live.removed.saved(),
    }  # fmt: skip
    return rest | {name: array.tobytes() for name, array in live.state().items()}


def differing(one: Live, other: Live) -> list[str]:
    """Names of the parts in which two states differ."""
    a, b = everything(one), everything(other)
    return [name for name in a if a[name] != b[name]]


def folded(events: Sequence[Event], cuts: Iterable[int] = (), **settings: Any) -> Live:
    """`events` folded by a new state, in batches that begin at `cuts`."""
    live = small_live(**settings)
    edges = sorted({0, *(cut for cut in cuts if cut < len(events)), len(events)})
    for first, end in pairwise(edges):
        live.apply(Batch(first + 1, events[first:end]))
    return live


class Story:
    """Tells events to a small live state, one a second."""

    def __init__(self, now_ms: int = START_MS, **settings: Any) -> None:
        self.live = small_live(**settings)
        self.now_ms, self._told = now_ms, 0
        self.batches: list[Batch] = []  # all that was told

    # --- telling ---

    def tell(self, kind: type[Event], /, **fields: Any) -> Event:
        self._told += 1
        event_id = uuid7(self.now_ms, Random(self._told))
        event = kind(event_id=event_id, time=self.now_ms, received=self.now_ms, **fields)
        self.batches.append(Batch(self._told, [event]))
        self.live.apply(self.batches[-1])
        self.now_ms += 1_000
        return event

    def wait(self, seconds: float) -> None:
        """Time goes by, and a tick says so."""
        self.now_ms += int(seconds * 1_000)
        self.tell(ev.Tick)

    def publish(self, *videos: str, creator: str = "star", **content: Any) -> None:
        given: dict[str, Any] = {"created": START_MS - 3_600_000, "duration_ms": 60_000} | content
        for video in videos:
            self.tell(ev.VideoPublished, video=video, creator=creator, **given)

    def shows(self, viewer: str, video: str, **fields: Any) -> None:
        self.tell(ev.Impression, viewer=viewer, video=video, **fields)

    def watches(self, viewer: str, video: str, seconds: float, **fields: Any) -> None:
        self.tell(ev.Watch, viewer=viewer, video=video, watched_ms=int(seconds * 1_000), **fields)

    def views(self, viewer: str, video: str, seconds: float, **fields: Any) -> None:
        """A whole view: shown, watched, left."""
        self.shows(viewer, video, **fields)
        self.watches(viewer, video, seconds, left=True)

    def serves(self, viewer: str, videos: Sequence[str], vectors: NDArray[np.float16]) -> None:
        self.tell(
            ev.SlateServed, viewer=viewer, request_id="request",
            items=tuple(ev.Served(video, "explore", 0.5) for video in videos),
            features=vectors.astype(np.float16).tobytes(),
        )  # fmt: skip

    # --- asking ---

    @property
    def learned(self) -> int:
        return int(self.live.params.seen[1])

    def ranks(self, viewer: str, *videos: str) -> Ranked:
        rows = np.array([self.live.video_row(video) for video in videos], np.int32)
        return self.live.rank(self.live.viewer_row(viewer), rows, self.now_ms)

    def values(self, viewer: str, video: str) -> dict[str, float]:
        """What the ranker would be told of this video for this viewer, by name."""
        vector = self.ranks(viewer, video).features[0]
        return dict(zip(self.live.feature_names, vector.tolist(), strict=True))

    def tally(self, entity: str, name: str, outcome: str = "") -> float:
        """Sum of one outcome in a full tally, or its views."""
        row = 0 if entity == "all" else self.live.columns.names[entity].row(name)
        row = int(self.live.space.video_slots.of[row]) if entity == "video" else row
        at = self.live.composed.layout(f"{entity}.tally")
        index = 1 + INDEX[outcome] if outcome else 0
        return float(self.live.blocks[entity].floats[row, at + index])

    def tallies(self) -> dict[str, list[list[float]]]:
        """Every tally that does not fade, by entity, of all rows."""
        found: dict[str, list[list[float]]] = {}
        for column in self.live.composed.layout.columns:
            if column.name == "tally":
                at = self.live.composed.layout(f"{column.entity}.tally")
                rows = self.live.blocks[column.entity].floats[:256, at : at + column.width]
                found[column.entity] = rows.tolist()
        return found
