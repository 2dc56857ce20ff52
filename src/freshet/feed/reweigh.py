"""What another value table would make of slates that were logged.

    slate ─▶ worth by the old table, by the new ─▶ two orders, by the same rule ─▶ what differs

*Expected*: viewers get down a slate as far as the log says, θ(k) = impressions at place k / slates
that have one. Of an outcome an order brings Σ θ(place) × prediction.

*Came*: the same from outcomes that came, by what item i at place k did when it was seen, and
would have done at its place in the other order (the position-based model; Li et al., "Offline
evaluation of ranking policies with click models", KDD 2018):

    w = min(θ(place in the order) / θ(place shown), W_MAX)        Σ w·r / Σ w

That holds as far as what a video brings, once seen, does not depend on its place. The chances of
the policy itself cancel out: the places that it left to chance are the same in both orders.

Intervals are 95 %, by bootstrap over viewers; θ is taken as known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from freshet.domain.errors import Refused
from freshet.domain.outcomes import OUTCOMES
from freshet.feed.arm_table import Estimate
from freshet.feed.logged import LoggedSlates
from freshet.feed.reorder import Put, put_in_order, reach_of, tau
from freshet.feed.reweigh_sums import NAMES, RESAMPLES, W_MAX, Items, Ratios, Sums
from freshet.feed.value import Value
from freshet.learning.off_policy import HIGH, LOW, effective_size

Tell = Callable[[int, int], None]
Says = Literal["more", "less", "cannot tell", "too few"]

PER = 1_000  # impressions
ENOUGH_CAME = 20  # of an outcome, under which the log says nothing of it
ENOUGH_SIZE = 100.0  # effective sample size, likewise


class Order(msgspec.Struct, frozen=True):
    """How far the two orders differ."""

    changed: Estimate  # share of slates
    tau: Estimate  # Kendall's, mean over slates: 1 = the same order, -1 = turned round
    first: Estimate  # share of slates whose first video is another
    top: Estimate  # ... whose first three are others, of slates that have more
    moved: Estimate  # share of places that hold another video


class Expected(msgspec.Struct, frozen=True):
    """Of one outcome, per 1,000 impressions."""

    old: float
    new: float
    change: Estimate  # relative


class Came(msgspec.Struct, frozen=True):
    """The same from outcomes that came."""

    count: float  # times it came, or seconds
    old: float | None
    new: float | None
    change: Estimate
    says: Says


class Example(msgspec.Struct, frozen=True):
    """One slate, its videos by place."""

    request_id: str
    old: tuple[str, ...]
    new: tuple[str, ...]


class Tried(msgspec.Struct, frozen=True):
    """What the new table would do."""

    surface: str
    slates: int
    viewers: int
    sampled: float  # share of viewers that was looked at
    left_out: dict[str, int]  # slates, by why
    as_logged: float  # share of slates that the rule puts as they were, by the old table
    tau_logged: float  # Kendall's, mean over slates, of that order and the logged one
    same_table: float  # share of slates whose logged values are those of the old table
    old_weights: dict[str, float]
    new_weights: dict[str, float]
    order: Order
    reach: tuple[float, ...]  # θ by place
    impressions: int
    effective: float  # impressions under the new order that would say as much
    clipped: float  # share of impressions whose weight was
    expected: dict[str, Expected]
    came: dict[str, Came]
    examples: tuple[Example, ...]


def try_table(
    log: LoggedSlates,
    old: Mapping[str, float],
    new: Mapping[str, float],
    seed: int = 0,
    examples: int = 0,
    tell: Tell = lambda done, total: None,
) -> Tried:
    """
    Raises:
        Refused: there is no slate to put in order.
    """
    if not log.slates:
        right = "a folder that has served feeds; or another surface, or a longer time"
        raise Refused("data", f"holds no ranked slate of {log.surface} for that time", right)
    tables, put = (Value(old, OUTCOMES), Value(new, OUTCOMES)), list[Put]()
    for done, slate in enumerate(log.slates):
        put.append(put_in_order(slate, *tables, log.described))
        if done % 512 == 0:
            tell(done, len(log.slates))
    reach, items = reach_of(log.slates), Items(put)
    sums = Sums(put, items, reach)
    found, again = sums.resampled(np.random.default_rng(seed))
    weight = items.weight(reach, items.new)[items.seen]
    return Tried(
        surface=log.surface,
        slates=len(put),
        viewers=len({one.slate.viewer for one in put}),
        sampled=log.keep,
        left_out=dict(log.left_out),
        as_logged=_mean(one.old == sorted(one.old) for one in put),
        tau_logged=_mean(tau(sorted(one.old), one.old) for one in put),
        same_table=_mean(one.same_table for one in put),
        old_weights=dict(old),
        new_weights=dict(new),
        order=_order(found, again),
        reach=tuple(round(theta, 6) for theta in reach.tolist()),
        impressions=int(items.seen.sum()),
        effective=round(effective_size(weight), 1),
        clipped=round(float((weight >= W_MAX).mean()), 6) if len(weight) else 0.0,
        expected={n: _expected(n, found, again) for n in NAMES} if reach.any() else {},
        came=_came(items, found, again, effective_size(weight)),
        examples=_examples(put, examples),
    )


def _estimate(value: Any, again: Any) -> Estimate:
    if not np.isfinite(value):
        return Estimate(None)
    known = again[np.isfinite(again)]
    if len(known) < RESAMPLES // 2:
        return Estimate(_number(value))
    low, high = np.quantile(known, (LOW, HIGH)).tolist()
    return Estimate(_number(value), _number(low), _number(high))


def _number(value: float) -> float:
    return round(float(value), 6) + 0.0


def _order(found: Ratios, again: Ratios) -> Order:
    def share(above: str, below: str = "slates") -> Estimate:
        return _estimate(found.of(above, below), again.of(above, below))

    return Order(
        changed=share("changed"),
        tau=share("tau"),
        first=share("first"),
        top=share("top", "longer"),
        moved=share("moved", "places"),
    )


def _expected(name: str, found: Ratios, again: Ratios) -> Expected:
    what = f"expected {name}"
    return Expected(
        old=_number(PER * found.of(f"old {what}", "old reach")),
        new=_number(PER * found.of(f"new {what}", "new reach")),
        change=_estimate(found.change(what, "reach"), again.change(what, "reach")),
    )


def _came(items: Items, found: Ratios, again: Ratios, size: float) -> dict[str, Came]:
    if not items.seen.any():
        return {}
    times = items.came.sum(axis=0)
    return {
        name: _came_of(name, float(times[index]), found, again, size)
        for index, name in enumerate(NAMES)
    }


def _came_of(name: str, count: float, found: Ratios, again: Ratios, size: float) -> Came:
    what = f"came {name}"
    change = _estimate(found.change(what, "weight"), again.change(what, "weight"))
    enough = size >= ENOUGH_SIZE and count >= ENOUGH_CAME
    return Came(
        count=_number(count),
        old=_number(PER * found.of(f"old {what}", "old weight")),
        new=_number(PER * found.of(f"new {what}", "new weight")),
        change=change,
        says=_says(change) if enough else "too few",
    )


def _says(change: Estimate) -> Says:
    if change.low is None or change.high is None or change.low * change.high <= 0:
        return "cannot tell"
    return "more" if change.low > 0 else "less"


def _mean(held: Any) -> float:
    return round(float(np.mean(list(held))), 6)


def _examples(put: Sequence[Put], count: int) -> tuple[Example, ...]:
    """Those that change most."""
    changed = [one for one in put if one.old != one.new]
    changed.sort(key=lambda one: tau(one.old, one.new))
    return tuple(
        Example(
            one.slate.request_id,
            tuple(one.slate.videos[i] for i in one.old),
            tuple(one.slate.videos[i] for i in one.new),
        )
        for one in changed[:count]
    )
