"""Chess: a board in perspective, a piece in the light, a knight's way across."""

from __future__ import annotations

import numpy as np

from freshet.world.canvas import Canvas, Points, mirrored, placed
from freshet.world.colour import Colour, darker, lighter, mix, palettes, sheer
from freshet.world.shot import Moment, Paint, Scene, Shot

PALETTES = palettes(
    "1f2a2e 33473f eeeed2 6f9450 f2c14e ffffff",
    "2b1d16 5a3a26 f0d9b5 a5714a ff7043 fff6e6",
    "15162b 3a2d63 d8d4f2 6a5acd ff6fae ffffff",
    "e9e2d4 c9bda6 fbf8f0 3f5d73 d1495b ffffff",
    "101418 2c3640 cfd8dc 546e7a 4dd0a8 ffffff",
)

# Right halves, from the top down; a piece stands on (0, 0) and is about 100 high.
HALVES: dict[str, list[tuple[float, float]]] = {
    "pawn": [(0, -76), (15, -70), (18, -57), (9, -46), (17, -42), (8, -38), (13, -18), (25, -8),
             (27, 0)],
    "rook": [(0, -82), (8, -82), (8, -92), (16, -92), (16, -82), (26, -82), (26, -92), (26, -72),
             (16, -64), (17, -22), (27, -10), (29, 0)],
    "bishop": [(0, -102), (5, -97), (4, -92), (16, -78), (17, -64), (9, -54), (18, -50), (9, -45),
               (14, -20), (26, -9), (28, 0)],
    "queen": [(0, -112), (6, -106), (4, -99), (14, -86), (31, -100), (22, -62), (24, -57),
              (12, -52), (15, -22), (29, -10), (31, 0)],
    "king": [(0, -122), (4, -122), (4, -115), (11, -115), (11, -107), (4, -107), (4, -98),
             (27, -90), (20, -60), (24, -55), (12, -50), (15, -22), (29, -10), (31, 0)],
}  # fmt: skip
KNIGHT: list[tuple[float, float]] = [
    (-27, 0), (-25, -10), (-18, -20), (-22, -44), (-18, -70), (-6, -90), (-2, -102), (6, -92),
    (20, -82), (34, -58), (32, -48), (22, -44), (10, -54), (6, -46), (16, -30), (18, -18), (26, -9),
    (27, 0),
]  # fmt: skip


def outline(name: str) -> Points:
    if name == "knight":
        return np.array(KNIGHT, np.float64)
    return mirrored(HALVES[name], 0, 0)


def piece(
    canvas: Canvas, name: str, x: float, y: float, size: float, colour: Colour, a: float = 0.0
) -> None:
    shape = outline(name)
    canvas.poly(placed(shape * (1.07, 1.04) + (0, 1.5), x, y, size, a), darker(colour, 0.62))
    canvas.poly(placed(shape, x, y, size, a), colour)
    shade = shape * (0.5, 0.95) + (9, -2)
    canvas.poly(placed(shade, x, y, size, a), sheer(darker(colour, 0.5), 0.3))
    canvas.box(x - 29 * size, y - 7 * size, x + 29 * size, y, darker(colour, 0.28), 3 * size)
    if name == "knight":
        eye = placed([(6, -76)], x, y, size, a)[0]
        canvas.disc(eye[0], eye[1], 3.2 * size, darker(colour, 0.7))


