"""A world of 240 short clips in a second or two: three are painted, the others look like them.

Only their pictures are shared: who made a clip, what it is about and how it sounds is the plan's.
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec.structs import replace

from freshet.world import manifest
from freshet.world.clip import write_clip
from freshet.world.manifest import ENDINGS, World
from freshet.world.plan import FPS, make_plan

CREATORS, CLIPS, SEED = 40, 240, 7
LASTS_S = 6
PAINTED = 3


def paint(
    folder: Path, clips: int = CLIPS, pictures: int = PAINTED, drawn: Path | None = None
) -> World:
    """Write the world into a new folder.

    Args:
        drawn: the folder of another world, whose first clips are its pictures.
    """
    plan = make_plan(CREATORS, clips, SEED)
    plan = replace(plan, clips=tuple(replace(clip, frames=FPS * LASTS_S) for clip in plan.clips))
    sounds = {sound.id: sound for sound in plan.sounds}
    folder.mkdir(parents=True)
    painted = plan.clips[:pictures]
    for clip in painted:
        if drawn is None:
            write_clip(clip, sounds[clip.sound], folder)
        else:
            for ending in ENDINGS:
                os.link(drawn / f"{clip.id}.{ending}", folder / f"{clip.id}.{ending}")
    made = {clip.id: manifest.measured(folder, clip.id) for clip in painted}
    for k, clip in enumerate(plan.clips[pictures:]):
        like = painted[k % pictures].id
        for ending in ENDINGS:
            os.link(folder / f"{like}.{ending}", folder / f"{clip.id}.{ending}")
        made[clip.id] = made[like]
    world = World(plan, made)
    manifest.save(folder, world)
    return world
