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
from numba import njit
from numpy.typing import NDArray

from freshet.feed.parts import Floats, Ints, Live, Ranked
from freshet.feed.query import FeedQuery
from freshet.feed.value import Value
from freshet.pipeline import Candidates, Columns

# code -> plain words. Parameters are filled in; `weight` is the share of the value.
TEXTS = {
    "creator": "you lately saw {times} by this creator",
    "hashtag": "you lately saw {times} with #{hashtag}",
    "topic": "you lately saw {times} about {topic}",
    "sound": "you lately saw {times} with this sound",
    "length": "videos about this long held you longer than expected lately",
    "followed": "you follow who made it",
    "interest": "it is about an interest you chose",
    "others": "other viewers respond to it better than to most",
    "fresh": "posted {ago} ago",
    "language": "it is in your language",
    "country": "it is from your country",
    "exploring": "exploring: shown {shown} so far, and a place is kept for such videos",
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
    return Reason(code, TEXTS[code].format(**params), params, round(weight, 4))


def written(one: Reason) -> str:
    """As the log keeps it; `read` gives it back.

    >>> written(reason("topic", 0.25, times="2 videos", topic="cats & dogs"))
    'topic?times=2+videos&topic=cats+%26+dogs&weight=0.25'
    """
    if not one.params:
        return f"{one.code}?weight={one.weight:g}"
    said = "".join(f"{_quoted(name)}={_quoted(what)}&" for name, what in one.params.items())
    return f"{one.code}?{said}weight={one.weight:g}"


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


# Twenty reasons a feed say much the same: quoting all of them anew took a third of a ms.
_quoted = lru_cache(maxsize=1 << 14)(quote_plus)
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
    groups: tuple[tuple[Group, Ints], ...] = field(init=False)
    said_at: dict[str, int] = field(init=False)  # code -> where the feature is, -1 = nowhere
    needs = (
        "features", "typical", "worth", "value", "boost", "less_of", "explored", "pinned",
        "shown",
    )  # fmt: skip
    adds = ("reasons",)

    def __post_init__(self) -> None:
        found = ((group, self._features_of(group)) for group in GROUPS)
        object.__setattr__(self, "groups", tuple((g, cols) for g, cols in found if len(cols)))
        names = list(self.live.feature_names)
        at = {code: names.index(name) if name in names else -1 for code, name in SAID_BY.items()}
        object.__setattr__(self, "said_at", at)

    async def columns(self, query: FeedQuery, candidates: Candidates) -> Columns:
        return {"reasons": _column(self.of(query, candidates))}

    def default(self, candidates: Candidates) -> Columns:
        return {"reasons": _column([[reason("unseen")]] * len(candidates))}

    def of(self, query: FeedQuery, slate: Candidates) -> list[list[Reason]]:
        """For each item, at least one reason and at most `most`, weightiest first."""
        weights = self.weights(query, slate)
        said = self._evidence(query, slate)
        return [self._item(slate, i, weights, said) for i in range(len(slate))]

    def weights(self, query: FeedQuery, slate: Candidates) -> dict[str, NDArray[Any]]:
        """Per group, (n,): the share of each item's value that its features account for."""
        if not len(slate) or not self.groups:
            return {}
        served: Floats = slate["features"]
        stranger = self.live.rank(-1, slate.rows, query.now_ms, query.surface).features
        neutral = {"stranger": stranger, "typical": slate["typical"]}
        changed = [served]
        for group, columns in self.groups:
            without = served.copy()
            without[:, columns] = neutral[group.neutral][:, columns]
            changed.append(without)
        ranked: Ranked = self.live.predict(np.concatenate(changed))
        worth = self.value.of(ranked.predictions, ranked.watch_s).reshape(len(changed), -1)
        drop = (worth[0] - worth[1:]) / np.maximum(np.abs(worth[0]), 1e-9)
        # A vector that does not give the value it was ranked by (a stand-in after a failed
        # prediction) explains nothing.
        drop[:, ~np.isclose(worth[0], slate["worth"], rtol=1e-3, atol=1e-6)] = 0.0
        return {group.code: drop[g] for g, (group, _) in enumerate(self.groups)}

    def _item(
        self,
        slate: Candidates,
        i: int,
        weights: dict[str, NDArray[Any]],
        said: dict[str, list[dict[str, str] | None]],
    ) -> list[Reason]:
        if slate["pinned"][i]:
            return [reason("pinned")]
        if slate["explored"][i]:
            return [reason("exploring", shown=_times(int(slate["shown"][i]), "time"))]
        true = [
            reason(code, float(weight[i]), **params)
            for code, weight in weights.items()
            if weight[i] >= self.share_min and (params := said[code][i]) is not None
        ]
        value, boost, less_of = (float(slate[name][i]) for name in ("value", "boost", "less_of"))
        if (share := boost / max(abs(value), 1e-9)) >= self.share_min:
            true.append(reason("boosted", share))
        true.sort(key=lambda one: -one.weight)
        said_first = [reason(self.first)] if self.first else []
        true = [*said_first, *(one for one in true if one.code != self.first)][: self.most]
        if (share := less_of / max(abs(value), 1e-9)) >= self.share_min:
            true.append(reason("less_of", -share))  # what speaks against it, beside the others
        return true or [reason("unseen")]

    # --- evidence: what a reason says, or None if it is not so --------------------------------

    def _evidence(
        self, query: FeedQuery, slate: Candidates
    ) -> dict[str, list[dict[str, str] | None]]:
        live = self.live
        rows, recent = slate.rows, live.recent(query.known_as)
        hashtag = _most_common(live.hashtags[rows], live.hashtags[recent])
        topic = _most_common(live.topics[rows], live.topics[recent])
        creator = _most_common(live.creator[rows][:, None], live.creator[recent][:, None])
        sound = _most_common(live.sound[rows][:, None], live.sound[recent][:, None])
        said: dict[str, list[dict[str, str] | None]] = {
            "creator": [_watched(times) for _, times in creator],
            "sound": [_watched(times) for _, times in sound],
            "hashtag": [self._named("hashtag", row, times) for row, times in hashtag],
            "topic": [self._named("topic", row, times) for row, times in topic],
        }
        # Beyond the viewer's own acts, what is said is in the vector or in the catalogue.
        for code, at in self.said_at.items():
            above = slate["features"][:, at] > 0 if at >= 0 else np.zeros(len(slate), np.bool_)
            said[code] = [{} if yes else None for yes in above.tolist()]
        said["others"] = [{} if shown >= OTHERS_MIN else None for shown in slate["shown"].tolist()]
        ages_ms = (query.now_ms - live.created_ms[rows]).tolist()
        said["fresh"] = [{"ago": _ago(int(ms))} if 0 <= ms <= FRESH_MS else None for ms in ages_ms]
        return said

    def _named(self, kind: str, row: int, times: int) -> dict[str, str] | None:
        watched = _watched(times)
        return None if watched is None else {**watched, kind: self.live.names(kind, row)}

    def _features_of(self, group: Group) -> Ints:
        names = self.live.feature_names
        return np.array([i for i, name in enumerate(names) if group.has(name)], np.int32)


def _column(reasons: list[list[Reason]]) -> NDArray[Any]:
    """One list of reasons per item, as a column of objects."""
    column = np.empty(len(reasons), object)
    for i, why in enumerate(reasons):
        column[i] = why
    return column


def _most_common(mine: NDArray[Any], past: NDArray[Any]) -> list[tuple[int, int]]:
    """For each item (n, k) of values, the one most videos of `past` (m, k') bear, and on how
    many. Values below 0 count as none.

    >>> _most_common(np.array([[1, 2], [5, -1]]), np.array([[2, 3], [2, 1], [-1, -1]]))
    [(2, 2), (5, 0)]
    """
    found = np.empty((len(mine), 2), np.int64)
    _count(np.asarray(mine), np.asarray(past), found)
    return [(value, times) for value, times in found.tolist()]


@njit(cache=True)
def _count(mine, past, found):  # type: ignore[no-untyped-def]
    for i in range(mine.shape[0]):
        found[i, 0], found[i, 1] = mine[i, 0], 0
        for k in range(mine.shape[1]):
            times = 0
            for m in range(past.shape[0] if mine[i, k] >= 0 else 0):
                for other in range(past.shape[1]):
                    if past[m, other] == mine[i, k]:
                        times += 1
                        break
            if times > found[i, 1]:
                found[i, 0], found[i, 1] = mine[i, k], times


def _watched(times: int) -> dict[str, str] | None:
    return {"times": _times(times, "video")} if times > 0 else None


def _times(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _ago(ms: int) -> str:
    """
    >>> _ago(90_000), _ago(7_200_000)
    ('1 min', '2 h')
    """
    minutes = ms // 60_000
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
