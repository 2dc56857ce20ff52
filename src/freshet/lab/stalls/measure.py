"""Which cause the diagnosis names, beside the one that the world knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table

from freshet.distribution.causes import wilson
from freshet.lab.acting import acting
from freshet.lab.fairstart.living import settings_of
from freshet.lab.fairstart.world import Shape
from freshet.lab.stalls.making import CAUSES, Stalling, made

HOURS_MS = 30 * 3_600_000
Tell = Callable[[str, int, int], None]


class Named(msgspec.Struct, frozen=True):
    """One video that stalls."""

    video: str
    cause: str
    named: str
    chance: float


class Found(msgspec.Struct, frozen=True):
    uploads: int
    stalled: list[Named]


async def measure(shape: Shape, seed: int, tell: Tell) -> Found:
    """Live through a world, and ask for a diagnosis of each upload that had its time."""
    world, causes = made(shape, seed)
    async with acting(settings_of(seed, stages=True), seed) as on:
        life = Stalling(world, on, seed, causes)
        await life.through("living", tell)
        end_ms = on.clock.now_ms - life.began_ms
        uploads, stalled = 0, []
        first = int(shape.warm_days * 86_400_000)
        for video in range(shape.old, len(causes)):
            if not first <= life.uploaded_ms[video] <= end_ms - HOURS_MS:
                continue
            told = await on.engine.diagnosis(str(video))
            uploads += 1
            if told.stalled:
                stalled.append(Named(str(video), life.cause(video), told.cause, told.chance))
    return Found(uploads, stalled)


def rows(found: Found) -> list[tuple[str, int, int, float, float]]:
    """cause, stalls, named right, and the 95 % interval of that share."""
    told = []
    for cause in CAUSES[:-1]:
        mine = [one for one in found.stalled if one.cause == cause]
        right = sum(one.named == cause for one in mine)
        told.append((cause, len(mine), right, *wilson(right, len(mine))))
    return told


def as_json(found: Found) -> dict[str, Any]:
    causes = {
        cause: {
            "stalls": stalls, "right": right / stalls if stalls else None, "low": low,
            "high": high, "named": _named(found, cause),
        }
        for cause, stalls, right, low, high in rows(found)
    }  # fmt: skip
    return {"uploads": found.uploads, "causes": causes, "bad_luck": _named(found, "none")}


def table(found: Found) -> Table:
    title = f"Diagnosis of {len(found.stalled)} stalls of {found.uploads} uploads"
    shown = Table(title=title, box=SIMPLE_HEAD, title_justify="left")
    for name in ("cause", "stalls", "named right", "95 % low", "high", "named"):
        shown.add_column(name, justify="left" if name in ("cause", "named") else "right")
    for cause, stalls, right, low, high in rows(found):
        share = f"{right / stalls:.3f}" if stalls else "-"
        shown.add_row(cause, str(stalls), share, f"{low:.3f}", f"{high:.3f}", _line(found, cause))
    luck = sum(one.cause == "none" for one in found.stalled)
    shown.add_row("bad luck", str(luck), "", "", "", _line(found, "none"))
    return shown


def _named(found: Found, cause: str) -> dict[str, int]:
    return dict(Counter(one.named for one in found.stalled if one.cause == cause).most_common())


def _line(found: Found, cause: str) -> str:
    return ", ".join(f"{name or 'none'} {n}" for name, n in _named(found, cause).items())
