"""Football tricks: keeping the ball up, a passing move from above, a free kick."""

from __future__ import annotations

import numpy as np

from freshet.world.canvas import HEIGHT, Canvas, ngon, placed, smooth
from freshet.world.colour import Colour, darker, lighter, mix, palettes, sheer
from freshet.world.scenes.props import LEFT, RIGHT
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "0b2239 14507a 2f9e44 1f7a35 ffd43b ffffff",
    "ffb56b ffe0b0 37a34a 2a8339 e03131 ffffff",
    "1a1037 5b2c83 22996b 17724f ff5fa2 ffffff",
    "7ec8f2 d7f0ff 40b24f 2f923e ff7b00 ffffff",
)
INK: Colour = (26, 28, 36)


def ball(canvas: Canvas, x: float, y: float, r: float, a: float) -> None:
    canvas.disc(x, y, r, (248, 248, 250))
    canvas.poly(ngon(x, y, r * 0.36, 5, a), INK)
    for k in range(5):
        b = a + k * 2 * np.pi / 5
        sx, sy = np.sin(b), -np.cos(b)
        canvas.line(
            ((x + sx * r * 0.34, y + sy * r * 0.34), (x + sx * r * 0.7, y + sy * r * 0.7)),
            r * 0.07,
            INK,
        )
        patch = placed([(-0.24, -0.9), (0.24, -0.9), (0.15, -0.66), (-0.15, -0.66)], 0, 0, r, b)
        canvas.poly(patch + (x, y), INK)
    canvas.ring(x, y, r, max(1.0, r * 0.06), INK)
    canvas.oval(x - r * 0.3, y - r * 0.42, r * 0.3, r * 0.18, sheer((255, 255, 255), 0.7), -0.6)
    canvas.oval(x + r * 0.12, y + r * 0.5, r * 0.62, r * 0.34, sheer((20, 30, 60), 0.14))


def floodlights(shot: Shot, ground: Canvas) -> None:
    """Lamps, a stand full of people and a striped pitch below."""
    p = shot.palette
    for x in (44, 316):
        ground.line(((x, 236), (x, 420)), 5, darker(p.low, 0.5))
        ground.box(x - 30, 214, x + 30, 246, darker(p.low, 0.55), 5)
        for k in range(3):
            for j in range(2):
                ground.disc(x - 18 + k * 18, 223 + j * 14, 5, p.light)
        ground.glow(x, 230, 110, p.light, 0.7)
    ground.box(LEFT, 372, RIGHT, 440, darker(p.low, 0.45))
    for x, y, tint in shot.scatter(260, (-20, 378, 0), (380, 434, 1)):
        crowd = mix(mix(p.accent, p.light, tint), darker(p.low, 0.4), 0.3)
        ground.disc(x, y, 2.6, crowd)
    for k in range(9):
        y0, y1 = 440 + k * k * 3.2, 440 + (k + 1) ** 2 * 3.2
        ground.box(LEFT, y0, RIGHT, y1, p.main if k % 2 else p.second)


