"""`freshet import kuairand|thu|events|catalogue PATH`: other people's files into a data folder."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from freshet import config
from freshet.catalogue.store.catalogue import Catalogue
from freshet.domain.errors import Refused
from freshet.domain.events import Event, Watch
from freshet.lab.readers import kuairand as kuairand_reader
from freshet.lab.readers import thu as thu_reader
from freshet.lab.readers.catalogue import CatalogueReport, Source, import_catalogue, sources
from freshet.lab.readers.generic import mapped_events, native_events
from freshet.lab.readers.ids import fingerprint
from freshet.lab.readers.importer import Checkpoint, ImportReport, PersonKeys, import_events
from freshet.lab.readers.mapping import read_mapping
from freshet.lab.readers.report import ReadReport
from freshet.log.ports import EventLog

Target = AbstractAsyncContextManager[tuple[EventLog, PersonKeys]]

app = typer.Typer(no_args_is_help=True, help="Import other people's files into a data folder.")

Data = Annotated[Path | None, typer.Option(help="The data folder, if not the one of the settings.")]
RefusedTo = Annotated[
    Path | None, typer.Option("--report", help="Write every refused line to this file as JSON.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the counts as one JSON object.")]


def folder_of(data: Path | None) -> Path:
    return config.load().folder if data is None else data


def open_for_import(data: Path) -> Target:
    """Log (in import mode) and keys of a data folder; the composition root makes them."""
    # Imported when called: the root pulls in every layer, `--help` needs none.
    opened = importlib.import_module("freshet.app").open_for_import(data)
    return cast(Target, opened)


def open_catalogue(data: Path) -> AbstractContextManager[Catalogue]:
    """The catalogue of a data folder, made if there is none."""
    opened = importlib.import_module("freshet.app").open_catalogue(data)
    return cast(AbstractContextManager[Catalogue], opened)


@app.command()
def kuairand(
    path: Annotated[Path, typer.Argument(help="Folder with log*.csv or log*.parquet.")],
    history: Annotated[bool, typer.Option(help="Also what users did before the log.")] = False,
    random: Annotated[bool, typer.Option(help="Also log_random*.")] = False,
    source: Annotated[
        str, typer.Option(help="Name of the set; things named alike in it are the same.")
    ] = kuairand_reader.SOURCE,
    data: Data = None,
    report: RefusedTo = None,
    as_json: AsJson = False,
) -> None:
    """Import a folder in the layout of KuaiRand."""
    folder = kuairand_reader.find(path, random=random)
    mark = fingerprint(folder.files, source, f"history={history}")

    def read(lines: ReadReport, expect: Callable[[int], None]) -> Iterator[Event]:
        return kuairand_reader.events(
            folder, now_ms=_now_ms(), report=lines, history=history, source=source, expect=expect
        )

    _run(read, mark, folder_of(data), report, as_json)


@app.command()
def thu(
    path: Annotated[Path, typer.Argument(help="Folder with interactions*.csv or .parquet.")],
    source: Annotated[
        str, typer.Option(help="Name of the set; things named alike in it are the same.")
    ] = thu_reader.SOURCE,
    data: Data = None,
    report: RefusedTo = None,
    as_json: AsJson = False,
) -> None:
    """Import a folder in the layout of THU ShortVideo."""
    folder = thu_reader.find(path)
    mark = fingerprint(folder.files, source)

    def read(lines: ReadReport, expect: Callable[[int], None]) -> Iterator[Event]:
        return thu_reader.events(
            folder, now_ms=_now_ms(), report=lines, source=source, expect=expect
        )

    _run(read, mark, folder_of(data), report, as_json)


@app.command()
def events(
    path: Annotated[Path, typer.Argument(help="CSV, JSONL or Parquet file, or a .gz of one.")],
    mapping: Annotated[
        Path | None,
        typer.Option(help="TOML file: which column is what. Without one: JSON lines of ours."),
    ] = None,
    data: Data = None,
    report: RefusedTo = None,
    as_json: AsJson = False,
) -> None:
    """Import a file of events, with a mapping file unless they are ours already."""
    known = read_mapping(mapping) if mapping else None
    if not path.is_file():
        raise Refused(path.name, "is not a file", "a file of events")
    mark = fingerprint([path, *([mapping] if mapping else [])])

    def read(lines: ReadReport, _: Callable[[int], None]) -> Iterator[Event]:
        if known is None:
            return native_events(path, now_ms=_now_ms(), report=lines)
        return mapped_events(path, known, now_ms=_now_ms(), report=lines)

    _run(read, mark, folder_of(data), report, as_json)


@app.command()
def catalogue(
    path: Annotated[
        Path,
        typer.Argument(
            help="Folder with people, sounds, videos, hashtags, follows, blocks as .csv, .jsonl or "
            ".parquet; or one such file."
        ),
    ],
    data: Data = None,
    report: RefusedTo = None,
    as_json: AsJson = False,
) -> None:
    """Import people, videos and sounds into the catalogue; also while it is served."""
    found, folder = sources(path), folder_of(data)
    with ReadReport(refused_to=report) as lines:
        done = CatalogueReport(lines)
        began = time.perf_counter()
        with open_catalogue(folder) as opened:
            _import_catalogue(opened, found, done, folder, as_json)
            waiting = opened.outbox.waiting()
        seconds = time.perf_counter() - began
    if not lines.kept and lines.refused_lines:
        raise Refused("", f"nothing could be imported; the first: {lines.examples[0]}", "")
    if as_json:
        told = catalogue_summary(done) | {"waiting": waiting, "seconds": seconds}
        typer.echo(msgspec.json.encode(told))
    else:
        _print_catalogue(Console(), done, waiting)


def _import_catalogue(
    opened: Catalogue, found: list[Source], done: CatalogueReport, data: Path, as_json: bool
) -> None:
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), disable=as_json) as bar:
        tasks = {one.kind: bar.add_task(one.kind, total=one.rows) for one in found}

        def tell(source: Source, line: int) -> None:
            bar.update(tasks[source.kind], completed=line)

        import_catalogue(opened, found, done, data, tell)


def catalogue_summary(done: CatalogueReport) -> dict[str, Any]:
    """The counts as `--json` prints them."""
    return {
        **{kind: dict(counts) for kind, counts in done.done.items()},
        "skipped": done.skipped,
        "lines": done.lines.lines,
        "lines_kept": done.lines.kept,
        "lines_refused": done.lines.refused_lines,
        "lines_refused_examples": done.lines.examples,
    }


def _print_catalogue(console: Console, done: CatalogueReport, waiting: int) -> None:
    table = Table("", "created", "updated", "unchanged", "told", show_edge=False)
    for kind, counts in done.done.items():
        shown = (f"{counts[name]:,}" for name in ("created", "updated", "unchanged", "told"))
        table.add_row(kind, *shown)
    console.print(table)
    console.print(
        f"{done.lines.lines:,} lines read, {done.lines.refused_lines:,} refused, "
        f"{done.skipped:,} skipped as imported earlier; {waiting:,} events wait for the server, "
        "running or next, to tell the log",
        markup=False, highlight=False,
    )  # fmt: skip
    for text in map(str, done.lines.examples):
        console.print(f"  {text}", markup=False, highlight=False)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


Reader = Callable[[ReadReport, Callable[[int], None]], Iterator[Event]]


def _run(read: Reader, mark: str, data: Path, refused_to: Path | None, as_json: bool) -> None:
    """Import what `read` gives and say what became of it.

    Raises:
        Refused: not one line could be taken over.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[rate]:,.0f} events/s"),
    )  # fmt: skip
    with (
        ReadReport(refused_to=refused_to) as lines,
        Progress(*columns, console=console, disable=as_json) as bar,
    ):
        task = bar.add_task("reading", total=None, rate=0.0)
        source = _counted(
            read(lines, lambda rows: bar.update(task, total=rows, description="views")),
            lambda views: bar.update(task, completed=views + lines.repeated),
        )

        async def run() -> ImportReport:
            async with open_for_import(data) as (log, keys):
                return await import_events(
                    log, source, keys=keys, checkpoint=Checkpoint(data, mark),
                    progress=lambda so_far: bar.update(task, rate=so_far.events_per_s),
                )  # fmt: skip

        done = asyncio.run(run())
    if not done.events:
        first = f"; the first: {lines.examples[0]}" if lines.examples else ""
        raise Refused("", f"nothing could be imported{first}", "at least one good line")
    if as_json:
        typer.echo(msgspec.json.encode(summary(done, lines)))
    else:
        _print(Console(), done, lines)


