"""The engine that serves, let loose on the matrix: slates asked for, views told, nothing else.

Every video lasts ten seconds and is by somebody else; none has a word, a tag or a sound, so all
that can be learned is how long it was watched. What a view is worth is what this world counts:
the time watched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from freshet.config import Feed, Log, Settings
from freshet.domain.events import VideoPublished
from freshet.feed.settings import WEIGHTS, ForYou
from freshet.lab.acting import Acting, acting
from freshet.lab.dense.matrix import Doubles, Plan, World

DURATION_MS = 10_000
SWIPE_MS = 100  # between two swipes of anybody: some hundred viewers side by side
OLD_MS = 30 * 86_400_000  # published so long ago: no video is newer than another
# Nothing but views tells these videos apart, so not to know one speaks for it.
OPTIMISM = 1.0
TOLD = 200  # swipes between two words of progress


def settings(seed: int, optimism: float) -> Settings:
    weights = dict.fromkeys(WEIGHTS, 0.0) | {"watch_s": 1.0}
    for_you = ForYou(weights=weights, seed=seed, optimism=optimism)
    return Settings(feed=Feed(for_you=for_you), log=Log(tick_ms=0))


@dataclass(frozen=True, slots=True)
class Asked:
    """How the engine is asked and set."""

    slate: int = 1  # videos at a time
    optimism: float = OPTIMISM


async def engine(
    world: World, plan: Plan, seed: int, asked: Asked, note: Callable[[int, int], None]
) -> Doubles:
    """(n,) ratio of each swipe."""
    slate = asked.slate
    found, waiting = np.zeros(len(plan.order)), dict[int, list[str]]()
    async with acting(settings(seed, asked.optimism), seed) as on:
        await on.record([_video(on, row) for row in range(world.videos)])
        for swipe, viewer in enumerate(plan.order.tolist()):
            on.clock.now_ms += SWIPE_MS
            if not waiting.get(viewer):
                waiting[viewer] = await on.slate(str(viewer), slate)
            position = slate - len(waiting[viewer])
            video = waiting[viewer].pop(0)
            found[swipe] = world.ratio[viewer, int(video)]
            watched_ms = round(found[swipe] * DURATION_MS)
            await on.record(on.view(str(viewer), video, position, watched_ms))
            if swipe % TOLD == 0:
                note(swipe, len(plan.order))
    return found


def _video(on: Acting, row: int) -> VideoPublished:
    return VideoPublished(
        event_id=on.event_id(), time=on.clock.now_ms, video=str(row), creator=f"creator {row}",
        created=on.clock.now_ms - OLD_MS, duration_ms=DURATION_MS,
    )  # fmt: skip