def board(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    n, far, near, top, bottom = 6, 92.0, 220.0, 328.0, 560.0

    def corner(col: float, row: float) -> tuple[float, float]:
        deep = (row / n) ** 1.25
        half = far + (near - far) * deep
        return (180 + half * (2 * col / n - 1), top + (bottom - top) * deep)

    ground.glow(180, 400, 300, p.second, 0.5)
    edge = [corner(-0.25, 0), corner(n + 0.25, 0), corner(n + 0.2, n), corner(-0.2, n)]
    ground.poly(np.array(edge) + (0, 12), darker(p.second, 0.6))
    ground.poly(edge, darker(p.second, 0.35))
    for row in range(n):
        for col in range(n):
            square = [
                corner(col, row),
                corner(col + 1, row),
                corner(col + 1, row + 1),
                corner(col, row + 1),
            ]
            ground.poly(square, p.main if (row + col) % 2 else p.second)
    names = ("king", "queen", "bishop", "rook", "pawn", "pawn", "pawn")
    cells = [(c, r) for r in range(n) for c in range(n)]
    standing = {
        cells[k]: (name, shot.one_of(True, False))
        for name, k in zip(names, shot.random.choice(len(cells), len(names), False), strict=True)
    }
    hops = [(1, 4), (2, 2), (4, 3), (3, 1), (5, 2), (4, 4), (2, 5), (3, 3)][: shot.integer(4, 6)]
    for hop in hops:
        standing.pop(hop, None)
    pale, dark = lighter(p.main, 0.4), darker(p.second, 0.55)

    def paint(canvas: Canvas, now: Moment) -> None:
        at = now.at * len(hops)
        here, there = hops[int(at)], hops[(int(at) + 1) % len(hops)]
        move = float(np.clip((at % 1 - 0.35) / 0.5, 0, 1))
        move = move * move * (3 - 2 * move)
        col, row = (a + (b - a) * move for a, b in zip(here, there, strict=True))
        tx, ty = corner(there[0] + 0.5, there[1] + 0.5)
        canvas.oval(tx, ty, 24, 13, sheer(p.accent, 0.45 + 0.4 * now.pulse))
        actors = [
            (r, c, name, pale if white else dark) for (c, r), (name, white) in standing.items()
        ]
        actors.append((row, col, "knight", p.accent))
        for r, c, name, colour in sorted(actors, key=lambda actor: actor[0]):
            x, y = corner(c + 0.5, r + 0.7)
            size = 0.52 + 0.075 * r
            jump = 46 * np.sin(np.pi * move) if name == "knight" else 0.0
            canvas.shadow(x, y, 24 * size, 9 * size, 0.45)
            piece(canvas, name, x, y - jump, size, colour, 0.12 * now.swing(1) * (jump > 0))

    return paint


def portrait(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground(p.high, mix(p.high, p.low, 0.6), p.low)
    ground.glow(180, 372, 240, p.accent, 0.4)
    name = shot.one_of("knight", "queen", "king", "bishop", "rook", "knight")
    squares, way = shot.integer(12, 18), shot.one_of(-1, 1)
    bright = shot.one_of(p.main, p.accent)

    def paint(canvas: Canvas, now: Moment) -> None:
        turn = way * now.angle(0.05) / squares * 2
        for ring_, (inner, outer) in enumerate(((96, 132), (132, 176), (176, 232))):
            for k in range(squares):
                if (k + ring_) % 2:
                    continue
                a0, a1 = (2 * np.pi * (k + d) / squares + turn for d in (0, 1))
                arc = np.linspace(a0, a1, 5)
                cos, sin = np.cos(arc), np.sin(arc)
                wedge = np.concatenate((
                    np.stack((180 + inner * cos, 376 + inner * sin), 1),
                    np.stack((180 + outer * cos, 376 + outer * sin), 1)[::-1],
                ))  # fmt: skip
                canvas.poly(wedge, sheer(p.second, 0.75 - 0.22 * ring_))
        canvas.glow(180, 340, 110, p.accent, 0.3 + 0.4 * now.pulse)
        canvas.shadow(180, 506, 104, 20, 0.6)
        piece(canvas, name, 180, 502, 2.35 + 0.05 * now.pulse, bright, 0.05 * now.swing(0.25))
        shine = 118 + 150 * now.loop(0.25)
        beam = [(shine, 230), (shine + 16, 230), (shine - 44, 520), (shine - 60, 520)]
        canvas.poly(beam, sheer(p.light, 0.13))

    return paint


def route(shot: Shot) -> Paint:
    p = shot.palette
    ground = shot.ground()
    n, size, x0, y0 = 6, 52.0, 24.0, 232.0
    ground.box(x0 - 9, y0 - 9, x0 + n * size + 9, y0 + n * size + 9, darker(p.second, 0.5), 10)
    for row in range(n):
        for col in range(n):
            x, y = x0 + col * size, y0 + row * size
            ground.box(x, y, x + size, y + size, p.main if (row + col) % 2 else p.second)
    here = [shot.integer(0, 5), shot.integer(0, 5)]
    path = [tuple(here)]
    leaps = [(a, b) for a in (-2, -1, 1, 2) for b in (-2, -1, 1, 2) if abs(a) != abs(b)]
    while len(path) < 9:
        free = [(here[0] + a, here[1] + b) for a, b in leaps]
        free = [c for c in free if min(c) >= 0 and max(c) < n and c not in path]
        if not free:
            break
        here = list(free[shot.integer(0, len(free) - 1)])
        path.append(tuple(here))
    where = np.array(path, np.float64) * size + (x0 + size / 2, y0 + size / 2)
    white = shot.one_of(True, False)

    def paint(canvas: Canvas, now: Moment) -> None:
        at = min(now.at * 1.12, 0.9999) * (len(where) - 1)
        done, part = int(at), min(1.0, (at % 1) * 1.6)
        part = part * part * (3 - 2 * part)
        knight = where[done] + (where[done + 1] - where[done]) * part
        for k in range(done + 1):
            canvas.disc(where[k][0], where[k][1], 15, sheer(p.accent, 0.8))
        canvas.line(np.concatenate((where[: done + 1], [knight])), 6, p.accent)
        nx, ny = where[done + 1]
        canvas.ring(nx, ny, 20 + 4 * now.pulse, 3.5, p.accent)
        lift = 18 * np.sin(np.pi * part)
        canvas.shadow(knight[0], knight[1] + 20, 22, 8, 0.5)
        colour = lighter(p.main, 0.5) if white else darker(p.second, 0.6)
        piece(canvas, "knight", knight[0], knight[1] + 24 - lift, 0.66 + lift / 120, colour)

    return paint


SCENES: tuple[Scene, ...] = (board, portrait, route)
