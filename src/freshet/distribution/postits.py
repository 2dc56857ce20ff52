"""What a video, or a profile, is about: topics with shares, and how much they are based on.

    video     the topics it was given; those of videos that lie near it, in words, tags, sound and
              who watches them, the topics they were given apart; what those like who watched it
              longer than expected
    profile   what it posts; what it likes and saves itself; what those like who watch its videos

Each piece of evidence counts as so many views (pseudo-counts of a Dirichlet), so that shares
change as evidence comes; confidence is n / (n + 10).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from freshet.catalogue.content import content_vector
from freshet.distribution.diagnosis import PostIt

GIVEN, NEAR, POSTED, LIKED, BY_WATCHERS = 1.0, 4.0, 2.0, 4.0, 0.5  # views that each counts as
HALF = 10.0  # views that make for half of all confidence
NEWEST = 20_000  # videos whose vectors tell where topics lie
SHARP = 30.0  # how much nearer counts
STALE_MS = 600_000
NOTHING = 0.05  # length of what is left of a vector that says nothing
DIRECTIONS = 20_000  # of topics given together, kept
MOST, LEAST = 6, 0.02  # topics told, and the share from which one is


class Live(Protocol):
    """What is read of the live state."""

    @property
    def topics(self) -> Any: ...

    def names(self, kind: str, row: int) -> str: ...

    def video_count(self) -> int: ...

    def items(self, rows: NDArray[np.int32]) -> NDArray[np.float32]: ...

    def liked(self, viewer: int) -> NDArray[np.int32]: ...

    def videos_of(self, person: int, n: int) -> NDArray[np.int32]: ...

    def viewer_row(self, key: str) -> int: ...

    def video_row(self, video: str) -> int: ...

    def video_id(self, row: int) -> str: ...


Shares = defaultdict[int, float]  # by topic


class Postits:
    def __init__(self, live: Live) -> None:
        self._live = live
        self._centres: tuple[int, NDArray[Any], NDArray[Any]] | None = None
        self._directions: dict[tuple[int, ...], NDArray[np.float64]] = {}

    def of_video(self, video: int, watched_by: Iterable[str], now_ms: int) -> list[PostIt]:
        """
        Args:
            video: row.
            watched_by: who watched it longer than expected.
        """
        found = self._content(video, now_ms)
        self._add(found, [self.taste(viewer, video) for viewer in watched_by], BY_WATCHERS)
        return self._told(found)

    def content(self, video: int, now_ms: int) -> dict[int, float]:
        """Shares by topic, of what it is made of alone."""
        found = self._content(video, now_ms)
        total = sum(found.values())
        return {topic: weight / total for topic, weight in found.items()}

    def elsewhere(self, video: int, now_ms: int) -> tuple[str, float]:
        """The topic it is likeliest made of, those it was given apart, and the chance that it is
        of none that it was given, where all are as likely before; "", 0 if either is unknown."""
        near, given = dict(self._near(video, now_ms)), self.given(video)
        others = near.keys() - set(given)
        if not others or not given:
            return "", 0.0
        likeliest = max(others, key=lambda topic: (near[topic], -topic))
        return self._live.names("topic", likeliest), sum(near[topic] for topic in others)

    def _content(self, video: int, now_ms: int) -> Shares:
        found: Shares = defaultdict(float)
        given = self.given(video)
        for topic in given:
            found[topic] += GIVEN / len(given)
        for topic, share in self._near(video, now_ms):
            found[topic] += NEAR * share
        return found

    def of_person(self, person: str, watched_by: Iterable[str]) -> list[PostIt]:
        """
        Args:
            person: key.
            watched_by: who watched their videos longer than expected.
        """
        found: Shares = defaultdict(float)
        for video in self._live.videos_of(self._live.viewer_row(person), 50).tolist():
            for topic in self.given(video):
                found[topic] += POSTED
        self._add(found, [self.taste(person)], LIKED)
        self._add(found, [self.taste(viewer) for viewer in watched_by], BY_WATCHERS)
        return self._told(found)

    def taste(self, viewer: str, without: int = -1) -> Counter[int]:
        """Of what a viewer lately liked, videos by topic; but for one."""
        return Counter(self.liked(viewer, without).tolist())

    def liked(self, viewer: str, without: int = -1) -> NDArray[np.int32]:
        """Topics of what a viewer lately liked, the newest first; but for one video."""
        row = self._live.viewer_row(viewer)
        if row < 0:
            return np.zeros(0, np.int32)
        liked = self._live.liked(row)
        topics = self._live.topics[liked[liked != without]]
        found: NDArray[np.int32] = topics[topics >= 0]
        return found

    def given(self, video: int) -> list[int]:
        """Topics that were said when it was published."""
        topics = self._live.topics[video]
        return [int(topic) for topic in topics[topics >= 0]]

    def _add(self, found: Shares, tastes: Sequence[Counter[int]], weight: float) -> None:
        for taste in tastes:
            total = sum(taste.values())
            for topic, count in taste.items():
                found[topic] += weight * count / total

    def _near(self, video: int, now_ms: int) -> list[tuple[int, float]]:
        """Topics by how near the video lies to the middle of theirs."""
        topics, centres = self._where(now_ms)
        vector = self._unsaid(np.array([video], np.int32))[0]
        if not len(topics) or not vector.any():
            return []
        near = np.exp(SHARP * (centres @ vector))
        return [(int(t), float(x)) for t, x in zip(topics, near / near.sum(), strict=True)]

    def _where(self, now_ms: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Where topics lie: (topics,) and unit vectors (topics, 64), worked out now and then."""
        if self._centres is None or now_ms - self._centres[0] > STALE_MS:
            count = self._live.video_count()
            rows = np.arange(max(count - NEWEST, 0), count, dtype=np.int32)
            main = self._live.topics[rows, 0]
            rows, main = rows[main >= 0], main[main >= 0]
            topics, at = np.unique(main, return_inverse=True)
            sums = np.zeros((len(topics), 64))
            np.add.at(sums, at, self._unsaid(rows))
            length = np.linalg.norm(sums, axis=1)
            lies = length > 0
            self._centres = now_ms, topics[lies], sums[lies] / length[lies, None]
        return self._centres[1:]

    def _unsaid(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Vectors (n, 64) without what their topics say, of length 1 or 0: a wrong topic would
        lie beside itself."""
        vectors = self._live.items(rows).astype(np.float64)
        if not len(rows):
            return vectors
        topics, at = np.unique(self._live.topics[rows], axis=0, return_inverse=True)
        said = np.stack([self._direction(tuple(few[few >= 0].tolist())) for few in topics])
        said = said[at.reshape(-1)]
        vectors -= (vectors * said).sum(axis=1, keepdims=True) * said
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        unsaid: NDArray[np.float64] = vectors / np.where(length > NOTHING, length, np.inf)
        return unsaid

    def _direction(self, topics: tuple[int, ...]) -> NDArray[np.float64]:
        """(64,) in which a video is moved by being given these topics."""
        found = self._directions.get(topics)
        if found is None:
            names = [self._live.names("topic", topic) for topic in topics]
            found = np.frombuffer(content_vector(topics=names), np.int8).astype(np.float64)
            found = found / max(float(np.linalg.norm(found)), 1.0)
            if len(self._directions) >= DIRECTIONS:
                self._directions.clear()
            self._directions[topics] = found
        return found

    def _told(self, found: Shares) -> list[PostIt]:
        total = sum(found.values())
        ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))
        return [
            PostIt(
                self._live.names("topic", topic), round(weight / total, 4),
                round(weight / (weight + HALF), 4),
            )
            for topic, weight in ordered[:MOST]
            if weight / total >= LEAST
        ]  # fmt: skip
