"""`freshet lab fairstart | stalls`: how new videos fare, in worlds whose truth is known."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from freshet.cli_bars import Bars
from freshet.lab.cli_options import Json, Picture, Seed
from freshet.lab.fairstart import measure as fair
from freshet.lab.fairstart.world import Shape as FairShape
from freshet.lab.saying import write_json
from freshet.lab.stalls import measure as stalling
from freshet.lab.stalls.making import shape_of

USUAL = FairShape()


def fairstart(
    viewers: Annotated[int, typer.Option(min=100, help="Of the world.")] = USUAL.viewers,
    creators: Annotated[int, typer.Option(min=10, help="Of the world.")] = USUAL.creators,
    per_day: Annotated[int, typer.Option(min=1_000, help="Impressions.")] = USUAL.per_day,
    days: Annotated[
        float, typer.Option(min=0.05, help="Of uploads that count.")
    ] = USUAL.counted_days,
    seeds: Annotated[int, typer.Option(min=1, help="Worlds, each lived twice.")] = 5,
    picture: Picture = None,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """Whether good new videos find their audience, with stages and without, whoever made them."""
    shape = FairShape(viewers=viewers, creators=creators, per_day=per_day, counted_days=days)
    with Bars() as bars:
        found = asyncio.run(fair.measure(shape, range(seed, seed + seeds), bars))
    Console().print(fair.table(found))
    if picture is not None:
        fair.draw(found, picture)
    if as_json is not None:
        settings = {
            "seed": seed, "seeds": seeds, "viewers": viewers, "creators": creators,
            "per_day": per_day, "days": days,
        }  # fmt: skip
        write_json(as_json, "freshet lab fairstart", settings, fair.as_json(found))


def stalls(
    each: Annotated[int, typer.Option(min=1, help="Stalls made of each cause.")] = 200,
    viewers: Annotated[int, typer.Option(min=50, help="Of the world.")] = 4_000,
    per_day: Annotated[int, typer.Option(min=1_000, help="Impressions.")] = 40_000,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """Whether the diagnosis names the right cause of a stall: audience, watching, penalty."""
    shape = shape_of(each, viewers, per_day)
    with Bars() as bars:
        found = asyncio.run(stalling.measure(shape, seed, bars))
    Console().print(stalling.table(found))
    if as_json is not None:
        settings = {"seed": seed, "each": each, "viewers": viewers, "per_day": per_day}
        write_json(as_json, "freshet lab stalls", settings, stalling.as_json(found))
