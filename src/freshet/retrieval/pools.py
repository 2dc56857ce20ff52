"""Pools of videos that everybody's feed draws from: what is rising, popular, young, or
proven to be worth most to a viewer of whom nothing is known.

Working them out reads the whole catalogue, so requests only read what was worked out last;
it is at most some seconds old. A small catalogue is read by the request itself, once in
that time, so that two replays of one log have the same pools at the same requests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from freshet.catalogue.content import WIDTH
from freshet.retrieval.cowatched import Views
from freshet.retrieval.index import Floats, Items, Rows
from freshet.retrieval.nearest import cosines_to

WORTH_SLICE = 256  # videos predicted at once: a millisecond in which no request is served
SLICE = 8_192  # videos read at once; other threads run between
PER_COUNTRY = 256  # rising videos kept for one country, and for the world
POPULAR_MAX = 512  # most shown videos kept for one country, and for the world
YOUNG_MAX = 1_024  # little-shown videos kept, the newest
PROVEN_MAX = 1_024  # videos kept that are worth most
YOUNG_AMONG = 1 << 18  # newest videos among which they are looked for
NO_ROWS: Rows = np.empty(0, np.int32)

P = TypeVar("P")


class Column(Protocol):
    """One value per video; perhaps worked out for the rows asked."""

    def __getitem__(self, rows: Any) -> NDArray[Any]: ...


class Catalogue(Items, Views, Protocol):
    """What pools read of the live state."""

    @property
    def eligible(self) -> Column: ...

    @property
    def country(self) -> Column: ...

    @property
    def language(self) -> Column: ...

    @property
    def shown(self) -> Column: ...

    def speeds(self, first: int, end: int, now_ms: int) -> Floats:
        """How fast videos `first` to `end` are gaining long views; 0 = not at all."""
        ...


@dataclass
class Kept(Generic[P]):
    """Something worked out from time to time.

    Args:
        work_out: makes it, as of a time in ms since 1970.
        every_ms: how old it may get before it is worked out again.
    """

    work_out: Callable[[int], P]
    every_ms: int
    _value: P | None = None
    _made_ms: int = -(1 << 62)

    def get(self, now_ms: int, may_work: bool) -> P | None:
        """What there is; worked out now if it is too old and the caller may do that."""
        if may_work and now_ms - self._made_ms >= self.every_ms:
            self.refresh(now_ms)
        return self._value

    def refresh(self, now_ms: int) -> None:
        self._value, self._made_ms = self.work_out(now_ms), now_ms


@dataclass
class ByCountry(ABC):
    """Videos in an order, in the world and by country of publishing."""

    live: Catalogue
    every_ms: int
    small: int  # up to so many videos, a request may work it out
    kept: Kept[dict[int, Rows]] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = Kept(self.work_out, self.every_ms)

    def rows(self, country: int, now_ms: int) -> tuple[Rows, Rows]:
        """Of the world and of a country (-1 = none), in that order."""
        found = self.kept.get(now_ms, self.live.video_count() <= self.small) or {}
        return found.get(-1, NO_ROWS), found.get(country, NO_ROWS) if country >= 0 else NO_ROWS

    @abstractmethod
    def work_out(self, now_ms: int) -> dict[int, Rows]:
        """By country, -1 for the world."""


class Rising(ByCountry):
    """The videos whose engagement grows fastest."""

    def work_out(self, now_ms: int) -> dict[int, Rows]:
        live, count = self.live, self.live.video_count()
        rows, speeds = [NO_ROWS], [np.empty(0, np.float32)]
        for first in range(0, count, SLICE):
            speed = live.speeds(first, min(first + SLICE, count), now_ms)
            moving = np.flatnonzero(speed > 0).astype(np.int32)
            rows.append(first + moving[live.eligible[first + moving]])
            speeds.append(speed[rows[-1] - first])
        fastest = np.argsort(-np.concatenate(speeds), kind="stable")
        return _by_country(live, np.concatenate(rows)[fastest], PER_COUNTRY)


def _by_country(live: Catalogue, rows: Rows, most: int) -> dict[int, Rows]:
    """The first `most` of each country, in the order of `rows`, and of all of them at -1."""
    countries = live.country[rows]
    found = {-1: rows[:most]}
    order = np.argsort(countries, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(countries[order])) + 1):
        if len(part) and countries[part[0]] >= 0:
            found[int(countries[part[0]])] = rows[part[:most]]
    return found


class Popular(ByCountry):
    """The videos that were shown most."""

    def work_out(self, now_ms: int) -> dict[int, Rows]:
        live, count = self.live, self.live.video_count()
        rows, shown = [NO_ROWS], [np.empty(0, np.float32)]
        for first in range(0, count, SLICE):
            some = np.arange(first, min(first + SLICE, count), dtype=np.int32)
            rows.append(some[live.eligible[some]])
            shown.append(live.shown[rows[-1]])
        most = np.argsort(-np.concatenate(shown), kind="stable")
        return _by_country(live, np.concatenate(rows)[most], POPULAR_MAX)


@dataclass(frozen=True, slots=True)
class Pool:
    """Videos and what they are matched by."""

    rows: Rows
    vectors: Floats  # (n, 64)
    country: NDArray[np.int32]
    language: NDArray[np.int32]
    standing: Floats  # (n,) standard deviations each is worth more than the average

    def cosines(self, centroids: Floats) -> Floats:
        """(n,) to the nearest of the centroids (k, 64); 0 if there are none."""
        if not len(centroids):
            return np.zeros(len(self.rows), np.float32)
        out = np.empty((len(centroids), len(self.rows)), np.float32)
        cosines_to(centroids, self.vectors, out)
        nearest: Floats = np.maximum.reduce(out)
        return nearest

    @classmethod
    def of(cls, live: Catalogue, rows: Rows, standing: Floats | None = None) -> Pool:
        if standing is None:
            standing = np.zeros(len(rows), np.float32)
        return cls(rows, live.items(rows), live.country[rows], live.language[rows], standing)


EMPTY = Pool(NO_ROWS, np.empty((0, WIDTH), np.float32), NO_ROWS, NO_ROWS, np.empty(0, np.float32))


@dataclass
class Young:
    """The newest videos that were little shown; where videos are on trial, those with room."""

    live: Catalogue
    every_ms: int
    small: int
    shown_max: int  # views up to which a video is little shown
    wanting: Callable[[], Rows] | None = None  # videos on trial that have room, the oldest first
    kept: Kept[Pool] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = Kept(self.work_out, self.every_ms)

    def pool(self, now_ms: int) -> Pool:
        return self.kept.get(now_ms, self.live.video_count() <= self.small) or EMPTY

    def work_out(self, now_ms: int) -> Pool:
        live, count = self.live, self.live.video_count()
        if self.wanting is not None:
            rows = self.wanting()
            return Pool.of(live, rows[live.eligible[rows]][-YOUNG_MAX:])
        found, room = [NO_ROWS], YOUNG_MAX
        # Rows are given out as videos are published: the newest stand at the end.
        for end in range(count, max(count - YOUNG_AMONG, 0), -SLICE):
            rows = np.arange(end - 1, max(end - SLICE, 0) - 1, -1, dtype=np.int32)
            rows = rows[(live.shown[rows] <= self.shown_max) & live.eligible[rows]][:room]
            found.append(rows)
            room -= len(rows)
            if room <= 0:
                break
        return Pool.of(live, np.concatenate(found))


@dataclass
class Proven:
    """What each video is worth to a viewer of whom nothing is known, and those worth most.

    A large catalogue is gone through slice by slice, again and again, in the background;
    what was not reached yet counts as average.

    Args:
        worth: of rows as of a time, (n,): the value the model and the weights give them.
    """

    live: Catalogue
    every_ms: int
    small: int
    worth: Callable[[Rows, int], Floats]
    kept: Kept[Pool] = field(init=False)
    _worths: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    _next: int = 0  # row to go on with
    been_round: bool = False  # all videos that there were have been looked at

    def __post_init__(self) -> None:
        self.kept = Kept(self.work_out, self.every_ms)

    def pool(self, now_ms: int) -> Pool:
        return self.kept.get(now_ms, self.live.video_count() <= self.small) or EMPTY

    def go_on(self, videos: int, now_ms: int) -> None:
        """Look at the next `videos` videos, from the first again after the last."""
        count = self.live.video_count()
        if count > len(self._worths):
            more = np.full(count - len(self._worths), np.nan, np.float32)
            self._worths = np.concatenate([self._worths, more])
        for _ in range(0, min(videos, count), WORTH_SLICE):
            first = self._next if self._next < count else 0
            rows = np.arange(first, min(first + WORTH_SLICE, count), dtype=np.int32)
            self._worths[rows] = self.worth(rows, now_ms)
            self._next = first + len(rows)
            self.been_round = self.been_round or self._next >= count

    def work_out(self, now_ms: int) -> Pool:
        count = self.live.video_count()
        if count <= self.small:
            self.go_on(count, now_ms)
        known = np.flatnonzero(np.isfinite(self._worths)).astype(np.int32)
        known = known[self.live.eligible[known]]
        if not len(known):
            return EMPTY
        worths = self._worths[known]
        mean, spread = float(worths.mean()), float(worths.std()) or 1.0
        most = min(PROVEN_MAX, len(known))
        best = np.argpartition(-worths, most - 1)[:most]
        standing = (worths[best] - mean) / spread
        return Pool.of(self.live, known[best], standing.astype(np.float32))
