"""The same world lived three times, by who chooses: ours, the most finished, chance."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from freshet.config import Feed, Log, Settings
from freshet.domain.errors import Refused
from freshet.feed.settings import ForYou
from freshet.lab import pictures
from freshet.lab.acting import SetClock, acting
from freshet.lab.metrics import auc
from freshet.lab.simulating.life import Day, Life, Looking, Shape, Tell
from freshet.lab.simulating.players import Chance, Ours, Player, Popular
from freshet.lab.simulating.sources import Source, Sources
from freshet.world.plan import Plan, make_plan

BASELINES: dict[str, type[Chance]] = {"most finished": Popular, "chance": Chance}


class Told(msgspec.Struct, frozen=True):
    """A day, in numbers."""

    swipes: int
    watch_s: float  # of a session
    swipe_s: float
    skipped: float  # share
    finished: float
    acts: float  # of a hundred swipes
    wanted: float  # share of the world's clips that the viewer wanted less
    topics: float  # different ones among ten swipes
    gini: float  # of creators' impressions
    auc: float | None  # of long views, as predicted when they were shown


class Simulated(msgspec.Struct, frozen=True):
    players: dict[str, list[Told]]
    sources: dict[str, Source]
    finished_looked_for: int


async def measure(shape: Shape, seed: int, tell: Tell) -> Simulated:
    """
    Raises:
        Refused: the shape is none of a world.
    """
    if not 0 < shape.opening <= 1:
        raise Refused("opening", f"{shape.opening} is no share", "above 0, at most 1")
    plan = make_plan(shape.creators, shape.clips, seed)
    settings = Settings(feed=Feed(for_you=ForYou(seed=seed)), log=Log(tick_ms=0))
    async with acting(settings, seed) as on:
        sources = Sources(on, seed)
        days = await Life(plan, shape, seed, Ours(on), on.clock, sources).through("ours", tell)
        found = {"ours": _told(plan, days)}
        brought = sources.told()
    for name, kind in BASELINES.items():
        player: Player = kind(plan, seed)
        life = Life(plan, shape, seed, player, SetClock(), Looking())
        found[name] = _told(plan, await life.through(name, tell))
    return Simulated(found, brought, sources.finished_clips)


def _told(plan: Plan, days: list[Day]) -> list[Told]:
    return [
        Told(
            day.swipes, day.watched_ms / 1000 / max(day.sessions, 1),
            day.watched_ms / 1000 / max(day.swipes, 1), day.skipped / max(day.swipes, 1),
            day.finished / max(day.swipes, 1), 100 * day.acts.total() / max(day.swipes, 1),
            float(np.mean(day.wanted)) if day.wanted else 0.0,
            float(np.mean(day.topics)) if day.topics else 0.0, gini(plan, day.creators),
            _auc(day),
        )
        for day in days
    ]  # fmt: skip


def _auc(day: Day) -> float | None:
    long = np.array(day.long)
    if not len(long) or long.all() or not long.any():
        return None
    return auc(long, np.array(day.predicted[: len(long)]))


def gini(plan: Plan, impressions: Counter[str]) -> float:
    """Of creators' impressions: 0 = all the same, 1 = one has all."""
    of = np.sort([impressions[person.id] for person in plan.people]).astype(np.float64)
    if not of.sum():
        return 0.0
    rank = np.arange(1, len(of) + 1)
    return float(((2 * rank - len(of) - 1) * of).sum() / (len(of) * of.sum()))


def tables(found: Simulated) -> list[Table]:
    last = Table(
        title="The last day of each life", box=SIMPLE_HEAD, title_justify="left",
        caption="seconds watched of a session and of a swipe; acts of a hundred swipes; wanted:"
        " share of the\nworld's clips wanted less than the one shown; topics among ten swipes",
        caption_justify="left",
    )  # fmt: skip
    for name in ("", "session", "swipe", "left", "ended", "acts", "wanted", "topics", "Gini",
                 "AUC"):  # fmt: skip
        last.add_column(name, justify="right" if name else "left", no_wrap=True)
    for name, days in found.players.items():
        one = days[-1]
        last.add_row(
            name, f"{one.watch_s:.0f} s", f"{one.swipe_s:.1f} s", f"{one.skipped:.0%}",
            f"{one.finished:.0%}", f"{one.acts:.0f}", f"{one.wanted:.3f}", f"{one.topics:.1f}",
            f"{one.gini:.2f}", "" if one.auc is None else f"{one.auc:.3f}",
        )  # fmt: skip
    sources = Table(
        title="What was finished, by who would have brought it", box=SIMPLE_HEAD,
        title_justify="left", caption=f"of {found.finished_looked_for:,} clips finished",
        caption_justify="left",
    )  # fmt: skip
    for name in ("source", "asked", "clips", "recall", "alone"):
        sources.add_column(name, justify="left" if name == "source" else "right")
    total = max(found.finished_looked_for, 1)
    for name, source in sorted(found.sources.items(), key=lambda one: -one[1].recall):
        sources.add_row(
            name, f"{source.asked:,}", f"{source.mean_brought:.0f}", f"{source.recall:.3f}",
            f"{source.alone / total:.3f}",
        )  # fmt: skip
    return [last, sources]


def as_json(found: Simulated) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def draw(found: Simulated, path: Path) -> None:
    """Seconds a session and how much more than chance was wanted, day by day, as one PNG.

    Raises:
        Refused: matplotlib is not installed.
    """
    figure = pictures.empty(9, 4)
    axes = figure.subplots(1, 2)
    for one, (key, said) in zip(
        axes, (("watch_s", "seconds watched a session"),
               ("wanted", "share of clips wanted less than the one shown")), strict=True
    ):  # fmt: skip
        for name, days in found.players.items():
            at = range(1, len(days) + 1)
            one.plot(at, [getattr(day, key) for day in days], label=name, marker="o")
        one.set_xlabel("day")
        one.xaxis.get_major_locator().set_params(integer=True)
        one.set_title(said)
        one.grid(alpha=0.3)
        one.legend()
    pictures.write(figure, path)
