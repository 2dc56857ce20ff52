"""The clips of a world and their copies, as files; those that are there are not made again."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import numpy as np

from freshet.lab.duplicates.transform import CHANGES, copy_changed
from freshet.world.clip import Stage
from freshet.world.encode import SAMPLES, File
from freshet.world.plan import Clip, Sound
from freshet.world.sounds import cut, play

ORIGINAL = "original"


def write_clip_and_copies(folder: Path, k: int, clip: Clip, sound: Sound) -> dict[str, Path]:
    """Clip number `k` and its copies: by kind, `original` among them."""
    paths = {kind: folder / f"{clip.id}.{kind}.mp4" for kind in (ORIGINAL, *CHANGES)}
    original = paths[ORIGINAL]
    _whole(original, partial(_write_original, clip, sound))
    for kind, change in CHANGES.items():
        _whole(paths[kind], partial(copy_changed, original, change, k))
    return paths


def _whole(path: Path, write: Callable[[Path], None]) -> None:
    """Written beside and then renamed, if it is not there."""
    if not path.exists():
        beside = path.with_suffix(".part")
        write(beside)
        os.replace(beside, path)


def _write_original(clip: Clip, sound: Sound, path: Path) -> None:
    heard = cut(play(sound.style, sound.bpm, sound.seed), clip.frames * SAMPLES)
    with File(path, "mp4") as file:
        for k, picture in enumerate(Stage(clip, sound).pictures()):
            painted = av.VideoFrame.from_ndarray(np.asarray(picture), "rgb24")
            frame = painted.reformat(format="yuv420p", interpolation="BILINEAR")
            file.add(frame, heard[k * SAMPLES : (k + 1) * SAMPLES], k)
