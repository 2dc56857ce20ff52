"""A small live state and an in-memory log, both honest: the state is a fold of the log, and
its model is a linear one whose every prediction can be worked out by hand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from freshet.domain import events as e
from freshet.feed.settings import WEIGHTS
from freshet.log.ports import Appended, Batch

NOW_MS = 1_700_000_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

FEATURES = (
    "creator_shown", "creator_long", "topic_shown", "hashtag_shown", "sound_shown",
    "video_long_rate", "video_age_h", "language_match", "country_match",
)  # fmt: skip
OUTCOMES = tuple(name for name in WEIGHTS if name != "watch_s")
COLUMNS = {
    "creator": (np.int32, ()), "sound": (np.int32, ()), "topics": (np.int32, (3,)),
    "hashtags": (np.int32, (5,)), "duration_ms": (np.int32, ()), "created_ms": (np.int64, ()),
    "language": (np.int32, ()), "country": (np.int32, ()), "eligible": (np.bool_, ()),
    "shown": (np.float32, ()),
}  # fmt: skip


@dataclass(frozen=True)
class Ranking:
    features: np.ndarray
    predictions: np.ndarray
    watch_s: np.ndarray


class Names:
    """Ids to dense rows, in order of first sight."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.ids: list[str] = []

    def row(self, name: str) -> int:
        if name not in self.rows:
            self.rows[name] = len(self.ids)
            self.ids.append(name)
        return self.rows[name]


