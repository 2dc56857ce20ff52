"""City cycling: along a street of houses, and a route drawn across a map."""

from __future__ import annotations

import numpy as np

from freshet.world.canvas import HEIGHT, WIDTH, Canvas, placed, smooth
from freshet.world.colour import Colour, darker, lighter, mix, palettes, sheer
from freshet.world.scenes.props import LEFT, RIGHT, cloud
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "ffd6a5 ffadad 9b5de5 3d405b f15bb5 fff6e9",
    "8ecae6 dff3fb e76f51 264653 ffb703 ffffff",
    "1d2350 5a4a8f f4a261 161a33 ffe066 fff2cc",
    "bde0b1 f3f7dc 2a9d8f 28473f ef476f ffffff",
    "f6c1a8 fde9d9 577590 2f3e46 f94144 ffffff",
)
STREET = 520.0  # houses come round again after this much road


def wheel(
    canvas: Canvas, x: float, y: float, r: float, a: float, tyre: Colour, rim: Colour
) -> None:
    canvas.ring(x, y, r, r * 0.11, tyre)
    canvas.ring(x, y, r * 0.86, 1.2, rim)
    for k in range(8):
        b = a + k * np.pi / 4
        canvas.line(((x, y), (x + r * 0.88 * np.cos(b), y + r * 0.88 * np.sin(b))), 1, rim)
    canvas.disc(x, y, r * 0.09, rim)


def leg(canvas: Canvas, hip: np.ndarray, foot: np.ndarray, colour: Colour) -> None:
    """Thigh and shin of equal length, the knee to the front."""
    way = foot - hip
    far = float(np.hypot(*way))
    bend = np.sqrt(max(44.0**2 - (far / 2) ** 2, 0.0))
    knee = (hip + foot) / 2 + np.array((-way[1], way[0])) / far * -bend
    canvas.line((hip, knee, foot), 11, colour)
    canvas.line((foot - (4, -2), foot + (13, 3)), 7, darker(colour, 0.4))


def rider(
    canvas: Canvas, now: Moment, x: float, y: float, frame: Colour, coat: Colour, skin: Colour
) -> None:
    """A person on a bicycle whose wheels touch the road at `y`."""
    spin, dark = now.angle(1.3), (34, 32, 44)
    back, front = np.array((x - 62, y - 42)), np.array((x + 70, y - 42))
    crank, saddle, bars = (
        np.array((x - 4, y - 40)),
        np.array((x - 26, y - 104)),
        np.array((x + 50, y - 112)),
    )
    hip = saddle + (-2, -8)
    pedal = np.array((np.cos(spin), np.sin(spin))) * 16
    leg(canvas, hip, crank - pedal, mix(dark, coat, 0.25))
    for middle in (back, front):
        wheel(canvas, middle[0], middle[1], 42, spin * 1.5, dark, (210, 214, 220))
    canvas.line((back, crank, bars + (-4, 14), saddle + (2, 14), crank), 5.5, frame)
    canvas.line((back, saddle + (2, 14)), 4.5, frame)
    canvas.line((front, bars, bars + (-12, -6)), 5, frame)
    canvas.line((saddle + (-13, 0), saddle + (12, -1)), 7, dark)
    shoulder = hip + (34, -52 + 1.5 * now.swing(2.6))
    canvas.line((hip, shoulder), 25, coat)
    canvas.line((shoulder, (shoulder + bars) / 2 + (-4, 12), bars + (-8, -6)), 9, darker(coat, 0.2))
    leg(canvas, hip, crank + pedal, darker(coat, 0.55))
    head = shoulder + (10, -23)
    flutter = [shoulder + (-2, -6), shoulder + (-24, -8 + 4 * now.swing(2.2)),
               shoulder + (-46, -2 + 8 * now.swing(2.2, 0.3))]  # fmt: skip
    canvas.line(flutter, 7, frame)
    canvas.disc(head[0], head[1], 14, skin)
    canvas.oval(head[0] - 1, head[1] - 6, 15.5, 10.5, frame)


