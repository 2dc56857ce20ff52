"""What all cats have: eyes that look, a muzzle, whiskers, and the time they blink."""

from __future__ import annotations

from freshet.world.canvas import Canvas, placed, smooth
from freshet.world.colour import Colour, sheer
from freshet.world.shot import Moment

INK: Colour = (34, 28, 36)
NOSE: Colour = (240, 128, 140)


def eye(
    canvas: Canvas,
    x: float,
    y: float,
    r: float,
    look: tuple[float, float],
    lid: float,
    iris: Colour,
) -> None:
    """`lid` is how far it is open; `look` where to, -1 to 1."""
    if lid < 0.15:
        canvas.line(smooth([(x - r, y), (x, y + r * 0.35), (x + r, y)], 5, False), r * 0.16, INK)
        return
    canvas.oval(x, y, r * 1.06, r * lid * 1.06, INK)
    canvas.oval(x, y, r * 0.96, r * lid * 0.96, iris)
    px, py = x + look[0] * r * 0.36, y + look[1] * r * 0.3 * lid
    canvas.oval(px, py, r * 0.44, r * 0.72 * lid, INK)
    canvas.disc(px - r * 0.2, py - r * 0.3 * lid, r * 0.2, (255, 255, 255))
    canvas.disc(px + r * 0.16, py + r * 0.3 * lid, r * 0.09, (255, 255, 255))


def muzzle(canvas: Canvas, x: float, y: float, s: float, now: Moment) -> None:
    canvas.poly(smooth([(x - 11 * s, y - 5 * s), (x + 11 * s, y - 5 * s), (x, y + 7 * s)], 4), NOSE)
    canvas.line(((x, y + 6 * s), (x, y + 14 * s)), 2.6 * s, INK)
    for side in (-1, 1):
        canvas.line(
            smooth(
                [(x, y + 14 * s), (x + side * 10 * s, y + 21 * s), (x + side * 21 * s, y + 14 * s)],
                5,
                False,
            ),
            2.6 * s,
            INK,
        )
        for k in range(3):
            a = (k - 1) * 0.2 + 0.05 * now.swing(0.7, k / 3)
            whisker = placed([(24, 0), (88, -4)], 0, 0, s, a) * (side, 1) + (x, y + 6 * s)
            canvas.line(whisker, 1.6 * s, sheer((255, 255, 255), 0.9))


def blink(now: Moment, phase: float = 0.0) -> float:
    at = now.loop(0.4, phase)
    return 1.0 if at > 0.08 else abs(at - 0.04) / 0.04
