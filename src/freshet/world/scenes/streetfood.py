"""Street food: a bowl of noodles, skewers over the fire, a taco being filled."""

from __future__ import annotations

import numpy as np

from freshet.world.canvas import HEIGHT, Canvas, ellipse, placed, smooth
from freshet.world.colour import Colour, darker, lighter, mix, palettes, sheer
from freshet.world.scenes.props import LEFT, RIGHT, Specks, bulbs, steam
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "2a0f2e 7a2140 e63946 1d3557 ffb703 fff3d6",
    "10243a 1f5a6b f4a261 264653 ffe066 fffaf0",
    "ffcf56 ffe9b0 d62828 5f0f40 2a9d8f ffffff",
    "3a1410 a63c1c ffb703 4a1c1c f7d070 fff4dc",
    "0f3d3e 2f8f83 ff6b35 12302f ffd166 fffdf0",
)
YOLK: Colour = (255, 170, 40)


def ramen(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    ground.glow(180, 380, 260, p.accent, 0.45)
    ground.box(LEFT, 548, RIGHT, HEIGHT + 80, darker(p.low, 0.45))
    ground.shadow(180, 560, 120, 14, 0.6)
    bowl = shot.one_of(p.main, p.second, (244, 240, 230))
    trim = p.accent if bowl != p.accent else p.light
    greens, eggs = shot.scatter(16, (-96, -16), (96, 14)), shot.integer(1, 2)
    lamps = (p.accent, p.main, p.light)

    def egg(canvas: Canvas, x: float, y: float) -> None:
        canvas.oval(x, y, 29, 20, (255, 252, 244), -0.2)
        canvas.oval(x, y + 1, 15, 11, YOLK, -0.2)
        canvas.oval(x - 4, y - 3, 5, 3, sheer((255, 255, 255), 0.7))

    def paint(canvas: Canvas, now: Moment) -> None:
        bulbs(canvas, now, 214, 22, lamps)
        lift = 62 + 22 * now.swing(0.3)
        canvas.oval(180, 436, 140, 37, darker(bowl, 0.3))
        canvas.oval(180, 438, 131, 31, (196, 116, 48))
        canvas.oval(180, 436, 124, 27, (222, 146, 66))
        for k in range(10):
            a = np.linspace(0, 2 * np.pi, 26)
            coil_x = 118 + 8 * k + (36 - k) * np.cos(a + k)
            coil_y = 438 + (9 + k * 0.9) * np.sin(a + k + 0.15 * now.swing(0.3))
            canvas.line(
                np.stack((coil_x, coil_y), 1),
                2.6,
                (250, 216, 132) if k % 2 else (240, 196, 108),
            )
        for k in range(9):
            top = 438 - lift
            x = 142 + k * 4.2
            sway = 3.5 * now.swing(0.6, k / 9)
            strand = smooth(
                [(x, top - 12), (x + sway, top + lift * 0.5), (x - 12 + k * 3, 442)], 6, False
            )
            canvas.line(strand, 3, (252, 222, 142) if k % 2 else (240, 198, 112))
        for k in range(eggs):
            egg(canvas, 238 - 48 * k * 0.9, 434 + 8 * k + 1.5 * now.swing(0.5, k / 2))
        canvas.poly(((66, 366), (106, 356), (118, 432), (80, 438)), (28, 52, 40))
        canvas.poly(((98, 362), (128, 358), (132, 430), (104, 436)), (36, 66, 50))
        for x, y in greens:
            canvas.ring(180 + x, 438 + y + 1.2 * now.swing(0.5, x), 4.4, 2.4, (120, 200, 90))
        body = smooth(
            [(40, 436), (54, 494), (104, 540), (180, 549), (256, 540), (306, 494), (320, 436)],
            6,
            False,
        )
        front = ellipse(180, 436, 140, 37, 40)
        lower = front[front[:, 1] >= 436][np.argsort(-front[front[:, 1] >= 436][:, 0])]
        canvas.poly(np.concatenate((body, lower)), bowl)
        canvas.poly(
            np.concatenate((body[len(body) // 2 :], [(250, 470), (200, 476)])),
            sheer((0, 0, 0), 0.14),
        )
        for k in range(9):
            b = np.pi * (k + 0.5) / 9
            x, y = 180 + 118 * np.cos(b), 478 + 30 * np.sin(b)
            canvas.poly(placed([(0, -9), (9, 0), (0, 9), (-9, 0)], x, y), trim)
        canvas.box(130, 544, 230, 560, darker(bowl, 0.25), 5)
        for dx, dy in ((0, 0), (17, 5)):
            canvas.line(
                ((150 + dx, 438 - lift + dy - 8), (372, 300 - lift * 0.4 + dy)),
                6,
                mix((120, 62, 32), p.light, 0.1 * (dx > 0)),
            )
        steam(canvas, now, 180, 400, p.light, 150)

    return paint


def grill(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    ground.glow(180, 560, 320, (255, 120, 30), 0.6)
    sticks = shot.integer(3, 4)
    foods = [
        (214, 120, 66),
        (226, 70, 50),
        (240, 190, 70),
        (110, 170, 70),
        (180, 88, 50),
        (245, 226, 190),
    ]
    made = [[foods[shot.integer(0, len(foods) - 1)] for _ in range(6)] for _ in range(sticks)]
    sparks = Specks(shot, 44, (1, 2.4))
    flames = shot.scatter(17, (0, 0.6), (1, 1.15))
    lamps = (p.accent, p.main, p.light)

    def paint(canvas: Canvas, now: Moment) -> None:
        bulbs(canvas, now, 214, 18, lamps)
        canvas.box(LEFT, 566, RIGHT, HEIGHT + 80, (34, 26, 28))
        for layer, (tone, size) in enumerate(
            (((230, 60, 20), 1.0), ((255, 140, 30), 0.72), ((255, 225, 110), 0.42))
        ):
            for k, (phase, tall) in enumerate(flames):
                x = 12 + k * 21
                high = (
                    (58 + 34 * np.sin(now.angle(0.9, phase)) * np.sin(now.angle(0.6, phase * 3)))
                    * tall
                    * size
                )
                wob = 9 * now.swing(0.8, phase)
                flame = smooth(
                    [
                        (x - 17 * size, 590),
                        (x - 12 * size, 590 - high * 0.5),
                        (x + wob, 590 - high),
                        (x + 12 * size, 590 - high * 0.45),
                        (x + 17 * size, 590),
                    ],
                    4,
                )
                canvas.poly(flame, tone)
            if layer == 0:
                canvas.glow(180, 570, 120, (255, 150, 40), 0.4 + 0.4 * now.pulse)
        for k in range(19):
            canvas.line(((k * 21 - 8, 532), (k * 21 - 26, 588)), 4, (24, 22, 26))
        canvas.box(LEFT, 528, RIGHT, 536, (52, 48, 54))
        for k, pieces in enumerate(made):
            y = 512 - (sticks - 1 - k) * 64 + 4 * now.swing(0.5, k / 4)
            tilt = 0.03 * now.swing(0.4, k / 3)
            canvas.line(placed([(-172, 0), (190, 0)], 172, y, 1, tilt), 4, (206, 164, 104))
            roll = now.angle(0.3, k / 5)
            for j, tone in enumerate(pieces):
                x, yy = placed([(-118 + j * 46, 0)], 172, y, 1, tilt)[0]
                high = 21 + 3.5 * np.sin(roll + j)
                lit = 0.16 * (0.5 + 0.5 * np.sin(roll + j * 1.3))
                canvas.box(x - 21, yy - high, x + 21, yy + high, darker(tone, 0.3), 12)
                canvas.box(x - 20, yy - high, x + 19, yy + high - 5, lighter(tone, lit), 11)
                for m in (-9, 1, 11):
                    canvas.line(
                        ((x + m - 4, yy - high + 6), (x + m + 4, yy + high - 11)),
                        2.6,
                        sheer(darker(tone, 0.65), 0.75),
                    )
                canvas.oval(x - 6, yy - high * 0.5, 7, 3, sheer((255, 255, 255), 0.35))
        sparks.paint(canvas, now, (255, 190, 80), -2, 16)

    return paint


def taco(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    for k in range(16):
        a0, a1 = 2 * np.pi * k / 16, 2 * np.pi * (k + 0.5) / 16
        ground.poly(
            (
                (180, 420),
                (180 + 600 * np.cos(a0), 420 + 600 * np.sin(a0)),
                (180 + 600 * np.cos(a1), 420 + 600 * np.sin(a1)),
            ),
            sheer(p.light, 0.09),
        )
    ground.shadow(180, 556, 150, 16, 0.5)
    colours = [
        (226, 60, 48),
        (122, 190, 74),
        (250, 240, 220),
        (240, 190, 60),
        (150, 78, 44),
        (236, 110, 150),
    ]
    fill = shot.scatter(40, (-0.92, 0, 0, 0), (0.92, 1, len(colours), 1))
    rain = shot.scatter(12, (60, 0, 0), (300, 1, len(colours)))
    spots = shot.scatter(24, (-0.86, 0.12, 1.5), (0.86, 0.8, 5))
    shell: Colour = shot.one_of((246, 200, 110), (240, 184, 92), (250, 216, 150))

    def paint(canvas: Canvas, now: Moment) -> None:
        bulbs(canvas, now, 214, 20, (p.accent, p.main, p.light))
        y0, r = 540.0 - 5 * now.pulse, 146.0
        back = np.linspace(np.pi, 2 * np.pi, 30)
        canvas.poly(
            np.stack((186 + r * np.cos(back), y0 - 12 + 1.02 * r * np.sin(back)), 1),
            darker(shell, 0.25),
        )
        for k, (x, phase, kind) in enumerate(rain):
            at = (phase + now.turns(0.4)) % 1
            y = 240 + at * at * (y0 - r * 0.8 - 240)
            bit = placed(
                [(-9, -5), (9, -6), (10, 5), (-8, 6)],
                180 + (x - 180) * (1 - 0.5 * at),
                y,
                1,
                6 * at + k,
            )
            canvas.poly(smooth(bit, 3), colours[int(kind)])
        for u, up, kind, phase in fill:
            a = np.pi * (1.5 + u * 0.44)
            far = r * (0.88 + 0.26 * up) + 2 * now.swing(0.6, phase)
            x, y = 182 + far * np.cos(a), y0 - 6 + far * np.sin(a)
            tone = colours[int(kind)]
            if int(kind) == 1:
                canvas.poly(
                    smooth(
                        placed(
                            [(-20, 4), (-10, -13), (0, -6), (10, -14), (20, 4), (0, 12)],
                            x,
                            y,
                            1,
                            a + np.pi / 2,
                        ),
                        3,
                    ),
                    tone,
                )
            elif int(kind) == 0:
                canvas.disc(x, y, 13, tone)
                canvas.disc(x, y, 9, lighter(tone, 0.2))
            else:
                canvas.poly(
                    smooth(placed([(-12, -7), (11, -8), (13, 7), (-10, 8)], x, y, 1, phase * 6), 3),
                    tone,
                )
        front = np.linspace(np.pi, 2 * np.pi, 34)
        canvas.poly(np.stack((176 + r * np.cos(front), y0 + r * 0.9 * np.sin(front)), 1), shell)
        canvas.line(
            np.stack((176 + (r - 3) * np.cos(front), y0 + (r - 3) * 0.9 * np.sin(front)), 1),
            5,
            lighter(shell, 0.4),
        )
        for u, v, size in spots:
            x, y = 176 + r * u * np.sqrt(1 - v * v), y0 - r * 0.9 * v
            canvas.oval(x, y, size * 1.3, size, darker(shell, 0.16))
        canvas.box(28, y0 - 3, 326, y0 + 9, darker(shell, 0.12), 6)
        steam(canvas, now, 180, y0 - r * 1.1, p.light, 90)

    return paint


SCENES: tuple[Scene, ...] = (ramen, grill, taco)
