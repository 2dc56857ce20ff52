"""`freshet lake status|seal|verify`: the log as Parquet files, in `<data>/lake`."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from freshet import config
from freshet.backends.sqlite_reader import SqliteReader
from freshet.cli_bars import Bars
from freshet.domain.errors import NotFound
from freshet.lake.seal import Lake
from freshet.lake.segments import damage
from freshet.log.ports import Offset

app = typer.Typer(
    help="The log as Parquet files for Polars, DuckDB and the like.",
    no_args_is_help=True,
    add_completion=False,
)

FOLDER = "lake"

Data = Annotated[Path | None, typer.Option(help="The data folder, if not the one of the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="As one JSON object.")]


class Status(msgspec.Struct, frozen=True):
    """How far the lake is."""

    sealed: Offset
    last: Offset  # of the log
    segments: int
    files: int
    events: int
    erased: int
    bytes: int
    until: int  # ms since 1970, received time of the last event sealed; 0 = none


def lake_of(data: Path | None) -> tuple[Lake, Path]:
    """The lake of a data folder, and that folder.

    Raises:
        NotFound: there is no such folder.
    """
    found = config.load()
    folder = found.folder if data is None else data
    if not folder.is_dir():
        raise NotFound("data", f"there is no folder {folder}", "one with a log or a lake in it")
    settings = found.lake
    return Lake(folder / FOLDER, settings.segment_events, settings.segment_hours), folder


@app.command()
def status(data: Data = None, as_json: AsJson = False) -> None:
    """Say how much of the log is in the lake."""
    lake, folder = lake_of(data)
    log = SqliteReader(folder)
    try:
        found = status_of(lake, log.last)
    finally:
        log.store.close()
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    until = datetime.fromtimestamp(found.until / 1000, UTC).isoformat(" ", "seconds")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("sealed", f"offset {found.sealed:,} of {found.last:,}")
    table.add_row("received until", until if found.until else "nothing is sealed yet")
    table.add_row("segments", f"{found.segments:,} in {found.files:,} files")
    table.add_row("events", f"{found.events:,}, {found.erased:,} erased since")
    table.add_row("size", f"{found.bytes / 2**20:,.1f} MiB")
    Console().print(table, highlight=False)


@app.command()
def seal(
    data: Data = None,
    rest: Annotated[
        bool, typer.Option("--rest", help="Also what no segment's end has come behind yet.")
    ] = False,
    upto: Annotated[int | None, typer.Option(min=0, help="No further than this offset.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write what the log holds and the lake does not; also while it is served."""
    lake, folder = lake_of(data)
    log = SqliteReader(folder)
    with suppress(OSError):
        os.nice(10)  # who serves goes first
    try:
        with Bars(not as_json) as bars:
            start, tell = lake.sealed, bars.of("sealing")
            made = asyncio.run(
                lake.seal(log, upto, rest=rest, tell=lambda at, end: tell(at - start, end - start))
            )
    finally:
        log.store.close()
    if as_json:
        told = {"segments": len(made), "events": sum(s.rows for s in made), "sealed": lake.sealed}
        typer.echo(msgspec.json.encode(told).decode())
        return
    events = sum(segment.rows for segment in made)
    typer.echo(f"{events:,} events in {len(made)} segments; sealed up to offset {lake.sealed:,}")


@app.command()
def verify(data: Data = None, as_json: AsJson = False) -> None:
    """Check every file against its digest, and that nothing is missing. Exit code 1 if not."""
    lake, _ = lake_of(data)
    with Bars(not as_json) as bars:
        wrong = damage(lake.segments, bars.of("verifying"))
    if as_json:
        told = {"sealed": lake.sealed, "segments": len(lake.segments.ranges()), "damage": wrong}
        typer.echo(msgspec.json.encode(told).decode())
    else:
        for line in wrong:
            typer.echo(f"damaged: {line}", err=True)
        if not wrong:
            typer.echo(f"the lake is whole up to offset {lake.sealed:,}")
    raise typer.Exit(1 if wrong else 0)


def status_of(lake: Lake, last: Offset) -> Status:
    segments = list(lake.segments.all())
    files = [file for segment in segments for file in segment.files]
    return Status(
        sealed=lake.sealed,
        last=last,
        segments=len(segments),
        files=len(files),
        events=sum(segment.rows for segment in segments),
        erased=sum(segment.erased for segment in segments),
        bytes=sum(file.bytes for file in files),
        until=segments[-1].received[1] if segments else 0,
    )
