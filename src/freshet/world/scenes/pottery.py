"""Pottery: a vase that changes shape on the wheel, a shelf of glazed pots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freshet.world.canvas import HEIGHT, Canvas, smooth
from freshet.world.colour import Colour, darker, lighter, mix, palettes, sheer
from freshet.world.scenes.props import LEFT, RIGHT, Specks
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "e9ddcd cbb094 b5653e 7d4328 2f6f73 fffaf2",
    "d5dfe2 9fb3ba c07a54 804a31 264e70 ffffff",
    "2f2723 5a4638 d58a5c 8e5637 e6c79c fff3e2",
    "efe3d9 d9b8a6 a65f46 6d3a2c 7a9e7e fffdf8",
    "dbe3cf aebb98 b8734c 77462f d98e04 fffef6",
)

# Radii from the rim to the foot, of pots about 100 wide.
SHAPES = {
    "vase": (26, 22, 20, 26, 40, 50, 52, 46, 36, 28),
    "bottle": (12, 11, 11, 12, 20, 38, 48, 50, 46, 36),
    "bowl": (62, 61, 59, 56, 52, 47, 40, 32, 24, 26),
    "jar": (30, 36, 46, 53, 56, 56, 53, 48, 42, 36),
    "amphora": (24, 20, 22, 40, 52, 54, 48, 38, 26, 22),
    "cup": (40, 40, 40, 40, 40, 39, 38, 36, 32, 26),
}


def radii(name: str) -> NDArray[np.float64]:
    return np.array(SHAPES[name], np.float64)


def pot(
    canvas: Canvas, half: NDArray[np.float64], x: float, foot: float, high: float,
    colour: Colour, size: float = 1.0,
) -> None:  # fmt: skip
    """A body of revolution, lit from the left."""
    y = np.linspace(foot - high, foot, len(half))
    right = smooth(np.stack((half * size, y), 1), 4, closed=False)
    line = np.concatenate((right, right[::-1] * (-1, 1)))
    canvas.poly(line + (x, 0), colour)
    for inner, outer, tone in ((0.35, 1.0, 0.16), (0.68, 1.0, 0.16)):
        side = np.concatenate((right * (outer, 1), right[::-1] * (inner, 1)))
        canvas.poly(side + (x, 0), sheer((20, 8, 0), tone))
    shine = np.concatenate((right * (-0.72, 1), right[::-1] * (-0.52, 1)))
    canvas.poly(shine + (x, 0), sheer((255, 255, 255), 0.22))
    canvas.oval(x, foot - high, half[0] * size, half[0] * size * 0.2 + 1, darker(colour, 0.45))
    canvas.oval(
        x, foot - high + 1.5, half[0] * size * 0.86, half[0] * size * 0.15, darker(colour, 0.65)
    )


def band(
    canvas: Canvas, half: NDArray[np.float64], x: float, foot: float, high: float,
    at: float, thick: float, colour: Colour, size: float = 1.0,
) -> None:  # fmt: skip
    """A stripe around a pot, `at` from rim (0) to foot (1)."""
    where = np.linspace(0, 1, len(half))
    y = foot - high + at * high
    r = float(np.interp(at, where, half)) * size * 0.985
    arc = np.linspace(0, np.pi, 12)
    line = np.stack((x + r * np.cos(arc), y + r * 0.12 * np.sin(arc)), 1)
    canvas.line(line, thick, colour, round_ends=False)


def throwing(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    ground.glow(110, 300, 230, p.light, 0.7)
    ground.box(LEFT, 548, RIGHT, HEIGHT + 80, darker(p.low, 0.4))
    names = list(SHAPES)
    picked = shot.random.choice(len(names), 3, False)
    shapes = [radii(names[k]) for k in picked]
    highs = [shot.uniform(160, 226) for _ in shapes]
    grooves = shot.scatter(22, (0.02, 0.5), (0.98, 1.6))
    glaze = shot.one_of(p.accent, p.second, lighter(p.main, 0.4))
    drops = Specks(shot, 18, (1, 2.6))
    skin = shot.one_of((229, 178, 146), (146, 96, 68), (98, 64, 46))

    def hand(canvas: Canvas, x: float, y: float, side: int) -> None:
        canvas.line(((x + side * 30, y + 22), (x + side * 190, y + 170)), 34, darker(p.accent, 0.1))
        canvas.line(((x + side * 16, y + 8), (x + side * 44, y + 34)), 23, skin)
        palm = smooth(
            [
                (x, y - 22),
                (x + side * 18, y - 20),
                (x + side * 28, y + 12),
                (x + side * 12, y + 28),
                (x + side * 1, y + 14),
            ],
            5,
        )
        canvas.poly(palm, skin)
        for k in range(3):
            canvas.line(
                ((x + side * 12, y - 14 + k * 11), (x - side * 1, y - 17 + k * 12)),
                8,
                lighter(skin, 0.06),
            )

    def paint(canvas: Canvas, now: Moment) -> None:
        at = now.at * 3
        k, part = int(at), float(np.clip((at % 1 - 0.3) / 0.7, 0, 1))
        part = part * part * (3 - 2 * part)
        half = shapes[k] + (shapes[(k + 1) % 3] - shapes[k]) * part
        high = highs[k] + (highs[(k + 1) % 3] - highs[k]) * part
        half = half * (1 + 0.012 * now.swing(3)) * 1.5
        canvas.box(120, 526, 240, 640, darker(p.second, 0.4))
        canvas.oval(180, 526, 132, 26, darker(p.second, 0.55))
        canvas.oval(180, 519, 132, 26, mix(p.second, p.low, 0.45))
        for j in range(4):
            a = now.angle(1, j / 4)
            canvas.oval(180, 519, 30 + 28 * j, 6 + 5.5 * j, sheer(p.light, 0.09))
            canvas.disc(180 + 118 * np.cos(a), 519 + 22 * np.sin(a), 3, sheer(p.light, 0.5))
        wet = mix(p.main, p.light, 0.08)
        pot(canvas, half, 180, 516, high, wet)
        for at_, thick in grooves:
            drift = (at_ + 0.02 * now.swing(1, at_)) % 1
            band(
                canvas,
                half,
                180,
                516,
                high,
                float(np.clip(drift, 0.03, 0.97)),
                thick,
                sheer(darker(p.main, 0.5), 0.3),
            )
        band(canvas, half, 180, 516, high, 0.34, 11, glaze)
        band(canvas, half, 180, 516, high, 0.42, 3.5, p.light)
        where = 0.3 + 0.25 * now.swing(0.35)
        r = float(np.interp(where, np.linspace(0, 1, len(half)), half))
        y = 516 - high + where * high
        hand(canvas, 180 - r, y, -1)
        hand(canvas, 180 + r, y + 4, 1)
        drops.paint(canvas, now, p.main, 1)

    return paint


def shelves(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    wood = mix(darker(p.second, 0.3), p.low, 0.15)
    rows = (346.0, 462.0, 580.0)
    for y in rows:
        ground.box(16, y, 344, y + 12, wood, 3)
        ground.box(24, y + 12, 336, y + 22, sheer((0, 0, 0), 0.16))
    pots = []
    for y in rows:
        n = shot.integer(3, 4)
        for k in range(n):
            x = 180 + (k - (n - 1) / 2) * 308 / n
            name = shot.one_of(*SHAPES)
            tone = shot.one_of(
                p.main,
                p.accent,
                p.light,
                mix(p.main, p.light, 0.5),
                p.second,
                darker(p.accent, 0.3),
            )
            dip = shot.one_of(p.accent, p.light, p.main, p.second)
            high = shot.uniform(54, 78) * (0.66 if name == "bowl" else 1)
            pots.append(
                (x, y, radii(name), tone, dip, high, shot.integer(0, 3), shot.uniform(0.5, 0.62))
            )
    order = shot.random.permutation(len(pots))

    def paint(canvas: Canvas, now: Moment) -> None:
        beat = int(now.seconds / now.beat_s + 1e-6)
        for k, (x, y, half, tone, dip, high, style, size) in enumerate(pots):
            grown = 0.55 + 0.45 * now.grown(0.07 * int(order[k]), 0.5)
            hop = 9 * now.pulse if int(order[beat % len(pots)]) == k else 0.0
            canvas.shadow(x, y, half[-1] * size * 1.2, 4, 0.4)
            h, foot = high * grown + hop * 0.6, y - hop * 0.4
            pot(canvas, half, x, foot, h, tone, size)
            dip = dip if dip != tone else lighter(tone, 0.45)
            if style == 0:
                for at in (0.3, 0.42, 0.54):
                    band(canvas, half, x, foot, h, at, 3.4, dip, size)
            elif style == 1:
                for at in np.linspace(0.08, 0.38, 4):
                    band(canvas, half, x, foot, h, at, high * 0.13, dip, size)
                for j in range(3):
                    far = 0.42 + 0.12 * ((j * 7) % 3) + 0.03 * now.swing(0.4, j / 3)
                    dx = (j - 1) * half[5] * size * 0.5
                    canvas.line(((x + dx, foot - h * 0.6), (x + dx, foot - h * (1 - far))), 5, dip)
            elif style == 2:
                for j in range(-2, 3):
                    r = float(half[5]) * size
                    canvas.disc(x + r * np.sin(j * 0.5), foot - h * 0.45, 3.4, dip)

    return paint


SCENES: tuple[Scene, ...] = (throwing, shelves)
