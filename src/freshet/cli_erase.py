"""`freshet erase sweep|status`: take erased people out of what was written before."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Annotated

import msgspec
import typer

from freshet import config
from freshet.cli_bars import Bars
from freshet.config import Settings
from freshet.domain.errors import Refused
from freshet.ops.erasures import DAY_MS, wanted
from freshet.ops.lake_hands import FOLDER, LakeHere
from freshet.ops.sweep import Sweep, Swept

app = typer.Typer(
    help="Take erased people out of what was written before they asked.",
    no_args_is_help=True,
    add_completion=False,
)

Data = Annotated[Path | None, typer.Option(help="The data folder, if not the one of the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="As one JSON object.")]


@app.command()
def status(data: Data = None, as_json: AsJson = False) -> None:
    """Say how many erasures wait to be swept, and until when they must be."""
    settings = _settings(data)
    found = wanted(settings.folder, settings.folder / FOLDER)
    told = settings.erasure
    if as_json:
        due = found.due_ms(told.deadline_days) if found else 0
        numbers = {"asked": found.asked, "oldest": found.oldest, "due": due}
        typer.echo(msgspec.json.encode(numbers).decode())
    elif not found:
        typer.echo("nobody waits to be erased")
    else:
        swept = _day(found.oldest + told.sweep_days * DAY_MS)
        due_day = _day(found.due_ms(told.deadline_days))
        typer.echo(f"{found.asked} erasures wait; a server sweeps on {swept}, due by {due_day}")


@app.command()
def sweep(data: Data = None, as_json: AsJson = False) -> None:
    """Erase now whoever asked for it. The server must be stopped; running, it does so by
    itself (`erasure.sweep_days`). Exit code 1 if a file still names one of them."""
    settings = _settings(data)
    with Bars(not as_json) as bars:
        swept = asyncio.run(_swept(settings, bars))
    if as_json:
        typer.echo(msgspec.json.encode(swept).decode())
    elif not swept.people:
        typer.echo("nobody waits to be erased")
    else:
        typer.echo(
            f"{swept.people} keys erased, {swept.events:,} events taken out of the lake; "
            f"the log begins at offset {swept.base:,}"
        )
        for file in swept.left:
            typer.echo(f"still named in: {file}", err=True)
    raise typer.Exit(1 if swept.left else 0)


async def _swept(settings: Settings, bars: Bars) -> Swept:
    # Imported when called: the root pulls in every layer, and `status` needs few.
    from freshet.app import open_engine

    async with open_engine(settings, bars) as engine:
        follower, lake = engine.writer.follower, LakeHere(settings.folder, settings.lake)
        await engine.writer.relay()  # also whom the catalogue has not told of yet
        return await Sweep(
            settings.folder, engine.log, follower, engine.keys, lake,
            engine.now_ms, SystemRandom(), tell=bars,
        ).run()  # fmt: skip


def _settings(data: Path | None) -> Settings:
    found = config.load()
    found = found if data is None else msgspec.structs.replace(found, data=str(data))
    if not found.folder.is_dir():
        raise Refused("data", f"there is no folder {found.folder}", "one with a log in it")
    return found


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()
