"""Trials as a fold: what was served, who watched how, and what is decided on that.

    VideoPublished ─▶ stage 0 ─▶ quota had ─▶ promoted ─▶ stage 1 … ─▶ open
                               └▶ extended once, or stopped

A view counts when it is over (the viewer left or moved on); what they do in the half hour
after changes what it counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

from freshet.catalogue.trials import RUNNING, Trials
from freshet.distribution.cohorts import Spread, Sums
from freshet.distribution.deciding import Deciding
from freshet.distribution.expecting import BY, Expecting, Fit
from freshet.distribution.habits import Habits, Post, SavedHabits
from freshet.distribution.journey import Journey
from freshet.distribution.scaling import Scaling
from freshet.distribution.settings import Stages as Settings
from freshet.distribution.tallies import Saw, Tallies, Where, told_by
from freshet.distribution.views import SavedViews, View, Views, Worth, act, all_bits, watch
from freshet.domain import events as ev
from freshet.learning.records import GAINS, LOSES
from freshet.log.ports import Batch
from freshet.log.snapshots import load_block, load_value, save_block, save_value

HELD = 50_000  # views on trial whose outcome is still to come; more make a sample
DAY_MS = 86_400_000
ROUND_S = 60  # in which each trial is looked at, whether or not anything came of it
TRIED_ON = ("for_you", "following")
FOLLOWED = 1 + BY.index("creator_followed")  # where a viewer's description says it


class Live(Protocol):
    """What the fold reads of the live state, which is folded before it: only what stays as it
    is once it is there."""

    @property
    def trials(self) -> Trials: ...

    @property
    def feature_names(self) -> tuple[str, ...]: ...

    def video_row(self, video_id: str) -> int: ...

    def row(self, kind: str, name: str) -> int: ...


class _Saved(msgspec.Struct):
    now_ms: int
    second: int
    journeys: dict[int, Journey]
    slots: dict[str, int]
    cohorts: list[tuple[tuple[int | str, ...], Sums]]
    spreads: dict[int, Spread]
    scaling: Scaling
    followers: dict[str, int]
    fit: Fit
    views: SavedViews
    cohorts_told: list[Where]
    last: list[tuple[int, list[Saw]]]
    habits: SavedHabits


OFF = 0  # fold version of stages that are off


class Stages:
    """Projection: every video's trial.

    Args:
        live: where the slots lie.
        weights: of the table that feeds rank by: what a view is worth.
        budget: share of impressions that trials may take.
    """

    name = "stages"
    fold_version = 3

    def __init__(
        self, live: Live, settings: Settings, weights: Mapping[str, float], budget: float
    ) -> None:
        self.live, self.settings, self.trials = live, settings, live.trials
        if not settings.on:
            self.fold_version = OFF  # switched on, the log is folded anew
        self.book = Deciding(live.trials, settings, budget)
        self.worth, self.expecting = Worth(weights), Expecting(live.feature_names)
        self.views, self.habits = Views(), Habits()
        self.tallies = Tallies(len(live.trials.slots))
        self.followers: dict[str, int] = {}
        self.now_ms = self._second = 0
        self._fold: dict[type, Callable[[Any], None]] = {
            ev.VideoPublished: self._published, ev.VideoRemoved: self._removed,
            ev.SlateServed: self._served, ev.Impression: self._impression, ev.Watch: self._watch,
            ev.Hide: self._hide, ev.Unhide: self._hide, ev.PersonErased: self._erased,
            **dict.fromkeys((*GAINS, *LOSES), self._outcome),
        }  # fmt: skip

    # --- folding ----------------------------------------------------------------------------

    def apply(self, batch: Batch) -> None:
        if not self.settings.on:
            return
        for event in batch.events:
            if event.received != self.now_ms:
                self._pass_time(event.received)
            fold = self._fold.get(type(event))
            if fold is not None:
                fold(event)

    def _pass_time(self, now_ms: int) -> None:
        self.now_ms = now_ms
        for view in self.views.unseen(now_ms):
            self._land(view, seen=False)
        for view in self.views.over(now_ms):
            self._count(view)
        second = now_ms // 1000
        if second != self._second:
            due = {(second - ago) % ROUND_S for ago in range(min(second - self._second, ROUND_S))}
            self._second = second
            for slot in [slot for slot in self.book.slots.values() if slot % ROUND_S in due]:
                self.book.look_at(slot, now_ms)

    def _published(self, event: ev.VideoPublished) -> None:
        country, topic = event.country, event.topics[0] if event.topics else ""
        self.habits.published(
            event.creator, Post(event.video, event.created, topic, event.hashtags)
        )
        slot = self.book.slots.get(event.video)
        if slot is not None:  # said again
            journey = self.book.journeys[slot]
            journey.topic, journey.country, journey.duration_ms = topic, country, event.duration_ms
            return
        row = self.live.video_row(event.video)
        life_ms = min(self.settings.new_days * DAY_MS, self.settings.life_ms_of(country))
        if self.trials.of[row] or event.received - event.created >= life_ms:
            return
        known = self.followers.get(event.creator, 0) >= self.settings.established
        journey = Journey(
            event.video, event.creator, topic, country, event.duration_ms, event.created,
            event.received,
        )  # fmt: skip
        self.tallies.begin(
            self.book.begin(row, self.live.row("creator", event.creator), known, journey)
        )

    def _removed(self, event: ev.VideoRemoved) -> None:
        found = self.journey(event.video)
        if found is not None:
            self.habits.removed(found[1].creator, event.received)
        self.book.end(event.video, event.received)

    def _served(self, slate: ev.SlateServed) -> None:
        if slate.surface not in TRIED_ON:
            return
        for place, item in enumerate(slate.items):
            slot = self.book.slots.get(item.video)
            if slot is None or len(self.views.flying) + len(self.views.seen) >= HELD:
                continue
            row = self.trials.slots[slot]
            view = View(slot, int(row["stage"]), slate.received, 0)
            view.viewer = self.expecting.describe(slate.features, place, len(slate.items))
            view.fan = len(view.viewer) > FOLLOWED and view.viewer[FOLLOWED] > 0.5
            row["flying"] += 1
            row["fans"] += view.fan
            before = self.views.serve(slate.viewer, item.video, view)
            if before is not None:
                self._land(before, seen=False)

    def _land(self, view: View, seen: bool) -> None:
        """No longer on its way."""
        row = self.trials.slots[view.slot]
        row["flying"] = max(row["flying"] - 1, 0)
        if view.fan and not seen and row["stage"] == view.stage:
            row["fans"] = max(row["fans"] - 1, 0)

    def _impression(self, event: ev.Impression) -> None:
        left = self.views.left(event.viewer)
        if left is not None:
            self._count(left)
        if event.surface not in TRIED_ON:
            return
        self.book.scaling.impressions += 1
        served = self.views.flying.pop((event.viewer, event.video), None)
        if served is not None:
            self._land(served, seen=True)
        slot = self.book.slots.get(event.video)
        if slot is None:
            return
        row, journey = self.trials.slots[slot], self.book.journeys[slot]
        row["shown"] += 1
        if row["shown"] >= row["quota"] and not journey.full_ms:
            journey.full_ms = event.received
        if len(self.views.seen) < HELD:
            view = View(slot, int(row["stage"]), event.received, journey.duration_ms)
            view.fan = served is not None and served.fan
            view.viewer = served.viewer if served else self.expecting.describe(b"", 0, 0)
            view.expected, view.by = self.expecting.worth(view.viewer), event.viewer
            self.views.seen[event.viewer, event.video] = view
            self.views.watching[event.viewer] = event.video

    def _watch(self, event: ev.Watch) -> None:
        view = self.views.of(event.viewer, event.video)
        if view is None:
            return
        watch(view, event)
        if event.left and self.views.watching.get(event.viewer) == event.video:
            del self.views.watching[event.viewer]
        if event.left or view.counted:
            self._count(view)

    def _outcome(self, event: ev.VideoAct | ev.PersonAct) -> None:
        kind = type(event)
        self._acted(event.viewer, event.video, GAINS.get(kind) or LOSES[kind], kind in GAINS)
        if isinstance(event, ev.Follow | ev.Unfollow):
            step = 1 if kind is ev.Follow else -1
            self.followers[event.person] = max(self.followers.get(event.person, 0) + step, 0)

    def _hide(self, event: ev.Hide | ev.Unhide) -> None:
        if event.kind == "video":
            self._acted(event.viewer, event.target, "hide", isinstance(event, ev.Hide))

    def _acted(self, viewer: str, video: str, outcome: str, gains: bool) -> None:
        view = self.views.of(viewer, video)
        if view is not None:
            act(view, outcome, gains)
            if view.counted:
                self._count(view)

    def _erased(self, event: ev.PersonErased) -> None:
        """Their videos are gone; of their views only what they summed up to stays."""
        for view in self.views.forget(event.person):
            self._land(view, seen=False)
        self.followers.pop(event.person, None)
        self.habits.forget(event.person)
        self.tallies.forget(event.person)
        self.book.forget(event.person, event.received)

    def _count(self, view: View) -> None:
        """Count a view that is over, or count again what changed."""
        row, first, before = self.trials.slots[view.slot], not view.counted, view.worth
        journey = self.book.journeys.get(view.slot)
        if journey is None or row["state"] != RUNNING or row["stage"] != view.stage:
            return
        gross = self.worth(view)
        view.counted, view.worth = True, gross - view.expected
        if first:
            self.expecting.learn(view.viewer, gross)
            journey.expected += view.expected
        self._tell(view, journey, gross, first)
        self.book.count(view.slot, first, view.worth, before)
        self.book.look_at(view.slot, self.now_ms)

    def _tell(self, view: View, journey: Journey, gross: float, first: bool) -> None:
        """Count it for its creator; what changed since it was counted before is corrected."""
        told = told_by(gross, view.expected, all_bits(view), view.watched_ms, view.duration_ms)
        if first:
            self.tallies.saw(view.slot, view.by, gross, view.expected)
            self.tallies.count(view.slot, journey, view.stage, told)
        elif view.told:
            self.tallies.count(view.slot, journey, view.stage, told - told_by(*view.told))
        view.told = (gross, view.expected, all_bits(view), view.watched_ms, view.duration_ms)

    # --- reading ----------------------------------------------------------------------------

    def journey(self, video: str) -> tuple[int, Journey] | None:
        """Slot and journey of a video; None if it has none."""
        row = self.live.video_row(video)
        slot = int(self.trials.of[row]) if row >= 0 else 0
        return (slot, self.book.journeys[slot]) if slot else None

    def room(self, video: str) -> int | None:
        """Places that the video's running stage has left; None if it is on no trial."""
        slot = self.book.slots.get(video)
        if slot is None:
            return None
        row = self.trials.slots[slot]
        return int(row["quota"] - row["shown"] - row["flying"])

    # --- snapshots --------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        book = self.book
        where, told = self.tallies.saved()
        last = [(slot, list(last)) for slot, last in self.tallies.last.items()]
        save_block(folder, "slots", self.trials.slots[: self.trials.used].view(np.uint8))
        saved = _Saved(
            self.now_ms, self._second, book.journeys, book.slots, list(book.cohorts.sums.items()),
            book.cohorts.spreads, book.scaling, self.followers, self.expecting.fit,
            self.views.saved(), where, last, self.habits.saved(),
        )  # fmt: skip
        save_block(folder, "tallies", self.tallies.of[: self.trials.used])
        save_block(folder, "cohorts", told)
        save_value(folder, "stages", msgspec.msgpack.encode(saved))

    def load(self, folder: Path) -> None:
        trials, book = self.trials, self.book
        slots = load_block(folder, "slots", dtype=np.uint8).view(trials.slots.dtype)
        saved = msgspec.msgpack.decode(load_value(folder, "stages", bytes), type=_Saved)
        trials.slots[: len(slots)] = slots
        trials.used = len(slots)
        for slot in saved.journeys:
            trials.of[slots[slot]["video"]] = slot
        self.now_ms, self._second = saved.now_ms, saved.second
        book.journeys, book.slots, self.followers = saved.journeys, saved.slots, saved.followers
        book.cohorts.sums = {tuple(where): sums for where, sums in saved.cohorts}
        book.cohorts.spreads, book.scaling = saved.spreads, saved.scaling
        self.expecting.fit = saved.fit
        self.views.restore(saved.views)
        self.habits.restore(saved.habits)
        tallies = load_block(folder, "tallies", dtype=np.float64)
        self.tallies.of[: len(tallies)] = tallies
        told = load_block(folder, "cohorts", dtype=np.float64)
        self.tallies.restore(saved.cohorts_told, told, saved.last)
