"""An app's options as rows of the catalogue, and the stages that heed them.

Pinned     source    the videos the app wants at a place of their own
Matching   source    what passes the filters, so that narrow ones still fill a feed
Asked      enricher  does a candidate pass filters and exclusions
AsAsked    filter    hides what does not
Boosts     scorer    value the app adds or takes
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from freshet.feed.draws import Draws
from freshet.feed.options import ADD_MAX, MULTIPLY_MAX, Filters, Options
from freshet.feed.parts import Ints, Live, Parts
from freshet.pipeline import UNASKED, Candidates, Columns, Mask, Rows

NO_FILTERS = Filters()
NO_ROWS: Rows = np.empty(0, np.int32)

# filter -> the column it reads, and the kind of name it lists
LISTS = {
    "creators": ("creator", "creator"),
    "sounds": ("sound", "sound"),
    "hashtags": ("hashtags", "hashtag"),
    "topics": ("topics", "topic"),
    "languages": ("language", "language"),
    "countries": ("country", "country"),
}
# kind of boost -> the column it reads
COLUMN_OF = {"creator": "creator", "sound": "sound", "hashtag": "hashtags", "topic": "topics"}


@dataclass(frozen=True, slots=True)
class RowBoost:
    column: str  # "" = the video itself
    row: int
    multiply: float
    add: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """Options in rows. A name nobody has heard of matches nothing."""

    only: tuple[tuple[str, Ints], ...] = ()  # column, rows of which one must be borne
    videos: Rows | None = None  # only these
    exclude: Rows = field(default_factory=lambda: NO_ROWS)
    filters: Filters = NO_FILTERS
    pins: tuple[tuple[int, int], ...] = ()  # (row, place), in the order of places
    unknown_pins: tuple[tuple[str, int], ...] = ()
    boosts: tuple[RowBoost, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether anything eligible could fail."""
        return self.filters != NO_FILTERS or len(self.exclude) > 0

    def passes(self, live: Live, rows: Rows) -> Mask:
        """Which of `rows` (n,) meet all filters and no exclusion."""
        passed: Mask = np.ones(len(rows), np.bool_)
        for column, allowed in self.only:
            passed &= _bears(getattr(live, column)[rows], allowed)
        if self.videos is not None:
            passed &= np.isin(rows, self.videos)
        if len(self.exclude):
            passed &= ~np.isin(rows, self.exclude)
        return passed & self._within(live, rows)

    def _within(self, live: Live, rows: Rows) -> Mask:
        ask = self.filters
        passed: Mask = np.ones(len(rows), np.bool_)
        if ask.duration_min_ms is not None or ask.duration_max_ms is not None:
            lasts = live.duration_ms[rows]
            passed &= (lasts > 0) & (lasts >= (ask.duration_min_ms or 0))
            passed &= lasts <= (2**31 - 1 if ask.duration_max_ms is None else ask.duration_max_ms)
        if ask.created_after is not None:
            passed &= live.created_ms[rows] >= ask.created_after
        if ask.created_before is not None:
            passed &= live.created_ms[rows] < ask.created_before
        return passed


NOTHING_ASKED = Wanted()


def wanted(options: Options, live: Live) -> Wanted:
    """Rows for an app's names. Creators are named by key."""
    if options == Options(personalised=options.personalised):
        return NOTHING_ASKED
    filters = options.filters
    only = tuple(
        (column, _rows(live.row(kind, name) for name in names))
        for list_name, (column, kind) in LISTS.items()
        if (names := getattr(filters, list_name)) is not None
    )
    videos = filters.videos
    pins = sorted((place, video) for video, place in options.pins.items())
    pinned = [(live.video_row(video), video, place) for place, video in pins]
    return Wanted(
        only=only,
        videos=None if videos is None else _rows(live.video_row(video) for video in videos),
        exclude=_rows(live.video_row(video) for video in options.exclude),
        filters=filters,
        pins=tuple((row, place) for row, _, place in pinned if row >= 0),
        unknown_pins=tuple((video, place) for row, video, place in pinned if row < 0),
        boosts=tuple(_boosts(options, live)),
    )


