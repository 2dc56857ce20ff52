"""What is asked of a feed, with everything a stage may depend on: no clock, no hidden chance."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from freshet.feed.draws import Draws
from freshet.feed.parts import Floats, Live
from freshet.feed.wanted import NOTHING_ASKED, Wanted
from freshet.pipeline import NOTHING, Candidates, Mask, Rows

NO_ROWS: Rows = np.empty(0, np.int32)
DAY_MS = 86_400_000

# One stream of random numbers per stage that draws, so that a stage added later does not
# change what the others draw.
STREAMS = {
    "everything": 1, "explore": 2, "diverse": 3, "matching": 4, "first_audience": 5, "trials": 6,
}  # fmt: skip


NO_INTERESTS = np.empty((0, 64), np.float32), np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Taste:
    """What is known of whoever a feed is for, as sources search by it."""

    liked: Rows  # videos they lately liked, newest first
    centroids: Floats  # (k, 64) of what they lately liked
    shares: Floats  # (k,) how much of it is near each
    country: int  # row, -1 = not known
    language: int


@dataclass(frozen=True, slots=True)
class Rest:
    """What a ranking left over, best first."""

    rows: Rows
    worth: Floats  # (n,) by the value table
    boost: Floats  # (n,) what the app added


@dataclass(frozen=True, slots=True)
class FeedQuery:
    viewer: int  # row, -1 = no history
    n: int
    now_ms: int
    seed: int
    surface: str = "for_you"
    served: Rows = field(default_factory=lambda: NO_ROWS)  # in this session, not folded yet
    served_since_s: int = 0  # when the session began, seconds since 2020
    before: Candidates = NOTHING  # the session's last items, newest first, for topic spread
    adjacent: Candidates = NOTHING  # what the first item comes to stand behind, for spacing
    met: Candidates = NOTHING  # what the viewer was lately shown: topics that are not new
    wanted: Wanted = NOTHING_ASKED  # the app's filters, exclusions, pins and boosts
    given: Rows = field(default_factory=lambda: NO_ROWS)  # a list the app wants ranked
    personalised: bool = True
    utc_offset_min: int | None = None  # how far the viewer's clock is ahead, if it is known
    rest: Rest | None = None  # what the session's last ranking left, where that may be served
    certain: bool = False  # no place goes to chance
    # What stages worked out for this request and others need, too.
    memo: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def known_as(self) -> int:
        """Row of whoever the ranking may know things of: the viewer, or nobody. What they
        have seen, hidden and blocked counts either way."""
        return self.viewer if self.personalised else -1

    def seen(self, live: Live, rows: Rows, horizon_days: int) -> Mask:
        """(n,) what the viewer was shown within the horizon, or was served in this session,
        whether or not they got to it."""
        horizon_ms = horizon_days * DAY_MS
        found = live.seen(self.viewer, rows, self.now_ms, horizon_ms, self.served_since_s)
        return found | np.isin(rows, self.served) if len(self.served) else found

    def draws(self, stream: str) -> Draws:
        """The random numbers of one stage for this request: same request, same draws."""
        return Draws(self.seed, STREAMS[stream])

    def taste(self, live: Live) -> Taste:
        """What sources search by; read once a request."""
        taste: Taste | None = self.memo.get("taste")
        if taste is None:
            who = self.known_as
            liked = live.liked(who)
            centroids, shares = live.interests(who) if len(liked) else NO_INTERESTS
            taste = self.memo["taste"] = Taste(liked, centroids, shares, *live.home(who))
        return taste


def request_seed(seed: int, request_id: str) -> int:
    """48 bits, so that a client's JSON keeps them exactly.

    >>> request_seed(0, "a") == request_seed(0, "a") != request_seed(1, "a")
    True
    """
    digest = hashlib.blake2b(f"{seed}:{request_id}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")
