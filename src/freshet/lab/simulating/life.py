"""Days of a world: viewers sit down, swipe, tire and go; creators post what is watched.

Tastes are those of the demo's viewers (world/taste.py): topics, sounds, creators, lengths and
languages, a mood that drifts within a session, weariness of a topic, and chance. Creators whose
clips were watched longer the day before post sooner. Every draw follows from the seed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np

from freshet.lab.acting import SetClock
from freshet.lab.simulating.players import HOUR_MS, Player
from freshet.world.plan import Clip, Plan
from freshet.world.taste import Taste

SLATE = 6
DAY_MS = 24 * HOUR_MS
LEFT_MS = 3_000  # a view not longer was skipped
BESIDE = 12  # clips drawn beside one in twenty that are shown: does the viewer want them more?
LOOKED_AT = 20

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Shape:
    viewers: int = 150
    creators: int = 150
    clips: int = 2_000
    opening: float = 0.6  # share of the clips that is there on the first day
    days: int = 5
    sessions: float = 2.0  # of a viewer and day


@dataclass(slots=True)
class Day:
    """What came of one."""

    swipes: int = 0
    sessions: int = 0
    watched_ms: int = 0
    skipped: int = 0
    finished: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    topics: list[float] = field(default_factory=list)  # different ones of ten swipes, by session
    creators: Counter[str] = field(default_factory=Counter)  # impressions
    wanted: list[float] = field(default_factory=list)  # share of clips by chance wanted less
    predicted: list[float] = field(default_factory=list)
    long: list[bool] = field(default_factory=list)


class Looking:
    """Is told when somebody sits down, what they finish, and when they get up."""

    async def sits_down(self, viewer: str) -> None: ...

    def finished(self, viewer: str, clip: str) -> None: ...

    async def gets_up(self, viewer: str) -> None: ...

    async def hour(self) -> None:
        """An hour of the world went by."""


class Life:
    def __init__(
        self, plan: Plan, shape: Shape, seed: int, player: Player, clock: SetClock, look: Looking
    ) -> None:
        self.plan, self.shape, self.player, self.clock = plan, shape, player, clock
        self.look = look
        self.random = Random(f"simulated {seed}")
        self.aside = Random(f"asked {seed}")
        self.began_ms, self._hour = clock.now_ms, 0
        self.clips = {clip.id: clip for clip in plan.clips}
        self.tastes = [Taste.of(f"viewer{k:04d}", plan) for k in range(shape.viewers)]
        self.there: list[Clip] = []
        self.kept: dict[str, list[Clip]] = defaultdict(list)  # of each creator, the next last
        self.watched: Counter[str] = Counter()  # ms of each creator's clips, lately

    async def through(self, name: str, tell: Tell) -> list[Day]:
        opening = max(1, round(self.shape.opening * len(self.plan.clips)))
        await self._publish(self.plan.clips[:opening], aged=True)
        for clip in self.plan.clips[:opening:-1]:
            self.kept[clip.creator].append(clip)
        days = []
        for number in range(self.shape.days):
            day = Day()
            happens = sorted([*self._sessions(), *self._posts(self.shape.days - number)],
                             key=lambda one: one[0])  # fmt: skip
            for k, (at, viewer) in enumerate(happens):
                await self._until(self.began_ms + int((number + at) * DAY_MS))
                if viewer is None:
                    await self._post()
                else:
                    await self._session(viewer, day)
                tell(name, number * len(happens) + k + 1, self.shape.days * len(happens))
            days.append(day)
            self.watched = Counter({who: ms // 2 for who, ms in self.watched.items()})
        return days

    def _sessions(self) -> list[tuple[float, Taste | None]]:
        """When each sits down: mostly in the evening."""
        often = self.shape.sessions
        return [
            (min(self.random.betavariate(4, 2), 0.999), taste)
            for taste in self.tastes
            for _ in range(int(often) + (self.random.random() < often % 1))
        ]

    def _posts(self, days: int) -> list[tuple[float, Taste | None]]:
        left = sum(map(len, self.kept.values()))
        return [(self.random.random(), None) for _ in range(-(-left // days))]

    async def _until(self, now_ms: int) -> None:
        self.clock.now_ms = max(self.clock.now_ms, now_ms)
        hour = (self.clock.now_ms - self.began_ms) // HOUR_MS
        if hour > self._hour:
            self._hour = hour
            await self.look.hour()

    async def _post(self) -> None:
        able = [who for who, clips in self.kept.items() if clips]
        if not able:
            return
        mean = sum(self.watched.values()) / max(len(self.watched), 1) + 1
        eager = [0.5 + self.watched[who] / mean for who in able]
        who = self.random.choices(able, eager)[0]
        await self._publish([self.kept[who].pop()], aged=False)

    async def _publish(self, clips: Sequence[Clip], aged: bool) -> None:
        await self.player.published(clips, aged)
        self.there += clips

    async def _session(self, taste: Taste, day: Day) -> None:
        left, topics, seen = taste.sit_down(), list[str](), 0
        await self.look.sits_down(taste.viewer)
        while left > 0:
            slate = await self.player.slate(taste.viewer, SLATE)
            for position, name in enumerate(slate[:left]):
                clip = self.clips[name]
                self._ask(taste, clip, day)
                view = taste.watch(clip)
                await self.player.viewed(taste.viewer, clip, position, view)
                self.clock.now_ms += view.watched_ms
                self._count(day, clip, view)
                if view.completed:
                    self.look.finished(taste.viewer, name)
                topics.append(clip.topic)
                seen += 1
                if taste.bored():
                    left = 0
                    break
            left -= SLATE
            if not slate:
                break
        await self.look.gets_up(taste.viewer)
        day.sessions += 1
        day.topics += [
            len(set(topics[first : first + 10])) for first in range(0, len(topics) - 9, 10)
        ]

    def _ask(self, taste: Taste, clip: Clip, day: Day) -> None:
        predicted = getattr(self.player, "predicted", {}).get(clip.id)
        if predicted is not None:
            day.predicted.append(predicted)
        if self.aside.random() * LOOKED_AT < 1:
            own = taste.appeal(clip)
            beside = [self.aside.choice(self.there) for _ in range(BESIDE)]
            day.wanted.append(float(np.mean([taste.appeal(one) < own for one in beside])))

    def _count(self, day: Day, clip: Clip, view: Any) -> None:
        day.swipes += 1
        day.watched_ms += view.watched_ms
        day.skipped += view.watched_ms <= LEFT_MS and not view.completed
        day.finished += view.completed
        day.acts.update(view.acts)
        day.creators[clip.creator] += 1
        self.watched[clip.creator] += view.watched_ms
        if len(day.long) < len(day.predicted):
            day.long.append(view.watched_ms >= clip.duration_ms)
