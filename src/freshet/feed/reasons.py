"""Why this video: reasons that are true of the very ranking they explain.

A reason has to pass two tests. *Evidence*: what it says is so (you did watch three videos
by this creator). *Weight*: it mattered. The features it speaks of are neutralised in the
item's own vector, the model predicts again, and the value must drop:

    what the viewer did     features of the same video for a viewer without history
    what the video is       the mean vector of the candidates it was ranked against

Reasons are ordered by the drop. An item that chance or a lower rung put there was not put
there by its value, so it says that instead. Where nothing holds, nothing is claimed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote_plus, unquote_plus

import msgspec
import numpy as np
from numpy.typing import NDArray

from freshet.feed.parts import Groups, Live
from freshet.feed.query import FeedQuery
from freshet.feed.value import Value
from freshet.pipeline import Candidates, Columns

# code -> plain words. Parameters are filled in; `weight` is the share of the value.
TEXTS = {
    "creator": "you lately saw {times} by this creator",
    "hashtag": "you lately saw {times} with #{hashtag}",
    "topic": "you lately saw {times} about {topic}",
    "sound": "you lately saw {times} with this sound",
    "alike": "videos like it held you longer than expected lately",
    "length": "videos about this long held you longer than expected lately",
    "followed": "you follow who made it",
    "interest": "it is about an interest you chose",
    "others": "other viewers respond to it better than to most",
    "fresh": "posted {ago} ago",
    "language": "it is in your language",
    "country": "it is from your country",
    "exploring": "exploring: shown {shown} so far, and a place is kept for such videos",
    "new_topic": "something else: you were not shown any of {topic} lately",
    "popular": "shown most often among what you have not seen lately",
    "reopened": "you have seen everything there is; this was longest ago",
    "pinned": "put here by the app",
    "boosted": "boosted by the app",
    "less_of": "you asked for less like it, so it counts for less",
    "unseen": "from what you have not seen lately",
}


class Reason(msgspec.Struct, frozen=True):
    """`weight`: share of the item's value that goes without it; 0 if value did not place it."""

    code: str
    text: str
    params: dict[str, str] = {}
    weight: float = 0.0


def reason(code: str, weight: float = 0.0, **params: str) -> Reason:
    text, params, _ = _told(code, tuple(params.items()))
    return Reason(code, text, params, round(weight, 4))


def written(one: Reason) -> str:
    """As the log keeps it; `read` gives it back.

    >>> written(reason("topic", 0.25, times="2 videos", topic="cats & dogs"))
    'topic?times=2+videos&topic=cats+%26+dogs&weight=0.25'
    """
    _, _, beginning = _told(one.code, tuple(one.params.items()))
    return f"{beginning}weight={one.weight:g}"


# Twenty reasons a feed say much the same: saying all of them anew took half a ms.
@lru_cache(maxsize=1 << 14)
def _told(code: str, params: tuple[tuple[str, str], ...]) -> tuple[str, dict[str, str], str]:
    """Text and parameters of a reason, and how it begins in the log."""
    told = "".join(f"{quote_plus(name)}={quote_plus(what)}&" for name, what in params)
    text = TEXTS[code].format(**dict(params)) if code in TEXTS else code
    return text, dict(params), f"{code}?{told}"


def read(text: str) -> Reason:
    """A reason of the log. One of a later release keeps its code and loses its words."""
    code, _, query = text.partition("?")
    params = {}
    for pair in query.split("&") if query else ():
        name, _, what = pair.partition("=")
        params[_unquoted(name)] = _unquoted(what)
    weight = float(params.pop("weight", "0").replace(" ", "+"))  # the plus of 1e+06
    try:
        return Reason(code, TEXTS[code].format(**params), params, weight)
    except KeyError:
        return Reason(code, code, params, weight)


_unquoted = lru_cache(maxsize=1 << 14)(unquote_plus)


