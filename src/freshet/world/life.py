"""Life in a world: viewers who swipe and creators who post, only through HTTP.

Everybody waits as long as they watch, so times are true; how many swipe at once follows from
the rate. What is there at the opening is posted first; the rest is kept back, and its creators
post it one by one.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from random import Random
from typing import TypeVar

from freshet.domain.errors import Overloaded, Unavailable
from freshet.world.api import Api, Record, Shown
from freshet.world.manifest import read_world
from freshet.world.names import PLACES
from freshet.world.pace import Pace
from freshet.world.plan import Clip, Plan
from freshet.world.publish import Posted, introduce, publish
from freshet.world.taste import Taste, View

MEAN_VIEW_S = 6.0
SLATE = 6
LOOK_S = 1.0  # how often the folder is looked at for new clips
FULL_S = 30.0  # how long somebody who has seen all stays away
LONGEST_WAIT_S = 10.0
DEVICES = ("ios", "android")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Manner:
    """How life goes."""

    viewers: int = 300
    rate: float = 4.0  # swipes a second, of all together
    haste: float = 1.0  # how many times faster than people they watch
    post_every_s: float = 45.0
    reserve: int = 60  # clips kept back at the opening, to be posted one by one
    swipes: int = 0  # end after so many; 0 = never


@dataclass
class Life:
    """A few hundred viewers and the world's creators, on one server."""

    folder: Path
    api: Api
    pace: Pace
    manner: Manner = Manner()
    state: Path | None = None  # where it is kept what has been posted
    media: str = ""  # address of the folder, where a server gives its files out
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._world = read_world(self.folder)
        self._clips = {clip.id: clip for clip in self._world.plan.clips}
        self._random = Random(f"life {self._world.plan.seed}")
        self._state = self.state or self.folder / "live.json"
        self._posted = Posted.read(self._state, self.now_ms())
        self._away: list[Taste] = []

    async def run(self) -> None:
        """Until cancelled, or until so many swipes as `manner` says.

        Raises:
            Refused: the server does not take what it is told; says why.
        """
        await self._patiently(self.open)
        self._away = everybody(self._world.plan, self.manner.viewers)
        self._random.shuffle(self._away)
        rate = self.manner.rate * MEAN_VIEW_S / self.manner.haste
        present = min(len(self._away), max(1, ceil(rate)))
        # Every seat ends with a view that was told and counted; posting never ends by itself.
        seats = asyncio.gather(*(self._take_seats() for _ in range(present)))
        both = (seats, asyncio.ensure_future(self._post()))
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in both:
                one.cancel()
            ended = await asyncio.gather(*both, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    async def open(self) -> None:
        """Post what is there of the clips that are not kept back; viewers say who they are."""
        plan = self._world.plan
        await introduce(plan, self.api)
        await self.api.save("people", _viewers(plan, self.manner.viewers))
        await self._publish_at_once()

    # --- creators ---------------------------------------------------------------------------

    async def _post(self) -> None:
        """New clips of the opening as soon as they are made; those kept back one by one."""
        due = time.monotonic() + self.manner.post_every_s
        while True:
            await asyncio.sleep(min(LOOK_S, self.manner.post_every_s))
            if self.pace.paused:
                continue
            await self._patiently(self._publish_at_once)
            if time.monotonic() >= due:
                due = time.monotonic() + self.manner.post_every_s
                await self._patiently(self._publish_next)

    async def _publish_at_once(self) -> None:
        self._world = read_world(self.folder)
        plan = self._world.plan
        opening = plan.clips[: max(1, len(plan.clips) - self.manner.reserve)]
        made = [clip for clip in opening if clip.id in self._world.made]
        await self._publish(made, now_ms=0)

    async def _publish_next(self) -> None:
        kept = [clip for clip in self._world.clips if clip.id not in self._posted.videos]
        await self._publish(kept[:1], self.now_ms())
        self.counts["posted"] += len(kept[:1])

    async def _publish(self, clips: list[Clip], now_ms: int) -> None:
        known = len(self._posted.videos)
        await publish(self.api, clips, self._posted, now_ms, self.media)
        if len(self._posted.videos) != known:
            self._posted.save(self._state)

    # --- viewers ----------------------------------------------------------------------------

    async def _take_seats(self) -> None:
        """One session after another, each by whoever has been away longest."""
        while not self._enough:
            viewer = self._away.pop(0)
            try:
                saw = await self._session(viewer)
            finally:
                self._away.append(viewer)
            if not saw:  # has seen everything there is
                await asyncio.sleep(FULL_S / self.manner.haste)

    async def _session(self, viewer: Taste) -> int:
        """How many videos were seen."""
        lasts, saw = viewer.sit_down(), 0
        session = f"{viewer.viewer}-{self.now_ms()}"
        about = {"viewer": viewer.viewer, "session_id": session}
        opened = {
            "type": "open_app",
            "time": self.now_ms(),
            "device": viewer.random.choice(DEVICES),
        }
        await self._patiently(lambda: self.api.tell([opened | about]))
        self.counts["sessions"] += 1
        while saw < lasts and not self._enough:
            slate = await self._patiently(lambda: self.api.feed(viewer.viewer, SLATE, session))
            self.counts["feeds"] += 1
            for shown in slate.items:
                await self._swipe(viewer, shown, about | {"request_id": slate.request_id})
                saw += 1
                if viewer.bored() or self._enough:
                    return saw
            if not slate.items:
                break
        return saw

    async def _swipe(self, viewer: Taste, shown: Shown, about: Record) -> None:
        """Watch one video for as long as it pleases, then tell what was done."""
        await self.pace.turn()
        clip = self._clips.get(shown.video)
        # A video of somebody else's, about which the world knows nothing: a short look.
        view = viewer.watch(clip) if clip else View(round(1000 * viewer.random.uniform(1, 6)))
        began = self.now_ms()
        await asyncio.sleep(view.watched_ms / 1000 / self.manner.haste)
        ended = max(self.now_ms(), began)
        events = told(shown, clip, view, began, ended)
        await self._patiently(lambda: self.api.tell([event | about for event in events]))
        self.counts["swipes"] += 1
        self.counts["watched_ms"] += view.watched_ms
        self.counts.update(view.acts)

    @property
    def _enough(self) -> bool:
        return 0 < self.manner.swipes <= self.counts["swipes"]

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until the server can answer, more slowly each time that it cannot."""
        wait_s = 0.2
        while True:
            began = time.monotonic()
            try:
                answer = await ask()
            except Unavailable as error:
                self.pace.slower()
                self.counts["refused for now"] += 1
                retry_s = error.retry_after_s if isinstance(error, Overloaded) else 0.0
                await asyncio.sleep(max(wait_s, min(retry_s, LONGEST_WAIT_S)))
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            else:
                self.pace.answered(time.monotonic() - began)
                return answer


def everybody(plan: Plan, viewers: int) -> list[Taste]:
    """Those who only watch, and those who also post."""
    people = [Taste.of(person.id, plan, person) for person in plan.people]
    return [*people, *(Taste.of(name, plan) for name in viewer_names(viewers))]


def viewer_names(viewers: int) -> list[str]:
    return [f"viewer{k:04d}" for k in range(viewers)]


def told(shown: Shown, clip: Clip | None, view: View, began_ms: int, ended_ms: int) -> list[Record]:
    """The events of one view, in the order in which they happened."""
    impression = {"type": "impression", "time": began_ms, "position": shown.position}
    acts: list[Record] = [{"type": act, "time": ended_ms} for act in view.acts]
    for act in acts:
        if act["type"] in ("follow", "profile_visit"):
            act["person"] = clip.creator if clip else ""
    watch = {
        "type": "watch", "time": ended_ms, "watched_ms": view.watched_ms, "loops": view.loops,
        "completed": view.completed, "duration_ms": clip.duration_ms if clip else 0, "left": True,
    }  # fmt: skip
    return [event | {"video": shown.video} for event in (impression, *acts, watch)]


def _viewers(plan: Plan, viewers: int) -> list[Record]:
    """What the app knows of its viewers: where they are, not what they like."""
    records = []
    for name in viewer_names(viewers):
        language = Taste.of(name, plan).languages[0]
        country = Random(f"{plan.seed} {name} lives").choice(PLACES[language])
        records.append(
            {"id": name, "language": language, "country": country, "account": "personal"}
        )
    return records
