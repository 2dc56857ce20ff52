"""The words on a clip: its headline, large, and the name of its topic above.

Everything is set once per clip; a line slides in at the beginning and then stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageStat

from freshet.world.canvas import WIDTH
from freshet.world.colour import BLACK, WHITE, Colour, Palette, darker, lighter, mix

LOOKS = ("round", "block", "hand", "outline")

TOP = 92  # below the tabs of a player
HIGH = 132
SIDE = 24
SLIDE_S, STAGGER_S = 0.4, 0.09

FONTS = {
    "round": ("font_fredoka_one", "FredokaOne-Regular.ttf"),
    "outline": ("font_fredoka_one", "FredokaOne-Regular.ttf"),
    "block": ("font_source_sans_pro", "SourceSansPro-Black.ttf"),
    "hand": ("font_amatic_sc", "AmaticSC-Bold.ttf"),
}
LARGEST = {"round": 46, "outline": 46, "block": 42, "hand": 64}
SMALLEST = 20


@cache
def font(look: str, size: int) -> ImageFont.FreeTypeFont:
    package, name = FONTS[look]
    with as_file(files(package).joinpath("files", name)) as path:
        return ImageFont.truetype(str(path), size)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it will be pasted, and where to."""

    picture: Image.Image
    x: int
    y: int


class Title:
    """A headline and the name of a topic, ready to be laid over pictures."""

    def __init__(
        self, headline: str, name: str, look: str, palette: Palette, ground: Image.Image
    ) -> None:
        """`ground`: what the words will stand on, so that they can be read."""
        below = _mean(ground)
        self.lines = [_label(name, palette), *_headline(headline, look, palette, below)]
        whole = Image.new("RGBA", (WIDTH, TOP + HIGH + 60))
        for line in self.lines:
            whole.alpha_composite(line.picture, (line.x, line.y))
        box = whole.getbbox() or (0, 0, 1, 1)
        self._at, self._stands = box[:2], whole.crop(box)
        self.settled_s = SLIDE_S + STAGGER_S * len(self.lines)

    def lay(self, picture: Image.Image, seconds: float) -> None:
        """Onto a picture of 360 × 640, as it is `seconds` into the clip."""
        if seconds >= self.settled_s:
            picture.paste(self._stands, self._at, self._stands)
            return
        for k, line in enumerate(self.lines):
            part = min(max((seconds - k * STAGGER_S) / SLIDE_S, 0.0), 1.0)
            away = (1 - part) ** 3
            mask = line.picture.getchannel("A").point(lambda a, p=part: round(a * min(1.0, 2 * p)))
            picture.paste(line.picture, (line.x - round(46 * away), line.y), mask)


def wrapped(text: str, look: str, width: int, high: int) -> tuple[list[str], int]:
    """The text in at most three lines, in the largest size that fits, and that size."""
    for size in range(LARGEST[look], SMALLEST, -2):
        face = font(look, size)
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and face.getlength(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        fits = all(face.getlength(line) <= width for line in lines)
        if fits and len(lines) <= 3 and len(lines) * size * 1.12 <= high:
            return lines, size
    return lines, size


def bright(colour: Colour) -> float:
    """0 for black, 1 for white, as eyes see it."""
    return (0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]) / 255


def _mean(ground: Image.Image) -> Colour:
    """The colour, on the whole, where the headline will be."""
    scale = ground.width / WIDTH
    box = (0, round(TOP * scale), ground.width, round((TOP + HIGH) * scale))
    red, green, blue = ImageStat.Stat(ground.crop(box).reduce(8)).mean
    return (round(red), round(green), round(blue))


def _headline(text: str, look: str, palette: Palette, below: Colour) -> list[Line]:
    text = text.upper() if look == "hand" else text
    room = WIDTH - 2 * SIDE - (28 if look == "block" else 0)
    lines, size = wrapped(text, look, room, HIGH)
    dark_ground = bright(below) < 0.58
    ink = lighter(palette.light, 0.2) if dark_ground else darker(palette.second, 0.45)
    rim = darker(below, 0.6) if dark_ground else lighter(below, 0.7)
    step = round(size * (1.26 if look == "block" else 1.08))
    made = []
    for k, line in enumerate(lines):
        y = TOP + k * step
        if look == "block":
            made.append(_on_block(line, size, y, palette, k))
        elif look == "outline":
            made.append(_set(line, look, size, y, WHITE, stroke=5, rim=darker(palette.second, 0.5)))
        else:
            bolder = 1 if look == "hand" else 0
            made.append(_set(line, look, size, y, ink, stroke=bolder, rim=ink, glow=rim))
    return made


def _set(
    text: str, look: str, size: int, y: int, ink: Colour,
    stroke: int = 0, rim: Colour = BLACK, glow: Colour | None = None,
) -> Line:  # fmt: skip
    face, margin = font(look, size), 14
    wide = round(face.getlength(text)) + 2 * margin
    picture = Image.new("RGBA", (wide, round(size * 1.3) + 2 * margin), (*(glow or rim), 0))
    if glow is not None:
        shade = ImageDraw.Draw(picture)
        shade.text(
            (margin, margin), text, (*glow, 150), face, stroke_width=3, stroke_fill=(*glow, 150)
        )
        picture = picture.filter(ImageFilter.GaussianBlur(4))
    over = Image.new("RGBA", picture.size, (*ink, 0))
    draw = ImageDraw.Draw(over)
    draw.text(
        (margin, margin), text, (*ink, 255), face, stroke_width=stroke, stroke_fill=(*rim, 255)
    )
    picture.alpha_composite(over)
    return Line(picture, SIDE - margin, y - margin)


def _on_block(text: str, size: int, y: int, palette: Palette, k: int) -> Line:
    face = font("block", size)
    ground = palette.accent if k % 2 == 0 else palette.light
    ink = darker(palette.second, 0.5) if bright(ground) > 0.5 else WHITE
    wide, high = round(face.getlength(text)) + 26, round(size * 1.22)
    picture = Image.new("RGBA", (2 * wide, 2 * high), (*ground, 0))
    ImageDraw.Draw(picture).rounded_rectangle(
        (0, 0, 2 * wide - 1, 2 * high - 1), 16, (*ground, 255)
    )
    picture = picture.reduce(2)
    ImageDraw.Draw(picture).text((13, high / 2), text, (*ink, 255), face, anchor="lm")
    return Line(picture, SIDE - 4, y)


def _label(name: str, palette: Palette) -> Line:
    """The topic's name on a pill."""
    face = font("block", 15)
    text = name.upper()
    wide, high = round(face.getlength(text)) + 24, 25
    ground = mix(palette.second, BLACK, 0.25)
    picture = Image.new("RGBA", (4 * wide, 4 * high), (*ground, 0))
    box = (0, 0, 4 * wide - 1, 4 * high - 1)
    ImageDraw.Draw(picture).rounded_rectangle(box, 2 * high, (*ground, 235))
    picture = picture.reduce(4)
    ImageDraw.Draw(picture).text((wide / 2, high / 2), text, (*WHITE, 255), face, anchor="mm")
    return Line(picture, SIDE - 3, TOP - 36)
