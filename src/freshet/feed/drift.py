"""Does what was predicted come true? A fold that only looks.

    SlateServed ─▶ waits ─▶ Impression ─▶ open for 30 minutes ─▶ settled: what was predicted
                                                               and what came, by the hour

What waits is bounded: when it is full, slates are passed over until there is room, which
makes a sample and no bias, because nothing of the outcome is known when one is served. A
video never on screen is no view and is forgotten. Every slate counts for the share of
feeds that a rung of the ladder had to fill.

Nothing is decided by this, so it may read the live state's durations.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from freshet.domain import events as ev
from freshet.domain.outcomes import INDEX, VIEW_TIMEOUT_MS
from freshet.feed.load import STEPS
from freshet.feed.parts import Live
from freshet.feed.watching import Alert, Alerts, Hours
from freshet.learning import kernels
from freshet.learning.records import GAINS, LOSES
from freshet.log.ports import Batch, Offset
from freshet.log.snapshots import load_value, save_value

WAITING_MAX = 20_000  # videos served or on screen whose outcome is still to come
UNSEEN_MS = 2 * 3_600_000  # a video served and not seen by then will not be
FEEDS, FILLED = 0, 1  # columns of `_feeds`

_reached: Callable[[int, int, int], int] = getattr(kernels.reached, "py_func", kernels.reached)


class View(msgspec.Struct, array_like=True, gc=False):
    """One video in front of one viewer."""

    since: int  # received time of its slate, then of its impression
    predictions: tuple[float, ...]
    bits: int = 0  # outcomes that came, but for watching
    watched_ms: int = 0
    duration_ms: int = 0
    flags: int = 0  # as of a watch record


class _Saved(msgspec.Struct):
    offset: int
    outcomes: tuple[str, ...]
    served: list[tuple[tuple[str, str], View]]
    open: list[tuple[tuple[str, str], View]]
    hours: list[tuple[list[list[float]], list[int]]]


class Drift:
    """Projection: predictions against outcomes, and filled feeds, over the last hours."""

    name = "drift"
    fold_version = 1

    def __init__(self, live: Live, limits: Alerts) -> None:
        self.live, self.limits = live, limits
        self.outcomes = tuple(name for name in live.outcomes if name in INDEX)
        self.offset: Offset = 0
        self.now_ms = 0
        self._served: OrderedDict[tuple[str, str], View] = OrderedDict()
        self._open: OrderedDict[tuple[str, str], View] = OrderedDict()
        width = len(live.outcomes)
        self._predicted, self._observed = (Hours(limits.window_h, width) for _ in range(2))
        self._feeds = Hours(limits.window_h, 2)
        self._fold: dict[type, Callable[[Any], None]] = {
            ev.SlateServed: self._slate, ev.Impression: self._impression, ev.Watch: self._watch,
            ev.Hide: self._hide, ev.Unhide: self._hide, ev.PersonErased: self._erase,
            **dict.fromkeys((*GAINS, *LOSES), self._outcome),
        }  # fmt: skip

    # --- folding ----------------------------------------------------------------------------

    def apply(self, batch: Batch) -> None:
        for event in batch.events:
            fold = self._fold.get(type(event))
            if fold is not None:
                fold(event)
            if event.received != self.now_ms:  # at one time nothing more can become due
                self._settle(event.received)
        self.offset = batch.last

    def _slate(self, slate: ev.SlateServed) -> None:
        feeds = self._feeds.row(slate.received)
        feeds[FEEDS] += 1
        feeds[FILLED] += slate.rung not in STEPS
        for item in slate.items:
            full = len(self._served) + len(self._open) >= WAITING_MAX
            if len(item.predictions) == len(self.live.outcomes) and not full:
                view = View(slate.received, item.predictions)
                self._served[slate.viewer, item.video] = view

    def _impression(self, event: ev.Impression) -> None:
        view = self._served.pop((event.viewer, event.video), None)
        if view is not None:
            view.since = event.received
            self._open[event.viewer, event.video] = view

    def _watch(self, event: ev.Watch) -> None:
        view = self._open.get((event.viewer, event.video))
        if view is not None:
            view.watched_ms = max(view.watched_ms, event.watched_ms)
            view.duration_ms = view.duration_ms or event.duration_ms
            view.flags |= kernels.COMPLETED * event.completed | kernels.LOOPED * (event.loops > 0)

    def _outcome(self, event: ev.VideoAct | ev.PersonAct) -> None:
        view = self._open.get((event.viewer, event.video))
        if view is not None:
            kind = type(event)
            bit = 1 << INDEX[GAINS[kind] if kind in GAINS else LOSES[kind]]
            view.bits = view.bits | bit if kind in GAINS else view.bits & ~bit

    def _hide(self, event: ev.Hide | ev.Unhide) -> None:
        view = self._open.get((event.viewer, event.target)) if event.kind == "video" else None
        if view is not None:
            bit = 1 << INDEX["hide"]
            view.bits = view.bits | bit if isinstance(event, ev.Hide) else view.bits & ~bit

    def _erase(self, event: ev.PersonErased) -> None:
        """Their open views are forgotten unsettled: those bear their name."""
        for views in (self._served, self._open):
            for key in [key for key in views if key[0] == event.person]:
                del views[key]

    def _settle(self, now_ms: int) -> None:
        """Both are in order of time, so only the oldest can be due."""
        self.now_ms = now_ms
        while self._served and next(iter(self._served.values())).since + UNSEEN_MS < now_ms:
            self._served.popitem(last=False)
        while self._open and next(iter(self._open.values())).since + VIEW_TIMEOUT_MS < now_ms:
            (_, video), view = self._open.popitem(last=False)
            self._close(video, view, now_ms)

    def _close(self, video: str, view: View, now_ms: int) -> None:
        row = self.live.video_row(video)
        known_ms = int(self.live.duration_ms[row]) if row >= 0 else 0
        bits = view.bits
        bits |= _reached(view.watched_ms, known_ms or view.duration_ms, view.flags)
        predicted, observed = self._predicted.row(now_ms), self._observed.row(now_ms)
        for column, name in enumerate(self.live.outcomes):
            if name in INDEX:
                predicted[column] += view.predictions[column]
                observed[column] += bits >> INDEX[name] & 1

    # --- reading ----------------------------------------------------------------------------

    def calibration(self) -> dict[str, tuple[float, float]]:
        """Per outcome how often it was predicted to come, and came, in the window."""
        predicted = self._predicted.totals(self.now_ms)
        observed = self._observed.totals(self.now_ms)
        columns = {name: column for column, name in enumerate(self.live.outcomes)}
        return {n: (predicted[columns[n]], observed[columns[n]]) for n in self.outcomes}

    def feeds(self) -> tuple[int, int]:
        """Feeds in the window, and those a rung had to fill."""
        feeds, filled = self._feeds.totals(self.now_ms)
        return int(feeds), int(filled)

    def alerts(self) -> list[Alert]:
        found = []
        most = self.limits.calibration_factor
        for name, (predicted, observed) in self.calibration().items():
            if max(predicted, observed) < self.limits.outcomes_min:
                continue
            ratio = observed / predicted if predicted else float(observed)
            if not 1 / most <= ratio <= most:
                text = f"{name} came {observed:.0f} times, predicted were {predicted:.0f}"
                found.append(Alert("miscalibrated", name, round(ratio, 4), most, text))
        feeds, filled = self.feeds()
        share = filled / feeds if feeds else 0.0
        if feeds >= self.limits.runs_min and share > self.limits.fallback_share:
            text = f"{filled} of {feeds} feeds were filled by a rung of the ladder"
            limit = self.limits.fallback_share
            found.append(Alert("fallback", "feeds", round(share, 4), limit, text))
        return found

    # --- snapshots --------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        hours = [(each.rows, each.marks) for each in self._windows()]
        saved = _Saved(
            self.offset, tuple(self.live.outcomes), list(self._served.items()),
            list(self._open.items()), hours,
        )  # fmt: skip
        save_value(folder, "drift", msgspec.msgpack.encode(saved))

    def load(self, folder: Path) -> None:
        saved = msgspec.msgpack.decode(load_value(folder, "drift", bytes), type=_Saved)
        self.offset = saved.offset
        fits = all(
            len(rows) == len(mine.rows) and len(rows[0]) == mine.width
            for (rows, _), mine in zip(saved.hours, self._windows(), strict=True)
        )
        if saved.outcomes != tuple(self.live.outcomes) or not fits:
            return  # of another model or window: begin to look anew
        self._served, self._open = OrderedDict(saved.served), OrderedDict(saved.open)
        for (rows, marks), mine in zip(saved.hours, self._windows(), strict=True):
            mine.rows, mine.marks = rows, marks

    def _windows(self) -> tuple[Hours, Hours, Hours]:
        return self._predicted, self._observed, self._feeds
