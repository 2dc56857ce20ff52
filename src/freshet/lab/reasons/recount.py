"""What reasons say, counted anew from the raw events: none of the live state's code is used.

A view is opened by an impression, or by a report of progress on a video that is not among the
last 24 views. What came of it is what its reports and acts add up to; an act that was taken
back is none, and a reset forgets all views.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from math import log1p

from freshet.domain import events as ev
from freshet.feed.reason import Reason

LAST = 24  # views that are remembered
OPEN_MS = 30 * 60_000  # until a view counts of which nothing was heard
LONG_MS, AT_END = 18_000, 0.97
FRESH_MS, OTHERS_MIN = 48 * 3_600_000, 20
WINDOW_S = {"hour": 3_600, "day": 24 * 3_600, "week": 7 * 24 * 3_600}
KEPT = {"topics": 3, "hashtags": 5}  # of a video; the state knows no more


@dataclass(slots=True)
class View:
    video: str
    at_ms: int
    watched_ms: int = 0
    finished: bool = False
    long: bool = False
    liked: bool = False
    counted: bool = False  # something came of it, or its time is over
    events: list[str] = field(default_factory=list)  # ids of what it is known by


@dataclass(slots=True)
class Raw:
    """The log as it reads."""

    videos: dict[str, ev.VideoPublished] = field(default_factory=dict)
    people: dict[str, ev.PersonSaved] = field(default_factory=dict)
    views: dict[str, list[View]] = field(default_factory=lambda: defaultdict(list))
    likes: set[tuple[str, str]] = field(default_factory=set)  # that stand
    follows: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # by which events
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    shown: Counter[str] = field(default_factory=Counter)  # views that count, by video
    long: Counter[str] = field(default_factory=Counter)  # of them
    last_ms: int = 0
    utc_offset_min: int = 0  # of everybody's clock
    _open_views: deque[View] = field(default_factory=deque)

    def add(self, event: ev.Event) -> None:
        self.last_ms = event.received
        while self._open_views and event.received - self._open_views[0].at_ms >= OPEN_MS:
            self._count(self._open_views.popleft())
        match event:
            case ev.VideoPublished():
                self.videos[event.video] = event
            case ev.PersonSaved():
                self.people[event.person] = event
            case ev.Impression():
                self._open(event)
            case ev.Watch():
                self._watch(event)
            case ev.Like() | ev.Unlike():
                self._like(event)
            case ev.Follow():
                self.follows.setdefault((event.viewer, event.person), []).append(event.event_id)
                self._did(event)
            case ev.Unfollow():
                self.follows.pop((event.viewer, event.person), None)
            case ev.Click() | ev.Comment() | ev.Share() | ev.Favorite() | ev.ProfileVisit():
                self._did(event)
            case ev.NotInterested() | ev.Report():
                self._did(event)
            case ev.ResetFeed():
                for view in self.views[event.viewer]:
                    view.counted = True  # forgotten: what is open never counts
                self.views[event.viewer].clear()

    def _open(self, event: ev.VideoAct) -> View:
        view = View(event.video, event.received, events=[event.event_id])
        views = self.views[event.viewer]
        if len(views) >= LAST:
            self._count(views[-LAST])  # its place among the last is taken
        views.append(view)
        self._open_views.append(view)
        self.seen[event.viewer].add(event.video)
        return view

    def _count(self, view: View) -> None:
        if not view.counted:
            view.counted = True
            self.shown[view.video] += 1

    def _did(self, event: ev.VideoAct | ev.PersonAct) -> None:
        if (view := self._newest(event)) is not None:
            view.events.append(event.event_id)
            self._count(view)

    def _newest(self, event: ev.VideoAct | ev.PersonAct) -> View | None:
        """The viewer's newest view of a video, if it is among their last."""
        views = reversed(self.views[event.viewer][-LAST:])
        return next((view for view in views if view.video == event.video), None)

    def _watch(self, event: ev.Watch) -> None:
        view = self._newest(event) or self._open(event)
        view.events.append(event.event_id)
        self._count(view)
        view.watched_ms = max(view.watched_ms, event.watched_ms)
        length_ms = self.videos[event.video].duration_ms or event.duration_ms
        ended = event.completed or 0 < AT_END * length_ms <= view.watched_ms
        view.finished |= ended
        if not view.long and (view.watched_ms >= LONG_MS or (ended and length_ms <= LONG_MS)):
            view.long = True
            self.long[event.video] += 1

    def _like(self, event: ev.Like | ev.Unlike) -> None:
        gives, whose = isinstance(event, ev.Like), (event.viewer, event.video)
        (self.likes.add if gives else self.likes.discard)(whose)
        if (view := self._newest(event)) is not None:
            view.liked = gives
            view.events.append(event.event_id)
            if gives:
                self._count(view)

    # --- what reasons say -------------------------------------------------------------------

    def holds(self, one: Reason, viewer: str, video: str, now_ms: int) -> bool | None:
        """Whether what a reason says is so; None if the log alone cannot tell."""
        this, params = self.videos[video], one.params
        person = self.people.get(viewer)
        match one.code:
            case "creator" | "sound" | "topic" | "hashtag":
                named = params.get(one.code)
                mine = named is None or named in _things(this, one.code)
                return mine and int(params["count"]) == len(self.named(one, viewer, video, now_ms))
            case "followed":
                return (viewer, this.creator) in self.follows
            case "interest":
                return person is not None and bool(
                    set(this.topics[: KEPT["topics"]]) & set(person.interests)
                )
            case "language" | "country":
                return person is not None and (
                    getattr(this, one.code) == getattr(person, one.code) != ""
                )
            case "others":
                usual = self._usual(self._span(video))
                views = self.shown[video]
                return views >= OTHERS_MIN and self.long[video] / views > usual
            case "fresh":
                age_ms = now_ms - this.created // 1000 * 1000
                unit_ms = {"minutes": 60_000, "hours": 3_600_000}[params["unit"]]
                return 0 <= age_ms <= FRESH_MS and age_ms // unit_ms == int(params["count"])
            case "exploring":
                return int(params["count"]) == self.shown[video]
            case "new_topic":
                recent = {view.video for view in self.views[viewer][-LAST:]}
                known = [self.videos[name] for name in recent if name in self.videos]
                topics = {topic for other in known for topic in other.topics}
                return params["topic"] in this.topics and not topics & set(this.topics)
            case "alike" | "length":
                lately = self.views[viewer][-LAST:]
                return None if any(view.long for view in lately) else False
            case "unseen" | "popular":
                return video not in self.seen[viewer]
        return None

    def _usual(self, span: int) -> float:
        """Rate of long views of videos about as long, as if twenty more were like all."""
        usual = (self.long.total() + 3) / (self.shown.total() + 10)  # .3 of ten to begin with
        alike = [video for video in self.shown if self._span(video) == span]
        long, views = (sum(of[video] for video in alike) for of in (self.long, self.shown))
        return (long + 20 * usual) / (views + 20)

    def _span(self, video: str) -> int:
        """Lengths that count as alike: three steps to a factor e of 2 s + length."""
        ms = self.videos[video].duration_ms
        return min(1 + int(3 * log1p(ms / 2_000)), 15) if ms > 0 else 0

    def named(self, one: Reason, viewer: str, video: str, now_ms: int) -> dict[str, list[View]]:
        """The videos that a reason names acts on, each with the views that were acted in."""
        lately = self.views[viewer]
        if (when := one.params["when"]) == "lately":
            lately = lately[-LAST:]
        else:
            since_s = now_ms // 1000 - WINDOW_S[when] if when != "today" else self._midnight(now_ms)
            lately = [view for view in lately if view.at_ms // 1000 >= since_s]
        asked = one.params.get(one.code)
        things = {asked} if asked is not None else _things(self.videos[video], one.code)
        found: dict[str, list[View]] = defaultdict(list)
        for view in lately:
            if view.video in self.videos and things & _things(self.videos[view.video], one.code):
                found[view.video].append(view)
        acted = {"finished": _finished, "watched": _watched, "liked": self._liked}
        told = acted.get(one.params["act"], _nothing)
        return {name: views for name, views in found.items() if told(viewer, views)}

    def _midnight(self, now_ms: int) -> int:
        zone = timezone(timedelta(minutes=self.utc_offset_min))
        there = datetime.fromtimestamp(now_ms / 1000, zone)
        return int(there.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())

    def _liked(self, viewer: str, views: list[View]) -> bool:
        stands = (viewer, views[0].video) in self.likes
        return stands and any(view.liked for view in views) and _watched(viewer, views)

    def acts(self, one: Reason, viewer: str, video: str, now_ms: int) -> Iterator[str]:
        """Ids of the events that the named acts are known by."""
        if one.code == "followed":
            yield from self.follows[viewer, self.videos[video].creator]
        elif "act" in one.params:
            for views in self.named(one, viewer, video, now_ms).values():
                for view in views:
                    yield from view.events


def _finished(viewer: str, views: list[View]) -> bool:
    return any(view.finished for view in views)


def _watched(viewer: str, views: list[View]) -> bool:
    return any(view.long for view in views)


def _nothing(viewer: str, views: list[View]) -> bool:
    return False


def _things(video: ev.VideoPublished, kind: str) -> set[str]:
    """What a video has of a kind."""
    match kind:
        case "creator":
            return {video.creator}
        case "sound":
            return {video.sound} - {""} if not video.original_sound else set()
        case "topic":
            return set(video.topics[: KEPT["topics"]])
    return set(video.hashtags[: KEPT["hashtags"]])
