"""Sources that know nothing of the viewer: the catalogue, or some of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from freshet.feed.draws import Draws
from freshet.feed.parts import Parts
from freshet.feed.query import FeedQuery
from freshet.pipeline import Candidates, Rows

LOST = 0.1  # of a draw that may be gone without another
MORE = 10  # times a draw that is drawn again at most


def _eligible(parts: Parts, rows: Rows) -> Rows:
    eligible: Rows = rows[parts.live.eligible[rows]]
    return eligible


def _all(parts: Parts) -> Rows:
    count = parts.live.video_count()
    return np.flatnonzero(parts.live.eligible[:count]).astype(np.int32)


def distinct(rows: Rows) -> Rows:
    """Each row once, in order. Sorts: of some hundred rows faster than hashing them."""
    rows = np.sort(rows)
    new = np.ones(len(rows), np.bool_)
    new[1:] = rows[1:] != rows[:-1]
    found: Rows = rows[new]
    return found


def drawn(parts: Parts, draws: Draws, n: int) -> Rows:
    """About `n` eligible videos, drawn evenly, each once, in order.

    Drawn by number, with replacement, and made distinct: the cost is that of the sample, not of
    the catalogue. Numbers are never given out again, so some may be of videos that are gone; if
    those are many, it is drawn again, by so much more as of the first draw was lost.
    """
    count = parts.live.video_count()
    first = distinct(draws.below(count, n))
    found = _eligible(parts, first)
    lost = len(first) - len(found)
    if lost <= LOST * len(first):
        return found
    more = min(n * lost // max(len(found), 1), MORE * n)
    again = _eligible(parts, draws.below(count, more))
    return distinct(np.concatenate([found, again]))


@dataclass(frozen=True, slots=True)
class Everything:
    """Every eligible video; of a catalogue beyond `candidates`, a uniform sample: `sample`
    videos, or `candidates` for a viewer of whom nothing is known to search by.

    Tastes that lie close find the same videos, the more so the smaller the catalogue: what
    they leave of `least` is drawn, too.
    """

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        live, settings = self.parts.live, self.parts.settings
        count, most = live.video_count(), settings.candidates
        if count <= most:
            return Candidates(_all(self.parts))
        if len(query.taste(live).liked):
            most = min(max(settings.sample, settings.least - self._others(query)), most)
        return Candidates(drawn(self.parts, query.draws("everything"), most))

    def _others(self, query: FeedQuery) -> int:
        """About how many the other sources bring that the viewer has not seen. Those of pools
        find much of the same."""
        settings = self.parts.settings
        pooled = settings.proven + settings.rising + settings.first_audience
        alone = settings.fresh + settings.explore + pooled // 2
        near = [some.rows for some in query.memo.get("near", ())]
        if not near:
            return alone
        rows = distinct(np.concatenate(near))
        seen = query.seen(self.parts.live, rows, settings.seen_horizon_days)
        return alone + int(np.count_nonzero(~seen))


@dataclass(frozen=True, slots=True)
class Whole:
    """Every eligible video, however many."""

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        return Candidates(_all(self.parts))


@dataclass(frozen=True, slots=True)
class Fresh:
    """The newest `fresh`. Rows are given out as videos are published, so the newest
    stand at the end and the catalogue need not be sorted."""

    parts: Parts

    async def fetch(self, query: FeedQuery) -> Candidates:
        count, most = self.parts.live.video_count(), self.parts.settings.fresh
        tail = np.arange(max(0, count - 4 * most), count, dtype=np.int32)
        rows = _eligible(self.parts, tail)
        newest = np.argsort(-self.parts.live.created_ms[rows], kind="stable")[:most]
        return Candidates(rows[newest])


@dataclass(frozen=True, slots=True)
class Explore:
    """`explore` little-shown videos, the less shown the likelier.

    A weighted draw without replacement with weights 1 / (1 + shown): each draws u^(1/weight)
    and the largest are taken (Efraimidis and Spirakis, 2006). With more videos than it
    needs to look at, it looks at a uniform sample of them.
    """

    parts: Parts
    looked_at_per_taken = 12

    async def fetch(self, query: FeedQuery) -> Candidates:
        live, settings = self.parts.live, self.parts.settings
        draws = query.draws("explore")
        count, most = live.video_count(), settings.explore
        if count <= most * self.looked_at_per_taken:
            rows = _all(self.parts)
        else:
            rows = drawn(self.parts, draws, most * self.looked_at_per_taken)
        shown = live.shown[rows]
        little = shown <= settings.explore_shown_max
        rows, shown = rows[little], shown[little]
        # u^(1 + shown) in logarithms, which are as large where it is as large.
        luck = np.log(draws.random(len(rows))) * (1.0 + shown)
        return Candidates(rows[np.argsort(-luck, kind="stable")[:most]])
