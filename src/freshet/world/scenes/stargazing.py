"""Stargazing: stars turning over a forest, a ringed planet, a constellation above a tent."""

from __future__ import annotations

import numpy as np

from freshet.world.canvas import Canvas, turned
from freshet.world.colour import darker, lighter, mix, palettes, sheer
from freshet.world.scenes.props import Pines, hills
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "050a24 243b6b 7fb2ff 0a1020 ffd27f ffffff",
    "120826 5b2a6b d78bff 120a22 ff9ecb fff0ff",
    "04141f 0f5257 7be0c3 031016 e8f48c ffffff",
    "0b0f2e 8a3b52 ffb199 0d0a1c ffe29a fff3e6",
)


def sky(shot: Shot, canvas: Canvas, n: int = 240) -> None:
    """Small stars and the milky way, painted once."""
    p = shot.palette
    lean = shot.uniform(-0.9, 0.9)
    for along, off, r, bright in shot.scatter(70, (-420, -1, 26, 0.02), (420, 1, 74, 0.075)):
        x, y = turned([(180 + along, 270 + off * 44)], lean, 180, 270)[0]
        canvas.glow(x, y, r * 1.6, mix(p.main, p.light, 0.3), bright * 1.7)
    for x, y, bright in shot.scatter(n, (0, 0, 0.15), (360, 560, 0.8)):
        canvas.disc(x, y, 0.5 + 0.7 * bright, sheer(p.light, bright))


def sparkle(
    canvas: Canvas, x: float, y: float, r: float, colour: tuple[int, ...], lit: float
) -> None:
    """A bright star with its cross of light."""
    canvas.glow(x, y, r * 5, colour, 0.6 * lit)
    for dx, dy in ((1, 0), (0, 1)):
        far, thin = r * 3.4 * lit, r * 0.35
        canvas.poly(
            [(x - dx * far - dy * thin, y - dy * far - dx * thin),
             (x + dx * far - dy * thin, y + dy * far - dx * thin),
             (x + dx * far + dy * thin, y + dy * far + dx * thin),
             (x - dx * far + dy * thin, y - dy * far + dx * thin)],
            sheer(colour, 0.7 * lit),
        )  # fmt: skip
    canvas.disc(x, y, r, colour)


def meteor(
    canvas: Canvas, now: Moment, shot_at: float, x: float, y: float, colour: tuple[int, ...]
) -> None:
    part = (now.at - shot_at) % 1 * now.duration_s / 0.9
    if part > 1:
        return
    hx, hy = x - 220 * part, y + 130 * part
    for k in range(8):
        a, b = k / 8, (k + 1) / 8
        tail = 96 * np.sin(np.pi * part)
        canvas.line(
            ((hx + tail * a, hy - tail * 0.59 * a), (hx + tail * b, hy - tail * 0.59 * b)),
            3.2 * (1 - a), sheer(colour, (1 - a) ** 1.5 * np.sin(np.pi * part)), round_ends=False,
        )  # fmt: skip


