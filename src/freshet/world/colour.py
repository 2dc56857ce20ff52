"""Colours: mixed, shaded, made see-through."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, ...]  # red, green, blue and, if it is see-through, alpha; 0 to 255

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Palette:
    """What a clip is painted with."""

    high: Colour  # the ground, at the top
    low: Colour  # the ground, at the bottom
    main: Colour
    second: Colour
    accent: Colour
    light: Colour


def palettes(*lines: str) -> tuple[Palette, ...]:
    """One palette per line of six hexadecimal colours.

    >>> palettes("000000 ffffff 102030 102030 102030 ff8000")[0].light
    (255, 128, 0)
    """
    return tuple(Palette(*(hexed(word) for word in line.split())) for line in lines)


def hexed(digits: str) -> Colour:
    return tuple(bytes.fromhex(digits))


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """From `one` (0) to `other` (1).

    >>> mix((0, 0, 0), (100, 200, 50), 0.5)
    (50, 100, 25)
    """
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=False))


def darker(colour: Colour, share: float) -> Colour:
    return mix(colour[:3], BLACK, share)


def lighter(colour: Colour, share: float) -> Colour:
    return mix(colour[:3], WHITE, share)


def sheer(colour: Colour, alpha: float) -> Colour:
    """The colour, of which `alpha` (0 to 1) covers what is below."""
    return (*colour[:3], round(255 * min(max(alpha, 0.0), 1.0)))