class FakeLive:
    name, fold_version = "live", 1
    outcomes, feature_names, model_version = OUTCOMES, FEATURES, "linear-1"

    def __init__(self) -> None:
        self.offset = 0
        self.videos = Names()
        self.kinds: dict[str, Names] = defaultdict(Names)
        self.viewers = Names()
        for column, (kind, width) in COLUMNS.items():
            setattr(self, column, np.zeros((0, *width), kind))
        self.last_shown: dict[tuple[int, int], int] = {}
        self.watched: dict[int, list[int]] = defaultdict(list)
        self.hides: dict[int, set[tuple[str, int]]] = defaultdict(set)
        self.long_views = np.zeros(0, np.float32)
        self.off: set[int] = set()  # viewers whose feed must not learn from them
        self.locale: dict[int, tuple[int, int]] = {}
        # (features, outcomes): long_view and finish like everything; the rest are flat.
        self.model = np.zeros((len(FEATURES), len(OUTCOMES)), np.float32)
        likes = np.array([0.3, 0.6, 0.5, 0.4, 0.3, 2.0, -0.01, 0.5, 0.5], np.float32)
        for outcome in ("long_view", "finish"):
            self.model[:, OUTCOMES.index(outcome)] = likes

    # --- rows and names

    def viewer_row(self, key: str) -> int:
        return self.viewers.rows.get(key, -1)

    def video_row(self, video_id: str) -> int:
        return self.videos.rows.get(video_id, -1)

    def video_id(self, row: int) -> str:
        return self.videos.ids[row]

    def video_count(self) -> int:
        return len(self.videos.ids)

    def published(self, video: str) -> bool:
        return video in self.videos.rows

    def impersonal(self, viewer: int) -> bool:
        return viewer in self.off

    def names(self, kind: str, row: int) -> str:
        return self.kinds[kind].ids[row]

    # --- one viewer

    def seen_ms(self, viewer: int, rows: np.ndarray) -> np.ndarray:
        return np.array([self.last_shown.get((viewer, int(r)), 0) for r in rows], np.int64)

    def seen(self, viewer: int, rows: np.ndarray, now_ms: int, horizon_ms: int) -> np.ndarray:
        last = self.seen_ms(viewer, rows)
        return (last > 0) & (now_ms - last < horizon_ms)

    def hidden(self, viewer: int, rows: np.ndarray) -> np.ndarray:
        hides = self.hides.get(viewer, set())

        def bears(row: int) -> set[tuple[str, int]]:
            found = {("video", row), ("creator", int(self.creator[row]))}
            found |= {("sound", int(self.sound[row]))}
            found |= {("topic", int(t)) for t in self.topics[row] if t >= 0}
            return found | {("hashtag", int(h)) for h in self.hashtags[row] if h >= 0}

        return np.array([bool(hides & bears(int(r))) for r in rows], np.bool_)

    def recent(self, viewer: int) -> np.ndarray:
        return np.array(self.watched.get(viewer, [])[::-1][:50], np.int32)

    def rank(self, viewer: int, rows: np.ndarray, now_ms: int, surface: str) -> Ranking:
        past = self.recent(viewer)
        language, country = self.locale.get(viewer, (-1, -1))

        def times(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
            same = (mine[:, None, :, None] == theirs[None, :, None, :]) & (mine >= 0)[
                :, None, :, None
            ]
            return same.any(axis=(2, 3)).sum(axis=1)

        creator = times(self.creator[rows][:, None], self.creator[past][:, None])
        sound = times(self.sound[rows][:, None], self.sound[past][:, None])
        topic = times(self.topics[rows], self.topics[past])
        hashtag = times(self.hashtags[rows], self.hashtags[past])
        rate = (self.long_views[rows] + 1) / (self.shown[rows] + 4)
        age_h = (now_ms - self.created_ms[rows]) / HOUR_MS
        columns = [creator, creator, topic, hashtag, sound, rate, np.clip(age_h, 0, 720)]
        columns += [self.language[rows] == language, self.country[rows] == country]
        return self.predict(np.stack(columns, axis=1).astype(np.float32))

    def predict(self, features: np.ndarray) -> Ranking:
        logits = np.einsum("nf,fo->no", features, self.model) - 2
        predictions = (1 / (1 + np.exp(-logits))).astype(np.float32)
        watch_s = 10 * predictions[:, OUTCOMES.index("long_view")]
        return Ranking(features, predictions, watch_s)

    # --- folding

    def apply(self, batch: Batch) -> None:
        for event in batch.events:
            self._apply(event)
        self.offset = batch.last

    def save(self, folder: Path) -> None: ...

    def load(self, folder: Path) -> None: ...

    def _apply(self, event: Any) -> None:
        if isinstance(event, e.VideoPublished):
            self._publish(event)
        elif isinstance(event, e.PersonSaved):
            locale = (self._row("language", event.language), self._row("country", event.country))
            self.locale[self.viewers.row(event.person)] = locale
        elif isinstance(event, e.LabelSet | e.VideoRemoved):
            self.eligible[self.video_row(event.video)] = False
        elif isinstance(event, e.LabelCleared):
            self.eligible[self.video_row(event.video)] = True
        elif isinstance(event, e.PersonalisationSet):
            change = self.off.discard if event.on else self.off.add
            change(self.viewers.row(event.viewer))
        elif isinstance(event, e.SlateServed):
            self.viewers.row(event.viewer)
        elif isinstance(event, e.Impression):
            row = self.video_row(event.video)
            self.last_shown[self.viewers.row(event.viewer), row] = event.time
            self.shown[row] += 1
        elif isinstance(event, e.Watch):
            row = self.video_row(event.video)
            self.watched[self.viewers.row(event.viewer)].append(row)
            self.long_views[row] += event.completed
        elif isinstance(event, e.Hide):
            row = self.video_row(event.target) if event.kind == "video" else -1
            row = self.kinds[event.kind].row(event.target) if row < 0 else row
            self.hides[self.viewers.row(event.viewer)].add((event.kind, row))
        elif isinstance(event, e.NotInterested):
            row = self.video_row(event.video)
            self.hides[self.viewers.row(event.viewer)].add(("video", row))

    def _row(self, kind: str, name: str) -> int:
        return self.kinds[kind].row(name) if name else -1

    def _publish(self, event: e.VideoPublished) -> None:
        if event.video in self.videos.rows:
            return
        self.videos.row(event.video)
        pad = [-1] * 5
        values = {
            "creator": self._row("creator", event.creator),
            "sound": -1 if event.original_sound else self._row("sound", event.sound),
            "topics": ([self._row("topic", t) for t in event.topics] + pad)[:3],
            "hashtags": ([self._row("hashtag", h) for h in event.hashtags] + pad)[:5],
            "duration_ms": event.duration_ms,
            "created_ms": event.created,
            "language": self._row("language", event.language),
            "country": self._row("country", event.country),
            "eligible": True,
            "shown": 0.0,
        }
        for column, (kind, _) in COLUMNS.items():
            grown = np.array([values[column]], kind)
            setattr(self, column, np.concatenate([getattr(self, column), grown]))
        self.long_views = np.append(self.long_views, np.float32(0))


class FakeLog:
    """A list. `on_append` lets a test look at, delay or break the moment of writing."""

    def __init__(self) -> None:
        self.events: list[e.Event] = []
        self.grew = asyncio.Event()
        self.broken: Exception | None = None

    @property
    def last(self) -> int:
        return len(self.events)

    base, epoch = 0, 1

    async def append(self, events: Sequence[e.Event]) -> Appended:
        await asyncio.sleep(0)
        if self.broken:
            raise self.broken
        at = {event.event_id: offset for offset, event in enumerate(self.events, 1)}
        offsets, repeated = [], []
        for index, event in enumerate(events):
            if event.event_id in at:
                repeated.append(index)
            else:
                self.events.append(msgspec.structs.replace(event, received=event.time))
                at[event.event_id] = self.last
            offsets.append(at[event.event_id])
        self.grew.set()
        return Appended(tuple(offsets), tuple(repeated))

    async def read(self, after: int = 0) -> AsyncIterator[Batch]:
        if after < self.last:
            yield Batch(after + 1, tuple(self.events[after:]))

    async def wait(self, after: int) -> None:
        while self.last <= after:
            self.grew.clear()
            await self.grew.wait()

    async def close(self) -> None: ...
