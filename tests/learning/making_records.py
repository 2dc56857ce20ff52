"""A small made-up world as records, honest or not, and folds of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from freshet.lab.generate.columns import Columns, make_columns
from freshet.lab.throughput import lay_facts, records_of
from freshet.learning.live import Live
from freshet.learning.settings import Versions

SIZE = {"viewer": 1_000, "video": 1_000}


def world(views: int, seed: int = 0) -> Columns:
    return make_columns(seed, impressions=views, viewers=1_000, videos=1_000)


def reversed_between(columns: Columns, first: int, end: int) -> Columns:
    """The same views, but for those from `first` to `end`: who would have stayed leaves, who
    would have left stays, and likes are dealt out where there were none."""
    watched = columns.watched_ms.copy()
    likes = columns.outcomes["like"].copy()
    these = slice(first, end)
    stays = np.maximum(columns.duration_ms[these], 20_000)
    watched[these] = np.where(columns.long_view[these], 500, stays)
    dice = np.random.default_rng(1).random(len(likes[these])) < 0.5
    likes[these] = ~likes[these] & dice
    return replace(columns, watched_ms=watched, outcomes=columns.outcomes | {"like": likes})


def begun(columns: Columns, **settings: Any) -> Live:
    live = Live(capacity=SIZE, pending=1 << 10, **settings)
    lay_facts(live, columns)
    return live


def fold(live: Live, records: Any, chunk: int = 8_192) -> Live:
    vectors = np.zeros((0, live.inputs), np.float32)
    for at in range(0, len(records), chunk):
        live.fold_records(records[at : at + chunk], vectors)
    return live


def folded(columns: Columns, versions: Versions, **settings: Any) -> Live:
    return fold(begun(columns, versions=versions, **settings), records_of(columns))
