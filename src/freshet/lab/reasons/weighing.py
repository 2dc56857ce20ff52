"""What reasons weigh, worked out anew from the vectors of the very ranking.

None of the code that gives reasons is used: which inputs a reason speaks of is said here by
name, and what they would be without the acts that are named is counted here view by view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.catalogue import facts
from freshet.features import ring
from freshet.feed.query import FeedQuery
from freshet.feed.value import Value
from freshet.learning.live import Live
from freshet.pipeline import Candidates

FOR_A_STRANGER = {
    "length": ("length_weight", "length_surprise"), "followed": ("creator_followed",),
    "interest": ("interest_match",), "language": ("language_match",),
    "country": ("country_match",),
    "alike": ("alike_shown", "alike_long", "alike_surprise", "alike_nearest"),
}  # fmt: skip
SHARED = {
    "creator": slice(facts.CREATOR, facts.CREATOR + 1),
    "sound": slice(facts.SOUND, facts.SOUND + 1),
    "hashtag": slice(facts.HASHTAG, facts.HASHTAG + facts.HASHTAGS),
    "topic": slice(facts.TOPIC, facts.TOPIC + facts.TOPICS),
}  # fmt: skip
ABOVE_0 = {
    "alike": "alike_surprise", "length": "length_surprise", "others": "video_long_view",
}  # fmt: skip


class Weighed:
    """One slate, with the state that ranked it."""

    def __init__(
        self, live: Live, weights: Mapping[str, float], query: FeedQuery, slate: Candidates
    ) -> None:
        self.live, self.query, self.slate = live, query, slate
        self._value = Value(weights, live.outcomes)
        self._names = list(live.feature_names)
        self._stranger = live.rank(-1, slate.rows, query.now_ms, query.surface).features

    def says(self, code: str, i: int) -> bool:
        """Whether the input that a reason rests on says so."""
        at = ABOVE_0.get(code)
        return at is None or bool(self.slate["features"][i, self._names.index(at)] > 0)

    def drop(self, code: str, i: int, named: Sequence[str]) -> float:
        """Share of the value that goes when what the reason speaks of says nothing.

        Args:
            named: videos whose views are left out.
        """
        vector = self.slate["features"][i].copy()
        before = self._worth(vector)
        if code in SHARED:
            values = self._rest(code, int(self.slate.rows[i]), named)
            for name, value in zip(("shown", "long", "surprise"), values, strict=True):
                vector[self._names.index(f"{code}_{name}")] = value
        elif code in FOR_A_STRANGER:
            at = [self._names.index(name) for name in FOR_A_STRANGER[code]]
            vector[at] = self._stranger[i, at]
        elif code in ("others", "fresh"):
            at = [k for k, name in enumerate(self._names) if _of_the_video(code, name)]
            vector[at] = self.slate["typical"][i, at]
        else:
            return 0.0
        return (before - self._worth(vector)) / abs(before)

    def _worth(self, vector: NDArray[Any]) -> float:
        ranked = self.live.predict(vector[None])
        return float(self._value.of(ranked.predictions, ranked.watch_s)[0])

    def _rest(self, kind: str, video: int, named: Sequence[str]) -> tuple[float, float, float]:
        """The three inputs of a kind, without the views of some videos."""
        row, left_out = self.query.viewer, {self.live.video_row(name) for name in named}
        ints = self.live.row_of(row)
        floats = ints.view(np.float32)
        things = self.live.video_facts[:, SHARED[kind]]
        mine = set(things[video].tolist()) - {-1}
        shown = long = surprise = 0.0
        for at in range(min(int(ints[ring.H_COUNT]), ring.HISTORY)):
            bits, watched = int(ints[ring.H_BITS + at]), int(ints[ring.H_VIDEO + at])
            known = bits & (ring.COUNTED | ring.CLOSED) and watched not in left_out
            if known and mine & set(things[watched].tolist()):
                was_long = bool(bits & ring.LONG_BIT)
                shown += 1
                long += was_long
                surprise += was_long - float(floats[ring.H_EXPECTED + at])
        return float(np.log1p(shown)), float(np.log1p(long)), surprise / (shown + 1.5)


def _of_the_video(code: str, name: str) -> bool:
    if code == "fresh":
        return name == "video_age_h"
    return name.startswith("video_") and not name.startswith(("video_age", "video_trait"))
