"""Views of videos on trial, from the feed that served them until nothing more comes of them.

SlateServed ─▶ flying ─▶ Impression ─▶ on screen ─▶ left, or moved on: its worth counts
                                                 └▶ acts for 30 minutes more change it
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from freshet.domain import events as ev
from freshet.domain.outcomes import INDEX, OUTCOMES, VIEW_TIMEOUT_MS
from freshet.learning import kernels

UNSEEN_MS = 10 * 60_000  # a video served and not on screen by then makes room for another viewer
WATCH = "watch_s"

_reached: Callable[[int, int, int], int] = getattr(kernels.reached, "py_func", kernels.reached)

Key = tuple[str, str]  # viewer, video


class View(msgspec.Struct, array_like=True, gc=False):
    """One video on trial, in front of one viewer."""

    slot: int
    stage: int
    since: int  # ms: served, then on screen
    duration_ms: int
    bits: int = 0  # outcomes that came, but for watching
    watched_ms: int = 0
    flags: int = 0  # as of a watch record
    viewer: tuple[float, ...] = ()  # what its served vector says of who watches
    expected: float = 0.0  # worth to such a viewer of any such video
    fan: bool = False  # by a follower of the creator
    counted: bool = False
    worth: float = 0.0  # beyond what was expected, as it was counted
    by: str = ""  # viewer
    told: tuple[float, float, int, int, int] | None = None  # to the creator, as it was counted


class Worth:
    """What a view is worth by the table that feeds rank by."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._of_bits = [weights.get(name, 0.0) for name in OUTCOMES]
        self._of_second = weights.get(WATCH, 0.0)

    def __call__(self, view: View) -> float:
        watched_ms = view.watched_ms
        if view.duration_ms:
            watched_ms = min(watched_ms, 3 * view.duration_ms)
        bits = all_bits(view)
        worth = self._of_second * watched_ms / 1000
        for index, weight in enumerate(self._of_bits):
            if bits >> index & 1:
                worth += weight
        return worth


class Views:
    """Who is on the way to a video on trial, and who watches one."""

    def __init__(self) -> None:
        self.flying: OrderedDict[Key, View] = OrderedDict()
        self.seen: OrderedDict[Key, View] = OrderedDict()
        self.watching: dict[str, str] = {}  # viewer: the video on trial on their screen

    def serve(self, viewer: str, video: str, view: View) -> View | None:
        """On its way; returns what was on its way there before."""
        before = self.flying.pop((viewer, video), None)
        self.flying[viewer, video] = view
        return before

    def of(self, viewer: str, video: str) -> View | None:
        return self.seen.get((viewer, video))

    def left(self, viewer: str) -> View | None:
        """The view of the video that the viewer now leaves, if that is on trial."""
        video = self.watching.pop(viewer, None)
        return None if video is None else self.seen.get((viewer, video))

    def unseen(self, now_ms: int) -> Iterator[View]:
        """Those that never came on screen; forgotten."""
        while self.flying and next(iter(self.flying.values())).since + UNSEEN_MS < now_ms:
            yield self.flying.popitem(last=False)[1]

    def over(self, now_ms: int) -> Iterator[View]:
        """Those of which nothing more is awaited; forgotten."""
        while self.seen and next(iter(self.seen.values())).since + VIEW_TIMEOUT_MS < now_ms:
            (viewer, video), view = self.seen.popitem(last=False)
            if self.watching.get(viewer) == video:
                del self.watching[viewer]
            yield view

    def forget(self, person: str) -> Iterator[View]:
        """All of one viewer, who is erased; those on their way come out."""
        for views in (self.flying, self.seen):
            for key in [key for key in views if key[0] == person]:
                view = views.pop(key)
                if views is self.flying:
                    yield view
        self.watching.pop(person, None)

    def saved(self) -> Any:
        return list(self.flying.items()), list(self.seen.items()), self.watching

    def restore(self, saved: Any) -> None:
        flying, seen, self.watching = saved
        self.flying = OrderedDict(((v, w), view) for (v, w), view in flying)
        self.seen = OrderedDict(((v, w), view) for (v, w), view in seen)


SavedViews = tuple[list[tuple[Key, View]], list[tuple[Key, View]], dict[str, str]]


def all_bits(view: View) -> int:
    """Outcomes that came, watching too."""
    return view.bits | _reached(view.watched_ms, view.duration_ms, view.flags)


def watch(view: View, event: ev.Watch) -> None:
    """Progress: the maximum of what was reported counts."""
    view.watched_ms = max(view.watched_ms, event.watched_ms)
    view.duration_ms = view.duration_ms or event.duration_ms
    view.flags |= kernels.COMPLETED * event.completed | kernels.LOOPED * (event.loops > 0)


def act(view: View, outcome: str, gains: bool) -> None:
    bit = 1 << INDEX[outcome]
    view.bits = view.bits | bit if gains else view.bits & ~bit
