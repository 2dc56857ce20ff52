"""How good predictions are: AUC, GAUC, XAUC, MAE. Exact, aware of ties, O(n log n).

Every measure takes weights where the bootstrap needs them: drawing a viewer k times is the
same as giving each of their impressions the weight k, so rows are sorted once and each
resample is one pass over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]
Doubles = NDArray[np.float64]

NAN = float("nan")
CLIP_DURATIONS = 3.0  # watch time beyond three times the video counts as three times


@dataclass(frozen=True, slots=True)
class Watched:
    """The impressions that watch-time measures count, and what they count as."""

    rows: Array  # indices into what was given
    seconds: Doubles  # clipped watch time of these rows


def clipped_watch(watched_s: Array, duration_s: Array, whole: bool = False) -> Watched:
    """Watch seconds clipped at 3 x duration; rows without a duration are left out.

    Args:
        whole: they stay, and 3 x 0 s is all that was watched of them.

    >>> clipped_watch(np.array([5.0, 50.0, 7.0]), np.array([10.0, 10.0, 0.0]))
    Watched(rows=array([0, 1]), seconds=array([ 5., 30.]))
    >>> clipped_watch(np.array([5.0, 50.0, 7.0]), np.array([10.0, 10.0, 0.0]), whole=True).seconds
    array([ 5., 30.,  0.])
    """
    rows = np.arange(len(duration_s)) if whole else np.flatnonzero(duration_s > 0)
    most = CLIP_DURATIONS * duration_s[rows].astype(np.float64)
    return Watched(rows, np.minimum(watched_s[rows].astype(np.float64), most))


def auc(label: Array, prediction: Array) -> float:
    """Probability that a positive is predicted above a negative; ties count half.

    nan without both labels.

    >>> auc(np.array([0, 1, 0, 1]), np.array([.1, .9, .4, .4]))
    0.875
    """
    order, ends = _sorted(prediction)
    return float(_auc(label[order] > 0, ends, np.ones(len(label))))


def aucs(label: Array, prediction: Array, group: Array, draws: Array) -> Doubles:
    """AUC of each resample: row i weighs draws[r, group[i]] in resample r.

    >>> aucs(np.array([0, 1, 1]), np.array([.2, .1, .3]), np.array([0, 1, 2]), np.array([[1, 1, 1],
    ...      [1, 0, 2]]))
    array([0.5, 1. ])
    """
    order, ends = _sorted(prediction)
    found: Doubles = _aucs(label[order] > 0, ends, *_weights(group[order], draws))
    return found


@dataclass(frozen=True, slots=True)
class GroupAucs:
    """AUC and size of every group that has both labels."""

    group: Array  # (g,)
    auc: Doubles  # (g,)
    impressions: Doubles  # (g,)

    def mean(self) -> float:
        """Mean weighted by impressions, nan if no group has both labels."""
        total = self.impressions.sum()
        return float((self.auc * self.impressions).sum() / total) if total else NAN


def group_aucs(label: Array, prediction: Array, group: Array) -> GroupAucs:
    """AUC within each group (a dense integer); groups with one label only are left out.

    >>> found = group_aucs(np.array([0, 1, 1, 0, 1]), np.array([.1, .2, .9, .8, .7]),
    ...                    np.array([0, 0, 1, 1, 2]))
    >>> found.group, found.auc, found.mean()
    (array([0, 1]), array([1., 1.]), 1.0)
    """
    order = np.lexsort((prediction, group))
    by_group, by_value = group[order], prediction[order]
    starts, runs = _starts(by_group), _starts(by_group, by_value)
    bounds = np.r_[starts, len(order)]
    found = _group_aucs(label[order] > 0, _ends(runs, len(order)), bounds)
    kept = np.isfinite(found)
    sizes = np.diff(bounds).astype(np.float64)
    return GroupAucs(by_group[starts][kept], found[kept], sizes[kept])


def gauc(label: Array, prediction: Array, viewer: Array) -> float:
    """AUC within each viewer that has both labels, weighted by the viewer's impressions
    (Zhou et al. 2018, Deep Interest Network, eq. 7).

    >>> gauc(np.array([0, 1, 1, 0, 0]), np.array([.1, .2, .7, .8, .1]), np.array([5, 5, 9, 9, 9]))
    0.7
    """
    return group_aucs(label, prediction, viewer).mean()


def xauc(value: Array, prediction: Array) -> float:
    """Share of all pairs with different `value` that `prediction` orders rightly; a tie in
    the prediction is wrong (Zhan et al. 2022, D2Q, section 5).

    nan if all values are equal.

    >>> xauc(np.array([1.0, 2.0, 3.0, 3.0]), np.array([.1, .3, .3, .2]))
    0.6
    """
    return float(xaucs(value, prediction, np.zeros(len(value)), np.ones((1, 1)))[0])


def xaucs(value: Array, prediction: Array, group: Array, draws: Array) -> Doubles:
    """XAUC of each resample: row i weighs draws[r, group[i]] in resample r. Copies of one
    row are equal in value, so they form no pair."""
    order, ends = _sorted(value)
    ranks = np.unique(prediction, return_inverse=True)[1].astype(np.int64)
    found: Doubles = _xaucs(ranks[order], ends, *_weights(group[order], draws))
    return found


def _weights(group: Array, draws: Array) -> tuple[Array, Doubles]:
    """In the one pair of types the kernels are compiled for."""
    return group.astype(np.int64), draws.astype(np.float64)


def _sorted(key: Array) -> tuple[Array, Array]:
    """Order by `key`, and for each sorted row the end of its run of equal keys."""
    order = np.argsort(key, kind="stable")
    return order, _ends(_starts(key[order]), len(key))


def _starts(*keys: Array) -> Array:
    """Where a run of rows equal in all `keys` begins."""
    new = np.zeros(max(len(keys[0]) - 1, 0), np.bool_)
    for key in keys:
        new |= key[1:] != key[:-1]
    return np.flatnonzero(np.r_[True, new][: len(keys[0])])


def _ends(starts: Array, n: int) -> Array:
    """(n,) end of the run each row lies in."""
    ends = np.r_[starts[1:], n][: len(starts)]
    return np.repeat(ends, ends - starts).astype(np.int64)


@njit(cache=True)
def _auc(positive: Array, ends: Array, weight: Array) -> float:
    below, pairs, positives, i = 0.0, 0.0, 0.0, 0
    while i < len(positive):  # one run of equal predictions at a time
        run_positive, run_negative = 0.0, 0.0
        for j in range(i, ends[i]):
            if positive[j]:
                run_positive += weight[j]
            else:
                run_negative += weight[j]
        pairs += run_positive * (below + 0.5 * run_negative)
        below += run_negative
        positives += run_positive
        i = ends[i]
    return pairs / (positives * below) if positives > 0 and below > 0 else np.nan


@njit(cache=True)
def _aucs(positive: Array, ends: Array, group: Array, draws: Array) -> Doubles:
    found, weight = np.empty(len(draws)), np.empty(len(positive))
    for r in range(len(draws)):
        for i in range(len(positive)):
            weight[i] = draws[r, group[i]]
        found[r] = _auc(positive, ends, weight)
    return found


@njit(cache=True)
def _group_aucs(positive: Array, ends: Array, bounds: Array) -> Doubles:
    found, ones = np.empty(len(bounds) - 1), np.ones(len(positive))
    for g in range(len(found)):
        rows = slice(bounds[g], bounds[g + 1])
        found[g] = _auc(positive[rows], ends[rows] - bounds[g], ones[rows])
    return found


@njit(cache=True)
def _xaucs(rank: Array, ends: Array, group: Array, draws: Array) -> Doubles:
    """Rows by rising value; a Fenwick tree holds the weight of each rank seen so far."""
    n = len(rank)
    found, tree = np.empty(len(draws)), np.empty(n + 1)
    for r in range(len(draws)):
        tree[:] = 0.0
        right, pairs, seen, i = 0.0, 0.0, 0.0, 0
        while i < n:
            run = 0.0
            for j in range(i, ends[i]):  # ask for the whole run before adding any of it
                weight = draws[r, group[j]]
                run += weight
                if weight > 0:
                    k, lower = rank[j], 0.0
                    while k > 0:
                        lower += tree[k]
                        k -= k & -k
                    right += weight * lower
            for j in range(i, ends[i]):
                weight = draws[r, group[j]]
                if weight > 0:
                    k = rank[j] + 1
                    while k <= n:
                        tree[k] += weight
                        k += k & -k
            pairs += run * seen
            seen += run
            i = ends[i]
        found[r] = right / pairs if pairs > 0 else np.nan
    return found
