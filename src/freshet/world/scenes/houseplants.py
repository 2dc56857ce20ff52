"""Houseplants: one that grows in its pot, a frame of leaves, a shelf of cacti."""

from __future__ import annotations

import numpy as np

from freshet.world.canvas import HEIGHT, Canvas, Points, placed, smooth, turned
from freshet.world.colour import Colour, darker, lighter, mix, palettes, sheer
from freshet.world.scenes.props import LEFT, RIGHT, Specks
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "f4e9d8 e8cfae 2f7d4f 5aa469 d9734e ffffff",
    "d7ead9 a9cfb4 1f6f4a 4fae72 f2b134 ffffff",
    "f7d9d0 f0b7a4 3a7d5c 74b987 8f5a99 fff8f2",
    "20342c 3b5a49 63b97d 9adf9a f5a65b f4fff0",
    "cfe6ee a6cfdd 2e8364 69b98a e2725b ffffff",
)

OVAL = smooth([(0, 0), (24, -30), (22, -66), (0, -96), (-22, -66), (-24, -30)], 5)
BLADE = smooth([(-7, 0), (-12, -70), (-5, -140), (2, -168), (8, -140), (11, -70), (7, 0)], 5)
COIN = smooth([(0, -8), (34, -20), (40, -54), (0, -82), (-40, -54), (-34, -20)], 5)


def monstera() -> Points:
    """A heart with cuts from its edge inwards."""
    right: list[tuple[float, float]] = [(0, -6), (26, 6)]
    for k in range(4):
        a = 0.5 + k * 0.52
        for b, far in ((a, 60 - 4 * k), (a + 0.36, 62 - 4 * k), (a + 0.42, 28)):
            right.append((float(far * np.sin(b) * 1.02), float(-46 + far * np.cos(b) * 1.15)))
    right.append((0, -122))
    half = np.array(right)
    return np.concatenate((half, half[::-1][1:-1] * (-1, 1)))


MONSTERA = monstera()
KINDS = {"oval": OVAL, "blade": BLADE, "coin": COIN, "monstera": MONSTERA}


def leaf(
    canvas: Canvas, kind: str, x: float, y: float, size: float, a: float, colour: Colour
) -> None:
    shape = KINDS[kind]
    canvas.poly(placed(shape, x, y, size, a), colour)
    if kind != "monstera":
        half = shape[shape[:, 0] >= 0]
        canvas.poly(placed(half, x, y, size, a), sheer(darker(colour, 0.5), 0.22))
    top = float(shape[:, 1].min())
    canvas.line(placed([(0, 0), (0, top * 0.86)], x, y, size, a), 1.6 * size, lighter(colour, 0.35))
    if kind in ("monstera", "oval"):
        for k in (0.25, 0.45, 0.65):
            for side in (-1, 1):
                rib = [(0, top * k), (side * 20, top * (k + 0.13))]
                canvas.line(placed(rib, x, y, size, a), 1 * size, lighter(colour, 0.25))


