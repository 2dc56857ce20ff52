"""The live state as requests read it: facts, ties, sessions, item vectors.

The writer reads what it folds; a serving process reads the writer's memory, mapped. Both
run this code. A row that is being written at that moment is read again (`sequence`); a whole
number that stands alone is read as it is.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from freshet.catalogue import facts
from freshet.catalogue.content import WIDTH
from freshet.catalogue.trials import Trials
from freshet.domain.errors import Unavailable
from freshet.domain.outcomes import OUTCOMES
from freshet.features.effect import K_FIRST, NOISE_FIRST
from freshet.features.ring import H_BITS, H_COUNT, H_S, H_VIDEO, HISTORY
from freshet.features.tally import LATELY_MS, SHORT, place
from freshet.learning import lookups, ranking
from freshet.learning.interests import CENTROIDS, interests, liked, liked_views
from freshet.learning.kernels import STANDS_SHIFT
from freshet.learning.predicting import Floats, Mask, Predicting, Rows
from freshet.learning.sessions import Session, place_of, session_hash, session_of
from freshet.learning.vectors import items
from freshet.state.block import Block, read_slot
from freshet.state.slots import COLD
from freshet.state.tied import many, reached
from freshet.state.ties import (
    FOLLOWS,
    KIND_SHIFT,
    OTHER,
    PERSON,
    ROW_MASK,
    SEEN,
    SHOWN,
    VIDEO,
    Ties,
)

Longs = npt.NDArray[np.int64]

BURST_LONG = SHORT.tolist().index(place("long_view"))  # in a short tally
NO_TIME = -(1 << 62)  # before any moment
NEVER_S = 1 << 40  # after any moment
READ_TRIES = 100_000  # how often a viewer's row is read again while it is being written
HOT_MIN = 0.5  # long views of the last hour below which nothing can be said of speed


class Column:
    """A column that is worked out for the rows it is indexed by."""

    __slots__ = ("_of",)

    def __init__(self, of: Callable[[Any], npt.NDArray[Any]]) -> None:
        self._of = of

    def __getitem__(self, rows: Any) -> npt.NDArray[Any]:
        return self._of(rows)


@dataclass(frozen=True, slots=True)
class InCommon:
    """What a viewer lately did with videos that share something with n others.

    Attributes:
        acts: per kind of thing ("creator", "sound", "hashtag", "topic") and video the row of
            what they share, which of `acts` was done, with how many videos, and when the first
            of those views began, seconds since 2020.
        rest: per kind, float32 (n, 3): the model's inputs of that kind, `shown`, `long` and
            `surprise`, as they would be without the views of those videos.
        whole_since_s: from then on no view is missing; only the last ones are known.
    """

    acts: dict[str, list[list[int]]]
    rest: dict[str, Floats]
    whole_since_s: int


class Reading(Predicting):
    """What feeds ask of the live state."""

    name = "live"
    fold_version = 4
    outcomes = OUTCOMES
    acts = lookups.ACTS

    @property
    @abstractmethod
    def offset(self) -> int:
        """Of the last event folded."""

    @property
    @abstractmethod
    def now(self) -> int:
        """Received time of the last event folded, ms since 1970."""

    @property
    @abstractmethod
    def views_learned(self) -> int: ...

    @property
    def columns(self) -> Any:
        return self.space.columns

    @property
    def blocks(self) -> dict[str, Block]:
        return self.space.blocks

    @property
    def ties(self) -> Ties:
        return self.space.ties

    @property
    def trials(self) -> Trials:
        """Where new videos stand: kept by the fold of their stages, read here."""
        return self.space.trials

    # --- rows and names ---------------------------------------------------------------------

    @property
    def feature_names(self) -> tuple[str, ...]:
        return self.space.composed.names

    @property
    def model_version(self) -> str:
        return f"{self.name}-{self.fold_version}.{self.views_learned}"

    def viewer_row(self, key: str) -> int:
        return int(self.columns.names["viewer"].row(key))

    def video_row(self, video: str) -> int:
        return int(self.columns.names["video"].row(video))

    def video_id(self, row: int) -> str:
        return str(self.columns.names["video"][row])

    def video_count(self) -> int:
        return len(self.columns.names["video"])

    def held(self) -> dict[str, int]:
        """Rows by kind, and the bytes of all ties."""
        rows = {kind: len(self.columns.names[kind]) for kind in ("viewer", "video")}
        return {**rows, "tie_bytes": 4 * int(self.space.ties.used[0])}

    def names(self, kind: str, row: int) -> str:
        """Id of a creator, sound, hashtag, topic, language or country by its row."""
        return str(self.columns.names["viewer" if kind == "creator" else kind][row])

    def row(self, kind: str, name: str) -> int:
        """The row of a creator, sound, hashtag, topic, language or country, -1 if unknown."""
        return int(self.columns.names["viewer" if kind == "creator" else kind].row(name))

    def published(self, video: str) -> bool:
        """Whether the video is known and was ever published."""
        row = self.video_row(video)
        return row >= 0 and bool(self.video_facts[row, facts.FLAGS] & facts.PUBLISHED)

    # --- columns of videos, to be indexed by rows: they are read in place or worked out for
    # --- the rows that are asked for, so a request costs what it asks for and no more ---------

    @property
    def video_facts(self) -> Rows:
        """int32 (capacity, VIDEO_WIDTH), see catalogue/facts.py."""
        return self.columns.videos.ints  # type: ignore[no-any-return]

    @property
    def creator(self) -> Rows:
        return self.video_facts[:, facts.CREATOR]

    @property
    def sound(self) -> Column:
        """Sound rows; -1 for none and for original sounds, which never count as equal."""
        return Column(self._sound)

    def _sound(self, rows: Any) -> Rows:
        original = (self.video_facts[rows, facts.FLAGS] & facts.ORIGINAL_SOUND) != 0
        return np.where(original, np.int32(-1), self.video_facts[rows, facts.SOUND])

    @property
    def topics(self) -> Rows:
        return self.video_facts[:, facts.TOPIC : facts.TOPIC + facts.TOPICS]

    @property
    def hashtags(self) -> Rows:
        return self.video_facts[:, facts.HASHTAG : facts.HASHTAG + facts.HASHTAGS]

    @property
    def duration_ms(self) -> Rows:
        return self.video_facts[:, facts.DURATION_MS]

    @property
    def created_ms(self) -> Column:
        return Column(self._created_ms)

    def _created_ms(self, rows: Any) -> Longs:
        seconds = self.video_facts[rows, facts.CREATED_S].astype(np.int64)
        return (seconds + facts.EPOCH_S) * 1000  # type: ignore[no-any-return]

    @property
    def language(self) -> Rows:
        return self.video_facts[:, facts.LANGUAGE]

    @property
    def country(self) -> Rows:
        return self.video_facts[:, facts.COUNTRY]

    @property
    def eligible(self) -> Column:
        """Published, public, barred by no label or penalty, and within its window by the log's
        time."""
        return Column(lambda rows: self._eligible(rows, facts.BARRED))

    @property
    def followable(self) -> Column:
        """As `eligible`, but a penalty of its creator does not keep it from who follows them."""
        return Column(lambda rows: self._eligible(rows, facts.FOLLOWERS_BARRED))

    def _eligible(self, rows: Any, barred: int) -> Mask:
        found = self.video_facts
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(found)), dtype=np.int32)
        rows, good = np.asarray(rows, np.int32), np.empty(len(rows), np.bool_)
        lookups.eligible(found, rows, barred, facts.seconds(self.now), good)
        return good

    def described(self, rows: Rows) -> tuple[Rows, Rows, Rows, Floats]:
        """creator, sound, topics and shown of videos, read together."""
        n, rows = len(rows), np.asarray(rows, np.int32)
        creator, sound = np.empty(n, np.int32), np.empty(n, np.int32)
        topics, shown = np.empty((n, facts.TOPICS), np.int32), np.empty(n, np.float32)
        at = self.space.composed.layout("video.tally")
        lookups.described(
            self.video_facts, self.space.video_slots.of, self.blocks["video"].floats, at, rows,
            creator, sound, topics, shown,
        )  # fmt: skip
        return creator, sound, topics, shown

    @property
    def shown(self) -> Column:
        """Views counted."""
        at = self.space.composed.layout("video.tally")
        slots, counts = self.space.video_slots.of, self.blocks["video"].floats[:, at]
        return Column(lambda rows: counts[slots[rows]])

    def videos_of(self, person: int, n: int) -> Rows:
        """A person's videos, the newest first."""
        found: list[int] = []
        video = int(self.columns.viewers.ints[person, facts.LATEST]) if person >= 0 else -1
        while video >= 0 and len(found) < n:
            found.append(video)
            video = int(self.video_facts[video, facts.BEFORE])
        return np.array(found, np.int32)

    @property
    def trust(self) -> tuple[float, float]:
        """Views that say as much of a video as what is known of all, and the variance of
        log(1 + seconds watched) of one view (features/effect.py)."""
        at = self.space.composed.layout("all.trust")
        found = self.blocks["all"].floats[0, at : at + 2]
        return K_FIRST + float(found[0]), NOISE_FIRST + float(found[1])

    # --- one viewer -------------------------------------------------------------------------

    @property
    def _busy(self) -> Any:
        return self.blocks["viewer"].sequence

    def row_of(self, viewer: int) -> Rows:
        """A copy of a viewer's row, int32, as it was at one moment.

        Raises:
            Unavailable: it was being written all the while.
        """
        return self._slotted(self.blocks["viewer"], viewer)

    def _slotted(self, block: Block, viewer: int) -> Rows:
        self._here(viewer)
        out = np.empty(block.width, np.int32)
        if not read_slot(block.ints, self._busy, self.space.slots.of, viewer, out, READ_TRIES):
            raise Unavailable("a viewer's row stayed busy")
        return out

    def _ties(self, viewer: int, at: int) -> Rows:
        """A viewer's list, as `Ties.copied`."""
        self._here(viewer)
        return self.ties.copied(self._busy, viewer, at)

    def impersonal(self, viewer: int) -> bool:
        """Chose a feed that does not use what they did, or did not consent to one that does."""
        if viewer < 0:
            return False
        return bool(self.columns.viewers.ints[viewer, facts.VIEWER_FLAGS] & facts.IMPERSONAL)

    def seen_ms(self, viewer: int, rows: Rows) -> Longs:
        """When each video was last on the viewer's screen, ms since 1970; 0 = never."""
        seconds = many(self._ties(viewer, SHOWN), SEEN, rows).astype(np.int64)
        return np.where(seconds == 0, 0, (seconds + facts.EPOCH_S) * 1000)

    def seen(
        self, viewer: int, rows: Rows, now_ms: int, horizon_ms: int = 90 * 86_400_000,
        served_since_s: int | None = None,
    ) -> Mask:  # fmt: skip
        """True where the video was on the viewer's screen within the horizon, or was served
        to them from `served_since_s` on (seconds since 2020)."""
        shown = self._ties(viewer, SHOWN)
        shown_after_s = facts.seconds(now_ms) - horizon_ms // 1000
        served_s = NEVER_S if served_since_s is None else served_since_s
        return reached(shown, rows, np.array([shown_after_s + 1, served_s]))  # SEEN, SERVED

    def hidden(self, viewer: int, rows: Rows) -> Mask:
        """True where the viewer hid, blocked (or is blocked by) or rejected what it is made of,
        or made it."""
        out = np.zeros(len(rows), np.bool_)
        if viewer >= 0:
            ties = self._ties(viewer, OTHER)
            ranking.hidden(self.video_facts, ties, np.asarray(rows, np.int32), out)
            out |= self.creator[rows] == viewer
        return out

    def less_of(self, viewer: int, rows: Rows, now_ms: int, half_life_s: float) -> Floats:
        """How much less of each video the viewer asked for, 1 just now, 0 never; (n,)."""
        out = np.zeros(len(rows), np.float32)
        if viewer >= 0:
            ties = self._ties(viewer, OTHER)
            rows, now_s = np.asarray(rows, np.int32), facts.seconds(now_ms)
            ranking.less_of(self.video_facts, ties, rows, now_s, float(half_life_s), out)
        return out

    def follows(self, viewer: int) -> Rows:
        """People the viewer follows, the newest follow first."""
        keys, values = self._ties(viewer, OTHER)
        mine = ((keys >> KIND_SHIFT) & 15 == PERSON) & (values & FOLLOWS != 0)
        return np.ascontiguousarray((keys[mine] & ROW_MASK)[::-1])

    def recent(self, viewer: int) -> Rows:
        """Video rows of the viewer's last views, newest first."""
        if viewer < 0:
            return np.zeros(0, np.int32)
        ints = self.row_of(viewer)
        count = int(ints[H_COUNT])
        rings = [(count - 1 - back) % HISTORY for back in range(min(count, HISTORY))]
        return np.array([ints[H_VIDEO + ring] for ring in rings], np.int32)

    def in_common(self, viewer: int, rows: Rows) -> InCommon:
        """What the viewer lately did with videos that share something with those of `rows`."""
        shape = (len(lookups.KINDS), len(rows))
        found, rest = np.zeros((*shape, 4), np.int64), np.zeros((*shape, 3), np.float32)
        whole_since_s = NO_TIME
        if viewer >= 0:
            rows, facts = np.asarray(rows, np.int32), self.video_facts
            ints = self.row_of(viewer)
            past = np.empty((HISTORY, 1 + len(lookups.ACTS)), np.int32)
            past = past[: lookups.done(ints, self._likes_stand(viewer, ints), past)]
            lookups.in_common(facts, rows, past, found)
            lookups.without_named(facts, rows, ints, ints.view(np.float32), past, found, rest)
            if (count := int(ints[H_COUNT])) >= HISTORY:
                whole_since_s = int(ints[H_S + count % HISTORY])
        acts = dict(zip(lookups.KINDS, found.tolist(), strict=True))
        return InCommon(acts, dict(zip(lookups.KINDS, rest, strict=True)), whole_since_s)

    def _likes_stand(self, viewer: int, ints: Rows) -> Mask:
        """Of each view of a viewer's row: does a like of its video stand."""
        if not (ints[H_BITS : H_BITS + HISTORY] & lookups.LIKE_BIT).any():
            return np.zeros(HISTORY, np.bool_)
        ties = self._ties(viewer, OTHER)
        kept = many(ties, VIDEO, ints[H_VIDEO : H_VIDEO + HISTORY])
        stands: Mask = (kept & (lookups.LIKE_BIT << STANDS_SHIFT)) != 0
        return stands

    def session(self, viewer: int, session_id: str, surface: str, now_ms: int) -> Session:
        """The session that a request made now belongs to."""
        row = np.zeros(self.space.served.width, np.int32)
        if viewer >= 0:
            row = self._slotted(self.space.served, viewer)
        now_s = facts.seconds(now_ms)
        return session_of(row, session_hash(session_id), place_of(surface), now_s)

    # --- item vectors -----------------------------------------------------------------------

    def interests(self, viewer: int) -> tuple[Floats, Floats]:
        """Centroids of what the viewer lately liked, float32 (k, 64), k <= 4, each of length
        1, and their shares (k,); none for a viewer who liked nothing lately."""
        centroids = np.zeros((CENTROIDS, WIDTH), np.float32)
        shares = np.zeros(CENTROIDS, np.float32)
        self._here(viewer)
        count = interests(self.space.state, viewer, centroids, shares) if viewer >= 0 else 0
        return centroids[:count], shares[:count]

    def liked(self, viewer: int) -> Rows:
        """Video rows of the last views that the viewer liked, newest first, each once."""
        self._here(viewer)
        rows, worth = np.empty(HISTORY, np.int32), np.empty(HISTORY, np.float32)
        return rows[: liked(self.space.state, viewer, rows, worth) if viewer >= 0 else 0]

    @property
    def view_counts(self) -> Rows:
        """(viewers,) how many views each has begun; -1 of those on disk."""
        slots = self.space.slots.of[: len(self.columns.names["viewer"])]
        counts: Rows = self.blocks["viewer"].ints[slots, H_COUNT]
        counts[slots == COLD] = -1
        return counts

    def liked_views(self, viewer: int) -> tuple[Rows, Rows]:
        """Of the last views, but for the very last, those that the viewer liked, oldest first:
        rows of videos, and how many views there were before each."""
        rows, numbers = np.empty(HISTORY, np.int32), np.empty(HISTORY, np.int32)
        found = liked_views(self.space.state, viewer, rows, numbers)
        return rows[:found], numbers[:found]

    def items(self, rows: Rows) -> Floats:
        """Item vectors, float32 (n, 64), of length 1; all 0 where a video has none."""
        out = np.empty((len(rows), WIDTH), np.float32)
        items(self.space.state, rows, out)
        return out

    @property
    def vector_sequence(self) -> npt.NDArray[np.uint32]:
        """Per video row a number that grows with every change of its item vector."""
        return self.space.vectors.block.sequence

    def speeds(self, first: int, end: int, now_ms: int) -> Floats:
        """How fast videos `first` to `end` are gaining long views: those of about the last
        hour, held against what they had lately. 0 for a video that gains none."""
        at = self.space.composed.layout
        burst, recent = at("video.burst") + BURST_LONG, at("video.recent")
        slots, block = self.space.video_slots.of[first:end], self.blocks["video"]
        then_s = block.ints[slots, at("video.recent_s")]
        hours = np.maximum(facts.seconds(now_ms) - then_s, 0) / np.float32(3600.0)
        hot = np.maximum(block.floats[slots, burst], 0) * np.exp2(-hours)
        lately = np.maximum(block.floats[slots, recent], 0) * np.exp2(-hours * 3.6e6 / LATELY_MS)
        speed = np.log1p(hot) - 0.3 * np.log1p(lately)
        return np.where(hot > HOT_MIN, np.maximum(speed, 0), 0).astype(np.float32)

    def home(self, viewer: int) -> tuple[int, int]:
        """Rows of the viewer's country and language, -1 = not known."""
        if viewer < 0:
            return -1, -1
        row = self.columns.viewers.ints[viewer]
        return int(row[facts.VIEWER_COUNTRY]), int(row[facts.VIEWER_LANGUAGE])