def pole(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground(p.high, mix(p.high, p.low, 0.5), p.low)
    x, y = shot.uniform(110, 250), shot.uniform(330, 390)
    ground.glow(x, y + 60, 300, p.main, 0.35)
    trails = shot.scatter(84, (16, 0, 0.25, 0), (430, 2 * np.pi, 1.0, 1))
    fall, fx = shot.uniform(0.2, 0.7), shot.uniform(260, 360)
    trees = Pines(shot, 560)

    def paint(canvas: Canvas, now: Moment) -> None:
        turn = 0.5 * now.at
        long = 0.62 * np.sin(np.pi * now.at) + 0.04
        for r, a, bright, tint in trails:
            arc = np.linspace(a + turn - long, a + turn, 9)
            line = np.stack((x + r * np.cos(arc), y + r * np.sin(arc)), 1)
            if line[:, 1].min() > 520 or not -30 < line[-1, 0] < 390:
                continue
            colour = mix(mix(p.main, p.accent, tint), p.light, 0.4)
            canvas.line(line, 1.6, sheer(colour, 0.75 * bright), round_ends=False)
            canvas.disc(line[-1, 0], line[-1, 1], 1.7, sheer(p.light, bright))
        sparkle(canvas, x, y, 3, p.light, 0.8 + 0.2 * now.pulse)
        meteor(canvas, now, fall, fx, 220, p.light)
        trees.paint(canvas, p.second)

    return paint


def planet(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground(p.high, mix(p.high, p.low, 0.35), p.high)
    sky(shot, ground, 170)
    r, lean = shot.uniform(84, 104), shot.uniform(-0.45, -0.15)
    body, bands = shot.one_of(p.accent, p.main), shot.scatter(7, (-0.8, 0.05, 0), (0.8, 0.2, 1))
    rings = shot.integer(3, 5)
    lights = shot.scatter(9, (20, 40, 1.2, 0), (340, 600, 2.4, 1))
    x, y = 176.0, 388.0
    ground.glow(x, y, r * 2.2, body, 0.5)
    half = np.linspace(0, np.pi, 30)

    def ring_part(canvas: Canvas, sign: int) -> None:
        for k in range(rings):
            wide = r * (1.42 + 0.17 * k)
            arc = np.stack((x + wide * np.cos(half), y + sign * wide * 0.3 * np.sin(half)), 1)
            tone = mix(body, p.light, 0.25 + 0.15 * (k % 2))
            canvas.line(
                turned(arc, lean, x, y), 9 if k % 2 else 5, sheer(tone, 0.8), round_ends=False
            )

    def paint(canvas: Canvas, now: Moment) -> None:
        for sx, sy, size, phase in lights:
            sparkle(canvas, sx, sy, size * 0.8, p.light, 0.5 + 0.5 * now.swing(0.5, phase))
        a = now.angle(0.15)
        mx, my = turned([(x + r * 2.0 * np.cos(a), y + r * 0.5 * np.sin(a))], lean, x, y)[0]
        behind = np.sin(a) < 0
        size = 15 + 4 * np.sin(a)

        def moon() -> None:
            canvas.disc(mx, my, size, darker(p.light, 0.25))
            canvas.disc(mx - 2, my - 2, size * 0.82, p.light)
            canvas.disc(mx + 4, my + 3, size * 0.2, darker(p.light, 0.2))

        if behind:
            moon()
        ring_part(canvas, -1)
        canvas.disc(x, y, r, darker(body, 0.25))
        for at, thick, tint in bands:
            up = at * r + 4 * now.swing(0.2, tint)
            edge = min(abs(up) + r * thick / 2, r * 0.98)
            wide = np.sqrt(r * r - edge * edge) * 0.97
            arc = np.stack((x + wide * np.cos(half), y + up + wide * 0.16 * np.sin(half)), 1)
            tone = mix(body, p.light if tint > 0.5 else p.high, 0.15 + 0.25 * tint)
            canvas.line(turned(arc, lean, x, y), r * thick, sheer(tone, 0.75), round_ends=False)
        canvas.glow(x - r * 0.4, y - r * 0.42, r * 0.95, p.light, 0.55)
        ring_part(canvas, 1)
        if not behind:
            moon()

    return paint


FIGURES = {
    "plough": [(-120, 40), (-74, 8), (-32, 10), (10, 34), (28, 82), (100, 76), (104, 24), (10, 34)],
    "swan": [(0, -100), (0, -30), (0, 30), (4, 104), (0, -30), (-70, -8), (-122, 40), (-70, -8),
             (0, -30), (66, -34), (124, -74)],
    "crown": [(-112, -20), (-84, 40), (-36, 74), (20, 78), (70, 52), (104, 4), (108, -46)],
    "queen": [(-118, -36), (-56, 40), (0, -16), (58, 52), (116, -40)],
    "hunter": [(-62, -96), (56, -84), (22, -4), (58, 96), (-46, 104), (-22, 10), (22, -4), (0, 3),
               (-22, 10), (-62, -96)],
}  # fmt: skip


def constellation(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground(p.high, mix(p.high, p.low, 0.6), p.low)
    sky(shot, ground, 260)
    hills(shot, ground, 545, 60, mix(p.second, p.low, 0.35))
    hills(shot, ground, 590, 46, p.second)
    shape = FIGURES[shot.one_of(*FIGURES)]
    where = turned(np.array(shape, np.float64), shot.uniform(-0.4, 0.4)) + (176, 356)
    tent = shot.uniform(96, 230)
    fall = shot.uniform(0.3, 0.8)
    legs = len(where) - 1

    def paint(canvas: Canvas, now: Moment) -> None:
        at = min(now.at * 1.5, 1.0) * legs
        for k in range(int(np.ceil(at))):
            part = min(1.0, at - k)
            end = where[k] + (where[k + 1] - where[k]) * part
            canvas.line((where[k], end), 2, sheer(p.main, 0.85))
        for k, (x, y) in enumerate(where):
            lit = 0.65 + 0.35 * now.swing(0.6, k * 0.19)
            sparkle(canvas, x, y, 3.4 if k <= at else 2.0, p.light if k % 3 else p.accent, lit)
        meteor(canvas, now, fall, 330, 226, p.light)
        glow = 0.75 + 0.15 * now.swing(0.7) + 0.1 * now.pulse
        canvas.glow(tent, 572, 110, p.accent, 0.7 * glow)
        canvas.poly(
            ((tent - 46, 590), (tent, 534), (tent + 46, 590)), mix(p.second, p.accent, 0.55 * glow)
        )
        canvas.poly(
            ((tent - 15, 590), (tent, 540), (tent + 15, 590)), lighter(p.accent, 0.35 * glow)
        )
        canvas.line(((tent - 3, 538), (tent - 52, 594)), 2, p.second)
        canvas.line(((tent + 3, 538), (tent + 52, 594)), 2, p.second)

    return paint


SCENES: tuple[Scene, ...] = (pole, planet, constellation)