def juggle(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    floodlights(shot, ground)
    high, r = shot.uniform(150, 190), shot.uniform(25, 30)
    sock, boot = p.accent, shot.one_of(INK, darker(p.accent, 0.5), (240, 240, 245))
    other = mix(p.accent, p.light, 0.75)

    def foot(canvas: Canvas, x: float, y: float, up: float, side: int) -> None:
        """A shin from below the knee, the boot kicking up."""
        knee = (x + side * 26, y - 12 - up * 0.4)
        ankle = (x + side * 20, y + 62 - up)
        canvas.line((knee, ankle), 27, sock)
        for k in (0.2, 0.34):
            sx, sy = knee[0] + (ankle[0] - knee[0]) * k, knee[1] + (ankle[1] - knee[1]) * k
            canvas.line(((sx - 12, sy), (sx + 12, sy)), 5, other, round_ends=False)
        toe = (ankle[0] - side * 52, ankle[1] + 12 - up * 0.22)
        (ax, ay), (tx, ty) = ankle, toe
        heel = [(ax + side * 15, ay - 10), (ax + side * 17, ay + 18), (ax - side * 20, ay + 22)]
        tip = [(tx, ty + 10), (tx - side * 3, ty - 5), (ax - side * 18, ay - 5)]
        shape = smooth([*heel, *tip], 5)
        canvas.poly(shape, boot)
        for k in range(3):
            lx = ankle[0] - side * (15 + 10 * k)
            canvas.line(((lx, ankle[1] - 3 + k), (lx - side * 3, ankle[1] + 7 + k)), 2.2, other)

    def paint(canvas: Canvas, now: Moment) -> None:
        hops = max(2, round(now.duration_s / (2 * now.beat_s)) // 2 * 2)
        at = now.at * hops
        side, part = int(at) % 2, at % 1
        x = 180 + (28 if side == 0 else -28) * (2 * part - 1) * 1.3
        y = 486 - high * 4 * part * (1 - part)
        for k in range(5, 0, -1):
            back = part - k * 0.035
            if back > 0:
                bx = 180 + (28 if side == 0 else -28) * (2 * back - 1) * 1.3
                canvas.disc(
                    bx, 486 - high * 4 * back * (1 - back), r * (1 - k * 0.1), sheer(p.light, 0.16)
                )
        canvas.shadow(x, 584, 34 - 12 * part * (1 - part) * 4, 7, 0.5)
        for which, fx in ((0, 132.0), (1, 228.0)):
            kick = (1 - part) ** 4 if side == which else (part**4 if side != which else 0)
            foot(canvas, fx + (8 if which == 0 else -8), 476, 26 * kick, -1 if which == 0 else 1)
        ball(canvas, x, y, r, now.angle(0.5))
        if part < 0.2:
            for k in range(8):
                b = k * np.pi / 4
                c, s = np.cos(b), np.sin(b)
                o = 34 + 90 * part
                canvas.line(
                    ((x + c * o, y + 12 + s * o), (x + c * (o + 10), y + 12 + s * (o + 10))),
                    3,
                    sheer(p.accent, 1 - part * 5),
                )

    return paint


def tactics(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground(p.second, p.second)
    for k in range(12):
        y = k * 56 - 20
        ground.box(LEFT, y, RIGHT, y + 28, p.main)
    white = sheer((255, 255, 255), 0.8)
    ground.line(((26, 224), (334, 224), (334, 700), (26, 700), (26, 224)), 3, white)
    ground.line(((92, 224), (92, 300), (268, 300), (268, 224)), 3, white)
    ground.line(((142, 224), (142, 250), (218, 250), (218, 224)), 3, white)
    arc = np.linspace(0.35, np.pi - 0.35, 16)
    ground.line(np.stack((180 + 42 * np.cos(arc), 286 + 42 * np.sin(arc)), 1), 3, white)
    ground.box(152, 212, 208, 224, sheer((255, 255, 255), 0.5))
    spots = [(180.0, 560.0)]
    for k in range(shot.integer(3, 4)):
        spots.append((shot.uniform(56, 304), 500 - k * 54 - shot.uniform(0, 20)))
    ours = np.array([*spots, (180 + shot.uniform(-22, 22), 228)])
    theirs = shot.scatter(6, (50, 270), (310, 500))
    theirs = theirs[[min(np.hypot(*(ours[:-1] - t).T)) > 40 for t in theirs]]
    numbers = shot.random.choice(np.arange(2, 12), len(ours), False)

    def paint(canvas: Canvas, now: Moment) -> None:
        legs = len(ours) - 1
        at = min(now.at * 1.2, 1.0) * legs
        done = min(int(at), legs - 1)
        part = min(1.0, max(0.0, (at - done) * 1.35))
        part = 1 - (1 - part) ** 2
        here = ours[done] + (ours[done + 1] - ours[done]) * part
        for k in range(done + 1):
            end = here if k == done else ours[k + 1]
            far = float(np.hypot(*(end - ours[k])))
            for j in range(int(far // 13)):
                a, b = (ours[k] + (end - ours[k]) * (j * 13 + o) / max(far, 1) for o in (0, 7))
                canvas.line((a, b), 3.4, p.accent)
        for k, (x, y) in enumerate(theirs):
            x += 6 * now.swing(0.4, k / 5)
            c = np.array(((-11, -11), (11, 11)))
            canvas.line(c + (x, y), 6, darker(p.second, 0.55))
            canvas.line(c * (1, -1) + (x, y), 6, darker(p.second, 0.55))
        for k, (x, y) in enumerate(ours[:-1]):
            on = 1 + (0.16 * now.pulse if k == done else 0)
            canvas.shadow(x + 2, y + 5, 20, 18, 0.3)
            canvas.disc(x, y, 18 * on, p.light)
            canvas.disc(x, y, 15 * on, p.accent)
            dots = int(numbers[k])
            for j in range(min(dots, 5)):
                b = j * 2 * np.pi / min(dots, 5)
                canvas.disc(x + 6 * np.cos(b), y + 6 * np.sin(b), 2.2, p.light)
        lift = 1 + 0.5 * np.sin(np.pi * part)
        canvas.shadow(here[0] + 6 * lift, here[1] + 12 * lift, 12, 10, 0.35)
        ball(canvas, here[0], here[1], 12 * lift, now.angle(1))
        if now.at > 0.84:
            b = (now.at - 0.84) / 0.16
            canvas.ring(ours[-1][0], ours[-1][1], 20 + 90 * b, 5, sheer(p.light, 1 - b))

    return paint


def free_kick(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    floodlights(shot, ground)
    corner = shot.one_of(-1, 1)
    target = np.array((180 + corner * shot.uniform(74, 96), shot.uniform(296, 330)))
    bend = -corner * shot.uniform(120, 190)
    shirts = shot.integer(3, 4)

    def net(canvas: Canvas, punch: float) -> None:
        for k in range(17):
            x = np.full(12, 60 + k * 15.0)
            y = np.linspace(272, 452, 12)
            d = np.exp(-(((x - target[0]) / 40) ** 2) - ((y - target[1]) / 40) ** 2)
            canvas.line(
                np.stack((x + d * punch * 6, y - d * punch * 12), 1), 1, sheer(p.light, 0.5)
            )
        for k in range(13):
            x = np.linspace(60, 300, 17)
            y = np.full(17, 272 + k * 15.0)
            d = np.exp(-(((x - target[0]) / 40) ** 2) - ((y - target[1]) / 40) ** 2)
            canvas.line(
                np.stack((x + d * punch * 6, y - d * punch * 12), 1), 1, sheer(p.light, 0.5)
            )
        canvas.line(((56, 456), (56, 268), (304, 268), (304, 456)), 8, (250, 250, 252))

    def paint(canvas: Canvas, now: Moment) -> None:
        shot_at = min(1.0, max(0.0, (now.at - 0.12) / 0.4))
        hit = max(0.0, now.at - 0.52)
        net(canvas, 2.2 * np.exp(-9 * hit) * np.cos(26 * hit) if hit else 0.0)
        for k in range(shirts):
            x = 180 - corner * 40 + (k - shirts / 2) * 34
            jump = 22 * np.sin(np.pi * min(1.0, max(0.0, (now.at - 0.2) / 0.3)))
            tone = mix(p.accent, p.light, 0.12 * (k % 2))
            canvas.shadow(x, 512, 14, 4, 0.5)
            canvas.line(((x - 5, 508 - jump), (x - 5, 480 - jump)), 8, INK)
            canvas.line(((x + 5, 508 - jump), (x + 5, 480 - jump)), 8, INK)
            canvas.box(x - 14, 440 - jump, x + 14, 482 - jump, tone, 7)
            canvas.disc(x, 427 - jump, 10, (222, 178, 146) if k % 2 else (128, 84, 60))
        e = 1 - (1 - shot_at) ** 2
        start = np.array((180 + corner * 46, 562.0))

        def flight(e: float) -> tuple[float, float, float]:
            x, y = start + (target - start) * e
            return x + bend * np.sin(np.pi * e) * 0.5, y - 60 * np.sin(np.pi * e), 30 - 17 * e

        for k in range(14):
            back = e - k * 0.03
            if back > 0 and shot_at < 1:
                x, y, r = flight(back)
                canvas.disc(x, y, r * (1 - k * 0.05), sheer(p.accent, 0.14))
        x, y, r = flight(e)
        if hit:
            y = min(y + 900 * hit**2, 448)
        ball(canvas, x, y, r, now.angle(1.2) if shot_at < 1 else 0.4)
        if hit:
            for k in range(26):
                b = k * 2.4
                far = 190 * (1 - np.exp(-5 * hit)) * (0.5 + 0.5 * ((k * 37) % 10) / 10)
                cx, cy = 180 + far * np.cos(b), 300 + far * np.sin(b) + 240 * hit**2
                bit = placed([(-4, -2.4), (4, -2.4), (4, 2.4), (-4, 2.4)], cx, cy, 1, b + 9 * hit)
                canvas.poly(bit, (p.accent, p.light, lighter(p.main, 0.3))[k % 3])

    return paint


SCENES: tuple[Scene, ...] = (juggle, tactics, free_kick)
assert HEIGHT > 600
