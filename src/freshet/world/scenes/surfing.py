"""Surfing: a rider on layered waves, and the inside of a barrel."""

from __future__ import annotations

import numpy as np

from freshet.world.canvas import Canvas, placed, smooth, turned
from freshet.world.colour import Colour, darker, lighter, mix, palettes, sheer
from freshet.world.scenes.props import Specks, below, cloud, hills, waterline
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "ff9a5a ffd8a8 1b7f9c 0c4f73 ff5d5d fff2d6",
    "6fd3e8 d8f6f2 1597a5 0a5f86 ffb238 ffffff",
    "4b2a6b f47b6a 3a4f9a 22275e ffd166 ffe9d0",
    "2f8fd0 bfe9ff 0f6fb0 0a3f78 ff7a3d ffffff",
    "f7b8b0 ffe8c9 3fa39b 1d6a72 e8505b fffaf0",
)


def surfer(canvas: Canvas, x: float, y: float, a: float, body: Colour, board: Colour) -> None:
    """Crouched on a board; `a` leans both."""

    def at(*points: tuple[float, float]) -> np.ndarray:
        return placed(points, x, y, 1.15, a)

    canvas.poly(placed(smooth([(-56, 2), (0, -5), (62, -6), (0, 8)], 6), x, y, 1.15, a), board)
    canvas.line(at((-50, 1), (54, -3)), 1.5, lighter(board, 0.6))
    canvas.line(at((-24, -3), (-14, -22), (2, -32)), 9, body)
    canvas.line(at((22, -4), (24, -22), (4, -32)), 9, body)
    canvas.line(at((3, -30), (10, -58)), 14, body)
    canvas.line(at((9, -54), (38, -46), (52, -56)), 6, body)
    canvas.line(at((8, -55), (-16, -58), (-32, -48)), 6, body)
    head = at((16, -74))[0]
    canvas.disc(head[0], head[1], 10.5, body)


def ride(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    sun_x, sun_y = shot.uniform(90, 250), shot.uniform(262, 300)
    ground.glow(sun_x, sun_y, 210, p.light, 0.8)
    ground.disc(sun_x, sun_y, 44, mix(p.accent, p.light, 0.35))
    if shot.one_of(True, False):
        hills(shot, ground, 350, 46, mix(p.low, p.second, 0.45), 7)
    clouds = shot.scatter(4, (0, 200, 0.5), (1, 300, 0.95))
    spray = shot.scatter(26, (0, 0, 0), (1, 1, 1))
    layers = 6
    tall = shot.uniform(9, 15)

    def paint(canvas: Canvas, now: Moment) -> None:
        for x, y, size in clouds:
            cloud(canvas, (x + now.at) % 1 * 520 - 80, y, size, sheer(p.light, 0.55))
        for k in range(layers):
            depth = k / (layers - 1)
            water = mix(lighter(p.main, 0.35), p.second, depth)
            y, high = 350 + depth * 190, 4 + depth * tall
            line = waterline(now, y, high, 34 + 44 * depth, 0.2 + 0.12 * k, k * 0.31)
            canvas.poly(below(line), water)
            canvas.line(line, 1.5 + 2 * depth, sheer(p.light, 0.2 + 0.45 * depth))
            if k == 3:
                x = 176 + 26 * now.swing(0.25)
                near = int(np.argmin(np.abs(line[:, 0] - x)))
                slope = np.arctan2(*(line[near + 2] - line[near - 2])[::-1])
                for fly, up, size in spray:
                    out = (fly + now.turns(0.8)) % 1
                    canvas.disc(
                        x - 46 - 90 * out, line[near, 1] - 46 * up * out * (2 - out),
                        1.2 + 3.4 * size * (1 - out), sheer(p.light, 0.9 * (1 - out)),
                    )  # fmt: skip
                dark = darker(p.second, 0.55)
                surfer(canvas, x, line[near, 1] - 1, slope * 0.8 - 0.08, dark, p.accent)
        for k, x in enumerate((40, 150, 290)):
            glint = 0.3 + 0.3 * now.swing(0.4, k / 3)
            canvas.oval(x, 585 - 14 * k, 30, 2.5, sheer(p.light, glint))

    return paint


def barrel(shot: Shot) -> Paint:
    p = shot.palette
    shot.ground(p.high, p.low, p.second)
    layers, lean = 13, shot.uniform(0.15, 0.4)
    streaks = shot.scatter(54, (0, 0, 0.15), (1, 1, 0.6))
    mist = Specks(shot, 34, (1, 3))

    def paint(canvas: Canvas, now: Moment) -> None:
        cx, cy = 206 + 8 * now.swing(0.2), 372 + 6 * now.swing(0.3, 0.2)
        for k in range(layers):
            deep = k / (layers - 1)
            r = 330 * (1 - deep) ** 1.25 + 66
            wob = 1 + 0.03 * now.swing(0.5, -deep)
            x, y = 150 + (cx - 150) * deep, 340 + (cy - 340) * deep
            tone = mix(p.second, lighter(p.main, 0.5), deep * 0.9)
            canvas.oval(x, y, r * 1.05 * wob, r * 0.92, tone, lean)
        for at, deep, bright in streaks:
            a = 2 * np.pi * (at + now.turns(0.3))
            far = 0.25 + 0.65 * deep
            r = 320 * (1 - far) ** 1.2 + 80
            arc = np.linspace(a, a + 0.35, 7)
            x, y = 150 + (cx - 150) * far, 340 + (cy - 340) * far
            line = np.stack((x + r * 1.04 * np.cos(arc), y + r * 0.92 * np.sin(arc)), 1)
            canvas.line(turned(line, lean, x, y), 1 + 3 * (1 - far), sheer(p.light, bright))
        canvas.oval(cx, cy, 78, 66, p.light, lean)
        canvas.oval(cx + 2, cy, 72, 60, mix(p.high, p.light, 0.3), lean)
        canvas.glow(cx + 20, cy - 4, 66, p.accent, 0.85)
        canvas.disc(cx + 20, cy - 4, 17, mix(p.accent, p.light, 0.5))
        lip = [(cx - 74, cy + 20), (cx, cy + 34), (cx + 72, cy + 20)]
        near = [
            (cx + 130, cy + 78),
            (400, cy + 150),
            (420, 720),
            (-60, 720),
            (-60, cy + 190),
            (cx - 120, cy + 84),
        ]
        canvas.poly(smooth([*lip, *near], 5), mix(p.main, p.second, 0.35))
        canvas.line(smooth(lip, 6, closed=False), 3, sheer(p.light, 0.9))
        for k in range(4):
            far = 60 + 50 * k
            crest = [
                (cx - far, cy + 40 + far * 0.6),
                (cx, cy + 52 + far * 0.72),
                (cx + far, cy + 40 + far * 0.55),
            ]
            canvas.line(smooth(crest, 7, closed=False), 2 + k, sheer(p.light, 0.16))
        x = cx - 34 + 22 * now.swing(0.25, 0.3)
        surfer(canvas, x, cy + 86 + 5 * now.swing(0.5), -0.14 + 0.07 * now.swing(0.25),
               darker(p.second, 0.6), p.accent)  # fmt: skip
        canvas.line([(x - 66, cy + 92), (x - 150, cy + 128)], 5, sheer(p.light, 0.6))
        mist.paint(canvas, now, p.light, -1, 18)

    return paint


SCENES: tuple[Scene, ...] = (ride, barrel)
