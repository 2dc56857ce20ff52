"""A cat on a window sill, at night, while it snows."""

from __future__ import annotations

from freshet.world.canvas import Canvas, placed, smooth
from freshet.world.colour import darker, mix, sheer
from freshet.world.scenes.cat_parts import NOSE, blink, eye
from freshet.world.shot import Moment, Paint, Shot


def window(shot: Shot) -> Paint:
    p = shot.palette
    night = mix((16, 22, 54), p.second, 0.15)
    glow = mix((250, 214, 140), p.light, 0.3)
    wall = mix(p.low, (214, 140, 110), 0.45)
    ground = shot.ground(wall, darker(wall, 0.25))
    ground.box(38, 222, 322, 552, darker(wall, 0.5), 6)
    x0, y0, x1, y1 = 50, 234, 310, 540
    for k in range(60):
        y = y0 + (y1 - y0) * k / 60
        ground.box(x0, y, x1, y + 6, mix(night, mix(p.high, night, 0.55), k / 60))
    for x, y, r in shot.scatter(44, (54, 240, 0.6), (306, 400, 1.5)):
        ground.disc(x, y, r, sheer((255, 255, 255), 0.8))
    mx, my = shot.uniform(110, 250), shot.uniform(282, 310)
    ground.glow(mx, my, 76, glow, 0.8)
    ground.disc(mx, my, 29, glow)
    if shot.one_of(True, False):
        ground.disc(mx + 13, my - 6, 25, mix(night, p.high, 0.12))
    town = shot.scatter(9, (40, 0.2), (110, 1))
    for k, (h, tint) in enumerate(town):
        x = x0 + k * 29
        ground.box(x, y1 - h, min(x + 28, x1), y1, mix(night, (0, 0, 0), 0.35 * tint + 0.2))
        for wx in (7, 17):
            for wy in range(int(y1 - h) + 9, int(y1) - 6, 15):
                if shot.uniform(0, 1) < 0.45:
                    ground.box(x + wx, wy, x + wx + 5, wy + 7, sheer(glow, 0.9))
    for bar in ((176, 226, 184, 548), (44, 384, 316, 391)):
        ground.box(*bar, darker(wall, 0.5))
    ground.box(16, 540, 344, 566, darker(wall, 0.35), 5)
    curtain = mix((206, 84, 92), p.accent, 0.35)
    snow = shot.scatter(46, (54, 0, 0.9), (306, 1, 2.0))
    seated = shot.uniform(130, 210)
    coat = shot.one_of(
        (28, 24, 34), (232, 150, 84), (240, 234, 226), mix(p.main, (60, 50, 60), 0.2)
    )
    pot = shot.one_of(True, False)

    def paint(canvas: Canvas, now: Moment) -> None:
        for fx, phase, r in snow:
            fy = (phase + now.at * 2) % 1
            canvas.disc(
                fx + 5 * now.swing(0.4, phase), y0 + 6 + fy * (y1 - y0 - 14), r, (236, 240, 255)
            )
        for side in (-1, 1):
            for k in range(4):
                edge = 180 + side * (118 + k * 17 + 3 * now.swing(0.25, k / 4))
                out = 180 + side * 190
                tone = darker(curtain, 0.06 * k)
                canvas.poly(
                    [
                        (out, 196),
                        (edge, 196),
                        (edge - side * 4 + 3 * now.swing(0.25, k / 3), 560),
                        (out, 560),
                    ],
                    tone,
                )
        canvas.box(6, 196, 354, 206, darker(wall, 0.6), 5)
        if pot:
            canvas.poly(((270, 512), (304, 512), (299, 542), (275, 542)), p.accent)
            for k in range(5):
                a = (k - 2) * 0.4 + 0.06 * now.swing(0.4, k / 5)
                canvas.poly(
                    placed(smooth([(0, 0), (8, -20), (0, -44), (-8, -20)], 4), 287, 512, 1, a),
                    (70, 150, 96),
                )
        x, y = seated, 542.0
        a = now.swing(0.35)
        tail = smooth(
            [
                (x + 34, y - 6),
                (x + 74, y + 6),
                (x + 92, y + 36 + 8 * a),
                (x + 84 + 22 * a, y + 70),
                (x + 62 + 36 * a, y + 84),
            ],
            7,
            False,
        )
        canvas.line(tail, 14, coat)
        torso = smooth(
            [
                (x - 40, y + 2),
                (x - 44, y - 46),
                (x - 26, y - 108),
                (x + 6, y - 122),
                (x + 36, y - 98),
                (x + 52, y - 40),
                (x + 46, y + 2),
            ],
            5,
        )
        canvas.poly(torso, coat)
        turn = 7 * now.swing(0.25, 0.2)
        hx, hy = x - 8 + turn, y - 142
        canvas.oval(hx, hy, 41, 36, coat)
        for side in (-1, 1):
            flick = 0.14 * max(0.0, now.swing(0.9, side * 0.2))
            canvas.poly(
                placed(
                    [(-17, 8), (3, -36), (19, 5)], hx + side * 23, hy - 23, 1, side * (0.22 + flick)
                ),
                coat,
            )
        for side in (-1, 1):
            eye(
                canvas,
                hx + side * 15 + turn * 0.5,
                hy - 2,
                8.5,
                (turn / 9, 0),
                blink(now, 0.3),
                p.accent,
            )
        canvas.poly(
            (
                (hx + turn * 0.6 - 4, hy + 9),
                (hx + turn * 0.6 + 4, hy + 9),
                (hx + turn * 0.6, hy + 13),
            ),
            NOSE,
        )

    return paint
