"""A world's clips, made by several processes at once; goes on where it was stopped."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from freshet.world import manifest
from freshet.world.clip import write_clip
from freshet.world.manifest import Made, World
from freshet.world.plan import Clip, Plan, Sound

GENTLY = 10  # added to the niceness of workers: a feed may be served meanwhile

Tell = Callable[[int, int], None]  # clips there, clips in all


def make_world(
    folder: Path, plan: Plan, jobs: int = 0,
    tell: Tell = lambda done, total: None, ready: Callable[[World], None] = lambda world: None,
) -> World:  # fmt: skip
    """Make what is missing of a world and return it whole.

    Args:
        jobs: processes; 0 = one per processor.
        tell: hears how many clips there are, at the start and after each.
        ready: called once, as soon as the first clips are there.

    Raises:
        Refused: the folder holds something else.
    """
    world = manifest.begin(folder, plan)
    manifest.save(folder, world)
    sounds = {sound.id: sound for sound in plan.sounds}
    told = False
    tell(len(world.made), len(plan.clips))
    if world.ready:
        told = True
        ready(world)
    for clip, files in _produced(folder, world.missing, sounds, jobs or os.cpu_count() or 1):
        world = World(plan, world.made | {clip: files})
        manifest.save(folder, world)
        tell(len(world.made), len(plan.clips))
        if world.ready and not told:
            told = True
            ready(world)
    return world


def _produced(
    folder: Path, clips: list[Clip], sounds: dict[str, Sound], jobs: int
) -> Iterator[tuple[str, dict[str, Made]]]:
    """Clip and files of each, as they are finished."""
    if not clips:
        return
    # spawn: whoever calls may have threads, which a fork would not survive.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(clips)), context, initializer=_settle)
    try:
        left = list(reversed(clips))
        under_way: set[Future[tuple[str, dict[str, Made]]]] = set()
        while left or under_way:
            # Few at a time, so that an end called for does not wait for many.
            while left and len(under_way) < 2 * jobs:
                clip = left.pop()
                under_way.add(pool.submit(_made, clip, sounds[clip.sound], folder))
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _made(clip: Clip, sound: Sound, folder: Path) -> tuple[str, dict[str, Made]]:
    write_clip(clip, sound, folder)
    return clip.id, manifest.measured(folder, clip.id)


def _settle() -> None:
    """A worker gives way to others, leaves Ctrl-C to its parent, and ends with it."""
    os.nice(GENTLY)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
