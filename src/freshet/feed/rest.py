"""What a ranking leaves over, kept for the same session: under load its next slate.

It is an order and nothing more. What of it may be shown, and what the viewer wants less of, is
asked anew, as of any candidate.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from freshet.feed.query import FeedQuery, Rest
from freshet.feed.settings import Shedding
from freshet.pipeline import UNASKED, Candidates, Columns, Selector

REST = "rest"  # in a query's memo


@dataclass(frozen=True, slots=True)
class Leaving:
    """A selector that also tells what it left: the `kept` of most value, in the query's memo."""

    selector: Selector[FeedQuery]
    kept: int

    @property
    def stands_for(self) -> Selector[FeedQuery]:
        return self.selector

    @property
    def needs(self) -> Sequence[str]:
        return getattr(self.selector, "needs", ())

    @property
    def adds(self) -> Sequence[str]:
        return getattr(self.selector, "adds", ())

    def select(self, query: FeedQuery, candidates: Candidates) -> Candidates:
        slate = self.selector.select(query, candidates)
        value = np.where(np.isin(candidates.rows, slate.rows), -np.inf, candidates["value"])
        best = np.argsort(-value, kind="stable")[: min(self.kept, len(value) - len(slate))]
        worth, boost = candidates["worth"][best], candidates["boost"][best]
        query.memo[REST] = Rest(candidates.rows[best], worth, boost)
        return slate


@dataclass(frozen=True, slots=True)
class LeftOver:
    """What the session's last ranking left."""

    async def fetch(self, query: FeedQuery) -> Candidates:
        return UNASKED if query.rest is None else Candidates(query.rest.rows)


@dataclass(frozen=True, slots=True)
class AsRanked:
    """What a video was worth when it was ranked; a pinned one, that was not, as the least."""

    adds = ("worth", "boost")

    async def columns(self, query: FeedQuery, candidates: Candidates) -> Columns:
        rest = query.rest
        if rest is None or not len(rest.rows):
            return self.default(candidates)
        order = np.argsort(rest.rows)
        at = order[np.searchsorted(rest.rows[order], candidates.rows).clip(max=len(order) - 1)]
        ranked = rest.rows[at] == candidates.rows
        return {
            "worth": np.where(ranked, rest.worth[at], rest.worth.min()),
            "boost": np.where(ranked, rest.boost[at], np.float32(0.0)),
        }

    def default(self, candidates: Candidates) -> Columns:
        return dict.fromkeys(self.adds, np.zeros(len(candidates), np.float32))


@dataclass(frozen=True, slots=True)
class _Kept:
    rest: Rest
    row: int  # of the viewer
    session_id: str
    digest: bytes  # of the options it was ranked by
    personalised: bool
    remembers: bool  # whether the viewer had a history, which they can have forgotten
    made_ms: int


class Rests:
    """Of one surface's viewers, those asked for last."""

    def __init__(self, settings: Shedding) -> None:
        self._settings = settings
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def keep(
        self, viewer: str, query: FeedQuery, session_id: str, digest: bytes, remembers: bool
    ) -> None:
        """What this query's ranking left, if it was one."""
        rest = query.memo.get(REST)
        if rest is None or not self._settings.on:
            return
        self._kept[viewer] = _Kept(
            rest, query.viewer, session_id, digest, query.personalised, remembers, query.now_ms
        )
        self._kept.move_to_end(viewer)
        # Nobody's order is held for longer than it is of use, also of who never comes back.
        while len(self._kept) > self._settings.sessions or self._late(
            next(iter(self._kept.values())), query.now_ms
        ):
            self._kept.popitem(last=False)

    def of(
        self, viewer: str, query: FeedQuery, session_id: str, digest: bytes, remembers: bool
    ) -> Rest | None:
        """What is left for this very session, asked for in the same way; None if nothing."""
        kept = self._kept.get(viewer)
        if kept is None:
            return None
        same = (
            kept.session_id == session_id
            and kept.digest == digest
            and kept.personalised == query.personalised
            and kept.row in (query.viewer, -1)  # -1: it was their very first feed
        )
        forgotten = kept.remembers and not remembers
        late = self._late(kept, query.now_ms)
        return kept.rest if same and not forgotten and not late else None

    def _late(self, kept: _Kept, now_ms: int) -> bool:
        return now_ms - kept.made_ms > 1_000 * self._settings.kept_s
