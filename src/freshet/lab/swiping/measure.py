"""Scores after so many swipes: (ours - random) / (oracle - random), of what was shown so far.

Shown videos count with the chance that they become long views, not with what chance made of
them. Viewers come fifty at a time, each for one session; slates are asked for as they are used
up. The first are the *cold* ones, in an empty system; the *warm* are new when all those have
acted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from freshet.lab import pictures
from freshet.lab.acting import acting
from freshet.lab.swiping.players import BASELINES, Ours, Player
from freshet.lab.swiping.world import Doubles, World

AT = (10, 20, 40, 80)  # swipes
LAST = 5  # swipes that say how well a viewer is known by then
TOGETHER = 50  # viewers side by side
TOLD = 500  # swipes between two words of progress
Tell = Callable[[str, int, int], None]


class Scored(msgspec.Struct, frozen=True):
    score: dict[str, float]  # after so many swipes, of all of them
    now: dict[str, float]  # of the last five of those
    curve: list[float]  # of the swipes alone, the first first


class Swiped(msgspec.Struct, frozen=True):
    cold: Scored
    warm: Scored


async def swipes(world: World, slate: int, seed: int, tell: Tell) -> dict[str, Swiped]:
    """Ours and the baselines, each acting by itself in the same world with the same luck."""
    async with acting(Ours.settings(seed), seed) as on:
        ours = Ours(on, world)
        await ours.begin()
        found = {"ours": _scored(world, await _lived(world, ours, slate, seed, "ours", tell))}
    for name, kind in BASELINES.items():
        shown = await _lived(world, kind(world, seed), slate, seed, name, tell)
        found[name] = _scored(world, shown)
    return found


async def _lived(
    world: World, player: Player, slate: int, seed: int, name: str, tell: Tell
) -> Doubles:
    """(viewers, swipes) chance of what was shown, nan where nothing was."""
    rng, people = np.random.default_rng([seed, 2]), len(world.p)
    luck = rng.random((people, AT[-1], 2))
    shown = np.full((people, AT[-1]), np.nan)
    done = 0
    for first in range(0, people, TOGETHER):
        group = np.arange(first, min(first + TOGETHER, people))
        waiting: dict[int, list[int]] = {}
        swiped = dict.fromkeys(group.tolist(), 0)
        for viewer in rng.permutation(np.repeat(group, AT[-1])).tolist():
            if not waiting.get(viewer):
                waiting[viewer] = await player.slate(viewer, slate)
            if not waiting[viewer]:
                continue  # has seen what there is
            position = (swiped[viewer]) % slate
            video, swipe = waiting[viewer].pop(0), swiped[viewer]
            shown[viewer, swipe] = world.p[viewer, video]
            ms, long = world.watched_ms(viewer, video, luck[viewer, swipe])
            await player.viewed(viewer, video, position, ms, long)
            swiped[viewer] += 1
            done += 1
            if done % TOLD == 0:
                tell(name, done, people * AT[-1])
    return shown


def _scored(world: World, shown: Doubles) -> Swiped:
    first = world.shape.viewers
    return Swiped(_part(world.p[:first], shown[:first]), _part(world.p[first:], shown[first:]))


def _part(p: Any, shown: Doubles) -> Scored:
    random = p.mean(axis=1, dtype=np.float64)
    best = -np.sort(np.partition(-p, AT[-1] - 1, axis=1)[:, : AT[-1]], axis=1).astype(np.float64)
    shown = np.where(np.isnan(shown), random[:, None], shown)
    above, most = shown - random[:, None], best - random[:, None]
    score = {str(k): float(above[:, :k].sum() / most[:, :k].sum()) for k in AT}
    lately = {str(k): slice(k - LAST, k) for k in AT}
    now = {k: float(above[:, at].sum() / most[:, at].sum()) for k, at in lately.items()}
    return Scored(score, now, (above.sum(axis=0) / most.sum(axis=0)).tolist())


def as_json(found: dict[str, Swiped]) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return {**plain.pop("ours"), "baselines": plain}


def table(found: dict[str, Swiped]) -> Table:
    shown = Table(
        title="Between chance (0) and an oracle (1)", box=SIMPLE_HEAD, title_justify="left"
    )
    for name in ("after swipe", "", *map(str, AT)):
        shown.add_column(name, justify="right" if name.isdigit() else "left")
    for start in ("warm", "cold"):
        for name, one in found.items():
            part = getattr(one, start)
            for what, numbers in ((name, part.score), (f"{name}, by then", part.now)):
                shown.add_row(start, what, *(f"{numbers[str(k)]:.3f}" for k in AT))
    return shown


def draw(found: dict[str, Swiped], path: Path) -> None:
    """The curves as one PNG.

    Raises:
        Refused: matplotlib is not installed.
    """
    figure = pictures.empty(9, 4)
    for axes, start in zip(figure.subplots(1, 2, sharey=True), ("cold", "warm"), strict=True):
        for name, one in found.items():
            axes.plot(getattr(one, start).curve, label=name, linewidth=2 if name == "ours" else 1)
        axes.set_title(start)
        axes.set_xlabel("swipe of a session")
        axes.grid(alpha=0.3)
        axes.legend()
    pictures.write(figure, path)
