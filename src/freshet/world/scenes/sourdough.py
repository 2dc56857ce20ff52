"""Sourdough: a loaf that rises, a crumb that opens, a round dough from above."""

from __future__ import annotations

import numpy as np

from freshet.world.canvas import HEIGHT, Canvas, mirrored, placed, smooth, turned
from freshet.world.colour import darker, lighter, mix, palettes, sheer
from freshet.world.scenes.props import LEFT, RIGHT, Specks, steam
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "3a2218 7a3f1e c8792f 8a4a1c f6c667 fff3dc",
    "f3d9b1 d99a5b b8682a 7c3f17 5b2a12 fff8ea",
    "24343c 4d6a6d d18a3f 935422 f2b35d fdf0d8",
    "8c2f2b d8693f e2a04a a35a22 ffd98a fff4e0",
    "f7e7cf e8bf8f c57a35 84461d 3f6b57 ffffff",
)


def loaf(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    ground.glow(180, 360, 260, p.accent, 0.55)
    ground.box(LEFT, 480, RIGHT, HEIGHT + 80, darker(p.second, 0.45))
    for y in range(500, 720, 26):
        ground.line(((LEFT, y), (RIGHT, y + 4)), 1.5, darker(p.second, 0.55))
    ground.shadow(180, 486, 150, 18, 0.6)
    flour = Specks(shot, 46)
    cuts, lean = shot.integer(3, 5), shot.uniform(-0.12, 0.12)
    leaf = shot.one_of(True, False)

    def paint(canvas: Canvas, now: Moment) -> None:
        rise = 0.86 + 0.11 * now.swing(0.2, -0.25) + 0.03 * now.pulse
        wide, top = 128 + 6 * rise, 480 - 176 * rise
        half = [(0, top), (62, top + 10), (wide * 0.86, top + 60), (wide, 430), (wide * 0.9, 482)]
        outline = smooth(mirrored([(x, y) for x, y in half], 180, 0), 6)
        canvas.poly(outline, darker(p.main, 0.25))
        canvas.poly(placed(outline - (180, 400), 180, 396, 0.94), p.main)
        canvas.oval(150, top + 58, 74, 40, sheer(p.light, 0.2), -0.25)
        for k in range(cuts):
            x = 180 + (k - (cuts - 1) / 2) * 46
            open_by = (7 + 7 * rise) * (1 if leaf else 0.8)
            cut = np.array([(-open_by, 0), (0, -48), (open_by, 0), (0, 48)])
            shape = placed(
                smooth(cut, 6), x, top + 78 + abs(k - (cuts - 1) / 2) * 9, 0.9, 0.5 + lean
            )
            canvas.poly(shape, darker(p.second, 0.1))
            canvas.poly(placed(shape - (x, top + 78), x + 3, top + 80, 0.62), p.light)
        steam(canvas, now, 180, top - 6, p.light)
        flour.paint(canvas, now, p.light)

    return paint


def crumb(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground(p.low, p.high)
    ground.glow(180, 390, 280, p.light, 0.35)
    lean = shot.uniform(-0.1, 0.1)
    half = [
        (0, -118),
        (70, -122),
        (122, -92),
        (118, -40),
        (104, 20),
        (106, 108),
        (60, 122),
        (0, 124),
    ]
    slice_ = smooth(mirrored([(float(x), float(y)) for x, y in half], 0, 0), 6)
    ground.poly(placed(slice_, 188, 404, 1.08, lean), sheer((0, 0, 0), 0.22))
    ground.poly(placed(slice_, 180, 392, 1.06, lean), darker(p.second, 0.2))
    ground.poly(placed(slice_, 180, 392, 1.0, lean), p.main)
    ground.poly(placed(slice_, 180, 393, 0.9, lean), mix(p.light, p.accent, 0.18))
    holes: list[tuple[float, ...]] = []
    for x, y, r, a in shot.scatter(90, (-88, -96, 4, -0.6), (88, 100, 17, 0.6)):
        free = all(np.hypot(x - h[0], y - h[1]) > r + h[2] + 3 for h in holes)
        if free and abs(x) < 92 - r and abs(y) < 104 - r:
            holes.append((x, y, r, a))
    seeds = Specks(shot, 36, (1.0, 2.6))
    deep, rim = mix(p.main, p.light, 0.35), mix(p.light, p.main, 0.3)

    def paint(canvas: Canvas, now: Moment) -> None:
        for k, (x, y, r, a) in enumerate(holes):
            size = r * (0.72 + 0.28 * now.swing(0.3, k * 0.37)) * min(1.0, now.grown(k * 0.03))
            hx, hy = turned([(x, y)], lean)[0] + (180, 392)
            canvas.oval(hx, hy, size * 1.12 + 1.5, size * 0.86 + 1.5, rim, a)
            canvas.oval(hx + 0.8, hy + 1, size * 1.1, size * 0.8, deep, a)
        seeds.paint(canvas, now, p.accent)

    return paint


def boule(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    ground.disc(186, 402, 152, sheer((0, 0, 0), 0.22))
    rings, petals = shot.integer(6, 9), shot.integer(5, 8)
    way = shot.one_of(-1, 1)
    flour = Specks(shot, 50)
    ear = smooth([(0, -17), (6, -4), (4, 8), (0, 14), (-4, 8), (-6, -4)], 4)

    def paint(canvas: Canvas, now: Moment) -> None:
        size = 1 + 0.025 * now.pulse
        turn = way * 2 * np.pi * now.at
        for k in range(20):
            a = k * np.pi / 10 - turn / 2 * 0.2 + 0.05 * now.swing(0.5, k / 20)
            x, y = 180 + 172 * np.sin(a), 392 - 172 * np.cos(a)
            canvas.poly(placed(ear, x, y, 1.25, a + 0.7), p.accent)
        canvas.disc(180, 392, 146 * size, darker(p.main, 0.35))
        canvas.disc(180, 392, 139 * size, p.main)
        for k in range(rings):
            r = (132 - k * 132 / rings) * size
            canvas.ring(180 + 2 * np.cos(turn), 392 + 2 * np.sin(turn), r, 5, sheer(p.light, 0.75))
        for k in range(petals):
            a = turn + k * 2 * np.pi / petals
            petal = smooth([(0, -122), (22, -74), (0, -20), (-22, -74)], 6) * size
            canvas.poly(placed(petal, 180, 392, 1, a), darker(p.second, 0.1))
            canvas.poly(placed(petal * (0.55, 0.9), 180, 392, 1, a), lighter(p.main, 0.55))
        flour.paint(canvas, now, p.light, 1)

    return paint


SCENES: tuple[Scene, ...] = (loaf, crumb, boule)
