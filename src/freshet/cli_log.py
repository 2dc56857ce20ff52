"""`freshet log tail|verify`: look at the log of a data folder, also while it is written."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from freshet import config
from freshet.backends.sqlite_reader import SqliteReader
from freshet.cli_bars import Bars
from freshet.domain.errors import Refused
from freshet.domain.events import EVENTS, Event
from freshet.log.inspect import tail as tail_of
from freshet.log.inspect import verify as verify_rows
from freshet.log.ports import Offset
from freshet.log.rows import StoredRow

if TYPE_CHECKING:
    from freshet.ops.refold import Compared

app = typer.Typer(help="Look at the event log.", no_args_is_help=True, add_completion=False)

Data = Annotated[Path | None, typer.Option(help="The data folder, if not the one of the settings.")]
_SHOWN_BESIDE = {"type", "event_id", "time", "received"}


@app.command()
def tail(
    data: Data = None,
    count: Annotated[int, typer.Option("--count", "-n", min=0, help="How many events.")] = 20,
    kind: Annotated[
        list[str] | None, typer.Option("--type", help="Only events of this type; may repeat.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as events come.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the newest events."""
    with _opened(data) as log:
        types = frozenset(kind or ())
        if unknown := sorted(types - EVENTS.keys()):
            raise Refused("type", f"there is no event {unknown[0]!r}", ", ".join(EVENTS))
        with suppress(KeyboardInterrupt):  # how following ends
            asyncio.run(_show(log, count, types, follow, as_json))


@app.command()
def verify(
    data: Data = None,
    state: Annotated[
        bool,
        typer.Option("--state", help="Also fold it anew, and compare with the newest snapshot."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check every stored byte: checksums, order, times, ids. Exit code 1 if damaged, or if
    the saved state is not what the log says."""
    with _opened(data) as log, Bars(not as_json) as bars:
        found = verify_rows(_counted(log, bars.of("verifying")), log.base)
        found.damage += log.damage()
        epoch, base = log.epoch, log.base
        compared = _compared(data, bars) if state else None
    if as_json:
        plain = msgspec.to_builtins(found) | {"epoch": epoch, "base": base}
        if compared is not None:
            plain["state"] = msgspec.to_builtins(compared)
        typer.echo(msgspec.json.encode(plain).decode())
    else:
        typer.echo(f"{found.events} events, offsets {found.first} to {found.last}, epoch {epoch}")
        typer.echo(f"digest {found.digest}")
        for line in found.damage:
            typer.echo(f"damaged: {line}", err=True)
        if not found.damage:
            typer.echo("the log is whole")
        if compared is not None:
            _say(compared)
    raise typer.Exit(1 if found.damage or (compared and compared.differs) else 0)


def _counted(log: SqliteReader, tell: Callable[[int, int], None]) -> Iterator[StoredRow]:
    start, last = log.base, log.last
    for row in log.rows():
        yield row
        tell(row.last - start, max(last, row.last) - start)


def _compared(data: Path | None, bars: Bars) -> Compared:
    # Imported when called: it folds, which takes kernels, and `tail` needs none.
    from freshet.ops.refold import compare

    settings = config.load()
    if data is not None:
        settings = msgspec.structs.replace(settings, data=str(data))
    return compare(settings, bars)


def _say(compared: Compared) -> None:
    for line in compared.differs:
        typer.echo(f"the snapshot at {compared.offset} differs from the log: {line}", err=True)
    if not compared.differs:
        typer.echo(
            f"the snapshot at {compared.offset} is what {compared.folded} events fold to, "
            "byte for byte"
        )


async def _show(
    log: SqliteReader, count: int, types: frozenset[str], follow: bool, as_json: bool
) -> None:
    console = Console()
    table = Table("offset", "received (UTC)", "type", "what", box=None)
    async for offset, event in tail_of(log, count, types=types, follow=follow):
        if as_json:
            sys.stdout.write(_json(offset, event) + "\n")
            sys.stdout.flush()
        elif follow:  # a table needs its end to know its widths
            console.print(*_cells(offset, event), highlight=False, markup=False)
        else:
            table.add_row(*_cells(offset, event))
    if not as_json and not follow:
        console.print(table)


def _json(offset: Offset, event: Event) -> str:
    # JSON has no bytes: msgspec writes them in base64.
    return msgspec.json.encode({"offset": offset} | msgspec.to_builtins(event)).decode()


def _cells(offset: Offset, event: Event) -> tuple[str, str, str, str]:
    when = datetime.fromtimestamp(event.received / 1000, UTC).isoformat(" ", "milliseconds")
    plain: dict[str, Any] = msgspec.to_builtins(event, builtin_types=(bytes,))
    what = {name: value for name, value in plain.items() if name not in _SHOWN_BESIDE}
    shown = (f"{name}={_short(value)}" for name, value in what.items())
    return str(offset), when.removesuffix("+00:00"), str(plain["type"]), " ".join(shown)


def _short(value: object) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value)


@contextmanager
def _opened(data: Path | None) -> Iterator[SqliteReader]:
    log = SqliteReader(config.load().folder if data is None else data)
    try:
        yield log
    finally:
        log.store.close()
