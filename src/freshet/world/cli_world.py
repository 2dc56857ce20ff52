"""`freshet world make` and `freshet world live`: a small world, and life in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from freshet.domain.errors import Refused

app = typer.Typer(no_args_is_help=True, help="A small world of clips, and life in it.")

JOBS_MAX = 256


@app.command()
def make(
    creators: Annotated[int, typer.Option(help="People who post.")] = 40,
    clips: Annotated[int, typer.Option(help="Short vertical videos, in 12 topics.")] = 240,
    seed: Annotated[int, typer.Option(help="Of every random draw.")] = 7,
    out: Annotated[Path, typer.Option(help="Folder of the world.")] = Path("data/world"),
    jobs: Annotated[int, typer.Option(help="Processes at once; 0 = one per processor.")] = 0,
) -> None:
    """Make a world's clips, sounds and covers; goes on where it was stopped."""
    needs_extra()
    from freshet.world.make import make_world
    from freshet.world.plan import make_plan

    if not 0 <= jobs <= JOBS_MAX:
        raise Refused("jobs", f"{jobs} is out of range", f"0 to {JOBS_MAX}")
    plan = make_plan(creators, clips, seed)
    console = Console(stderr=True)
    columns = TextColumn("making clips"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=clips)
        world = make_world(
            out, plan, jobs,
            tell=lambda done, total: progress.update(task, completed=done, total=total),
            ready=lambda _: progress.console.print("ready to open: more are on their way"),
        )  # fmt: skip
    size = sum(file.bytes for files in world.made.values() for file in files.values())
    typer.echo(f"{len(world.made)} clips by {creators} people in {out}, {size / 1e6:.0f} MB")


def needs_extra() -> None:
    """What paints and encodes is not part of the default install.

    Raises:
        Refused: it is not installed.
    """
    try:
        import av
        import font_fredoka_one
        import PIL
    except ImportError as error:
        raise Refused("world", f"needs {error.name}", "pip install freshet[world]") from None
    del av, PIL, font_fredoka_one


@app.callback()
def world() -> None:
    """A small world of clips, and life in it."""
