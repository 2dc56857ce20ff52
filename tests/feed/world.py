"""A small live state and an in-memory log, both honest: the state is a fold of the log, and
its model is a linear one whose every prediction can be worked out by hand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from freshet.catalogue import facts
from freshet.catalogue.content import content_vector
from freshet.catalogue.trials import Trials
from freshet.domain import events as e
from freshet.feed.parts import Groups
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


@dataclass(frozen=True)
class Sitting:
    slates: int
    since_s: int
    last: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))


@dataclass(frozen=True)
class Shared:
    acts: dict[str, list[list[int]]]
    rest: dict[str, np.ndarray]
    whole_since_s: int


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
    acts = ("finished",)
    trust = (1e12, 0.0)  # there is nothing it does not know of a video

    def __init__(self) -> None:
        self.offset = 0
        self.trials = Trials(1_000, slots=1_000)
        self.videos = Names()
        self.kinds: dict[str, Names] = defaultdict(Names)
        self.viewers = Names()
        for column, (kind, width) in COLUMNS.items():
            setattr(self, column, np.zeros((0, *width), kind))
        self.last_shown: dict[tuple[int, int], int] = {}
        self.served: dict[tuple[int, int], int] = {}
        self.slates: dict[int, list[e.SlateServed]] = defaultdict(list)
        self.watched: dict[int, list[int]] = defaultdict(list)
        self.watched_s: dict[tuple[int, int], int] = {}
        self.hides: dict[int, set[tuple[str, int]]] = defaultdict(set)
        self.less: dict[int, dict[tuple[str, int], int]] = defaultdict(dict)  # when it was said
        self.following: dict[int, list[int]] = defaultdict(list)
        self.strangers: set[int] = set()
        self.long_views = np.zeros(0, np.float32)
        self.vectors = np.zeros((0, 64), np.float32)
        self.locale: dict[int, tuple[int, int]] = {}
        # (features, outcomes): long_view and finish like everything; the rest are flat.
        self.model = np.zeros((len(FEATURES), len(OUTCOMES)), np.float32)
        likes = np.array([0.3, 0.6, 0.5, 0.4, 0.3, 2.0, -0.01, 0.5, 0.5], np.float32)
        for outcome in ("long_view", "finish"):
            self.model[:, OUTCOMES.index(outcome)] = likes

    # --- rows and names

    def away(self, viewer: int) -> bool:
        return False

    def viewer_row(self, key: str) -> int:
        return self.viewers.rows.get(key, -1)

    def video_row(self, video_id: str) -> int:
        return self.videos.rows.get(video_id, -1)

    def video_id(self, row: int) -> str:
        return self.videos.ids[row]

    def video_count(self) -> int:
        return len(self.videos.ids)

    def row(self, kind: str, name: str) -> int:
        return self.kinds[kind].rows.get(name, -1)

    def held(self) -> dict[str, int]:
        return {"viewer": 0, "video": self.video_count(), "tie_bytes": 0}

    def names(self, kind: str, row: int) -> str:
        return self.kinds[kind].ids[row]

    # --- one viewer

    def seen_ms(self, viewer: int, rows: np.ndarray) -> np.ndarray:
        return np.array([self.last_shown.get((viewer, int(r)), 0) for r in rows], np.int64)

    def seen(
        self, viewer: int, rows: np.ndarray, now_ms: int, horizon_ms: int, since_s: int
    ) -> np.ndarray:
        last = self.seen_ms(viewer, rows)
        served = np.array([self.served.get((viewer, int(r)), -1) for r in rows], np.int64)
        return ((last > 0) & (now_ms - last < horizon_ms)) | (served >= since_s)

    def session(self, viewer: int, session_id: str, surface: str, now_ms: int) -> Sitting:
        slates = self.slates.get(viewer, [])
        if not slates:
            return Sitting(0, now_ms // 1000)
        latest = slates[-1]
        same = session_id == latest.session_id if session_id else (
            now_ms - latest.received < HOUR_MS // 2)  # fmt: skip
        if not same:
            return Sitting(len(slates), now_ms // 1000)
        mine = [one for one in slates if one.session_id == latest.session_id]
        last = [self.video_row(item.video) for slate in reversed(mine) if slate.surface == surface
                for item in reversed(slate.items)]  # fmt: skip
        return Sitting(len(slates), mine[0].received // 1000, np.array(last[:5], np.int32))

    def hidden(self, viewer: int, rows: np.ndarray) -> np.ndarray:
        hides = self.hides.get(viewer, set())

        return np.array([bool(hides & self._bears(int(r))) for r in rows], np.bool_)

    def _bears(self, row: int) -> set[tuple[str, int]]:
        found = {("video", row), ("creator", int(self.creator[row]))}
        found |= {("sound", int(self.sound[row]))}
        found |= {("topic", int(t)) for t in self.topics[row] if t >= 0}
        return found | {("hashtag", int(h)) for h in self.hashtags[row] if h >= 0}

    def less_of(self, viewer: int, rows: np.ndarray, now_ms: int, half_life_s: float) -> np.ndarray:
        said = self.less.get(viewer, {})
        left = {thing: 0.5 ** ((now_ms - at) / 1000 / half_life_s) for thing, at in said.items()}
        most = [max((left.get(b, 0.0) for b in self._bears(int(r))), default=0.0) for r in rows]
        return np.array(most, np.float32)

    def published(self, video: str) -> bool:
        return video in self.videos.rows

    def impersonal(self, viewer: int) -> bool:
        return viewer in self.strangers

    def follows(self, viewer: int) -> np.ndarray:
        return np.array(self.following.get(viewer, [])[::-1], np.int32)

    def videos_of(self, person: int, n: int) -> np.ndarray:
        rows = np.flatnonzero(self.creator == person)
        newest = np.argsort(self.created_ms[rows], kind="stable")[::-1]
        return rows[newest][:n].astype(np.int32)

    def recent(self, viewer: int) -> np.ndarray:
        return np.array(self.watched.get(viewer, [])[::-1][:50], np.int32)

    def liked(self, viewer: int) -> np.ndarray:
        rows = dict.fromkeys(self.recent(viewer).tolist())
        return np.array(list(rows), np.int32)

    @property
    def view_counts(self) -> np.ndarray:
        return np.array([len(self.watched.get(row, [])) for row in range(len(self.viewers))])

    def liked_views(self, viewer: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.recent(viewer)[:0:-1]
        return rows, np.arange(len(rows))

    def interests(self, viewer: int) -> tuple[np.ndarray, np.ndarray]:
        """One: what the last video they watched is made of."""
        last = self.items(self.liked(viewer)[:1])
        return last, np.ones(len(last), np.float32)

    def home(self, viewer: int) -> tuple[int, int]:
        language, country = self.locale.get(viewer, (-1, -1))
        return country, language

    @property
    def vector_sequence(self) -> np.ndarray:
        return np.full(self.video_count(), 2, np.uint32)

    def items(self, rows: np.ndarray) -> np.ndarray:
        return self.vectors[rows]

    def speeds(self, first: int, end: int, now_ms: int) -> np.ndarray:
        return self.long_views[first:end]

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

    def described(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        return self.creator[rows], self.sound[rows], self.topics[rows], self.shown[rows]

    def in_common(self, viewer: int, rows: np.ndarray) -> Shared:
        """Whatever was watched was finished, and nothing is ever forgotten."""
        past = np.unique(self.recent(viewer))
        columns = {
            "creator": self.creator[:, None], "hashtag": self.hashtags, "topic": self.topics,
            "sound": self.sound[:, None],
        }  # fmt: skip
        acts: dict[str, list[list[int]]] = {}
        rest: dict[str, np.ndarray] = {}
        for kind, column in columns.items():
            theirs, acts[kind], rest[kind] = column[past], [], np.zeros((len(rows), 3), np.float32)
            for i, row in enumerate(rows):
                mine = column[row][column[row] >= 0]
                best, times = -1, 0
                for thing in mine.tolist():
                    if (count := int((theirs == thing).any(axis=1).sum())) > times:
                        best, times = thing, count
                named = past[(theirs == best).any(axis=1)] if times else past[:0]
                since_s = min((self.watched_s[viewer, int(one)] for one in named), default=0)
                acts[kind].append([best, 0, times, since_s])
                rest[kind][i, :2] = np.isin(theirs, mine).any(axis=1).sum() - times
        return Shared(acts, rest, -1)

    def without(
        self, rows: np.ndarray, now_ms: int, surface: str,
        served: np.ndarray, typical: np.ndarray, groups: Groups,
    ) -> Ranking:  # fmt: skip
        stranger = self.rank(-1, rows, now_ms, surface).features
        changed = [served]
        parts = np.split(groups.columns, groups.ends[:-1])
        for columns, of_stranger in zip(parts, groups.of_stranger, strict=True):
            other = served.copy()
            other[:, columns] = (stranger if of_stranger else typical)[:, columns]
            changed.append(other)
        return self.predict(np.concatenate(changed))

    def predict(self, features: np.ndarray) -> Ranking:
        logits = np.einsum("nf,fo->no", features, self.model) - 2
        predictions = (1 / (1 + np.exp(-logits))).astype(np.float32)
        watch_s = 10 * predictions[:, OUTCOMES.index("long_view")]
        return Ranking(features, predictions, watch_s)

    @property
    def followable(self) -> Any:
        return self.eligible

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
        elif isinstance(event, e.SlateServed):
            viewer = self.viewers.row(event.viewer)
            self.slates[viewer].append(event)
            for item in event.items:
                self.served[viewer, self.video_row(item.video)] = event.received // 1000
        elif isinstance(event, e.Impression):
            row = self.video_row(event.video)
            self.last_shown[self.viewers.row(event.viewer), row] = event.time
            self.shown[row] += 1
        elif isinstance(event, e.Watch):
            row, viewer = self.video_row(event.video), self.viewers.row(event.viewer)
            self.watched[viewer].append(row)
            self.watched_s[viewer, row] = facts.seconds(event.time)
            self.long_views[row] += event.completed
        elif isinstance(event, e.ViewerEvent):
            self._act(self.viewers.row(event.viewer), event)

    def _act(self, viewer: int, event: Any) -> None:
        """Wishes and their undo."""
        hides, less, following = self.hides[viewer], self.less[viewer], self.following[viewer]
        match event:
            case e.Hide():
                hides.add(self._thing(event))
            case e.Unhide():
                hides.discard(self._thing(event))
            case e.NotInterested():
                hides.add(("video", self.video_row(event.video)))
            case e.UndoNotInterested():
                hides.discard(("video", self.video_row(event.video)))
            case e.Block():
                hides.add(("creator", self.kinds["creator"].row(event.person)))
            case e.Unblock():
                hides.discard(("creator", self.kinds["creator"].row(event.person)))
            case e.LessOf():
                less[self._thing(event)] = event.time
            case e.UndoLessOf():
                less.pop(self._thing(event), None)
            case e.Follow():
                following.append(self.kinds["creator"].row(event.person))
            case e.Unfollow():
                row = self.kinds["creator"].row(event.person)
                following[:] = [each for each in following if each != row]
            case e.PersonalisationSet():
                (self.strangers.discard if event.on else self.strangers.add)(viewer)
            case e.ResetFeed():
                self.watched[viewer].clear()
                less.clear()

    def _thing(self, event: Any) -> tuple[str, int]:
        if event.kind == "video":
            return "video", self.video_row(event.target)
        return event.kind, self.kinds[event.kind].row(event.target)

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
        content = content_vector(hashtags=event.hashtags, sound=event.sound, topics=event.topics)
        vector = np.frombuffer(content, np.int8).astype(np.float32)
        vector /= max(float(np.linalg.norm(vector)), 1.0)
        self.vectors = np.concatenate([self.vectors, vector[None]])


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