def street(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    ground.glow(shot.uniform(60, 300), 250, 170, p.light, 0.8)
    wall = shot.scatter(9, (44, 110, 0, 0), (66, 205, 4, 3))
    far = shot.scatter(14, (24, 60), (44, 150))
    clouds = shot.scatter(3, (0, 190, 0.5), (1, 260, 0.9))
    paints = (p.main, p.accent, mix(p.main, p.light, 0.45), mix(p.second, p.main, 0.4))
    coat = shot.one_of(p.accent, p.main, lighter(p.second, 0.25))
    skin = shot.one_of((238, 196, 160), (141, 92, 62), (92, 60, 44), (214, 162, 120))
    lit = sum(p.high) < 330  # at night windows are lit

    def house(canvas: Canvas, x: float, w: float, h: float, tone: Colour, gable: int) -> None:
        top = 472 - h
        canvas.box(x, top, x + w, 480, tone)
        if gable == 0:
            canvas.poly([(x, top), (x + w / 2, top - 30), (x + w, top)], darker(tone, 0.25))
        elif gable == 1:
            steps = [(0, 0), (0, -12), (0.2, -12), (0.2, -24), (0.38, -24), (0.38, -36),
                     (0.62, -36), (0.62, -24), (0.8, -24), (0.8, -12), (1, -12),
                     (1, 0)]  # fmt: skip
            canvas.poly([(x + a * w, top + b) for a, b in steps], tone)
        else:
            canvas.box(x - 2, top - 6, x + w + 2, top + 3, darker(tone, 0.3))
        pane = lighter(p.accent, 0.5) if lit else mix(p.high, p.light, 0.5)
        for row in range(int(h // 40)):
            for col in range(2):
                wx, wy = x + w * (0.2 + 0.38 * col), top + 14 + row * 38
                canvas.box(wx, wy, wx + w * 0.22, wy + 20, pane, 2)
        canvas.box(x + w * 0.4, 446, x + w * 0.62, 480, darker(tone, 0.5), 3)

    def paint(canvas: Canvas, now: Moment) -> None:
        for x, y, size in clouds:
            cloud(canvas, (x - now.at) % 1 * 520 - 80, y, size, sheer(p.light, 0.6))
        x = -(now.at * 1) % 1 * STREET
        for k in range(28):
            w, h = far[k % 14]
            fx = k * STREET / 14 - STREET + x % STREET - 40
            canvas.box(fx, 472 - h, fx + w, 480, sheer(p.second, 0.28))
        move = now.turns(0.3) % 1 * STREET
        for k in range(18):
            w, h, tone, gable = wall[k % 9]
            hx = k * STREET / 9 - move - 60
            if LEFT - 80 < hx < RIGHT:
                house(canvas, hx, STREET / 9 - 2, h, paints[int(tone)], int(gable))
        canvas.box(LEFT, 478, RIGHT, 492, mix(p.second, p.light, 0.35))
        canvas.box(LEFT, 490, RIGHT, HEIGHT + 80, p.second)
        fast = now.turns(0.6) % 1 * STREET / 4
        for k in range(-1, 6):
            dash = k * STREET / 4 - fast
            canvas.box(dash, 556, dash + 62, 563, sheer(p.light, 0.85), 3)
        canvas.shadow(184, 526, 118, 9, 0.5)
        rider(
            canvas,
            now,
            172 + 7 * now.swing(0.25),
            524,
            p.main if coat != p.main else p.accent,
            coat,
            skin,
        )
        for k in range(5):
            sx = (k * 97 - now.turns(0.9) * 460) % 460 - 50
            canvas.line(((sx, 410 + k * 21), (sx + 46, 410 + k * 21)), 2, sheer(p.light, 0.5))

    return paint


def route(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground(mix(p.low, p.light, 0.4), mix(p.low, p.light, 0.2))
    tilt = shot.uniform(-0.25, 0.25)
    for gx in range(-160, 560, 62):
        for gy in range(60, 760, 74):
            block = np.array([(2, 2), (54, 2), (54, 66), (2, 66)]) + (gx, gy) - (180, 390)
            tone = shot.one_of(
                p.high, mix(p.high, p.main, 0.25), mix(p.low, p.second, 0.14), (168, 205, 150)
            )
            ground.poly(placed(block, 180, 390, 1, tilt), mix(tone, p.light, 0.25))
    x = np.linspace(LEFT, RIGHT, 8)
    river = np.stack((x, 330 + 120 * np.sin(x / 110 + shot.uniform(0, 6))), 1)
    ground.line(smooth(river, 8, closed=False), 44, (126, 190, 226))
    ground.line(smooth(river, 8, closed=False) + (0, 6), 5, (190, 226, 244))
    ground.box(LEFT, -80, RIGHT, 216, sheer(p.second, 0.2))
    way = [(70.0, 540.0)]
    while way[-1][1] > 330:
        a, b = way[-1]
        step = shot.one_of(62, -62, 124)
        way.append((float(np.clip(a + step, 40, 300)), b))
        way.append((way[-1][0], b - shot.one_of(46, 74)))
    path = smooth(
        placed(np.array(way, np.float64) - (180, 390), 180, 390, 1, tilt), 10, closed=False
    )
    home, goal = path[0], path[-1]

    def pin(canvas: Canvas, x: float, y: float, colour: Colour, size: float) -> None:
        canvas.oval(x, y + 2, 12 * size, 4 * size, sheer((0, 0, 0), 0.3))
        canvas.poly(
            [(x - 15 * size, y - 32 * size), (x + 15 * size, y - 32 * size), (x, y)], colour
        )
        canvas.disc(x, y - 38 * size, 19 * size, colour)
        canvas.disc(x, y - 38 * size, 8 * size, p.light)

    def paint(canvas: Canvas, now: Moment) -> None:
        canvas.line(path, 13, sheer(p.light, 0.9))
        canvas.line(path, 7, sheer(p.second, 0.45))
        at = min(1.0, now.at * 1.15) * (len(path) - 1)
        done = int(at)
        here = path[done] + (path[min(done + 1, len(path) - 1)] - path[done]) * (at % 1)
        canvas.line(np.concatenate((path[: done + 1], [here])), 9, p.accent)
        canvas.disc(home[0], home[1], 11, p.second)
        canvas.disc(home[0], home[1], 5, p.light)
        pin(canvas, goal[0], goal[1] - 6 * now.pulse, p.main, 1.15)
        canvas.glow(here[0], here[1], 60 + 12 * now.pulse, p.accent, 0.5)
        canvas.disc(here[0], here[1], 25, p.light)
        canvas.disc(here[0], here[1], 22, p.accent)
        spin = now.angle(1.5)
        for dx in (-9.5, 9.5):
            wheel(canvas, here[0] + dx, here[1] + 4, 8, spin, p.light, p.light)
        frame = np.array([(-9.5, 4), (-1, 4), (6, -6), (-5, -6), (-1, 4)]) + here
        canvas.line(frame, 2.2, p.light)
        canvas.line(np.array([(9.5, 4), (5, -9), (9, -10)]) + here, 2.2, p.light)

    return paint


SCENES: tuple[Scene, ...] = (street, route)
assert WIDTH < STREET, "a house would be seen twice at once"
