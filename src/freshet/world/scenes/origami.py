"""Origami: a crane that flies, a fleet of paper boats, a rosette that folds."""

from __future__ import annotations

import numpy as np

from freshet.world.canvas import Canvas, placed, turned
from freshet.world.colour import Colour, darker, lighter, mix, palettes, sheer
from freshet.world.scenes.props import below, cloud, waterline
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "fdf1e3 f6d2c0 e4572e a8321a 29335c ffffff",
    "dff1f5 b4dbe6 1b98e0 0e5f97 f25f5c ffffff",
    "f3e8ff d9c2f0 7b4fb5 4d2b80 f7b32b ffffff",
    "e9f5e1 c2e0b4 3fa34d 206a35 ee6055 ffffff",
    "2d2a45 514b7a ffb3ba ff6f91 ffe066 ffffff",
)
Facet = tuple[list[tuple[float, float]], float]  # corners, and how light (1) or dark (-1)


def fold(
    canvas: Canvas, facets: list[Facet], x: float, y: float, size: float, a: float, colour: Colour
) -> None:
    """Facets of one sheet, each in its own light."""
    for corners, lit in facets:
        tone = lighter(colour, 0.55 * lit) if lit > 0 else darker(colour, -0.5 * lit)
        canvas.poly(placed(corners, x, y, size, a), tone)


def crane_facets(flap: float) -> list[Facet]:
    """A crane seen from the side; `flap` from -1 (wings down) to 1 (up)."""
    up = -96 * flap - 12
    return [
        ([(8, -2), (-40, -20), (-30, up * 0.9)], -0.35),  # far wing
        ([(8, -2), (-30, up * 0.9), (30, -16)], -0.15),
        ([(-30, 22), (-128, -46), (-8, -6)], -0.1),  # tail
        ([(-30, 22), (-128, -46), (-56, 14)], -0.5),
        ([(26, 20), (104, -66), (44, -2)], 0.25),  # neck
        ([(26, 20), (104, -66), (8, -4)], -0.3),
        ([(104, -66), (132, -50), (96, -54)], -0.6),  # beak
        ([(-46, 8), (50, 6), (0, 48)], 0.0),  # body
        ([(0, -8), (50, 6), (0, 48)], 0.35),
        ([(-46, 8), (0, -8), (0, 48)], -0.2),
        ([(-40, -4), (44, 2), (22, up)], 0.5),  # near wing
        ([(-40, -4), (22, up), (-16, up * 1.08)], 0.2),
    ]


