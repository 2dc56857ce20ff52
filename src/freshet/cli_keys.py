"""`freshet keys create|list|revoke`: API keys of a data folder, also while it is served.

A key is shown once, when it is made. A server follows a change within seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from freshet import config
from freshet.app import now_ms, open_access
from freshet.catalogue.api_keys import DAY_MS, SCOPES, ApiKey, ApiKeys
from freshet.domain.errors import Refused

app = typer.Typer(help="Make, show and revoke API keys.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option(help="The data folder, if not the one of the settings.")]
Json = Annotated[bool, typer.Option("--json", help="As one JSON object.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for, as `list` shows it.")],
    scope: Annotated[
        list[str], typer.Option(help=f"What it opens, may repeat: {', '.join(SCOPES)}.")
    ],
    expires_days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days until it ends; else it never does.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a key and show it, this once."""
    expires = now_ms() + expires_days * DAY_MS if expires_days else 0
    with _opened(data) as keys:
        made = keys.create(name, scope, expires)
    if as_json:
        shown = _plain(made.key) | {"key": made.secret, "signing_secret": made.signing}
        _print_json(shown)
        return
    typer.echo(f"key             {made.secret}")
    typer.echo(f"signing secret  {made.signing}")
    typer.echo(
        "Keep both now: nobody can show them again. The key goes into the app's backend, never "
        "into an app or page; the signing secret signs viewer tokens.",
        err=True,
    )


@app.command("list")
def list_keys(data: Data = None, as_json: Json = False) -> None:
    """Show all keys, never their secrets."""
    with _opened(data) as keys:
        found = keys.all()
    if as_json:
        _print_json({"keys": [_plain(key) for key in found]})
        return
    table = Table("id", "name", "scopes", "created", "expires", "last used", "state", box=None)
    for key in found:
        table.add_row(
            key.id, key.name, " ".join(key.scopes), _day(key.created), _day(key.expires),
            _day(key.last_used_day * DAY_MS), key.state(now_ms()),
        )  # fmt: skip
    Console().print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """End a key for good, and with it the viewer tokens it signed."""
    with _opened(data) as keys:
        keys.revoke(key_id)
    if as_json:
        _print_json({"id": key_id, "state": "revoked"})
    else:
        typer.echo(f"{key_id} is revoked; servers follow within seconds")


@contextmanager
def _opened(data: Path | None) -> Iterator[ApiKeys]:
    folder = data or config.load().folder
    if not folder.is_dir():
        raise Refused("data", f"there is no folder {folder}", "the folder that is served")
    access = open_access(folder)
    try:
        yield access.keys
    finally:
        access.close()


def _plain(key: ApiKey) -> dict[str, Any]:
    return {**msgspec.to_builtins(key), "state": key.state(now_ms())}


def _print_json(shown: dict[str, Any]) -> None:
    typer.echo(msgspec.json.encode(shown).decode())


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat() if ms else "never"
