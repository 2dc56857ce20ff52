"""A picture to paint on, in units of 360 × 640 whatever its pixels.

Shapes are painted twice as large as they are shown, so that shrinking smooths their edges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from freshet.world.colour import Colour, sheer

WIDTH, HEIGHT = 360, 640
SCALE = 2
LIGHTS = 24  # strengths of a glow
BENDS = 10  # numbers: five points; a line of more is round

Points = NDArray[np.float64]  # (n, 2)


class Canvas:
    """Paints on one picture; `flip` turns it left to right, `zoom` moves closer to its middle."""

    def __init__(self, picture: Image.Image, flip: bool = False, zoom: float = 1.0) -> None:
        self.picture = picture
        self.zoom = zoom
        middle = np.array((WIDTH / 2, HEIGHT / 2))
        self._scale = np.array((-zoom if flip else zoom, zoom)) * SCALE
        self._origin = middle * SCALE - middle * self._scale
        self._solid = ImageDraw.Draw(picture)
        self._sheer = ImageDraw.Draw(picture, "RGBA")  # slower: mixes with what is below

    def poly(self, points: ArrayLike, fill: Colour) -> None:
        self._with(fill).polygon(self._flat(points), fill=fill)

    def disc(self, x: float, y: float, r: float, fill: Colour) -> None:
        self.oval(x, y, r, r, fill)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour, a: float = 0.0) -> None:
        """An ellipse; `a` turns it, in radians."""
        if a:
            self.poly(turned(ellipse(x, y, rx, ry), a, x, y), fill)
            return
        self._with(fill).ellipse(self._box(x - rx, y - ry, x + rx, y + ry), fill=fill)

    def ring(self, x: float, y: float, r: float, width: float, fill: Colour) -> None:
        corners = self._box(x - r, y - r, x + r, y + r)
        self._with(fill).ellipse(corners, outline=fill, width=self._wide(width))

    def box(
        self, x0: float, y0: float, x1: float, y1: float, fill: Colour, radius: float = 0.0
    ) -> None:
        corners = self._box(x0, y0, x1, y1)
        if radius:
            self._with(fill).rounded_rectangle(corners, radius * SCALE * self.zoom, fill=fill)
        else:
            self._with(fill).rectangle(corners, fill=fill)

    def line(self, points: ArrayLike, width: float, fill: Colour, round_ends: bool = True) -> None:
        flat, wide = self._flat(points), self._wide(width)
        if wide > 3 and len(flat) > BENDS:
            # Joints take long; a line of many points bends so little at each that it needs none.
            self._with(fill).polygon(_ribbon(flat, wide), fill=fill)
        else:
            self._with(fill).line(flat, fill=fill, width=wide, joint="curve" if wide > 3 else None)
        if round_ends and wide > 3 and len(fill) == 3:
            half = (wide - 1) / 2
            for x, y in (flat[:2], flat[-2:]):
                self._solid.ellipse((x - half, y - half, x + half, y + half), fill=fill)

    def glow(self, x: float, y: float, r: float, colour: Colour, strength: float = 1.0) -> None:
        """Light that fades outwards."""
        left, top, right, _ = self._box(x - r, y - r, x + r, y + r)
        # In steps that nobody sees, so that masks can be kept.
        steps = round(LIGHTS * min(max(strength, 0.0), 1.0))
        mask = halo(max(8, round((right - left) / 2)), round(255 * steps / LIGHTS))
        self.picture.paste(colour[:3], (round(left), round(top)), mask)

    def shadow(self, x: float, y: float, rx: float, ry: float, strength: float = 0.3) -> None:
        """A soft dark patch, as below a thing that stands."""
        for grown, part in ((1.0, 0.4), (0.85, 0.3), (0.7, 0.3)):
            self.oval(x, y, rx * grown, ry * grown, sheer((0, 0, 0), strength * part))

    def _with(self, fill: Colour) -> ImageDraw.ImageDraw:
        return self._solid if len(fill) == 3 else self._sheer

    def _flat(self, points: ArrayLike) -> list[float]:
        pixels = np.asarray(points, np.float64).reshape(-1, 2) * self._scale + self._origin
        flat: list[float] = pixels.ravel().tolist()
        return flat

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, ...]:
        left, top, right, bottom = self._flat(((x0, y0), (x1, y1)))
        return (min(left, right), top, max(left, right), bottom)

    def _wide(self, width: float) -> int:
        return max(1, round(width * SCALE * self.zoom))


# --- shapes ---------------------------------------------------------------------------------


def ellipse(x: float, y: float, rx: float, ry: float, n: int = 40) -> Points:
    a = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack((x + rx * np.cos(a), y + ry * np.sin(a)), 1)


def ngon(x: float, y: float, r: float, n: int, a: float = 0.0) -> Points:
    """`n` corners; the first one points up, or by `a` radians to the right of it."""
    return turned(ellipse(x, y, r, r, n), a - np.pi / 2, x, y)


def turned(points: ArrayLike, a: float, x: float = 0.0, y: float = 0.0) -> Points:
    """Points turned by `a` radians around a middle."""
    middle = np.array((x, y))
    return np.asarray((np.asarray(points, np.float64) - middle) @ _turn(a, 1.0) + middle)


def placed(points: ArrayLike, x: float, y: float, size: float = 1.0, a: float = 0.0) -> Points:
    """A shape around (0, 0) scaled, turned and moved to where it belongs."""
    return np.asarray(np.asarray(points, np.float64) @ _turn(a, size) + np.array((x, y)))


def _turn(a: float, size: float) -> Points:
    cos, sin = math.cos(a) * size, math.sin(a) * size
    return np.array(((cos, sin), (-sin, cos)))


def smooth(points: ArrayLike, steps: int = 6, closed: bool = True) -> Points:
    """A round line through all points (a Catmull-Rom spline)."""
    p = np.asarray(points, np.float64)
    which, weights = _spline(len(p), steps, closed)
    line: Points = (weights @ p[which]).reshape(-1, 2)
    return line if closed else np.concatenate((line, p[-1:]))


@lru_cache(maxsize=256)
def _spline(n: int, steps: int, closed: bool) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Which four points shape each span, and their weights at each step along it."""
    first = np.arange(n if closed else n - 1)[:, None] + np.arange(-1, 3)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    powers = np.concatenate((np.ones_like(t), t, t**2, t**3), 1)
    basis = np.array(((0, 2, 0, 0), (-1, 0, 1, 0), (2, -5, 4, -1), (-1, 3, -3, 1))) / 2
    return first % n if closed else np.clip(first, 0, n - 1), powers @ basis


