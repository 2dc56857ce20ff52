"""Events become records: fixed rows of integers that the compiled fold reads.

One small function per event. Events of supply and moderation change the catalogue instead;
records gathered before one are folded first, so that order is kept.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from freshet.catalogue.columns import Columns
from freshet.catalogue.facts import seconds
from freshet.domain import events as ev
from freshet.domain.outcomes import INDEX
from freshet.learning import kernels as k
from freshet.learning.sessions import place_of, session_hash
from freshet.state import ties

KIND_OF_THING = {
    "video": ties.VIDEO, "creator": ties.PERSON, "sound": ties.SOUND,
    "hashtag": ties.HASHTAG, "topic": ties.TOPIC,
}  # fmt: skip
NAMES_OF_THING = {
    "video": "video", "creator": "viewer", "sound": "sound", "hashtag": "hashtag",
    "topic": "topic",
}  # fmt: skip

LESS_OF = {
    "creator": ties.LESS_PERSON, "sound": ties.LESS_SOUND, "hashtag": ties.LESS_HASHTAG,
    "topic": ties.LESS_TOPIC,
}  # fmt: skip

# events that give or take one outcome of a view
GAINS = {
    ev.Click: "click", ev.Like: "like", ev.Comment: "comment", ev.Share: "share",
    ev.Favorite: "favorite", ev.Follow: "follow", ev.ProfileVisit: "profile_visit",
    ev.NotInterested: "not_interested", ev.Report: "report",
}  # fmt: skip
LOSES = {
    ev.Unlike: "like", ev.DeleteComment: "comment", ev.Unfavorite: "favorite",
    ev.Unfollow: "follow", ev.UndoNotInterested: "not_interested",
}  # fmt: skip


class Records:
    """Gathers records; `take` hands them over as one array."""

    def __init__(self, columns: Columns, inputs: int) -> None:
        self.columns, self.inputs = columns, inputs
        self._flat: list[int] = []
        self._vectors: list[np.ndarray] = []
        self._vector_count = 0
        self._write: dict[type, Callable[..., None]] = {
            ev.Impression: self._impression, ev.Watch: self._watch, ev.Tick: self._tick,
            ev.Hide: self._hide, ev.Unhide: self._hide, ev.Block: self._block,
            ev.Unblock: self._block, ev.ResetFeed: self._reset, ev.SlateServed: self._served,
            ev.HistoryKnown: self._history, ev.Search: self._nothing,
            ev.LessOf: self._less_of, ev.UndoLessOf: self._less_of,
            **dict.fromkeys((*GAINS, *LOSES), self._outcome),
        }  # fmt: skip

        self.kinds = frozenset(self._write)

    def __len__(self) -> int:
        return len(self._flat) // 8

    def add(self, event: ev.Event) -> None:
        self._write[type(event)](event)

    def take(self) -> tuple[np.ndarray, np.ndarray]:
        """Records (n,) and the served vectors they name, float32 (m, F); then empty."""
        records = np.array(self._flat, np.int64).view(k.RECORD).view(np.recarray)
        vectors = (
            np.concatenate(self._vectors)
            if self._vectors
            else np.zeros((0, self.inputs), np.float32)
        )
        self._flat, self._vectors, self._vector_count = [], [], 0
        return records, vectors

    def _row(
        self, kind: int, viewer: int, video: int, place: int, now: int,
        value: int = 0, extra: int = 0, bits: int = 0,
    ) -> None:  # fmt: skip
        self._flat += (kind, viewer, video, place, now, value, extra, bits)

    def _who(
        self, event: ev.ViewerEvent, video: str, context: str = ""
    ) -> tuple[int, int, int, int]:
        c = self.columns
        return (
            c.viewer(event.viewer),
            c.video(video),
            c.placement(event.surface, context),
            event.received,
        )

    def _impression(self, event: ev.Impression) -> None:
        self._row(k.IMPRESSION, *self._who(event, event.video, event.context))

    def _watch(self, event: ev.Watch) -> None:
        bits = k.COMPLETED * event.completed | k.LEFT * event.left | k.LOOPED * (event.loops > 0)
        watched, duration = min(event.watched_ms, 2**31 - 1), min(event.duration_ms, 2**31 - 1)
        self._row(k.WATCH, *self._who(event, event.video), watched, duration, bits)

    def _outcome(self, event: ev.VideoAct | ev.PersonAct) -> None:
        kind = type(event)
        gains = kind in GAINS
        outcome = GAINS[kind] if gains else LOSES[kind]
        if event.video:
            record = k.GAIN if gains else k.LOSE
            self._row(record, *self._who(event, event.video), INDEX[outcome])
        if isinstance(event, ev.Follow | ev.Unfollow):
            self._tie(event, gains, ties.PERSON, self.columns.viewer(event.person), ties.FOLLOWS)
        elif outcome == "not_interested":
            video = self.columns.video(event.video)
            self._tie(event, gains, ties.VIDEO, video, ties.NOT_INTERESTED)

    def _hide(self, event: ev.Hide | ev.Unhide) -> None:
        hides = isinstance(event, ev.Hide)
        if event.kind == "video":
            record = k.GAIN if hides else k.LOSE
            self._row(record, *self._who(event, event.target), INDEX["hide"])
        row = self._thing(event.kind, event.target)
        self._tie(event, hides, KIND_OF_THING[event.kind], row, ties.HIDES)

    def _block(self, event: ev.Block | ev.Unblock) -> None:
        blocks = isinstance(event, ev.Block)
        viewer, other = self.columns.viewer(event.viewer), self.columns.viewer(event.person)
        kind = k.TIE if blocks else k.UNTIE
        self._row(kind, viewer, other, 0, event.received, ties.BLOCKS, ties.PERSON)
        self._row(kind, other, viewer, 0, event.received, ties.BLOCKED_BY, ties.PERSON)

    def _tie(self, event: ev.ViewerEvent, on: bool, kind: int, row: int, bit: int) -> None:
        viewer = self.columns.viewer(event.viewer)
        self._row(k.TIE if on else k.UNTIE, viewer, row, 0, event.received, bit, kind)

    def _less_of(self, event: ev.LessOf | ev.UndoLessOf) -> None:
        # No tie is 0, so a wish made in the first second of 2020 counts from the next.
        since_s = max(seconds(event.received), 1) if isinstance(event, ev.LessOf) else 0
        viewer, row = self.columns.viewer(event.viewer), self._thing(event.kind, event.target)
        self._row(k.MARK, viewer, row, 0, event.received, since_s, LESS_OF[event.kind])

    def _thing(self, kind: str, target: str) -> int:
        c, thing = self.columns, NAMES_OF_THING[kind]
        return {"viewer": c.viewer, "video": c.video}.get(thing, c.names[thing].add)(target)

    def _served(self, event: ev.SlateServed) -> None:
        viewer, place = self.columns.viewer(event.viewer), place_of(event.surface)
        named = session_hash(event.session_id)
        self._row(k.SLATE, viewer, 0, 0, event.received, named, place)
        # Without vectors, or with those of another set of features, views learn on
        # recomputed ones.
        fits = len(event.features) == len(event.items) * self.inputs * 2
        for item in event.items:
            at = self._vector_count if fits else -1
            self._row(k.SERVE, viewer, self.columns.video(item.video), 0, event.received, at, place)
            self._vector_count += fits
        if fits:
            vectors = np.frombuffer(event.features, np.float16).reshape(-1, self.inputs)
            self._vectors.append(vectors.astype(np.float32))

    def _history(self, event: ev.HistoryKnown) -> None:
        viewer = self.columns.viewer(event.viewer)
        liked, long = set(event.liked), set(event.long_watched)
        for video in event.watched:
            bits = 1 << INDEX["like"] if video in liked else 0
            if video in long:
                bits |= (
                    1 << INDEX["long_view"] | 1 << INDEX["watched_6s"] | 1 << INDEX["watched_2s"]
                )
            row = self.columns.video(video)
            self._row(k.KNOWN, viewer, row, 0, event.received, bits=bits)

    def _reset(self, event: ev.ResetFeed) -> None:
        self._row(k.RESET, self.columns.viewer(event.viewer), 0, 0, event.received)

    def _tick(self, event: ev.Tick) -> None:
        self._row(k.TICK, 0, 0, 0, event.received)

    def _nothing(self, event: ev.Event) -> None:
        """Known, and of no weight yet."""
