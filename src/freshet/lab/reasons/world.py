"""A small world with tastes, in which people do all that reasons can speak of, and take it back.

Some come every few minutes, some once a day; they finish what they like, like some of it, take
likes back, follow, watch a video twice, leave one without a word, and now and then reset it all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from freshet.domain import events as ev
from freshet.lab.acting import Acting

MINUTE_MS, DAY_MS = 60_000, 86_400_000
LANGUAGES = {"en": "GB", "da": "DK", "it": "IT", "nl": "NL"}
TAGS = 6  # of each topic
PUBLISHED_AT_ONCE = 0.8  # of the videos; the others come one by one


@dataclass(frozen=True, slots=True)
class Shape:
    """What can be asked of a world."""

    feeds: int = 1_000
    viewers: int = 60
    creators: int = 80
    videos: int = 500
    topics: int = 10
    sounds: int = 60
    slate: int = 10
    between_ms: int = 4 * MINUTE_MS  # two visits of anybody, in the mean


class World:
    """People, and what they do with what they are shown. All its chance follows from `seed`."""

    def __init__(self, shape: Shape, on: Acting, seed: int) -> None:
        self.shape, self.on = shape, on
        self.rng = rng = np.random.default_rng([seed, 21])
        self.taste = np.full((shape.viewers, shape.topics), 0.12)
        for row in self.taste:
            row[rng.choice(shape.topics, int(rng.integers(2, 4)), replace=False)] = 0.75
        eager = rng.lognormal(0.0, 0.8, shape.viewers)
        self.eager = eager / eager.sum()
        self.topic = rng.integers(0, shape.topics, shape.videos)
        self.length_ms = rng.integers(6_000, 60_000, shape.videos)
        self.creator = rng.integers(0, shape.creators, shape.videos)
        self.published = 0
        self.likes: set[tuple[str, str]] = set()

    def begin(self) -> list[ev.Event]:
        """The people, and most of the videos."""
        people: list[ev.Event] = []
        for viewer in range(self.shape.viewers):
            language = str(self.rng.choice(list(LANGUAGES)))
            chosen = tuple(f"topic {t}" for t in np.flatnonzero(self.taste[viewer] > 0.5)[:1])
            people.append(
                self._event(
                    ev.PersonSaved,
                    person=f"v{viewer}",
                    language=language,
                    country=LANGUAGES[language],
                    interests=chosen if viewer % 2 else (),
                )
            )
        first = int(PUBLISHED_AT_ONCE * self.shape.videos)
        return people + [
            self._publish(int(self.rng.exponential(20 * DAY_MS))) for _ in range(first)
        ]

    def next_visit(self) -> tuple[str, list[ev.Event]]:
        """Who comes now, and what happened meanwhile."""
        self.on.clock.now_ms += int(self.rng.exponential(self.shape.between_ms)) + 1_000
        viewer = f"v{self.rng.choice(self.shape.viewers, p=self.eager)}"
        meanwhile: list[ev.Event] = []
        if self.published < self.shape.videos and self.rng.random() < 0.3:
            meanwhile.append(self._publish(0))
        if self.rng.random() < 0.01:
            meanwhile.append(self._event(ev.ResetFeed, viewer=viewer))
        mine = sorted(video for who, video in self.likes if who == viewer)
        if mine and self.rng.random() < 0.15:
            video = str(self.rng.choice(mine))
            self.likes.discard((viewer, video))
            meanwhile.append(self._event(ev.Unlike, viewer=viewer, video=video))
        return viewer, meanwhile

    def views(self, viewer: str, slate: list[str]) -> Iterator[list[ev.Event]]:
        """What they do with a slate, view by view; time goes by meanwhile."""
        count = int(self.rng.integers(1, self.shape.slate + 1))
        for position, video in enumerate(slate[:count]):
            yield list(self._view(viewer, video, position))
            if self.rng.random() < 0.05:  # once more, from the profile of who made it
                yield list(self._view(viewer, video, 0, surface="profile"))

    def _view(
        self, viewer: str, video: str, position: int, surface: ev.Surface = "for_you"
    ) -> Iterator[ev.Event]:
        luck, how, likes, follows, tells = self.rng.random(5)
        told: dict[str, Any] = {"viewer": viewer, "video": video, "surface": surface}
        yield self._event(ev.Impression, **told, position=position)
        if tells < 0.06:
            return  # nothing is heard of it
        taste, length_ms = self.taste[int(viewer[1:]), self.topic[int(video)]], self._length(video)
        long = luck < taste
        share = 0.97 + 0.5 * how if long and tells < 0.8 else 0.5 + 0.4 * how if long else 0.3 * how
        watched_ms = int(share * length_ms)
        if tells > 0.7:  # reports on the way
            yield self._event(ev.Watch, **told, watched_ms=watched_ms // 2)
        self.on.clock.now_ms += watched_ms + 300
        yield self._event(
            ev.Watch, **told, watched_ms=watched_ms, left=True, completed=bool(share > 1)
        )
        if long and likes < 0.4:
            self.likes.add((viewer, video))
            yield self._event(ev.Like, **told)
            if likes < 0.05:
                self.likes.discard((viewer, video))
                yield self._event(ev.Unlike, **told)
        if long and follows < 0.08:
            yield self._event(ev.Follow, **told, person=self._maker(video))
        elif follows > 0.985:
            yield self._event(ev.Unfollow, **told, person=self._maker(video))

    def _length(self, video: str) -> int:
        return int(self.length_ms[int(video)])

    def _maker(self, video: str) -> str:
        return f"c{self.creator[int(video)]}"

    def _publish(self, age_ms: int) -> ev.Event:
        video = self.published
        self.published += 1
        topic, shape = int(self.topic[video]), self.shape
        tags = self.rng.choice(TAGS, 2, replace=False)
        language = str(self.rng.choice(list(LANGUAGES)))
        return self._event(
            ev.VideoPublished, video=str(video), creator=self._maker(str(video)),
            created=self.on.clock.now_ms - age_ms, duration_ms=self._length(str(video)),
            sound=f"sound {self.rng.integers(shape.sounds)}",
            original_sound=bool(self.rng.random() < 0.2),
            hashtags=tuple(f"tag{topic}x{tag}" for tag in tags), topics=(f"topic {topic}",),
            language=language, country=LANGUAGES[language],
        )  # fmt: skip

    def _event(self, kind: type[ev.Event], **fields: Any) -> ev.Event:
        now_ms = self.on.clock.now_ms
        return kind(event_id=self.on.event_id(), time=now_ms, **fields)
