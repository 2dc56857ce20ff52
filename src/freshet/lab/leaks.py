"""Checks that a replay knows nothing it could not have known.

Each takes `replay`, which turns the columns of a log into a recording, and raises `Leak`.
Columns are those of KuaiRand's log (`time_ms`, `play_time_ms`, `is_like`, ...).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.lab.metrics import Array, auc
from freshet.lab.recording import Recording

Columns = Mapping[str, NDArray[Any]]
Replay = Callable[[Columns], Recording]

TIMES = frozenset({"play_time_ms", "profile_stay_time", "comment_stay_time"})
FLAGS = frozenset(
    {
        "long_view",
        "is_click",
        "is_like",
        "is_follow",
        "is_comment",
        "is_forward",
        "is_hate",
        "is_profile_enter",
    }
)
CHANCE = 0.006  # about three standard deviations of the AUC of 90,000 impressions


class Leak(AssertionError):
    """A replay used what had not happened yet."""


def is_outcome(column: str) -> bool:
    """Whether a column tells what came of the impression.

    >>> [is_outcome(name) for name in ("is_like", "play_time_ms", "duration_ms", "tab")]
    [True, True, False, False]
    """
    return column in TIMES or column in FLAGS


def permute_outcomes(columns: Columns, seed: int) -> dict[str, Array]:
    """The same log with the outcomes of its rows dealt out anew, each row's tuple together.

    >>> log = {"user_id": np.arange(3), "is_like": np.arange(3), "play_time_ms": np.arange(3) * 10}
    >>> dealt = permute_outcomes(log, seed=1)
    >>> dealt["user_id"], (dealt["play_time_ms"] == 10 * dealt["is_like"]).all()
    (array([0, 1, 2]), np.True_)
    """
    order = np.random.default_rng(seed).permutation(len(next(iter(columns.values()))))
    return {name: column[order] if is_outcome(name) else column for name, column in columns.items()}


def change_future(columns: Columns, now_ms: int, seed: int) -> dict[str, Array]:
    """The log up to `now_ms`, with every outcome that was not known before then replaced.

    An outcome is known at `time_ms + play_time_ms`; the changed ones stay unknown until now.
    """
    kept = columns["time_ms"] <= now_ms
    changed = {name: column[kept].copy() for name, column in columns.items()}
    random = np.random.default_rng(seed)
    unknown = changed["time_ms"] + changed["play_time_ms"].astype(np.int64) >= now_ms
    for name, column in changed.items():
        if name in TIMES:
            column[unknown] += random.integers(1, 60_000, unknown.sum()).astype(column.dtype)
        elif name in FLAGS:
            column[unknown] = ~column[unknown].astype(np.bool_)
    return changed


def expect_chance(replay: Replay, columns: Columns, seed: int, tolerance: float = CHANCE) -> float:
    """AUC on permuted outcomes, which no honest input can tell apart.

    Raises:
        Leak: it is further than `tolerance` from .50.
    """
    recording = replay(permute_outcomes(columns, seed))
    main = recording.outcome(recording.main[0])
    found = auc(recording.labels[:, main], recording.predictions[:, main])
    if not abs(found - 0.5) <= tolerance:
        raise Leak(f"AUC {found:.4f} on permuted outcomes; chance is 0.5 within {tolerance}")
    return found


def expect_blind_to_future(
    replay: Replay, columns: Columns, moments_ms: Iterable[int], seed: int
) -> None:
    """All that was predicted up to a moment, and from which vectors, is the same bit for bit
    whatever became of the impressions whose outcome was unknown at that moment. So the state
    used to predict is the fold of the events strictly before.

    Raises:
        Leak: names the first impression that differs and in which column.
    """
    whole = replay(columns)
    for now_ms in moments_ms:
        part = replay(change_future(columns, now_ms, seed))
        count = int(np.searchsorted(whole.time_ms, now_ms, side="right"))
        if len(part) != count:
            raise Leak(f"{len(part)} impressions up to {now_ms}, {count} in the whole replay")
        for name in ("features", "predictions", "watch_mean_s", "watch_median_s"):
            before, after = getattr(whole, name)[:count], getattr(part, name)
            rows = np.flatnonzero((_bits(before) != _bits(after)).any(axis=1))
            if len(rows):
                raise Leak(f"{name} of impression {rows[0]} used outcomes unknown at {now_ms}")


def _bits(column: Array) -> Array:
    """(n, bytes of a row)"""
    plain = np.ascontiguousarray(column)
    width = plain.nbytes // len(plain) if len(plain) else 0
    return plain.view(np.uint8).reshape(len(plain), width)
