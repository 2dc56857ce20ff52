"""Synthwave: the neon road to the sun, a cassette, a record with bars around it."""

from __future__ import annotations

import numpy as np

from freshet.world.canvas import HEIGHT, Canvas, placed
from freshet.world.colour import Colour, darker, mix, palettes, sheer
from freshet.world.scenes.props import LEFT, RIGHT
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "12022f 5a0f6b ff2fa0 20e3ff ffd319 ffffff",
    "030b2e 0c4a7d 00e5d0 ff4d9d ff9f1c ffffff",
    "1b0329 8a1248 ff5e3a b537f2 ffe45e fff4e6",
    "06121f 123a5a 4df0ff f15bff 8dff6a ffffff",
)


def neon(canvas: Canvas, points: object, width: float, colour: Colour) -> None:
    """A tube of light: its halo, itself, its bright core."""
    canvas.line(points, width * 3.2, sheer(colour, 0.18), round_ends=False)  # type: ignore[arg-type]
    canvas.line(points, width, colour, round_ends=False)  # type: ignore[arg-type]


def bars(now: Moment, n: int, seed: float) -> np.ndarray:
    """Heights (0 to 1) of an equaliser: each its own swing, all up on the beat."""
    k = np.arange(n)
    move = 0.5 + 0.5 * np.sin(now.angle(0.8) + k * 1.7 + seed) * np.sin(
        now.angle(1.3) + k * k * 0.9
    )
    return np.asarray(0.18 + 0.5 * move + 0.32 * now.pulse * (0.5 + 0.5 * np.cos(k * 2.1)))


