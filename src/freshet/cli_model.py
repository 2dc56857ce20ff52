"""`freshet model show`: how the model stands, its versions, its ways back, its shadow."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from freshet import config
from freshet.backends.sqlite_reader import SqliteReader
from freshet.config import Settings
from freshet.domain.errors import Corrupt, NotFound
from freshet.learning.live import Live
from freshet.learning.model import SAVED
from freshet.learning.standing import Back, Beside, Interval, Standing, Version, standing
from freshet.log.follow import catch_up
from freshet.log.snapshots import Snapshots, load_block

app = typer.Typer(
    help="The model: how it stands, its versions, its shadow.",
    no_args_is_help=True,
    add_completion=False,
)


class Shown(msgspec.Struct, frozen=True):
    offset: int  # up to which the log is folded
    later: int  # events behind it
    model: Standing


@app.callback()
def root() -> None: ...


@app.command()
def show(
    data: Annotated[
        Path | None, typer.Option(help="The data folder, if not the one of the settings.")
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Fold what came after the newest snapshot, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Loss and skill of the model, versions, ways back, and the shadow beside it."""
    settings = config.load()
    folder = settings.folder if data is None else data
    shown = asyncio.run(_folded(folder, settings)) if now else _saved(folder)
    if as_json:
        typer.echo(msgspec.json.encode(shown).decode())
        return
    console = Console()
    for line in _told(shown):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(_versions_table(shown.model.versions))
    if shown.model.backs:
        console.print(_backs_table(shown.model.backs))
    if shown.model.shadow is not None:
        console.print(_shadow_table(shown.model.shadow))
        console.print(shown.model.shadow.says, highlight=False, soft_wrap=True)


def _saved(folder: Path) -> Shown:
    """As of the newest snapshot that can be read."""
    last, snapshots = asyncio.run(_last(folder)), Snapshots(folder / "snapshots")
    for offset in snapshots.offsets():
        place = snapshots.folder / str(offset) / Live.name
        try:
            arrays = {name: load_block(place, f"model.{name}") for name in SAVED}
            views, at = load_block(place, "params.seen")[1], load_block(place, "at")[1]
        except Corrupt:
            continue  # serving tells of it
        return Shown(offset, last - offset, standing(arrays, int(views), int(at)))
    raise NotFound(
        "snapshots", f"none in {folder} tells of the model", "--now, which folds the log"
    )


async def _last(folder: Path) -> int:
    log = SqliteReader(folder)
    try:
        return log.last
    finally:
        await log.close()


async def _folded(folder: Path, settings: Settings) -> Shown:
    learner = settings.learner
    log = SqliteReader(folder)
    try:
        live = Live(learner.seed, versions=learner.versions, shadow=learner.shadow)
        offset = await catch_up(log, [live], Snapshots(folder / "snapshots"))
        return Shown(offset, log.last - offset, live.standing())
    finally:
        await log.close()


# --- what is shown ----------------------------------------------------------------------------


def _told(shown: Shown) -> Iterator[str]:
    model = shown.model
    later = f"; {shown.later:,} came later" if shown.later else ""
    yield f"{model.views:,} views learned, from the log's first {shown.offset:,} events{later}"
    yield f"loss {model.loss:.4f} over the last 1,000 views, {model.loss_long:.4f} over 50,000"
    yield f"skill {model.skill:.1%} and {model.skill_long:.1%}: so far below the loss of a constant"
    times = {0: "never went back", 1: "went back once"}
    yield times.get(model.went_back, f"went back {model.went_back:,} times")
    if model.trial:
        yield "a trial is on: the versions predict along"


def _versions_table(versions: tuple[Version, ...]) -> Table:
    grid = Table("version", "views", "made", "loss", "skill", box=None)
    for one in versions:
        made = _when(one.at) if one.at else "untrained"
        loss = "–" if one.loss is None else f"{one.loss:.4f}"
        skill = "–" if one.skill is None else f"{one.skill:.1%}"
        grid.add_row(f"{one.number}", f"{one.views:,}", made, loss, skill)
    return grid


def _backs_table(backs: tuple[Back, ...]) -> Table:
    grid = Table("back to", "from", "at view", "when", "loss", "its loss", "why", box=None)
    for one in backs:
        sure = f" ({one.deviations:.0f} deviations)" if one.deviations else ""
        grid.add_row(
            f"{one.to_version}", f"{one.from_version}", f"{one.views:,}", _when(one.at),
            f"{one.loss:.4f}", f"{one.its_loss:.4f}", one.cause + sure,
        )  # fmt: skip
    return grid


def _shadow_table(shadow: Beside) -> Table:
    grid = Table("shadow's loss less the model's", "difference", "95 %", box=None)
    for name, one in {"all outcomes": shadow.difference, **shadow.outcomes}.items():
        grid.add_row(name, f"{one.value:+.5f}", _between(one))
    return grid


def _between(one: Interval) -> str:
    return f"[{one.low:+.5f}, {one.high:+.5f}]"


def _when(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
