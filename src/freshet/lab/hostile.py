"""What hostile viewers do to everybody else's predictions: a log replayed with some put into it.

    random        watch anything for any time, and react by the toss of a coin
    coordinated   all of them push the same few videos as far as a view can, and run down as many

They act where and when the log's own viewers do, each a few times as often as one of those. What
is judged is what the log's own viewers were predicted.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from random import Random
from typing import Any

import msgspec
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from freshet.domain.errors import Refused
from freshet.domain.events import (
    Comment,
    Event,
    Impression,
    Like,
    NotInterested,
    Report,
    Share,
    VideoAct,
    Watch,
)
from freshet.domain.outcomes import OUTCOMES
from freshet.lab.main_outcome import main_label, main_score
from freshet.lab.metrics import auc
from freshet.lab.readers.folder import Folder
from freshet.lab.readers.impressions import Log
from freshet.lab.readers.layouts import LAYOUTS
from freshet.lab.readers.report import ReadReport
from freshet.lab.replay import default_from, labels_of, run

HOSTILE = "hostile "  # begins their names
PUSHED: tuple[type[VideoAct], ...] = (Like, Comment, Share)
RUN_DOWN: tuple[type[VideoAct], ...] = (NotInterested, Report)
TARGETS = 10  # videos that are pushed together, and as many that are run down
LONGEST_MS, PUSH_MS = 60_000, 180_000
Tell = Callable[[str], None]


class Moved(msgspec.Struct, frozen=True):
    auc: float  # of the log's own viewers, with none hostile
    auc_with: dict[str, float]  # by how they act
    hostile_viewers: int
    hostile_views: int

    @property
    def by(self) -> dict[str, float]:
        return {how: found - self.auc for how, found in self.auc_with.items()}


def measure(
    folder: Folder, now_ms: int, share: float, views: int, seed: int, tell: Tell = lambda _: None
) -> Moved:
    """AUC of the main outcome in the second half of the log's days, without and with hostile
    viewers: `share` of all viewers, each with so many views.

    Raises:
        Refused: the log holds no impression.
    """
    layout = LAYOUTS[folder.layout]
    columns = layout.columns(folder, ReadReport(), now_ms)
    if not len(columns):
        raise Refused("path", "the log holds no impression that can be read", "a log of a feed")
    log = list(layout.events(folder, now_ms=now_ms, report=ReadReport()))
    hostile = max(round(share * len(set(columns.viewer.tolist()))), 1)
    found = {}
    for how in ("", *WAYS):
        tell(how or "nobody hostile")
        rng = Random(f"{seed} {how}")
        more = _acts(WAYS[how], log, hostile, views, rng) if how else []
        found[how] = _auc(heapq.merge(log, more, key=attrgetter("time")), columns, seed)
    return Moved(found.pop(""), found, hostile, hostile * views)


def _auc(events: Iterator[Event], columns: Log, seed: int) -> float:
    done = run(events, seed)
    names = done.live.columns.names["viewer"]
    own = np.array([not names[row].startswith(HOSTILE) for row in done.viewer.tolist()])
    judged = main_label(columns.main, OUTCOMES, labels_of(columns))
    at = np.flatnonzero((columns.date >= default_from(columns)) & judged.counts)
    score = main_score(columns.main, OUTCOMES, done.predictions[own, : len(OUTCOMES)])
    return float(auc(judged.happened[at], score[at]))


Way = Callable[[Impression, Sequence[str], Random], tuple[str, int, list[type[VideoAct]]]]


def _at_random(
    like: Impression, targets: Sequence[str], rng: Random
) -> tuple[str, int, list[type[VideoAct]]]:
    acts = [kind for kind in (*PUSHED, *RUN_DOWN) if rng.random() < 0.5]
    return like.video, rng.randrange(LONGEST_MS), acts


def _together(
    like: Impression, targets: Sequence[str], rng: Random
) -> tuple[str, int, list[type[VideoAct]]]:
    k = rng.randrange(len(targets))
    pushed = k % 2 == 0
    return targets[k], PUSH_MS if pushed else 0, list(PUSHED if pushed else RUN_DOWN)


WAYS: dict[str, Way] = {"random": _at_random, "coordinated": _together}


def _acts(way: Way, log: Sequence[Event], viewers: int, views: int, rng: Random) -> list[Event]:
    """Views of hostile viewers, each beginning where and when one of the log's own does."""
    shown = [event for event in log if type(event) is Impression]
    targets = [rng.choice(shown[: len(shown) // 2]).video for _ in range(2 * TARGETS)]
    found: list[Event] = []
    for viewer in range(viewers):
        for _ in range(views):
            like = rng.choice(shown)
            video, watched_ms, acts = way(like, targets, rng)
            said: dict[str, Any] = {
                "event_id": "", "viewer": f"{HOSTILE}{viewer}", "video": video,
                "surface": like.surface,
            }  # fmt: skip
            found.append(Impression(time=like.time, context=like.context, **said))
            over = like.time + watched_ms
            found += [kind(time=over, **said) for kind in acts]
            found.append(Watch(time=over, watched_ms=watched_ms, left=True, **said))
    return sorted(found, key=attrgetter("time"))


def table(found: Moved) -> Table:
    shown = Table(
        title=f"{found.hostile_viewers:,} hostile viewers, {found.hostile_views:,} views",
        box=SIMPLE_HEAD, title_justify="left",
    )  # fmt: skip
    for name in ("", "AUC", "moved by"):
        shown.add_column(name, justify="right" if name else "left")
    shown.add_row("none", f"{found.auc:.4f}", "")
    for how, moved in found.by.items():
        shown.add_row(how, f"{found.auc_with[how]:.4f}", f"{moved:+.4f}")
    return shown


def as_json(found: Moved) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return {**plain, "moved_by": found.by}
