"""Cats: a face that follows a butterfly, one on a window sill at night, one with a ball of wool."""

from __future__ import annotations

import numpy as np

from freshet.world.canvas import HEIGHT, Canvas, placed, smooth
from freshet.world.colour import darker, lighter, mix, palettes, sheer
from freshet.world.scenes.cat_parts import INK, NOSE, blink, eye, muzzle
from freshet.world.scenes.cat_window import window
from freshet.world.scenes.props import LEFT, RIGHT
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "ffd9c2 ffb4a2 f08a4b b5541e 6fcf97 fff8f0",
    "cfe8ff 9cc9f5 7d8597 4a5060 ffd43b ffffff",
    "e6dcff c3aef0 3d3a4b 24222e 8ce99a fff4ff",
    "fff0b8 ffd166 f7efe2 cdb79b 3fa7d6 ffffff",
    "b8e6d3 7fcdb0 d9a066 8f5a2b f15bb5 fffdf6",
)


def face(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    for x, y, r, a in shot.scatter(18, (0, 170, 12, 0), (360, 640, 22, 6)):  # paw prints
        tone = sheer(p.light, 0.28)
        ground.oval(x, y, r * 0.6, r * 0.5, tone)
        for k in range(4):
            b = a + (k - 1.5) * 0.55
            ground.disc(x + r * np.sin(b), y - r * np.cos(b), r * 0.24, tone)
    fur, stripe = p.main, p.second
    belly = mix(p.light, fur, 0.12)
    tabby, patch = shot.one_of(True, False), shot.one_of(-1, 0, 1)

    def paint(canvas: Canvas, now: Moment) -> None:
        a = now.angle(0.18)
        bx, by = 180 + 130 * np.sin(a), 300 + 62 * np.sin(2 * a)
        look = ((bx - 180) / 130, (by - 380) / 110)
        tilt = 0.07 * np.sin(a) + 0.02 * now.pulse
        cx, cy = 180 + 5 * look[0], 412.0

        def at(points: object, size: float = 1.0) -> np.ndarray:
            return placed(points, cx, cy, size, tilt)  # type: ignore[arg-type]

        body = smooth([(60, 680), (84, 540), (180, 500), (276, 540), (300, 680)], 6, False)
        canvas.poly(body, darker(fur, 0.08))
        canvas.oval(180, 604, 62, 76, belly)
        for side in (-1, 1):
            twitch = 0.1 * max(0.0, now.swing(1.0, 0.25 + side * 0.2)) * side
            ear = placed([(-42, 18), (2, -74), (46, 10)], 0, 0, 1.0, twitch + side * 0.28) + (
                side * 74,
                -78,
            )
            canvas.poly(smooth(at(ear), 3), fur)
            inner = placed([(-24, 12), (2, -48), (28, 8)], 0, 0, 1.0, twitch + side * 0.28) + (
                side * 74,
                -76,
            )
            canvas.poly(smooth(at(inner), 3), mix(NOSE, fur, 0.25))
        head = smooth(
            [
                (0, -98),
                (74, -84),
                (126, -20),
                (122, 44),
                (72, 88),
                (0, 98),
                (-72, 88),
                (-122, 44),
                (-126, -20),
                (-74, -84),
            ],
            5,
        )
        canvas.poly(at(head), fur)
        if tabby:
            for k in (-1, 0, 1):
                canvas.poly(
                    at(smooth([(k * 26 - 6, -98), (k * 26 + 6, -98), (k * 20, -52)], 3)), stripe
                )
            for side in (-1, 1):
                for k in (0, 1):
                    canvas.poly(
                        at(
                            smooth(
                                [
                                    (side * 128, 6 + k * 26),
                                    (side * 125, 18 + k * 26),
                                    (side * 88, 14 + k * 20),
                                ],
                                3,
                            )
                        ),
                        stripe,
                    )
        elif patch:
            canvas.poly(
                at(
                    smooth(
                        [
                            (patch * 20, -96),
                            (patch * 96, -70),
                            (patch * 118, -10),
                            (patch * 70, 34),
                            (patch * 22, -8),
                        ],
                        5,
                    )
                ),
                stripe,
            )
        canvas.poly(
            at(smooth([(0, 8), (52, 30), (58, 66), (0, 94), (-58, 66), (-52, 30)], 5)), belly
        )
        lid = blink(now)
        for side in (-1, 1):
            x, y = at([(side * 53, -12)])[0]
            eye(canvas, x, y, 31, look, lid, p.accent)
        x, y = at([(0, 32)])[0]
        muzzle(canvas, x, y, 1.15, now)
        flap = abs(now.swing(3))
        for side in (-1, 1):
            wing = smooth([(0, 0), (16, -22), (28, -14), (20, 2), (22, 16), (8, 16)], 4) * (
                side * (0.3 + 0.7 * flap),
                1,
            )
            canvas.poly(wing + (bx, by), p.accent)
            canvas.poly(wing * 0.55 + (bx, by), p.light)
        canvas.line(((bx, by - 12), (bx, by + 13)), 4, INK)

    return paint


def wool(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    ground.box(LEFT, 520, RIGHT, HEIGHT + 80, darker(p.low, 0.16))
    ground.oval(180, 566, 190, 46, mix(p.accent, p.low, 0.35))
    ground.oval(180, 566, 160, 36, mix(p.accent, p.low, 0.55))
    fur, belly = p.main, mix(p.light, p.main, 0.1)
    yarn = shot.one_of(p.accent, (226, 74, 92), (90, 120, 220))
    tabby = shot.one_of(True, False)

    def paint(canvas: Canvas, now: Moment) -> None:
        roll = 0.5 - 0.5 * np.cos(now.angle(0.3))
        bx, by, r = 262 - 46 * roll, 538.0, 35.0
        x, y = 134.0, 556.0
        a = now.swing(0.5)
        tail = smooth(
            [
                (x - 50, y - 18),
                (x - 92, y - 26),
                (x - 104, y - 70 - 10 * a),
                (x - 84 + 14 * a, y - 104),
            ],
            7,
            False,
        )
        canvas.line(tail, 18, darker(fur, 0.12))
        canvas.shadow(x, y + 2, 84, 10, 0.35)
        torso = smooth(
            [
                (x - 66, y),
                (x - 70, y - 56),
                (x - 40, y - 124),
                (x + 10, y - 150),
                (x + 48, y - 104),
                (x + 54, y - 36),
                (x + 48, y),
            ],
            5,
        )
        canvas.poly(torso, fur)
        canvas.poly(
            smooth(
                [
                    (x + 2, y - 6),
                    (x - 8, y - 66),
                    (x + 14, y - 124),
                    (x + 44, y - 78),
                    (x + 44, y - 6),
                ],
                5,
            ),
            belly,
        )
        if tabby:
            for k in range(4):
                canvas.poly(
                    smooth(
                        [
                            (x - 70 + k * 5, y - 40 - k * 24),
                            (x - 66 + k * 6, y - 26 - k * 24),
                            (x - 30, y - 40 - k * 22),
                        ],
                        3,
                    ),
                    p.second,
                )
        canvas.line(((x - 36, y - 6), (x + 2, y - 5)), 20, darker(fur, 0.06))
        canvas.line(((x + 34, y - 70), (x + 38, y - 6)), 19, lighter(fur, 0.07))
        paw = 30 * (1 - roll)
        canvas.line(
            smooth(
                [(x + 30, y - 80), (x + 66, y - 66 - paw * 0.4), (bx - r * 0.9, by - 14 - paw)],
                5,
                False,
            ),
            18,
            lighter(fur, 0.12),
        )
        hx, hy = x + 34 + 5 * roll, y - 182 + 4 * now.pulse
        for side in (-1, 1):
            canvas.poly(
                smooth(
                    placed([(-25, 12), (3, -52), (27, 8)], hx + side * 37, hy - 36, 1, side * 0.25),
                    3,
                ),
                fur,
            )
            canvas.poly(
                smooth(
                    placed([(-13, 6), (2, -32), (15, 4)], hx + side * 37, hy - 34, 1, side * 0.25),
                    3,
                ),
                mix(NOSE, fur, 0.3),
            )
        canvas.oval(hx, hy, 68, 58, fur)
        if tabby:
            for k in (-1, 0, 1):
                canvas.poly(
                    smooth(
                        [
                            (hx + k * 15 - 4, hy - 57),
                            (hx + k * 15 + 4, hy - 57),
                            (hx + k * 12, hy - 32),
                        ],
                        3,
                    ),
                    p.second,
                )
        canvas.oval(hx + 6, hy + 27, 34, 23, belly)
        for side in (-1, 1):
            eye(
                canvas,
                hx + 6 + side * 28,
                hy - 4,
                16,
                (0.8, 0.75),
                blink(now, 0.1),
                p.accent if yarn != p.accent else (120, 190, 90),
            )
        muzzle(canvas, hx + 8, hy + 19, 0.64, now)
        thread = smooth(
            [
                (bx + 10, by + r - 4),
                (bx + 60, by + 46),
                (bx - 40, by + 62),
                (bx - 130, by + 44),
                (bx - 200, by + 66),
            ],
            7,
            False,
        )
        canvas.line(thread, 3, darker(yarn, 0.1))
        canvas.shadow(bx, by + r, r, 6, 0.4)
        canvas.disc(bx, by, r, yarn)
        turn = roll * 4
        for k in range(5):
            b = turn + k * 0.62
            arc = np.linspace(-1.15, 1.15, 9)
            bend = np.stack((r * 0.94 * np.sin(arc), r * (0.45 - 0.2 * k) * np.cos(arc)), 1)
            canvas.line(
                placed(bend, bx, by, 1, b), 2.4, darker(yarn, 0.25) if k % 2 else lighter(yarn, 0.3)
            )

    return paint


SCENES: tuple[Scene, ...] = (face, window, wool)