def crane(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    ground.glow(180, 370, 200, p.light, 0.8)
    ground.disc(
        shot.uniform(100, 260),
        shot.uniform(330, 410),
        shot.uniform(88, 112),
        sheer(mix(p.accent, p.light, 0.35), 0.5),
    )
    for k in range(4):
        y = 540 + k * 30
        tri = [
            (x, y - (0 if j % 2 else shot.uniform(26, 64)))
            for j, x in enumerate(range(-60, 430, 44))
        ]
        ground.poly([*tri, (430, 760), (-60, 760)], mix(p.low, p.second, 0.16 + 0.14 * k))
    clouds = shot.scatter(3, (0, 210, 0.5), (1, 300, 0.8))
    flock = shot.scatter(shot.integer(2, 4), (50, 236, 0.2, 0), (310, 330, 0.34, 1))

    def paint(canvas: Canvas, now: Moment) -> None:
        for x, y, size in clouds:
            cloud(canvas, (x - now.at) % 1 * 520 - 80, y, size, sheer(p.light, 0.6))
        for k, (x, y, size, phase) in enumerate(flock):
            tone = (p.accent, p.second, mix(p.main, p.light, 0.4))[k % 3]
            fold(
                canvas,
                crane_facets(now.swing(1.2, phase)),
                x + 9 * now.swing(0.25, phase),
                y,
                size,
                -0.1,
                tone,
            )
        flap = 0.2 + 0.8 * now.swing(0.8)
        x, y = 176 + 12 * now.swing(0.25), 412 - 16 * now.swing(0.8, 0.25)
        canvas.oval(178, 566, 70 - 12 * flap, 8, sheer((0, 0, 0), 0.16))
        fold(canvas, crane_facets(flap), x, y, 1.18, -0.08 + 0.04 * now.swing(0.4), p.main)

    return paint


BOAT: list[Facet] = [
    ([(-18, -8), (0, -66), (22, -8)], 0.35),
    ([(0, -66), (22, -8), (4, -8)], -0.15),
    ([(-62, -26), (-36, 24), (36, 24), (62, -26), (18, -2), (-18, -2)], 0.0),
    ([(-62, -26), (-36, 24), (0, 24), (-18, -2)], 0.3),
    ([(62, -26), (36, 24), (20, 24), (18, -2)], -0.3),
]
PLANE: list[Facet] = [
    ([(70, 0), (-62, -34), (-34, 0)], 0.45),
    ([(70, 0), (-34, 0), (-46, 26)], -0.45),
    ([(70, 0), (-34, 0), (-56, 14)], -0.1),
]


def fleet(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    ground.glow(260, 270, 130, p.light, 0.9)
    ground.disc(shot.uniform(80, 280), 282, 34, mix(p.accent, p.light, 0.3))
    rows = 5
    boats = [
        (
            shot.uniform(40, 320),
            shot.uniform(0, 1),
            shot.one_of(p.main, p.accent, p.second, p.light),
        )
        for _ in range(rows)
    ]
    planes = shot.scatter(2, (0, 232, 0.42), (1, 312, 0.66))

    def paint(canvas: Canvas, now: Moment) -> None:
        for k, (phase, y, size) in enumerate(planes):
            at = (phase + now.turns(0.15)) % 1
            px, py = -90 + 540 * at, y + 22 * np.sin(2 * np.pi * at * 1.5)
            fold(
                canvas,
                PLANE,
                px,
                py,
                size,
                0.16 * np.cos(2 * np.pi * at * 1.5),
                (p.light, p.accent)[k % 2],
            )
            for j in range(5):
                canvas.line(
                    ((px - 62 * size - 22 * j, py + 3), (px - 62 * size - 22 * j - 11, py + 3)),
                    1.6,
                    sheer(p.second, 0.4),
                )
        for k in range(rows):
            depth = k / (rows - 1)
            line = waterline(
                now, 374 + depth * 190, 5 + 8 * depth, 36 + 44 * depth, 0.25 + 0.1 * k, k * 0.29
            )
            x, phase, tone = boats[k]
            x = x + 22 * now.swing(0.25, phase)
            near = int(np.argmin(np.abs(line[:, 0] - x)))
            slope = np.arctan2(*(line[near + 1] - line[near - 1])[::-1])
            size = 0.55 + 0.62 * depth
            fold(
                canvas,
                BOAT,
                x,
                line[near, 1] - 11 * size,
                size,
                slope * 0.9 + 0.05 * now.swing(0.4, phase),
                tone,
            )
            water = mix(lighter(p.second, 0.55), darker(p.second, 0.1), depth)
            zig = line[::2]
            canvas.poly(below(zig), water)
            for a, b in zip(zig[:-1:2], zig[1::2], strict=False):
                canvas.poly((a, b, ((a[0] + b[0]) / 2, a[1] + 26)), lighter(water, 0.12))
            canvas.line(zig, 1.5, lighter(water, 0.4))

    return paint


def rosette(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    ground.glow(180, 388, 250, p.light, 0.7)
    n = shot.one_of(6, 8, 8, 10)
    tones = [p.main, p.accent, p.second, mix(p.main, p.light, 0.4)]
    order = shot.random.permutation(4)
    way = shot.one_of(-1, 1)

    def paint(canvas: Canvas, now: Moment) -> None:
        unfold = 0.5 - 0.5 * np.cos(now.angle(0.3))
        turn = way * 2 * np.pi * now.at / n * 2
        wide = np.pi / n
        canvas.oval(186, 402, 150, 150, sheer((0, 0, 0), 0.08))
        for layer in range(3):
            tone = tones[order[layer]]
            far = (158, 116, 72)[layer] * (0.86 + 0.14 * now.swing(0.3, layer * 0.2))
            for k in range(n):
                a = turn * (1 - 0.6 * layer) + 2 * k * wide + layer * wide
                kink = wide * (1 - 0.75 * unfold * (1 - layer * 0.25))
                tip = (0.0, -far)
                left = turned([(0, -far * 0.62)], -kink)[0]
                right = turned([(0, -far * 0.62)], kink)[0]
                lit = 0.35 * np.cos(a - 0.8)
                facets: list[Facet] = [
                    ([(0, 0), tuple(left), tip], lit + 0.15),
                    ([(0, 0), tuple(right), tip], lit - 0.3),
                ]
                fold(canvas, facets, 180, 388, 1 + 0.03 * now.pulse, a, tone)
        core = 22 + 5 * now.pulse
        for k in range(n):
            a = -turn + 2 * np.pi * k / n
            b = a + 2 * np.pi / n
            corner = [(180 + core * np.cos(c), 388 + core * np.sin(c)) for c in (a, b)]
            canvas.poly([(180, 388), *corner], mix(p.light, tones[order[3]], 0.25 + 0.5 * (k % 2)))

    return paint


SCENES: tuple[Scene, ...] = (crane, fleet, rosette)
