"""What a scene is given: chance, colours and a ground to begin with, then one moment after another.

    def scene(shot: Shot) -> Paint:     is called once per clip: lays out, paints what stands still
        def paint(canvas, now): ...     is called for every picture: paints what moves
        return paint

All motion is made of whole turns within the clip, so that its end meets its beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from freshet.world.canvas import Canvas, gradient
from freshet.world.colour import Colour, Palette

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in a clip."""

    at: float  # 0 at the beginning, towards 1 at the end
    duration_s: float
    beat_s: float  # of the sound, so that things may move to it

    @property
    def seconds(self) -> float:
        return self.at * self.duration_s

    def turns(self, hz: float) -> float:
        """How many turns have been made at about `hz` a second: a whole number at the end."""
        return self.at * max(1, round(hz * self.duration_s))

    def angle(self, hz: float, phase: float = 0.0) -> float:
        return 2 * np.pi * (self.turns(hz) + phase)

    def swing(self, hz: float, phase: float = 0.0) -> float:
        """Between -1 and 1 and back, about `hz` times a second."""
        return float(np.sin(self.angle(hz, phase)))

    def loop(self, hz: float, phase: float = 0.0) -> float:
        """From 0 to 1, again and again."""
        return (self.turns(hz) + phase) % 1.0

    @property
    def pulse(self) -> float:
        """1 on the beat, soon fading."""
        return float(np.exp(-4.0 * (self.seconds % self.beat_s) / self.beat_s))

    def grown(self, start_s: float, takes_s: float = 0.5) -> float:
        """0 before `start_s`, then quickly 1, a little over it on the way."""
        x = min(max((self.seconds - start_s) / takes_s, 0.0), 1.0)
        return 1 + 2.2 * (x - 1) ** 3 + 1.2 * (x - 1) ** 2


Paint = Callable[[Canvas, Moment], None]


@dataclass
class Shot:
    """What makes one clip of a scene differ from the next."""

    random: np.random.Generator
    palette: Palette
    flip: bool = False
    zoom: float = 1.0
    _ground: Image.Image | None = field(default=None, repr=False)

    def ground(self, *stops: Colour) -> Canvas:
        """Begin with a gradient, the palette's unless told; what stands still is painted on it."""
        self._ground = gradient(*(stops or (self.palette.high, self.palette.low)))
        return self.canvas(self._ground)

    def canvas(self, picture: Image.Image) -> Canvas:
        return Canvas(picture, self.flip, self.zoom)

    def fresh(self) -> Canvas:
        """A copy of the ground, to paint the next picture on."""
        assert self._ground is not None, "a scene begins with ground()"
        return self.canvas(self._ground.copy())

    def uniform(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(self.random.integers(low, high + 1))

    def one_of(self, *things: T) -> T:
        return things[self.integer(0, len(things) - 1)]

    def scatter(
        self, n: int, low: tuple[float, ...], high: tuple[float, ...]
    ) -> NDArray[np.float64]:
        """`n` rows of numbers, each between its `low` and its `high`."""
        return self.random.uniform(low, high, (n, len(low)))


Scene = Callable[[Shot], Paint]
