"""`freshet arms NAME`: what came of an experiment, read from the log."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from freshet import config
from freshet.backends.sqlite_reader import SqliteReader
from freshet.feed.arm_table import MEASURES, ArmResult, ArmTable, Estimate, arm_table
from freshet.feed.arms import ArmSums
from freshet.log.follow import catch_up
from freshet.log.snapshots import Snapshots

app = typer.Typer()


@app.command()
def arms(
    name: Annotated[str, typer.Argument(help="The experiment, as in [experiments.NAME].")],
    data: Annotated[
        Path | None, typer.Option(help="The data folder, if not the one of the settings.")
    ] = None,
    control: Annotated[
        str, typer.Option(help="The arm to compare with, if not the one of the settings.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Compare an experiment's arms, with 95 % intervals over viewers."""
    settings = config.load()
    if not control and name in settings.experiments:
        control = settings.experiments[name].control
    table = asyncio.run(_read(data or settings.folder, name, control))
    if as_json:
        typer.echo(msgspec.json.encode(table).decode())
        return
    console = Console()
    console.print(shown(table))
    if table.sampled < 1:
        console.print(f"of {table.sampled:.1%} of the viewers, taken by hash")


def shown(table: ArmTable) -> Table:
    """One column per arm; under each measure what differs from the control, marked where its
    interval does not hold 0."""
    names = [one.arm + (" (control)" if one.arm == table.control else "") for one in table.arms]
    grid = Table("", *names, box=None, title=f"{table.experiment} on {table.surface}")
    for count in ("viewers", "feeds", "impressions"):
        grid.add_row(count, *(f"{getattr(one, count)}" for one in table.arms))
    for measure in MEASURES:
        grid.add_row(measure, *(_text(one.measures[measure]) for one in table.arms))
        if len(table.arms) > 1:
            grid.add_row("  difference", *(_difference(one, measure) for one in table.arms))
    return grid


def _difference(one: ArmResult, measure: str) -> str:
    found = one.differences.get(measure)
    if found is None:
        return ""
    sure = found.low is not None and found.high is not None and found.low * found.high > 0
    return _text(found, "+") + (" *" if sure else "")


def _text(one: Estimate, sign: str = "") -> str:
    if one.value is None:
        return "–"
    if one.low is None:
        return f"{one.value:{sign}.4g}"
    return f"{one.value:{sign}.4g} [{one.low:{sign}.4g}, {one.high:{sign}.4g}]"


async def _read(folder: Path, name: str, control: str) -> ArmTable:
    log, sums = SqliteReader(folder), ArmSums()
    try:
        await catch_up(log, [sums], Snapshots(folder / "snapshots"))
    finally:
        await log.close()
    return arm_table(sums, name, control)
