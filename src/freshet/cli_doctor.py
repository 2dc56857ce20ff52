"""`freshet doctor`: is everything as it should be, and what to do if not.

exit 0    nothing fails; with --strict, nothing warns either
     1    something does
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from freshet import config
from freshet.ops import check_data, check_machine, check_server
from freshet.ops.doctor import Check, examined

app = typer.Typer()

LOOKS = (*check_machine.LOOKS, *check_data.LOOKS, *check_server.LOOKS)
STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@app.command()
def doctor(
    data: Annotated[
        Path | None, typer.Option(help="The data folder, if not the one of the settings.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="A warning fails, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Look whether all is well here: machine, data folder, server. It changes nothing.
    Exit code 1 if something fails."""
    settings = config.load()
    if data is not None:
        settings = msgspec.structs.replace(settings, data=str(data))
    found = examined(settings, time.time_ns() // 1_000_000, LOOKS)
    failed, warned = (sum(c.state == state for c in found) for state in ("fail", "warn"))
    if as_json:
        told = {"failed": failed, "warned": warned, "checks": found}
        typer.echo(msgspec.json.encode(told).decode())
    else:
        Console().print(shown(found), highlight=False)
        typer.echo(f"{len(found)} checks: {failed} failed, {warned} warnings")
    raise typer.Exit(1 if failed or (strict and warned) else 0)


def shown(found: list[Check]) -> Table:
    """A line each; below what is not well, what to do."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for check in found:
        style = STYLES[check.state]
        table.add_row(Text(check.state, style), check.name, Text(check.says))
        if check.do:
            table.add_row("", "", Text(f"→ {check.do}", "dim"))
    return table
