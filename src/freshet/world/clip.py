"""One clip of a plan: painted, titled, set to music, written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from freshet.world.canvas import SCALE
from freshet.world.encode import SAMPLES, encode
from freshet.world.manifest import ENDINGS
from freshet.world.plan import FPS, Clip, Sound
from freshet.world.scenes import palettes_of, scenes_of
from freshet.world.shot import Moment, Shot
from freshet.world.sounds import cut, play
from freshet.world.titles import Title
from freshet.world.words import words

COVER_AT = 0.45  # of the clip


class Stage:
    """A clip's scene and title, set up once; then any of its pictures."""

    def __init__(self, clip: Clip, sound: Sound) -> None:
        random = np.random.default_rng(clip.seed)
        palette = palettes_of(clip.topic)[clip.palette]
        flip, zoom = bool(random.integers(2)), float(random.uniform(0.94, 1.08))
        self._shot = Shot(random, palette, flip, zoom)
        self._paint = scenes_of(clip.topic)[clip.scene](self._shot)
        name = words(clip.language)[clip.topic].name
        ground = self._shot.fresh().picture
        self._title = Title(clip.headline, name, clip.look, palette, ground)
        self._clip, self._sound = clip, sound

    def picture(self, k: int) -> Image.Image:
        """Number `k`, 360 × 640, in RGB."""
        now = Moment(k / self._clip.frames, self._clip.frames / FPS, self._sound.beat_s)
        canvas = self._shot.fresh()
        self._paint(canvas, now)
        shown = canvas.picture.reduce(SCALE)
        self._title.lay(shown, now.seconds)
        return shown

    def pictures(self) -> Iterator[Image.Image]:
        for k in range(self._clip.frames):
            yield self.picture(k)

    def cover(self) -> Image.Image:
        """What stands for the clip while it does not play."""
        return self.picture(round(COVER_AT * self._clip.frames))


def write_clip(clip: Clip, sound: Sound, folder: Path) -> None:
    """`<id>.mp4`, `<id>.webm` and `<id>.jpg`, each whole or not there at all."""
    stage = Stage(clip, sound)
    heard = cut(play(sound.style, sound.bpm, sound.seed), clip.frames * SAMPLES)
    beside = {ending: folder / f"{clip.id}.{ending}.part" for ending in ENDINGS}
    encode(stage.pictures(), heard, beside["mp4"], beside["webm"])
    stage.cover().save(beside["jpg"], "JPEG", quality=82, optimize=True, progressive=True)
    for ending, part in beside.items():
        os.replace(part, folder / f"{clip.id}.{ending}")