@dataclass(frozen=True, slots=True)
class Group:
    """Features that one reason speaks of: by name, or by the beginning of their names."""

    code: str
    neutral: Literal["stranger", "typical"]
    names: tuple[str, ...] = ()
    prefix: str = ""
    without: tuple[str, ...] = ()  # beginnings that the prefix does not mean

    def has(self, feature: str) -> bool:
        if self.prefix and feature.startswith(self.prefix):
            return not feature.startswith(self.without)
        return feature in self.names


def _past(code: str) -> Group:
    """What the viewer made of earlier videos with the same creator, topic, ..."""
    return Group(
        code, "stranger", tuple(f"{code}_{name}" for name in ("shown", "long", "surprise"))
    )


GROUPS = (
    _past("creator"),
    _past("hashtag"),
    _past("topic"),
    _past("sound"),
    Group("alike", "stranger", prefix="alike_"),
    Group("length", "stranger", ("length_weight", "length_surprise")),
    Group("followed", "stranger", ("creator_followed",)),
    Group("interest", "stranger", ("interest_match",)),
    Group("language", "stranger", ("language_match",)),
    Group("country", "stranger", ("country_match",)),
    Group("others", "typical", prefix="video_", without=("video_age", "video_trait")),
    Group("fresh", "typical", ("video_age_h",)),
)

# Reasons whose evidence is in the vector itself: true if this feature is above 0.
SAID_BY = {
    "alike": "alike_surprise",
    "length": "length_surprise",
    "followed": "creator_followed",
    "interest": "interest_match",
    "language": "language_match",
    "country": "country_match",
}

FRESH_MS = 48 * 3_600_000  # a video is called fresh this long
OTHERS_MIN = 20  # impressions before one may speak of other viewers


@dataclass(frozen=True, slots=True)
class Placed:
    """The one reason of a rung whose order is not by value."""

    code: str
    adds = ("reasons",)

    async def columns(self, query: FeedQuery, candidates: Candidates) -> Columns:
        return self.default(candidates)

    def default(self, candidates: Candidates) -> Columns:
        return {"reasons": _column([[reason(self.code)]] * len(candidates))}