def _counted(events: Iterator[Event], tell: Callable[[int], None]) -> Iterator[Event]:
    """`events`, telling now and then how many views were closed: one per line of a log."""
    views = 0
    for event in events:
        if isinstance(event, Watch) and event.left:
            views += 1
            if views % 1_000 == 0:
                tell(views)
        yield event
    tell(views)


def summary(done: ImportReport, lines: ReadReport) -> dict[str, Any]:
    """The counts as `--json` prints them."""
    return {
        "events": done.events,
        "appended": dict(done.appended),
        "repeated": done.repeated,
        "skipped": done.skipped,
        "refused": dict(done.refused),
        "refused_examples": done.examples,
        "lines": lines.lines,
        "lines_kept": lines.kept,
        "lines_repeated": lines.repeated,
        "lines_refused": lines.refused_lines,
        "lines_refused_examples": lines.examples,
        "unknown_duration": lines.unknown_duration,
        "notices": lines.notices,
        "seconds": done.seconds,
        "events_per_s": done.events_per_s,
    }


def _print(console: Console, done: ImportReport, lines: ReadReport) -> None:
    table = Table(show_edge=False)
    table.add_column("appended")
    table.add_column("events", justify="right")
    for name, count in done.appended.most_common():
        table.add_row(name, f"{count:,}")
    console.print(table)
    console.print(
        f"{done.appended.total():,} events appended, {done.repeated:,} were there already, "
        f"{done.skipped:,} skipped as imported earlier, {done.refused.total():,} refused by it; "
        f"{done.seconds:.1f} s, {done.events_per_s:,.0f} events/s",
        markup=False, highlight=False,
    )  # fmt: skip
    console.print(
        f"{lines.lines:,} lines read: {lines.kept:,} kept, {lines.repeated:,} repeated, "
        f"{lines.refused_lines:,} refused; {lines.unknown_duration:,} without a duration",
        markup=False, highlight=False,
    )  # fmt: skip
    for text in (*lines.notices, *map(str, lines.examples), *done.examples):
        console.print(f"  {text}", markup=False, highlight=False)