def mirrored(right: Sequence[tuple[float, float]], x: float, y: float, size: float = 1.0) -> Points:
    """A shape that is the same left and right, of its right half from top to bottom."""
    half = np.asarray(right, np.float64)
    return np.concatenate((half, half[::-1] * (-1, 1))) * size + (x, y)


def gradient(*stops: Colour) -> Image.Image:
    """A ground of the canvas's pixels, from the first colour at the top to the last.

    A little noise keeps the encoder from cutting it into bands.
    """
    height, width = HEIGHT * SCALE, WIDTH * SCALE
    at = np.linspace(0, len(stops) - 1, height)
    rows = np.stack([np.interp(at, range(len(stops)), [s[i] for s in stops]) for i in range(3)], 1)
    noise = np.random.default_rng(0).uniform(-1.5, 1.5, (height, width, 1))
    pixels = np.clip(rows[:, None, :] + noise, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def _ribbon(flat: list[float], wide: int) -> list[float]:
    """The edge of a round line, there and back."""
    p = np.array(flat).reshape(-1, 2)
    along = np.gradient(p, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    off = along[:, ::-1] * (-wide / 2, wide / 2)
    edge: list[float] = np.concatenate((p + off, (p - off)[::-1])).ravel().tolist()
    return edge


@lru_cache(maxsize=64)
def halo(radius: int, strength: int) -> Image.Image:
    """How much of a light of `strength` (0 to 255) is where, in pixels around its middle."""
    if radius > 48:  # light is smooth: a small one enlarged is as good
        return halo(48, strength).resize((2 * radius, 2 * radius), Image.Resampling.BILINEAR)
    at = np.linspace(-1, 1, 2 * radius)
    near = np.clip(1 - np.hypot(at[:, None], at[None, :]), 0, 1)
    return Image.fromarray((near**2 * strength).astype(np.uint8))