def road(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground(p.high, mix(p.high, p.low, 0.45), p.low)
    for x, y, bright in shot.scatter(90, (0, 0, 0.2), (360, 330, 0.9)):
        ground.disc(x, y, 0.6 + bright * 0.8, sheer(p.light, bright))
    horizon, r = 432.0, shot.uniform(96, 116)
    sun_y = horizon - shot.uniform(62, 88)
    peaks = shot.random.uniform(14, 74, 12)
    palms = shot.one_of(True, False)

    def palm(canvas: Canvas, x: float, size: float, lean: float, now: Moment) -> None:
        trunk = [
            (x, horizon + 50 * size),
            (x + lean * 8, horizon - 10 * size),
            (x + lean * 30, horizon - 76 * size),
        ]
        canvas.line(trunk, 6 * size, darker(p.high, 0.5))
        tx, ty = trunk[-1]
        for k in range(7):
            a = -np.pi / 2 + (k - 3) * 0.62 + 0.05 * now.swing(0.4, k / 7)
            frond = [(0, 0), (22, -7), (44, 2), (58, 20), (40, 10), (20, 5)]
            canvas.poly(placed(frond, tx, ty, size, a + np.pi / 2 - 1.57), darker(p.high, 0.5))

    ground.glow(180, sun_y, r * 2.1, p.main, 0.7)
    slices = 110
    for k in range(slices):
        y = sun_y - r + (k + 0.5) * 2 * r / slices
        half = np.sqrt(max(r * r - (y - sun_y) ** 2, 0.0))
        tone = mix(p.accent, p.main, k / slices)
        ground.box(180 - half, y - r / slices, 180 + half, y + r / slices, tone)

    def paint(canvas: Canvas, now: Moment) -> None:
        canvas.glow(180, sun_y - 20, 90, p.light, 0.35 * now.pulse)
        for k in range(6):
            at = (k + now.loop(0.4)) / 6
            y, thick = sun_y + r * (-0.05 + 1.05 * at), 1 + 9 * at
            canvas.box(180 - r, y, 180 + r, y + thick, mix(p.low, p.main, 0.15 + 0.1 * at))
        x = np.linspace(LEFT, RIGHT, 12)
        ridge = np.stack((x, horizon - peaks * np.abs((x - 180) / 200) ** 0.6 * 1.2), 1)
        canvas.poly(
            np.concatenate((ridge, [(RIGHT, horizon), (LEFT, horizon)])), darker(p.high, 0.2)
        )
        neon(canvas, ridge, 1.6, p.second)
        for a, b in zip(ridge[1:-1:2], ridge[2::2], strict=False):
            canvas.line((a, (b[0], horizon)), 1, sheer(p.second, 0.5))
        canvas.box(LEFT, horizon, RIGHT, HEIGHT + 80, mix(p.high, p.low, 0.12))
        canvas.glow(180, horizon + 10, 130, p.main, 0.3)
        for k in range(-16, 17):
            canvas.line(
                ((180 + k * 9, horizon), (180 + k * 74, HEIGHT + 80)),
                1.3,
                sheer(p.main, 0.75),
                round_ends=False,
            )
        for k in range(14):
            at = (k + now.loop(1.0)) / 14
            y = horizon + (HEIGHT + 80 - horizon) * at**2.4
            canvas.line(
                ((LEFT, y), (RIGHT, y)),
                0.8 + 2.4 * at,
                sheer(p.main, 0.35 + 0.6 * at),
                round_ends=False,
            )
        neon(canvas, ((LEFT, horizon), (RIGHT, horizon)), 2, p.second)
        if palms:
            palm(canvas, 34, 1.25, 0.5, now)
            palm(canvas, 330, 1.05, -0.6, now)

    return paint


def cassette(shot: Shot) -> Paint:
    p = shot.palette
    shot.ground()
    label, shell = (
        shot.one_of((p.main, p.second), (p.second, p.main)),
        mix(p.high, (60, 60, 80), 0.4),
    )
    tilt, seed = shot.uniform(-0.12, 0.12), shot.uniform(0, 6)
    rays = shot.integer(14, 20)

    def paint(canvas: Canvas, now: Moment) -> None:
        cx, cy = 180.0, 372.0 - 5 * now.pulse
        for k in range(0, rays):
            a0 = 2 * np.pi * k / rays + now.angle(0.05) * 4 / rays
            a1 = a0 + np.pi / rays
            far = 520
            canvas.poly(
                (
                    (cx, cy),
                    (cx + far * np.cos(a0), cy + far * np.sin(a0)),
                    (cx + far * np.cos(a1), cy + far * np.sin(a1)),
                ),
                mix(p.high, p.low, 0.75),
            )
        canvas.glow(cx, cy, 176, p.main, 0.4 + 0.4 * now.pulse)

        def at(*points: tuple[float, float]) -> np.ndarray:
            return placed(points, cx, cy, 1.0, tilt)

        canvas.poly(
            at((-142, -84), (142, -84), (142, 98), (-142, 98)) + (5, 9), sheer((0, 0, 0), 0.4)
        )
        canvas.poly(
            at(
                (-146, -88),
                (146, -88),
                (150, -84),
                (150, 90),
                (146, 94),
                (-146, 94),
                (-150, 90),
                (-150, -84),
            ),
            shell,
        )
        canvas.poly(at((-130, -74), (130, -74), (130, 48), (-130, 48)), label[0])
        for k, tone in enumerate((p.accent, label[1], darker(label[1], 0.25))):
            canvas.poly(
                at((-130, 2 + k * 15), (130, 2 + k * 15), (130, 17 + k * 15), (-130, 17 + k * 15)),
                tone,
            )
        canvas.poly(at((-118, -66), (118, -66), (118, -44), (-118, -44)), (250, 246, 236))
        for k in (-60, -53):
            canvas.line(at((-108, k), (70 + k, k)), 1.6, (150, 140, 160))
        canvas.poly(at((-84, -30), (84, -30), (84, 22), (-84, 22)), darker(shell, 0.55))
        spin = now.angle(0.4)
        for side in (-1, 1):
            x, y = at((side * 50, -4))[0]
            wound = 24 + side * 8 * np.cos(now.angle(0.1))
            canvas.disc(x, y, wound, (58, 36, 30))
            canvas.disc(x, y, 15, (245, 245, 248))
            canvas.disc(x, y, 9, darker(shell, 0.5))
            for k in range(6):
                a = spin + k * np.pi / 3
                canvas.line(
                    (
                        (x + 6 * np.cos(a), y + 6 * np.sin(a)),
                        (x + 13 * np.cos(a), y + 13 * np.sin(a)),
                    ),
                    3.5,
                    (245, 245, 248),
                )
        canvas.poly(at((-96, 94), (-84, 58), (84, 58), (96, 94)), darker(shell, 0.25))
        for dx in (-60, -30, 30, 60):
            x, y = at((dx, 78))[0]
            canvas.disc(x, y, 5, darker(shell, 0.6))
        for k, high in enumerate(bars(now, 17, seed)):
            x = 180 + (k - 8) * 20
            steps = int(high * 9) + 1
            for j in range(steps):
                tone = p.second if j < 5 else (p.accent if j < 7 else p.main)
                canvas.box(x - 7.5, 604 - j * 10, x + 7.5, 611 - j * 10, tone)

    return paint


def record(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground(p.high, p.low, p.high)
    ground.glow(180, 386, 260, p.main, 0.5)
    n, seed, r = shot.integer(40, 56), shot.uniform(0, 6), shot.uniform(98, 110)
    middle = shot.one_of(p.main, p.second, p.accent)

    def paint(canvas: Canvas, now: Moment) -> None:
        x, y = 180.0, 386.0
        for k, high in enumerate(bars(now, n, seed)):
            a = 2 * np.pi * k / n - np.pi / 2
            tone = mix(p.second, p.main, abs(2 * k / n - 1))
            inner, outer = r + 8, r + 12 + 58 * high
            canvas.line(
                (
                    (x + inner * np.cos(a), y + inner * np.sin(a)),
                    (x + outer * np.cos(a), y + outer * np.sin(a)),
                ),
                5,
                tone,
            )
        canvas.disc(x, y, r, (14, 12, 22))
        for k in range(7):
            canvas.ring(x, y, r * (0.96 - k * 0.075), 1, (44, 40, 60))
        spin = now.angle(0.5)
        for b in (spin, spin + np.pi):
            arc = np.linspace(b - 0.28, b + 0.28, 6)
            shine = np.stack((x + r * 0.97 * np.cos(arc), y + r * 0.97 * np.sin(arc)), 1)
            canvas.poly(np.concatenate((shine, [(x, y)])), sheer((255, 255, 255), 0.13))
        canvas.disc(x, y, r * 0.38, middle)
        for k in range(3):
            b = spin + k * 2 * np.pi / 3
            canvas.disc(x + r * 0.24 * np.cos(b), y + r * 0.24 * np.sin(b), r * 0.06, p.light)
        canvas.ring(x, y, r * 0.3, 2, p.light)
        canvas.disc(x, y, r * 0.05, p.light)
        for k in range(3):
            at = (k + now.loop(0.5)) / 3
            canvas.ring(x, y, r + 40 + 170 * at, 2.5, sheer(p.second, 0.5 * (1 - at)))

    return paint


SCENES: tuple[Scene, ...] = (road, cassette, record)