@dataclass(frozen=True, slots=True)
class Reasons:
    """Explains a slate. Groups whose features the model does not have are never claimed.

    `first`: what is true of everything on this surface, whatever it weighs.
    """

    live: Live
    value: Value
    most: int = 3
    share_min: float = 0.01
    first: str = ""
    codes: tuple[str, ...] = field(init=False)  # of the groups that the model has features of
    groups: Groups = field(init=False)
    said_at: dict[str, int] = field(init=False)  # code -> where the feature is
    needs = (
        "features", "typical", "worth", "value", "boost", "less_of", "explored", "novel",
        "pinned", "shown",
    )  # fmt: skip
    adds = ("reasons",)

    def __post_init__(self) -> None:
        names = list(self.live.feature_names)
        found = [
            (group, [i for i, name in enumerate(names) if group.has(name)]) for group in GROUPS
        ]
        found = [(group, columns) for group, columns in found if columns]
        groups = Groups(
            np.array([column for _, columns in found for column in columns], np.int32),
            np.cumsum([len(columns) for _, columns in found], dtype=np.int32),
            np.array([group.neutral == "stranger" for group, _ in found], np.bool_),
        )
        object.__setattr__(self, "codes", tuple(group.code for group, _ in found))
        object.__setattr__(self, "groups", groups)
        at = {code: names.index(name) for code, name in SAID_BY.items() if name in names}
        object.__setattr__(self, "said_at", at)

    async def columns(self, query: FeedQuery, candidates: Candidates) -> Columns:
        return {"reasons": _column(self.of(query, candidates))}

    def default(self, candidates: Candidates) -> Columns:
        return {"reasons": _column([[reason("unseen")]] * len(candidates))}

    def of(self, query: FeedQuery, slate: Candidates) -> list[list[Reason]]:
        """For each item, at least one reason and at most `most`, weightiest first."""
        weights = self.weights(query, slate)
        said = _Said(self.live, self.said_at, query, slate)
        weigh: list[list[tuple[str, float]]] = [[] for _ in range(len(slate))]
        for g, i in np.argwhere(weights >= self.share_min).tolist():
            weigh[i].append((self.codes[g], float(weights[g, i])))
        return [self._item(slate, i, weigh[i], said) for i in range(len(slate))]

    def weights(self, query: FeedQuery, slate: Candidates) -> NDArray[Any]:
        """Per group of `codes`, (G, n): the share of each item's value that its features
        account for."""
        if not len(slate) or not self.codes:
            return np.zeros((len(self.codes), len(slate)))
        ranked = self.live.without(
            slate.rows, query.now_ms, query.surface, slate["features"], slate["typical"],
            self.groups,
        )  # fmt: skip
        worth = self.value.of(ranked.predictions, ranked.watch_s).reshape(-1, len(slate))
        own = worth[0]
        drop: NDArray[Any] = (own - worth[1:]) / np.maximum(np.abs(own), 1e-9)
        # A vector that does not give the value it was ranked by (a stand-in after a failed
        # prediction) explains nothing.
        told = slate["worth"]
        drop[:, ~(np.abs(own - told) <= 1e-6 + 1e-3 * np.abs(told))] = 0.0
        return drop

    def _item(
        self, slate: Candidates, i: int, weigh: list[tuple[str, float]], said: _Said
    ) -> list[Reason]:
        if slate["pinned"][i]:
            return [reason("pinned")]
        if slate["explored"][i]:
            return [reason("exploring", shown=_times(int(slate["shown"][i]), "time"))]
        value, boost, less_of = (float(slate[name][i]) for name in ("value", "boost", "less_of"))
        if (share := boost / max(abs(value), 1e-9)) >= self.share_min:
            weigh.append(("boosted", share))
        true = [reason(self.first)] if self.first else []
        if slate["novel"][i]:
            topic = self.live.names("topic", int(self.live.topics[slate.rows[i : i + 1]][0, 0]))
            true.append(reason("new_topic", topic=topic))
        for code, weight in sorted(weigh, key=lambda one: -one[1]):
            if len(true) >= self.most:
                break
            if code != self.first and (params := said.of(code, i)) is not None:
                true.append(reason(code, weight, **params))
        if (share := less_of / max(abs(value), 1e-9)) >= self.share_min:
            true.append(reason("less_of", -share))  # what speaks against it, beside the others
        return true or [reason("unseen")]


class _Said:
    """Evidence: what a reason says of an item, or None if it is not so.

    What the viewer did is counted over their last views; beyond that, what is said is in the
    vector or in the catalogue.
    """

    def __init__(
        self, live: Live, said_at: dict[str, int], query: FeedQuery, slate: Candidates
    ) -> None:
        self._live, self._slate = live, slate
        self._common = live.in_common(query.known_as, slate.rows)
        above = slate["features"][:, list(said_at.values())] > 0
        self._above = dict(zip(said_at, above.T.tolist(), strict=True))
        self._ages_ms = (query.now_ms - live.created_ms[slate.rows]).tolist()

    def of(self, code: str, i: int) -> dict[str, str] | None:
        if code in self._common:
            row, times = self._common[code][i]
            if not times:
                return None
            named = {code: self._live.names(code, row)} if code in ("hashtag", "topic") else {}
            return {"times": _times(times, "video"), **named}
        if code in self._above:
            return {} if self._above[code][i] else None
        if code == "boosted":
            return {}
        if code == "others":
            return {} if self._slate["shown"][i] >= OTHERS_MIN else None
        if code == "fresh" and 0 <= self._ages_ms[i] <= FRESH_MS:
            return {"ago": _ago(int(self._ages_ms[i]))}
        return None


def _column(reasons: list[list[Reason]]) -> NDArray[Any]:
    """One list of reasons per item, as a column of objects."""
    column = np.empty(len(reasons), object)
    for i, why in enumerate(reasons):
        column[i] = why
    return column


def _times(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _ago(ms: int) -> str:
    """
    >>> _ago(90_000), _ago(7_200_000)
    ('1 min', '2 h')
    """
    minutes = ms // 60_000
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
