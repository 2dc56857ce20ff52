"""`freshet lab simulate`: viewers and creators who live through the engine that serves."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from freshet.cli_bars import Bars
from freshet.lab.cli_options import Json, Picture, Seed
from freshet.lab.saying import write_json
from freshet.world.cli_world import needs_extra


def simulate(
    viewers: Annotated[int, typer.Option(min=1, help="Of the world.")] = 150,
    creators: Annotated[int, typer.Option(min=1, help="Who post.")] = 150,
    clips: Annotated[int, typer.Option(min=1, help="That they have, in all.")] = 2_000,
    opening: Annotated[float, typer.Option(help="Share there on the first day.")] = 0.6,
    days: Annotated[int, typer.Option(min=1, help="Lived.")] = 5,
    sessions: Annotated[float, typer.Option(min=0.1, help="Of a viewer and day.")] = 2.0,
    picture: Picture = None,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """Let viewers with tastes, moods and fatigue live with ours, the most finished, and chance."""
    needs_extra()
    from freshet.lab.simulating import measure as simulating
    from freshet.lab.simulating.life import Shape

    shape = Shape(viewers, creators, clips, opening, days, sessions)
    with Bars() as bars:
        found = asyncio.run(simulating.measure(shape, seed, bars))
    for table in simulating.tables(found):
        Console().print(table)
    if picture is not None:
        simulating.draw(found, picture)
    if as_json is not None:
        settings = {
            "seed": seed, "viewers": viewers, "creators": creators, "clips": clips,
            "opening": opening, "days": days, "sessions": sessions,
        }  # fmt: skip
        write_json(as_json, "freshet lab simulate", settings, simulating.as_json(found))
