"""`freshet backup` and `freshet restore`: all that could not be made anew, out and in again."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from freshet import config
from freshet.cli_bars import Bars
from freshet.ops import restore as restoring
from freshet.ops.backup import Share, backup, prune
from freshet.ops.manifest import Backup, read

backup_app = typer.Typer()
restore_app = typer.Typer()

Data = Annotated[Path | None, typer.Option(help="The data folder, if not the one of the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="As one JSON object.")]


@backup_app.command("backup")
def backup_command(
    to: Annotated[
        Path | None,
        typer.Argument(help="Gets the backup as a folder named by its time; else `backup.folder`."),
    ] = None,
    data: Data = None,
    lake: Annotated[
        Share | None,
        typer.Option(help="How much of the lake: what the log no longer holds, all, none."),
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Then remove all but so many of the newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy all that could not be made anew, also while it is served."""
    settings = config.load()
    folder = settings.folder if data is None else data
    to = Path(settings.backup.folder) if to is None else to
    with suppress(OSError):
        os.nice(10)  # who serves goes first
    with Bars(not as_json) as bars:
        made = backup(folder, to, _now_ms(), lake or settings.backup.lake, bars)
    removed = prune(to, keep) if keep else []
    found = read(made)
    if as_json:
        _print({"folder": str(made), "removed": [path.name for path in removed]} | _plain(found))
        return
    typer.echo(f"{made}: {_told(found)}")
    for name in found.left_out:
        typer.echo(f"left out, as it is nothing of Freshet's: {name}", err=True)
    for path in removed:
        typer.echo(f"removed {path.name}")


@restore_app.command("restore")
def restore_command(
    source: Annotated[
        Path,
        typer.Argument(metavar="FROM", help="A backup, or a folder of them: then the newest."),
    ],
    data: Data = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only look whether every file is whole.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup into an empty data folder. With --check, exit code 1 if it is damaged."""
    if check:
        _check(source, as_json)
        return
    folder = config.load().folder if data is None else data
    with Bars(not as_json) as bars:
        found = restoring.restore(source, folder, bars)
    if as_json:
        _print({"folder": str(folder)} | _plain(found))
        return
    typer.echo(f"{folder}: {_told(found)}")
    typer.echo(
        "Erasures asked for since then are not in it: repeat them. Next: freshet doctor", err=True
    )


def _check(source: Path, as_json: bool) -> None:
    with Bars(not as_json) as bars:
        found, wrong = restoring.check(source, bars)
    if as_json:
        _print({"damage": wrong} | _plain(found))
    else:
        for line in wrong:
            typer.echo(f"damaged: {line}", err=True)
        if not wrong:
            typer.echo(f"the backup is whole: {_told(found)}")
    raise typer.Exit(1 if wrong else 0)


def _told(found: Backup) -> str:
    when = datetime.fromtimestamp(found.made / 1000, UTC).isoformat(" ", "seconds")
    lake = f", lake up to {found.lake:,}" if found.lake else ""
    return (
        f"the log up to offset {found.log.last:,} as of {when}{lake}; "
        f"{len(found.files)} files, {found.bytes / 2**20:,.1f} MiB"
    )


def _plain(found: Backup) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain | {"files": len(found.files), "bytes": found.bytes}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _print(shown: dict[str, Any]) -> None:
    typer.echo(msgspec.json.encode(shown).decode())
