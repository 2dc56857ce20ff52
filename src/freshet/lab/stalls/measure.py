"""Which cause the diagnosis names, beside the one that the world knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table

from freshet.distribution.causes import wilson
from freshet.distribution.diagnosis import Diagnosis
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
    uploads: dict[str, int]  # by cause
    stalled: list[Named]


async def measure(shape: Shape, seed: int, tell: Tell) -> Found:
    """Live through a world, and ask for a diagnosis of each upload that had its time."""
    world, causes = made(shape, seed)
    async with acting(settings_of(seed, stages=True), seed) as on:
        life = Stalling(world, on, seed, causes)
        await life.through("living", tell)
        end_ms = on.clock.now_ms - life.began_ms
        uploads: Counter[str] = Counter()
        stalled = []
        first = int(shape.warm_days * 86_400_000)
        for video in range(shape.old, len(causes)):
            if not first <= life.uploaded_ms[video] <= end_ms - HOURS_MS:
                continue
            cause = CAUSES[causes[video]]
            uploads[cause] += 1
            told = await on.engine.diagnosis(str(video))
            if _stalls(told):
                stalled.append(Named(str(video), cause, told.cause, told.chance))
    return Found(dict(uploads), stalled)


def _stalls(told: Diagnosis) -> bool:
    return told.stalled and bool(told.cause)


def rows(found: Found) -> list[tuple[str, int, int, int, float, float]]:
    """cause, uploads, stalled, named right, and the 95 % interval of that share."""
    told = []
    for cause in CAUSES[:-1]:
        mine = [one for one in found.stalled if one.cause == cause]
        right = sum(one.named == cause for one in mine)
        told.append((cause, found.uploads.get(cause, 0), len(mine), right,
                     *wilson(right, len(mine))))  # fmt: skip
    return told


def as_json(found: Found) -> dict[str, Any]:
    causes = {
        cause: {
            "uploads": uploads, "stalled": stalled, "right": right / stalled if stalled else None,
            "low": low, "high": high,
            "named": dict(Counter(one.named for one in found.stalled if one.cause == cause)),
        }
        for cause, uploads, stalled, right, low, high in rows(found)
    }  # fmt: skip
    unharmed = [one for one in found.stalled if one.cause == "none"]
    return {
        "causes": causes,
        "nothing_wrong": {
            "uploads": found.uploads.get("none", 0), "stalled": len(unharmed),
            "named": dict(Counter(one.named for one in unharmed)),
        },
    }  # fmt: skip


def table(found: Found) -> Table:
    shown = Table(title="Diagnosis of stalls", box=SIMPLE_HEAD, title_justify="left")
    for name in ("cause", "uploads", "stalled", "named right", "95 % low", "high", "else named"):
        shown.add_column(name, justify="left" if name in ("cause", "else named") else "right")
    for cause, uploads, stalled, right, low, high in rows(found):
        share = f"{right / stalled:.3f}" if stalled else "-"
        shown.add_row(cause, str(uploads), str(stalled), share, f"{low:.3f}", f"{high:.3f}",
                      _else(found.stalled, cause))  # fmt: skip
    unharmed = [one for one in found.stalled if one.cause == "none"]
    shown.add_row("none", str(found.uploads.get("none", 0)), str(len(unharmed)), "", "", "",
                  _else(found.stalled, "none"))  # fmt: skip
    return shown


def _else(stalled: Sequence[Named], cause: str) -> str:
    named = Counter(one.named for one in stalled if one.cause == cause and one.named != cause)
    return ", ".join(f"{name} {n}" for name, n in named.most_common())
