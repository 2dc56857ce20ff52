"""Small videos with little in them: a room, something that moves in it, a tune."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

FPS, WIDTH, HEIGHT, RATE = 12, 144, 256, 24_000


@dataclass(frozen=True)
class Film:
    """Numbers are seeds, of what is seen and heard; None is a black room, nothing that moves,
    silence, or (`tune=None`) no sound at all."""

    room: int | None = 1
    mover: int | None = 1
    tune: int | None = 1
    seconds: float = 5.0

    def picture(self, k: int) -> NDArray[np.uint8]:
        shown = room(self.room)
        if self.mover is not None:
            random = np.random.default_rng(self.mover)
            (a, b), (p, q), high = random.random(2), 2 + random.random(2), 30
            t = k / FPS
            x = int((WIDTH - high) * (0.5 + 0.5 * np.sin(p * t + 6 * a)))
            y = int((HEIGHT - high) * (0.5 + 0.5 * np.cos(q * t + 6 * b)))
            shown[y : y + high, x : x + high] = random.integers(0, 255, 3)
        return shown

    def write(self, path: Path) -> Path:
        with av.open(str(path), "w", format="mp4") as file:
            video: Any = file.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
            video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            video.thread_count = 1
            audio: Any = None
            if self.tune is not None:
                audio = file.add_stream("aac", rate=RATE, layout="mono")
            for k in range(round(self.seconds * FPS)):
                frame = av.VideoFrame.from_ndarray(self.picture(k), "rgb24")
                frame.pts, frame.time_base = k, Fraction(1, FPS)
                file.mux(video.encode(frame))
            file.mux(video.encode(None))
            if audio is not None:
                wave = tune(self.tune or 0, self.seconds)
                sound = av.AudioFrame.from_ndarray(wave[None], "fltp", "mono")
                sound.sample_rate, sound.pts, sound.time_base = RATE, 0, Fraction(1, RATE)
                file.mux(audio.encode(sound))
                file.mux(audio.encode(None))
        return path


def room(seed: int | None) -> NDArray[np.uint8]:
    """Large shapes and small ones, to the edges."""
    if seed is None:
        return np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    random = np.random.default_rng(seed)
    shown = np.zeros((HEIGHT, WIDTH, 3), np.float64)
    for cells, weight in ((16, 0.5), (8, 0.3), (4, 0.2)):
        blocks = random.integers(0, 255, (HEIGHT // cells, WIDTH // cells, 3))
        shown += weight * blocks.repeat(cells, 0).repeat(cells, 1)
    return shown.astype(np.uint8)


def tune(seed: int, seconds: float, faster: float = 1.0) -> NDArray[np.float32]:
    """Four notes a second, each with overtones."""
    random = np.random.default_rng(seed)
    notes = random.integers(0, 24, 4 * 60)
    t = np.arange(int(seconds * RATE)) / RATE * faster
    pitch = 220 * 2 ** (notes[(4 * t).astype(int)] / 12)
    since = t % 0.25
    wave = sum(np.sin(2 * np.pi * n * pitch * t) / n for n in (1, 2, 3, 5))
    return np.asarray(0.2 * wave * np.exp(-6 * since), np.float32)
