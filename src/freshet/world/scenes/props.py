"""Things that several scenes show: steam, specks, waves, clouds, a skyline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freshet.world.canvas import HEIGHT, WIDTH, Canvas, Points, smooth
from freshet.world.colour import Colour, sheer
from freshet.world.shot import Moment, Shot

LEFT, RIGHT = -60.0, WIDTH + 60.0  # a little beyond the edges, for zoomed-out views


def steam(
    canvas: Canvas, now: Moment, x: float, y: float, colour: Colour, high: float = 130
) -> None:
    """Three curls that rise and fade."""
    for k, off in enumerate((-34, 0, 34)):
        up = np.linspace(0, 1, 14)
        sway = 10 * np.sin(up * 7 - now.angle(0.6, k / 3)) * (0.3 + up)
        curl = np.stack((x + off + sway, y - up * high * (0.85 + 0.15 * (k == 1))), 1)
        for part in range(0, 12, 3):
            canvas.line(curl[part : part + 4], 9 - part * 0.5, sheer(colour, 0.34 - part * 0.026))


class Specks:
    """Flour, dust, spray, snow: small discs that drift and come round again."""

    def __init__(self, shot: Shot, n: int, r: tuple[float, float] = (0.8, 2.4)) -> None:
        self.made: NDArray[np.float64] = shot.scatter(
            n, (LEFT, 0, r[0], 0, 0.25), (RIGHT, HEIGHT, r[1], 1, 0.9)
        )

    def paint(
        self, canvas: Canvas, now: Moment, colour: Colour, fall: int = 1, sway: float = 10
    ) -> None:
        """`fall`: how often a speck crosses the picture in a clip; below 0 it rises."""
        for x, y, r, phase, bright in self.made:
            at = (y / HEIGHT + fall * now.at) % 1.0
            seen = bright * min(1.0, 6 * at, 6 * (1 - at))
            canvas.disc(x + sway * now.swing(0.25, phase), at * HEIGHT, r, sheer(colour, seen))


def waterline(
    now: Moment, y: float, high: float, length: float, hz: float, phase: float = 0.0
) -> Points:
    """The surface of a sea: two waves on each other, running."""
    x = np.linspace(LEFT, RIGHT, 40)
    a = now.angle(hz, phase)
    waves = np.sin(x / length - a) + 0.4 * np.sin(2.3 * x / length + 2 * a + phase * 7)
    return np.stack((x, y + high * waves), 1)


def below(line: Points) -> Points:
    """All that is under a line from left to right."""
    deep = HEIGHT + 80
    return np.concatenate((line, [(line[-1, 0], deep), (line[0, 0], deep)]))


def cloud(canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    for dx, dy, r in ((-34, 6, 20), (-8, -6, 28), (24, 0, 24), (46, 8, 15)):
        canvas.disc(x + dx * size, y + dy * size, r * size, colour)
    canvas.box(x - 50 * size, y + 6 * size, x + 58 * size, y + 26 * size, colour, 10 * size)


def hills(shot: Shot, canvas: Canvas, y: float, high: float, colour: Colour, n: int = 6) -> None:
    """A ragged line of land, painted once."""
    x = np.linspace(LEFT, RIGHT, n)
    tops = y - shot.random.uniform(0, high, n)
    canvas.poly(below(smooth(np.stack((x, tops), 1), 8, closed=False)), colour)


class Pines:
    """A row of firs, before which things may pass."""

    def __init__(self, shot: Shot, y: float, n: int = 13) -> None:
        self.y = y
        x = np.linspace(-20, WIDTH + 20, n) + shot.random.uniform(-9, 9, n)
        self.trees = np.stack(
            (x, shot.random.uniform(40, 110, n), shot.random.uniform(13, 22, n)), 1
        )

    def paint(self, canvas: Canvas, colour: Colour) -> None:
        canvas.box(LEFT, self.y, RIGHT, HEIGHT + 80, colour)
        for x, high, wide in self.trees:
            for k in range(4):
                top, base = self.y - high * (1 - k * 0.22), self.y - high * (0.62 - k * 0.22)
                spread = wide * (0.45 + 0.2 * k)
                canvas.poly(((x, top), (x + spread, base + 6), (x - spread, base + 6)), colour)


def bulbs(
    canvas: Canvas, now: Moment, y: float, sag: float, colours: tuple[Colour, ...], n: int = 8
) -> None:
    """A string of lamps, one after another brighter on the beat."""
    x = np.linspace(-10, WIDTH + 10, 40)
    cord = np.stack((x, y + sag * (1 - ((x - WIDTH / 2) / (WIDTH / 2)) ** 2)), 1)
    canvas.line(cord, 2, (30, 22, 30))
    for k in range(n):
        bx = (k + 0.5) * WIDTH / n
        by = y + sag * (1 - ((bx - WIDTH / 2) / (WIDTH / 2)) ** 2) + 9
        colour = colours[k % len(colours)]
        lit = 0.35 + 0.5 * (0.5 + 0.5 * now.swing(0.5, k / n))
        canvas.glow(bx, by, 34, colour, lit)
        canvas.oval(bx, by, 6, 8, colour)