def _boosts(options: Options, live: Live) -> Iterable[RowBoost]:
    for one in options.boosts:
        if one.kind == "video":
            column, row = "", live.video_row(one.target)
        else:
            column, row = COLUMN_OF[one.kind], live.row(one.kind, one.target)
        if row >= 0:
            yield RowBoost(column, row, one.multiply, one.add)


def _rows(found: Iterable[int]) -> Rows:
    return np.array(sorted({row for row in found if row >= 0}), np.int32)


def _bears(column: NDArray[Any], allowed: NDArray[Any]) -> Mask:
    """(n,) or (n, k) values, -1 = none: is one of them allowed."""
    hit = np.isin(column, allowed).reshape(len(column), -1)
    return np.asarray(hit.any(axis=1), np.bool_)


class Asking(Protocol):
    """The part of a query that these stages read."""

    @property
    def wanted(self) -> Wanted: ...

    def draws(self, stream: str) -> Draws: ...


# --- stages ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pinned:
    """The videos the app wants at a place of their own."""

    parts: Parts

    async def fetch(self, query: Asking) -> Candidates:
        if not query.wanted.pins:
            return UNASKED
        return Candidates(np.array([row for row, _ in query.wanted.pins], np.int32))


@dataclass(frozen=True, slots=True)
class Matching:
    """What passes the filters, of a large catalogue a uniform sample of it; nothing where
    nothing is filtered. A sample of everything would hold little of what a narrow filter
    lets through."""

    parts: Parts

    async def fetch(self, query: Asking) -> Candidates:
        live, most = self.parts.live, self.parts.settings.candidates
        if not query.wanted.narrows:
            return UNASKED
        rows = np.flatnonzero(live.eligible[: live.video_count()]).astype(np.int32)
        rows = rows[query.wanted.passes(live, rows)]
        return Candidates(query.draws("matching").some(rows, most))


@dataclass(frozen=True, slots=True)
class Asked:
    """Does a candidate pass the app's filters and exclusions."""

    parts: Parts
    adds = ("asked",)

    async def columns(self, query: Asking, candidates: Candidates) -> Columns:
        if not query.wanted.narrows:
            return {"asked": np.ones(len(candidates), np.bool_)}
        return {"asked": query.wanted.passes(self.parts.live, candidates.rows)}

    def default(self, candidates: Candidates) -> Columns:
        return {"asked": np.zeros(len(candidates), np.bool_)}


@dataclass(frozen=True, slots=True)
class AsAsked:
    """Hide what the app did not ask for. The last of the filters: what it drops, nothing
    else would have."""

    needs = ("asked",)

    def keep(self, query: Asking, candidates: Candidates) -> Mask:
        return candidates["asked"]


@dataclass(frozen=True, slots=True)
class Boosts:
    """Value that the app's boosts add, below 0 what they take.

    A multiplier m of a worth w adds (m − 1) · |w|: a boost never lowers, whatever the sign.
    """

    parts: Parts
    needs = ("worth",)
    adds = ("boost",)
    default = 0.0

    def score(self, query: Asking, candidates: Candidates) -> NDArray[np.float32]:
        if not query.wanted.boosts:
            return np.zeros(len(candidates), np.float32)
        multiply = np.ones(len(candidates))
        add = np.zeros(len(candidates))
        for one in query.wanted.boosts:
            hit = self._hit(one, candidates.rows)
            multiply[hit] *= one.multiply
            add[hit] += one.add
        multiply = np.clip(multiply, 0, MULTIPLY_MAX)
        add = np.clip(add, -ADD_MAX, ADD_MAX)
        boost: NDArray[np.float32] = (multiply - 1) * np.abs(candidates["worth"]) + add
        return boost.astype(np.float32)

    def _hit(self, one: RowBoost, rows: Rows) -> Mask:
        if not one.column:
            return np.isin(rows, one.row)
        column = getattr(self.parts.live, one.column)[rows]
        return _bears(column, np.array([one.row], np.int32))