def vessel(canvas: Canvas, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
    """A pot that stands at `y`."""
    canvas.shadow(x, y, wide * 0.75, 9, 0.4)
    body = [
        (x - wide / 2, y - high),
        (x + wide / 2, y - high),
        (x + wide * 0.37, y),
        (x - wide * 0.37, y),
    ]
    canvas.poly(body, colour)
    canvas.poly(
        [
            (x + wide * 0.1, y - high),
            (x + wide / 2, y - high),
            (x + wide * 0.37, y),
            (x + wide * 0.1, y),
        ],
        sheer((0, 0, 0), 0.13),
    )
    canvas.box(
        x - wide * 0.55, y - high - 12, x + wide * 0.55, y - high + 10, lighter(colour, 0.14), 5
    )


def growing(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    wx = shot.one_of(34.0, 250.0)
    for k in range(2):
        for j in range(2):
            x, y = wx + k * 42, 236 + j * 62
            ground.box(x, y, x + 38, y + 58, sheer(p.light, 0.55), 3)
    ground.box(LEFT, 530, RIGHT, HEIGHT + 80, darker(p.low, 0.28))
    ground.box(LEFT, 530, RIGHT, 538, darker(p.low, 0.14))
    kind = shot.one_of("monstera", "oval", "blade", "coin")
    n = {"monstera": 7, "oval": 11, "blade": 9, "coin": 13}[kind]
    stems = []
    for k in range(n):
        a = (k - (n - 1) / 2) / n * (1.1 if kind == "blade" else 2.3) + shot.uniform(-0.12, 0.12)
        far = 0 if kind == "blade" else shot.uniform(84, 156) * (1 - 0.2 * abs(a))
        stems.append((a, far, shot.uniform(0.78, 1.12), shot.uniform(0, 1), shot.uniform(0, 1)))
    stems.sort(key=lambda stem: -stem[1])
    big = {"monstera": 0.95, "oval": 0.72, "blade": 1.25, "coin": 0.62}[kind]
    dust = Specks(shot, 24, (0.8, 1.8))
    stripes = shot.one_of(True, False)

    def paint(canvas: Canvas, now: Moment) -> None:
        dust.paint(canvas, now, p.light, -1)
        foot = (180.0, 446.0)
        for k, (a, far, size, phase, tint) in enumerate(stems):
            grown = 0.62 + 0.38 * now.grown(0.05 * k, 0.8)
            sway = 0.05 * now.swing(0.3, phase) + 0.02 * now.pulse * np.sign(a)
            tip = turned([(0, -far * grown)], a * 0.62 + sway)[0] + foot
            middle = turned([(0, -far * grown * 0.55)], a * 0.3 + sway)[0] + foot
            colour = mix(p.main, p.second, tint)
            if far:
                canvas.line(smooth([foot, middle, tip], 6, False), 4, darker(p.main, 0.15))
            leaf(canvas, kind, tip[0], tip[1], big * size * grown, a + sway * 2, colour)
        vessel(canvas, 180, 560, 124, 106, p.accent)
        if stripes:
            for y in (478, 498, 518):
                half = 62 - (y - 454) * 0.15
                zig = [(180 - half + j * half / 4, y + (5 if j % 2 else -5)) for j in range(9)]
                canvas.line(zig, 3.2, lighter(p.accent, 0.45))

    return paint


def jungle(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground(mix(p.high, p.light, 0.4), p.low)
    ground.glow(180, 380, 250, p.light, 0.8)
    made = []
    for k in range(26):
        side = k % 4
        along = shot.uniform(0, 1)
        x, y, a = {
            0: (-22, 250 + 390 * along, 1.2), 1: (382, 250 + 390 * along, -1.2),
            2: (360 * along, 668, 0.6 * (0.5 - along)), 3: (360 * along, 664, 0.9 * (0.5 - along)),
        }[side]  # fmt: skip
        kind = shot.one_of("monstera", "oval", "monstera", "coin", "oval")
        made.append(
            (
                kind,
                x,
                y,
                a + shot.uniform(-0.5, 0.5),
                shot.uniform(1.0, 1.7),
                shot.uniform(0, 1),
                k / 26,
            )
        )
    flights = shot.scatter(3, (0, 0, 0.8), (1, 1, 1.3))

    def butterfly(
        canvas: Canvas, x: float, y: float, size: float, flap: float, colour: Colour
    ) -> None:
        wing = smooth([(0, 0), (20, -24), (34, -16), (24, 2), (28, 18), (12, 20)], 4)
        for side in (-1, 1):
            canvas.poly(placed(wing * (side * (0.3 + 0.7 * abs(flap)), 1), x, y, size), colour)
            canvas.disc(
                x + side * 20 * size * (0.3 + 0.7 * abs(flap)), y - 10 * size, 4 * size, p.light
            )
        canvas.line(((x, y - 14 * size), (x, y + 16 * size)), 4 * size, darker(colour, 0.6))

    def paint(canvas: Canvas, now: Moment) -> None:
        for k, (kind, x, y, a, size, phase, near) in enumerate(made):
            if k in (9, 17, 23):
                at = flights[(9, 17, 23).index(k)]
                b = now.angle(0.15, at[0])
                fx, fy = 180 + 92 * np.sin(b), 372 + 70 * np.sin(2 * b + at[1] * 6)
                butterfly(canvas, fx, fy, at[2], now.swing(3, at[1]), p.accent)
            colour = mix(mix(p.second, p.high, 0.35), darker(p.main, 0.25), near)
            sway = 0.06 * now.swing(0.25, phase) + 0.015 * now.pulse
            leaf(canvas, kind, x, y, size, a + sway, colour)

    return paint


def shelf(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    wood = mix(darker(p.accent, 0.45), p.low, 0.3)
    for y in (376, 548):
        ground.box(22, y, 338, y + 13, wood, 4)
        ground.box(22, y + 13, 338, y + 20, sheer((0, 0, 0), 0.14))
    spots = [(x, y) for y in (376, 548) for x in (76.0, 180.0, 284.0)]
    kinds = [shot.integer(0, 3) for _ in spots]
    pots = [
        shot.one_of(p.accent, p.light, mix(p.accent, p.light, 0.5), darker(p.accent, 0.25))
        for _ in spots
    ]
    tall = [shot.uniform(0.8, 1.15) for _ in spots]

    def cactus(
        canvas: Canvas, now: Moment, kind: int, x: float, y: float, s: float, k: int
    ) -> None:
        green, rib = (p.main, p.second) if k % 2 else (p.second, lighter(p.second, 0.35))
        lean = 0.035 * now.swing(0.5, k / 6) + 0.03 * now.pulse * (-1) ** k
        if kind == 0:  # a ball with a flower
            canvas.oval(x, y - 34 * s, 37 * s, 36 * s, green)
            for j in range(-2, 3):
                canvas.line(
                    smooth(
                        [(x + j * 6, y - 68 * s), (x + j * 14.5 * s, y - 34 * s), (x + j * 7, y)],
                        5,
                        False,
                    ),
                    1.6,
                    rib,
                )
            for j in range(6):
                a = j * np.pi / 3 + now.angle(0.15)
                canvas.disc(
                    x + 8 * np.cos(a), y - 72 * s + 5 * np.sin(a), 6, lighter(p.accent, 0.25)
                )
            canvas.disc(x, y - 72 * s, 4.5, p.light)
        elif kind == 1:  # two arms
            canvas.line(placed([(0, 4), (0, -96)], x, y, s, lean), 27, green)
            canvas.line(placed([(-2, -34), (-30, -38), (-31, -66)], x, y, s, lean), 15, green)
            canvas.line(placed([(2, -48), (29, -52), (30, -80)], x, y, s, lean), 15, green)
            for j in (-6, 1, 8):
                canvas.line(placed([(j, 0), (j, -98)], x, y, s, lean), 1.4, rib)
        elif kind == 2:  # pads
            for px, py, r, a in (
                (0, -30, 31, 0.0),
                (-21, -74, 20, -0.4),
                (20, -80, 23, 0.4),
                (23, -114, 13, 0.2),
            ):
                mx, my = placed([(px, py)], x, y, s, lean)[0]
                canvas.oval(mx, my, r * 0.82 * s, r * s, green, a + 0.001)
                for j in range(5):
                    canvas.disc(
                        mx + r * 0.45 * np.cos(j * 1.26), my + r * 0.5 * np.sin(j * 1.26), 1.6, rib
                    )
        else:  # a rosette
            for j in range(11):
                a = (j - 5) * 0.27 + lean
                leaf(
                    canvas,
                    "blade",
                    x,
                    y + 4,
                    0.56 * s * (1 - 0.03 * abs(j - 5)),
                    a,
                    mix(green, rib, (j % 3) / 3),
                )

    def paint(canvas: Canvas, now: Moment) -> None:
        for k, (x, y) in enumerate(spots):
            hop = 5 * now.pulse if (int(now.seconds / now.beat_s) + k) % 3 == 0 else 0.0
            cactus(canvas, now, kinds[k], x, y - 48 - hop, tall[k], k)
            vessel(canvas, x, y - hop, 70, 40, pots[k])
            if k % 2:  # a face
                for dx in (-9, 9):
                    canvas.oval(
                        x + dx,
                        y - 23 - hop,
                        2.6,
                        0.6 if now.loop(0.4, k / 7) < 0.06 else 3.2,
                        (40, 34, 40),
                    )
                canvas.line(
                    smooth(
                        [(x - 5, y - 16 - hop), (x, y - 12.5 - hop), (x + 5, y - 16 - hop)],
                        4,
                        False,
                    ),
                    2,
                    (40, 34, 40),
                )

    return paint


SCENES: tuple[Scene, ...] = (growing, jungle, shelf)
