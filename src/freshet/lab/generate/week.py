"""A week of a small app as events: what tests and measurements are filled with.

Viewers open the app in the evening or at lunch, swipe through a session, and act on what
suits them. What they are shown is chosen by a crude feed of its own (the best of a few videos
drawn at random, with noise), so that the log looks like one that a recommender has left.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np

from freshet.domain.events import (
    Comment,
    Event,
    Favorite,
    Follow,
    Hide,
    Impression,
    LabelCleared,
    LabelSet,
    Like,
    NotInterested,
    OpenApp,
    PersonSaved,
    ProfileVisit,
    Report,
    Search,
    Share,
    SoundSaved,
    Unlike,
    VideoPublished,
    VideoRemoved,
    Watch,
)
from freshet.lab.generate.columns import START_MS
from freshet.lab.generate.words import COUNTRIES, LANGUAGES, MAKERS, TOPICS, names
from freshet.lab.generate.world import ACTS, NO, Ints, World, chances, make_world
from freshet.lab.readers.ids import content_id

DAYS = 7
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SWIPES = (5, 40)  # of a session
REVIEW_MS = 2 * HOUR_MS  # a moderator takes this long
SESSION_MS = 6 * HOUR_MS  # longer than any
OFFERED = 24  # videos among which the app's own feed chooses
SLATE = 10  # videos of one answer of the feed
HOURS = (7, 12, 13, 17, 19, 20, 21, 22)
PROGRESS_MS = 5_000  # the player reports how far it is this often
VIDEO_ACTS = {"like": Like, "comment": Comment, "share": Share, "favorite": Favorite,
              "not_interested": NotInterested, "report": Report}  # fmt: skip
DEVICES = ("android", "ios", "web")
NAMES_OF_TOPICS = tuple(TOPICS)


def week_events(
    seed: int = 1,
    *,
    viewers: int = 200,
    videos: int = 400,
    impressions: int = 20_000,
    start_ms: int = START_MS,
) -> list[Event]:
    """The events of the week in time order, about 2.5 for each impression."""
    week = _Week(seed, viewers, videos, start_ms)
    events = [*week.supply(), *week.sessions(impressions), *week.moderation()]
    return sorted(events, key=lambda event: event.time)


def write_week(path: Path, seed: int = 1, **sizes: int) -> int:
    """The week as JSON lines that `freshet import events` reads; how many."""
    events = week_events(seed, **sizes)
    with path.open("wb") as file:
        file.writelines(msgspec.json.encode(event) + b"\n" for event in events)
    return len(events)


class _Week:
    def __init__(self, seed: int, viewers: int, videos: int, start_ms: int) -> None:
        self._seed, self._start_ms, self._made = seed, start_ms, 0
        self._rng = np.random.default_rng([seed, 2])  # for arrays
        self._dice = Random(seed)  # for single draws, many times faster
        self._world: World = make_world(seed, viewers=viewers, videos=videos, topics=len(TOPICS))
        self._people = names(viewers)
        makers = names(int(self._world.creator.max()) + 1)
        self._creators = [f"{name}.{MAKERS[i % len(MAKERS)]}" for i, name in enumerate(makers)]
        self._creator_language = self._rng.integers(0, len(LANGUAGES), len(makers))
        self._viewer_language = self._rng.integers(0, len(LANGUAGES), viewers)
        pairs = np.indices((viewers, videos), np.int32).reshape(2, -1)
        self._suits = self._world.affinity(*pairs).reshape(viewers, videos)
        # Two thirds of the videos are there before the week begins, the rest arrive in it.
        ages = np.where(self._rng.random(videos) < 2 / 3, -14, DAYS) * self._rng.random(videos)
        self._created = start_ms + (ages * DAY_MS).astype(np.int64)
        self._reviewed: list[int] = self._rng.choice(videos, 4, replace=False).tolist()
        self._gone = np.full(videos, np.iinfo(np.int64).max)
        self._gone[self._reviewed[0]] = self._review_ms(self._reviewed[0]) + REVIEW_MS

    def supply(self) -> Iterator[Event]:
        world, first = self._world, int(self._created.min()) - 1
        for sound in sorted({int(sound) for sound in world.sound} - {NO}):
            yield SoundSaved(**self._at(first), sound=f"sound-{sound}", original=sound % 3 == 0,
                             commercial=sound % 4 == 0)  # fmt: skip
        for row, person in enumerate(self._people):
            likes = [topic for topic in world.viewer_topics[row].tolist() if topic != NO]
            yield PersonSaved(
                **self._at(first), person=person, **self._home(self._viewer_language[row]),
                device=DEVICES[row % len(DEVICES)],
                interests=tuple(NAMES_OF_TOPICS[topic] for topic in likes[:2]),
            )  # fmt: skip
        for row in sorted(set(world.creator.tolist())):
            yield PersonSaved(**self._at(first), person=self._creators[row], account="creator",
                              **self._home(self._creator_language[row]))  # fmt: skip
        for row in range(world.videos):
            yield self._video(row)

    def _video(self, row: int) -> VideoPublished:
        world, creator = self._world, int(self._world.creator[row])
        language = LANGUAGES[int(self._creator_language[creator])]
        about = [NAMES_OF_TOPICS[t] for t in world.video_topics[row].tolist() if t != NO]
        tags = [TOPICS[NAMES_OF_TOPICS[tag % len(TOPICS)]][language][tag // len(TOPICS) % 2]
                for tag in world.video_hashtags[row].tolist() if tag != NO]  # fmt: skip
        sound = int(world.sound[row])
        created = int(self._created[row])
        return VideoPublished(
            **self._at(created), video=f"video-{row:04}", creator=self._creators[creator],
            created=created, duration_ms=int(world.duration_ms[row]), width=1080, height=1920,
            sound=f"sound-{sound}" if sound != NO else "", original_sound=sound % 3 == 0,
            hashtags=tuple(dict.fromkeys(tags)), topics=tuple(about),
            **self._home(self._creator_language[creator]),
        )  # fmt: skip

    def sessions(self, impressions: int) -> Iterator[Event]:
        """Sessions, each by one viewer, until `impressions` were seen or all have seen enough."""
        seen: list[set[int]] = [set() for _ in self._people]
        free_from = [0] * len(self._people)  # nobody is in two sessions at once
        shares = np.sqrt(self._world.activity)
        while impressions > 0 and shares.any():
            viewer = self._dice.choices(range(len(shares)), shares.tolist())[0]
            if len(seen[viewer]) > self._world.videos // 2:
                shares[viewer] = 0
                continue
            hour = self._dice.randrange(DAYS) * 24 + self._dice.choice(HOURS)
            begin = self._start_ms + hour * HOUR_MS + self._dice.randrange(HOUR_MS)
            begin = max(begin, free_from[viewer])
            swipes = min(self._dice.randrange(*SWIPES), impressions)
            session = [*self._session(viewer, begin, swipes, seen[viewer])]
            free_from[viewer] = session[-1].time + HOUR_MS
            shown = sum(isinstance(event, Impression) for event in session)
            if shown < swipes:  # has seen what there is
                shares[viewer] = 0
            impressions -= shown
            yield from session

    def _session(self, viewer: int, time: int, swipes: int, seen: set[int]) -> Iterator[Event]:
        about: dict[str, Any] = {
            "viewer": self._people[viewer], "session_id": content_id(time, b"s%d" % viewer)
        }  # fmt: skip
        home = self._home(self._viewer_language[viewer])
        yield OpenApp(**self._at(time), **about, device=DEVICES[viewer % len(DEVICES)], **home)
        if self._dice.random() < 0.1:
            topic = int(self._world.viewer_topics[viewer, 0])
            yield Search(**self._at(time + 900), **about | {"surface": "search"},
                         topics=(NAMES_OF_TOPICS[topic],))  # fmt: skip
        shown = self._choices(viewer, time, seen, swipes)
        watched = self._world.watched_ms(self._suits[viewer, shown], shown, self._rng).tolist()
        for i, video in enumerate(shown.tolist()):
            if i % SLATE == 0:
                about["request_id"] = content_id(time, b"r%d-%d" % (viewer, i))
            yield from self._view(viewer, video, time, watched[i], i % SLATE, about)
            time += watched[i] + self._dice.randrange(300, 1_500)

    def _choices(self, viewer: int, time: int, seen: set[int], swipes: int) -> Ints:
        """Again and again the best of a few videos, give or take, that were not seen."""
        there = (self._created < time) & (time + SESSION_MS < self._gone)
        there[list(seen)] = False
        left = self._rng.permutation(np.flatnonzero(there)).tolist()
        chosen: list[int] = []
        while left and len(chosen) < swipes:
            few = [left.pop() for _ in range(min(OFFERED, len(left)))]
            value = self._suits[viewer, few] + 1.5 * self._rng.gumbel(size=len(few))
            chosen.append(few.pop(int(np.argmax(value))))
            left[:0] = few  # the others get another chance later
        seen.update(chosen)
        return np.array(chosen, np.int32)

    def _view(
        self,
        viewer: int,
        video: int,
        time: int,
        watched: int,
        position: int,
        about: dict[str, Any],
    ) -> Iterator[Event]:
        """An impression, the player's reports, what the viewer did, and leaving."""
        duration, done = int(self._world.duration_ms[video]), time + watched
        this: dict[str, Any] = about | {"video": f"video-{video:04}"}
        yield Impression(**self._at(time), **this, position=position)
        for at in range(PROGRESS_MS, min(watched, 4 * PROGRESS_MS), PROGRESS_MS):
            yield Watch(**self._at(time + at), **this, watched_ms=at, duration_ms=duration)
        for act, chance in zip(ACTS, chances(float(self._suits[viewer, video])), strict=True):
            if self._dice.random() < chance:
                at = time + self._dice.randrange(watched + 1)
                yield from self._act(act, at, done, video, this)
        yield Watch(
            **self._at(done), **this, watched_ms=watched, duration_ms=duration, left=True,
            loops=max(watched // duration - 1, 0), completed=watched >= duration,
        )  # fmt: skip

    def _act(
        self, act: str, at: int, done: int, video: int, this: dict[str, Any]
    ) -> Iterator[Event]:
        creator = self._creators[int(self._world.creator[video])]
        if act in VIDEO_ACTS:
            yield VIDEO_ACTS[act](**self._at(at), **this)
            if act == "like" and self._dice.random() < 0.03:
                yield Unlike(**self._at(done), **this)
        elif act == "hide":
            topic = NAMES_OF_TOPICS[int(self._world.video_topics[video, 0])]
            less = {name: value for name, value in this.items() if name != "video"}
            yield Hide(**self._at(at), **less, kind="topic", target=topic)
        else:
            kind = Follow if act == "follow" else ProfileVisit
            yield kind(**self._at(at), **this, person=creator)

    def moderation(self) -> Iterator[Event]:
        """A few videos are looked at; one of them has to go."""
        for row in self._reviewed:
            time, done = self._review_ms(row), self._review_ms(row) + REVIEW_MS
            this: dict[str, Any] = {
                "video": f"video-{row:04}", "label": "under_review", "actor": "moderator"
            }  # fmt: skip
            yield LabelSet(**self._at(time), **this)
            if self._gone[row] == done:
                yield VideoRemoved(**self._at(done), video=this["video"])
            else:
                yield LabelCleared(**self._at(done), **this, reason="fine")

    def _review_ms(self, row: int) -> int:
        return max(int(self._created[row]), self._start_ms) + 3 * DAY_MS

    def _at(self, time: int) -> dict[str, Any]:
        self._made += 1
        return {"event_id": content_id(time, b"week %d %d" % (self._seed, self._made)),
                "time": time}  # fmt: skip

    def _home(self, language: int) -> dict[str, Any]:
        name = LANGUAGES[int(language)]
        return {"language": name, "country": COUNTRIES[name]}
