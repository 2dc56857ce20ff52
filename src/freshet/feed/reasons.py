"""Why this video: reasons that are true of the very ranking they explain.

A reason has to pass two tests. *Evidence*: what it says is so (you did finish three videos
by this creator in the last hour). *Weight*: it mattered. The features it speaks of are
neutralised in the item's own vector, the model predicts again, and the value must drop:

    acts that are named     its features as they would be without the views they name
    what else they are      features of the same video for a viewer without history
    what the video is       the mean vector of the candidates it was ranked against

Reasons are ordered by the drop. An item that chance or a lower rung put there was not put
there by its value, so it says that instead. Where nothing holds, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from freshet.catalogue.facts import seconds
from freshet.feed.parts import Groups, InCommon, Live
from freshet.feed.query import FeedQuery
from freshet.feed.reason import Reason, reason
from freshet.feed.value import Value
from freshet.pipeline import Candidates, Columns


@dataclass(frozen=True, slots=True)
class Group:
    """Features that one reason speaks of: by name, or by the beginning of their names."""

    code: str
    neutral: Literal["rest", "stranger", "typical"]
    names: tuple[str, ...] = ()
    prefix: str = ""
    without: tuple[str, ...] = ()  # beginnings that the prefix does not mean

    def has(self, feature: str) -> bool:
        if self.prefix and feature.startswith(self.prefix):
            return not feature.startswith(self.without)
        return feature in self.names


PAST = ("shown", "long", "surprise")  # inputs of a kind, as `InCommon.rest` has them


def _past(code: str) -> Group:
    """What the viewer made of earlier videos with the same creator, topic, ..."""
    return Group(code, "rest", tuple(f"{code}_{name}" for name in PAST))


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

KINDS = tuple(group.code for group in GROUPS if group.neutral == "rest")

# Reasons whose evidence is in the vector itself: true if this feature is above 0.
SAID_BY = {
    "alike": "alike_surprise",
    "length": "length_surprise",
    "followed": "creator_followed",
    "interest": "interest_match",
    "language": "language_match",
    "country": "country_match",
    "others": "video_long_view",
}

FRESH_MS = 48 * 3_600_000  # a video is called fresh this long
DAY_S = 86_400
WINDOWS = {"hour": 3_600, "day": DAY_S, "week": 7 * DAY_S}  # the times acts are told of
OTHERS_MIN = 20  # views before one may speak of other viewers


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
    # Of the inputs that `InCommon.rest` has, (kinds x 3,), those the model has, and where.
    rest: NDArray[np.int32] = field(init=False)
    rest_at: NDArray[np.int32] = field(init=False)
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
        past = [name for group in GROUPS if group.neutral == "rest" for name in group.names]
        known = [(k, names.index(name)) for k, name in enumerate(past) if name in names]
        rest = np.array(known, np.int32).reshape(-1, 2)
        object.__setattr__(self, "rest", rest[:, 0])
        object.__setattr__(self, "rest_at", rest[:, 1])

    async def columns(self, query: FeedQuery, candidates: Candidates) -> Columns:
        return {"reasons": _column(self.of(query, candidates))}

    def default(self, candidates: Candidates) -> Columns:
        return {"reasons": _column([[reason("unseen")]] * len(candidates))}

    def of(self, query: FeedQuery, slate: Candidates) -> list[list[Reason]]:
        """For each item, at least one reason and at most `most`, weightiest first."""
        common = self.live.in_common(query.known_as, slate.rows)
        weights = self.weights(query, slate, common)
        said = _Said(self.live, self.said_at, query, slate, common)
        weigh: list[list[tuple[str, float]]] = [[] for _ in range(len(slate))]
        for g, i in np.argwhere(weights >= self.share_min).tolist():
            weigh[i].append((self.codes[g], float(weights[g, i])))
        items = zip(*(slate[name].tolist() for name in Item._fields), strict=True)
        return [self._item(i, Item(*one), weigh[i], said) for i, one in enumerate(items)]

    def weights(self, query: FeedQuery, slate: Candidates, common: InCommon) -> NDArray[Any]:
        """Per group of `codes`, (G, n): the share of each item's value that its features
        account for."""
        if not len(slate) or not self.codes:
            return np.zeros((len(self.codes), len(slate)))
        instead = np.array(slate["typical"])
        rest = np.concatenate([common.rest[kind] for kind in KINDS], axis=1)
        instead[:, self.rest_at] = rest[:, self.rest]
        ranked = self.live.without(
            slate.rows, query.now_ms, query.surface, slate["features"], instead, self.groups
        )
        worth = self.value.of(ranked.predictions, ranked.watch_s).reshape(-1, len(slate))
        own = worth[0]
        drop: NDArray[Any] = (own - worth[1:]) / np.maximum(np.abs(own), 1e-9)
        # A vector that does not give the value it was ranked by (a stand-in after a failed
        # prediction) explains nothing.
        told = slate["worth"]
        drop[:, ~(np.abs(own - told) <= 1e-6 + 1e-3 * np.abs(told))] = 0.0
        return drop

    def _item(
        self, i: int, item: Item, weigh: list[tuple[str, float]], said: _Said
    ) -> list[Reason]:
        if item.pinned:
            return [reason("pinned")]
        if item.explored:
            return [reason("exploring", count=str(int(item.shown)))]
        value = max(abs(item.value), 1e-9)
        if (share := item.boost / value) >= self.share_min:
            weigh.append(("boosted", share))
        true = [reason(self.first)] if self.first else []
        if item.novel:
            true.append(reason("new_topic", topic=said.topic(i)))
        for code, weight in sorted(weigh, key=lambda one: -one[1]):
            if len(true) >= self.most:
                break
            if code != self.first and (params := said.of(code, i)) is not None:
                true.append(reason(code, weight, **params))
        if (share := item.less_of / value) >= self.share_min:
            true.append(reason("less_of", -share))  # what speaks against it, beside the others
        return true or [reason("unseen")]


class Item(NamedTuple):
    """What is known of one item beside its vector; columns of a slate."""

    pinned: bool
    explored: bool
    novel: bool
    shown: float
    value: float
    boost: float
    less_of: float


class _Said:
    """Evidence: what a reason says of an item, or None if it is not so.

    What the viewer did is counted over their last views; beyond that, what is said is in the
    vector or in the catalogue.
    """

    def __init__(
        self,
        live: Live,
        said_at: dict[str, int],
        query: FeedQuery,
        slate: Candidates,
        common: InCommon,
    ) -> None:
        self._live, self._slate = live, slate
        self._begun = beginnings(query.now_ms, query.utc_offset_min)
        self._acts, self._whole_since_s = common.acts, common.whole_since_s
        above = slate["features"][:, list(said_at.values())] > 0
        self._above = dict(zip(said_at, above.T.tolist(), strict=True))
        self._ages_ms = (query.now_ms - live.created_ms[slate.rows]).tolist()
        self._told: dict[tuple[str, int], dict[str, str]] = {}  # many share a topic

    def of(self, code: str, i: int) -> dict[str, str] | None:
        if code in self._acts:
            return self._acted(code, *self._acts[code][i])
        if code == "others" and self._slate["shown"][i] < OTHERS_MIN:
            return None
        if code in self._above:
            return {} if self._above[code][i] else None
        if code in ("boosted", "others"):
            return {}
        if code == "fresh" and 0 <= self._ages_ms[i] <= FRESH_MS:
            return _ago(int(self._ages_ms[i]))
        return None

    def _acted(
        self, code: str, row: int, act: int, times: int, since_s: int
    ) -> dict[str, str] | None:
        if not times:
            return None
        if (named := self._told.get((code, row))) is None:
            named = {code: self._live.names(code, row)} if code in ("hashtag", "topic") else {}
            named["act"], named["count"] = self._live.acts[act], str(times)
            named["when"] = window(since_s, self._whole_since_s, self._begun)
            self._told[code, row] = named
        return named

    def topic(self, i: int) -> str:
        """The first of an item's topics."""
        return self._live.names("topic", int(self._live.topics[self._slate.rows[i : i + 1]][0, 0]))


