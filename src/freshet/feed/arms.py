"""What came of an experiment's arms: a fold of the log into a few sums per viewer.

    SlateServed (arm "NAME/ARM")   the viewer is in the experiment from now on; feeds, days
    Impression, Watch, Like, …     what they then do on its surface

A viewer is the unit: what one does is not independent, so intervals are over viewers. Of many
viewers a sample by hash is kept, the same whatever the order in which they come: one whose
hash lies beyond `keep` is out, and when more than `viewers_max` are held `keep` is halved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from freshet.domain import events as ev
from freshet.domain.outcomes import END_SLACK
from freshet.feed.experiments import chance
from freshet.log.ports import Batch
from freshet.log.snapshots import load_value, save_value

DAY_MS = 86_400_000
VIEWS_HELD = 8  # of a viewer, whose reports may still come
LONGEST_LOOPS = 3  # watch time beyond so many durations is not counted, as in learning


class View(msgspec.Struct, array_like=True):
    video: str
    watched_ms: int = 0
    finished: bool = False


class Sums(msgspec.Struct, array_like=True):
    """One viewer in one arm."""

    arm: str
    feeds: int = 0
    impressions: int = 0
    watched_ms: int = 0
    finishes: int = 0
    likes: int = 0
    days: int = 0  # with a feed
    returns: int = 0  # of those, days right after another
    last_day: int = 0
    views: list[View] = []  # the newest last


class Sample(msgspec.Struct):
    """An experiment's viewers, as far as they are kept."""

    surface: str
    keep: float = 1.0  # share of viewers that is kept
    viewers: dict[str, Sums] = {}


@dataclass(slots=True)
class ArmSums:
    """Projection: per experiment, sums per viewer."""

    viewers_max: int = 20_000
    samples: dict[str, Sample] = field(default_factory=dict)
    now_ms: int = 0  # of the last event folded
    name = "arms"
    fold_version = 1

    def apply(self, batch: Batch) -> None:
        for event in batch.events:
            if isinstance(event, ev.SlateServed):
                if event.arm:
                    self._served(event)
            elif self.samples and (fold := _FOLDS.get(type(event))) is not None:
                self._did(event, fold)
            elif isinstance(event, ev.PersonErased):
                self._drop(event.person)
            elif isinstance(event, ev.ViewersMerged):
                self._drop(event.viewer)  # counted as `into`, if at all
        self.now_ms = batch.events[-1].received

    def save(self, folder: Path) -> None:
        state = (self.samples, self.now_ms)
        save_value(folder, "samples", msgspec.msgpack.encode(state))

    def load(self, folder: Path) -> None:
        state = load_value(folder, "samples", bytes)
        self.samples, self.now_ms = _decode(state)

    def _served(self, slate: ev.SlateServed) -> None:
        name, _, arm = slate.arm.partition("/")
        sample = self.samples.setdefault(name, Sample(slate.surface))
        if chance(f"sample/{name}", 0, slate.viewer) >= sample.keep:
            return
        sums = sample.viewers.get(slate.viewer)
        if sums is None or sums.arm != arm:  # split anew: what was done in another arm is out
            sums = sample.viewers[slate.viewer] = Sums(arm)
        sums.feeds += 1
        day = slate.received // DAY_MS
        if day != sums.last_day:
            sums.days += 1
            sums.returns += day == sums.last_day + 1
            sums.last_day = day
        while len(sample.viewers) > self.viewers_max:
            self._halve(name, sample)

    def _halve(self, name: str, sample: Sample) -> None:
        sample.keep /= 2
        for viewer in list(sample.viewers):
            if chance(f"sample/{name}", 0, viewer) >= sample.keep:
                del sample.viewers[viewer]

    def _did(self, event: Any, fold: Any) -> None:
        for sample in self.samples.values():
            sums = sample.viewers.get(event.viewer)
            if sums is not None and event.surface == sample.surface:
                fold(sums, event)

    def _drop(self, person: str) -> None:
        for sample in self.samples.values():
            sample.viewers.pop(person, None)


_decode = msgspec.msgpack.Decoder(tuple[dict[str, Sample], int]).decode


def _impression(sums: Sums, event: ev.Impression) -> None:
    sums.impressions += 1
    sums.views = [*sums.views[1 - VIEWS_HELD :], View(event.video)]


def _watch(sums: Sums, event: ev.Watch) -> None:
    view = next((one for one in reversed(sums.views) if one.video == event.video), None)
    if view is None:
        return  # of a view before the experiment, or long over
    lasts, watched = event.duration_ms, event.watched_ms
    if lasts:
        watched = min(watched, LONGEST_LOOPS * lasts)
    if watched > view.watched_ms:  # reports repeat: the maximum counts
        sums.watched_ms += watched - view.watched_ms
        view.watched_ms = watched
    ended = event.completed or (lasts > 0 and event.watched_ms >= END_SLACK * lasts)
    if ended and not view.finished:
        view.finished = True
        sums.finishes += 1


def _like(sums: Sums, event: ev.Like) -> None:
    sums.likes += 1


def _unlike(sums: Sums, event: ev.Unlike) -> None:
    sums.likes -= 1


_FOLDS = {
    ev.Impression: _impression,
    ev.Watch: _watch,
    ev.Like: _like,
    ev.Unlike: _unlike,
}
