"""Draws the contact sheet of the guide: `python -m tests.world.sheet docs/guide/world.png`."""

from __future__ import annotations

import sys

from PIL import Image

from freshet.world.clip import Stage
from freshet.world.plan import make_plan
from freshet.world.scenes import TOPICS

ROWS, WIDE, HIGH, GAP = 2, 104, 185, 4


def main(path: str) -> None:
    plan = make_plan()
    sounds = {sound.id: sound for sound in plan.sounds}
    columns = len(TOPICS)
    size = (columns * (WIDE + GAP) - GAP, ROWS * (HIGH + GAP) - GAP)
    sheet = Image.new("RGB", size, "white")
    for k, clip in enumerate(plan.clips[: ROWS * columns]):
        cover = Stage(clip, sounds[clip.sound]).cover()
        small = cover.resize((WIDE, HIGH), Image.Resampling.LANCZOS)
        sheet.paste(small, (k % columns * (WIDE + GAP), k // columns * (HIGH + GAP)))
    few = sheet.quantize(192, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
    few.save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