def beginnings(now_ms: int, utc_offset_min: int | None) -> list[tuple[str, int]]:
    """When the times began that acts are told of, seconds since 2020, the shortest first; the
    viewer's own day is among them if their clock is known."""
    now_s = seconds(now_ms)
    found = [(name, now_s - length_s) for name, length_s in WINDOWS.items()]
    if utc_offset_min is not None:
        into_day_s = (now_ms // 1000 + 60 * utc_offset_min) % DAY_S
        found.append(("today", now_s - into_day_s))
    return sorted(found, key=lambda one: -one[1])


def window(since_s: int, whole_since_s: int, begun: Sequence[tuple[str, int]]) -> str:
    """The shortest time with all those views in it, if none in it can be missing: only the last
    views are known. Else "lately".

    >>> begun = [("hour", 9_000), ("day", 1_000)]
    >>> window(9_500, 0, begun), window(9_500, 2_000, begun), window(5_000, 2_000, begun)
    ('hour', 'hour', 'lately')
    """
    for name, begins_s in begun:
        if since_s >= begins_s and whole_since_s < begins_s:
            return name
    return "lately"


def _column(reasons: list[list[Reason]]) -> NDArray[Any]:
    """One list of reasons per item, as a column of objects."""
    column = np.empty(len(reasons), object)
    for i, why in enumerate(reasons):
        column[i] = why
    return column


def _ago(ms: int) -> dict[str, str]:
    """
    >>> _ago(90_000), _ago(7_200_000)
    ({'unit': 'minutes', 'count': '1'}, {'unit': 'hours', 'count': '2'})
    """
    minutes = ms // 60_000
    if minutes < 60:
        return {"unit": "minutes", "count": str(minutes)}
    return {"unit": "hours", "count": str(minutes // 60)}
