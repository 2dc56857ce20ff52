"""Who chooses what is shown: the engine that serves, the most finished, chance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from freshet.catalogue.content import content_vector
from freshet.domain import events as ev
from freshet.lab.acting import Acting
from freshet.world.plan import Clip, Plan
from freshet.world.taste import View

HOUR_MS = 3_600_000
ACTS: dict[str, type[Any]] = {
    "like": ev.Like, "comment": ev.Comment, "share": ev.Share, "favorite": ev.Favorite,
    "not_interested": ev.NotInterested,
}  # fmt: skip
TOWARDS: dict[str, type[Any]] = {"follow": ev.Follow, "profile_visit": ev.ProfileVisit}


class Player(Protocol):
    async def published(self, clips: Sequence[Clip], aged: bool) -> None:
        """New clips; `aged`: as old as the plan says, else posted now."""
        ...

    async def slate(self, viewer: str, n: int) -> list[str]:
        """Up to n clips that the viewer has not seen."""
        ...

    async def viewed(self, viewer: str, clip: Clip, position: int, view: View) -> None: ...


class Ours:
    """Through what clients have: a feed, and events."""

    def __init__(self, on: Acting) -> None:
        self.on = on
        self.predicted: dict[str, float] = {}  # of the last slate of anybody: a long view

    async def published(self, clips: Sequence[Clip], aged: bool) -> None:
        now_ms = self.on.clock.now_ms
        await self.on.record([
            ev.VideoPublished(
                event_id=self.on.event_id(), time=now_ms, video=clip.id, creator=clip.creator,
                created=now_ms - round(clip.age_h * HOUR_MS) * aged, duration_ms=clip.duration_ms,
                sound=clip.sound, hashtags=clip.hashtags, topics=(clip.topic,),
                language=clip.language, country=clip.country,
                vector=content_vector(
                    f"{clip.headline} {clip.caption}", clip.hashtags, clip.sound, (clip.topic,)
                ),
            )
            for clip in clips
        ])  # fmt: skip

    async def slate(self, viewer: str, n: int) -> list[str]:
        answer = await self.on.engine.feed("for_you", viewer, n)
        self.predicted = {
            item.video: item.predictions["long_view"] for item in answer.items if item.predictions
        }
        return [item.video for item in answer.items]

    async def viewed(self, viewer: str, clip: Clip, position: int, view: View) -> None:
        on, now_ms = self.on, self.on.clock.now_ms
        told: dict[str, Any] = {"time": now_ms, "viewer": viewer}
        of_clip = {**told, "video": clip.id}
        happened: list[ev.Event] = [
            ev.Impression(event_id=on.event_id(), position=position, **of_clip)
        ]
        for act in view.acts:
            if act in ACTS:
                happened.append(ACTS[act](event_id=on.event_id(), **of_clip))
            else:
                one = TOWARDS[act](event_id=on.event_id(), person=clip.creator, **told)
                happened.append(one)
        happened.append(
            ev.Watch(
                event_id=on.event_id(), watched_ms=view.watched_ms, loops=view.loops,
                completed=view.completed, left=True, **of_clip,
            )
        )  # fmt: skip
        await on.record(happened)


class Chance:
    """Any clip that the viewer has not seen."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 31])
        self.rows = {clip.id: row for row, clip in enumerate(plan.clips)}
        self.ids = [clip.id for clip in plan.clips]
        self.there = np.zeros(len(self.ids), np.bool_)
        self.seen: dict[str, list[int]] = defaultdict(list)

    async def published(self, clips: Sequence[Clip], aged: bool) -> None:
        self.there[[self.rows[clip.id] for clip in clips]] = True

    async def slate(self, viewer: str, n: int) -> list[str]:
        score = np.where(self.there, self.score(), -np.inf)
        score[self.seen[viewer]] = -np.inf
        best = np.argsort(-score, kind="stable")[:n]
        return [self.ids[row] for row in best.tolist() if np.isfinite(score[row])]

    async def viewed(self, viewer: str, clip: Clip, position: int, view: View) -> None:
        self.seen[viewer].append(self.rows[clip.id])

    def score(self) -> Any:
        return self.rng.random(len(self.ids))


class Popular(Chance):
    """What most of those who saw it watched to the end, a newcomer counted as the mean."""

    def __init__(self, plan: Plan, seed: int) -> None:
        super().__init__(plan, seed)
        self.ended, self.shown = np.full(len(self.ids), 1.5), np.full(len(self.ids), 5.0)

    async def viewed(self, viewer: str, clip: Clip, position: int, view: View) -> None:
        await super().viewed(viewer, clip, position, view)
        row = self.rows[clip.id]
        self.shown[row] += 1
        self.ended[row] += view.completed

    def score(self) -> Any:
        return self.ended / self.shown + 1e-6 * self.rng.random(len(self.ids))
