"""The command line: `freshet COMMAND …`.

Each line of `COMMANDS` mounts one command from the module that holds it. Modules are
imported when their command is called, so that `freshet --help` does not wait for compiled
kernels. Data goes to standard output; errors, in words, to standard error, or as
one JSON object if the call asked for `--json`.

    exit 0    done
         1    looked, and not all is well: what checks and verifies
         2    refused: the call is wrong (`Refused`)
        70    our fault (`Broken`)
        75    try again later (`Unavailable`)
"""

from __future__ import annotations

import difflib
import errno
import importlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
import typer
from typer.core import TyperCommand, TyperGroup

from freshet import __version__, config, logs
from freshet.domain.errors import Broken, Corrupt, FreshetError, Refused, Unavailable

# command -> "module:attribute" of the typer application that answers it, and its help in short
COMMANDS: dict[str, tuple[str, str]] = {
    "arms": ("freshet.cli_arms:app", "Compare an experiment's arms."),
    "backup": ("freshet.cli_backup:backup_app", "Copy all that could not be made anew."),
    "bench": ("freshet.lab.cli_bench:app", "Measure speed and scale on this machine."),
    "demo": ("freshet.demo.cli_demo:app", "A small world, served and opened in the browser."),
    "doctor": ("freshet.cli_doctor:app", "Look whether all is well here."),
    "erase": ("freshet.cli_erase:app", "Take erased people out of what was written before."),
    "export": ("freshet.cli_export:app", "Write the catalogue as files."),
    "feed": ("freshet.cli_feed:feed_app", "Serve a viewer's next feed and print it."),
    "import": ("freshet.lab.cli_import:app", "Import other people's files into a data folder."),
    "keys": ("freshet.cli_keys:app", "Make, show and revoke API keys."),
    "lab": ("freshet.lab.cli_lab:app", "Replay logs, measure, compare with peers."),
    "lake": ("freshet.cli_lake:app", "The log as Parquet files."),
    "log": ("freshet.cli_log:app", "Look at the event log, and verify it."),
    "model": ("freshet.cli_model:app", "How the model stands, its versions, its shadow."),
    "restore": ("freshet.cli_backup:restore_app", "Put a backup into an empty data folder."),
    "serve": ("freshet.cli_feed:serve_app", "Serve the HTTP API until interrupted."),
    "weights": ("freshet.cli_weights:app", "Value tables, and what another one would do."),
    "world": ("freshet.world.cli_world:app", "A small world of clips, and life in it."),
}

EXIT_CODES: tuple[tuple[type[FreshetError], int], ...] = (
    (Refused, 2),
    (Unavailable, 75),  # EX_TEMPFAIL of sysexits.h
    (Broken, 70),  # EX_SOFTWARE
)

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE)
WRONG_PLACE = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR,
    errno.EEXIST,
)  # fmt: skip


class Commands(TyperGroup):
    """The commands of this file and those `COMMANDS` names."""

    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        target, help = COMMANDS[cmd_name]
        if self._listing:
            return TyperCommand(cmd_name, help=help)
        module, _, attribute = target.partition(":")
        command = typer.main.get_command(getattr(importlib.import_module(module), attribute))
        command.name = cmd_name
        # Shell completion belongs to the whole, not to each application mounted.
        command.params = [p for p in command.params if not str(p.name).endswith("_completion")]
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """A list of commands needs none of their modules."""
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in self.list_commands(ctx):
            close = difflib.get_close_matches(args[0], self.list_commands(ctx))
            right = " or ".join(close) or "one that `freshet --help` shows"
            raise Refused("command", f"there is none named {args[0]!r}", right)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="freshet",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may hold keys and people's data
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"freshet {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version.")
    ] = False,
) -> None:
    """Freshet: an open, self-hosted brain for short-video platforms."""


@app.command()
def settings(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Print the settings in force: defaults, settings file and environment together."""
    found = config.load()
    shown = {
        setting.path: "***" if setting.secret else config.value_at(found, setting.path)
        for setting in config.settings()
    }
    if as_json:
        typer.echo(msgspec.json.encode(shown))
        return
    for path, value in shown.items():
        typer.echo(f"{path} = {msgspec.json.encode(value).decode()}")


def main() -> None:
    """Run a command; errors raised on purpose become words and an exit code."""
    # Standard output is for what was asked. Before any module is imported that logs.
    logs.configure()
    try:
        with told_as_ours():
            app(prog_name="freshet")
    except FreshetError as error:
        if isinstance(error, Broken) and not isinstance(error, Corrupt):
            traceback.print_exc()  # ours, so loud
        print(described(error, as_json="--json" in sys.argv), file=sys.stderr)
        sys.exit(exit_code(error))


@contextmanager
def told_as_ours() -> Iterator[None]:
    """What the system says of a file, as an error of ours; where it is nobody's fault."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise Unavailable(f"{error.filename or 'the disk'}: {error.strerror}") from error
        if error.errno in WRONG_PLACE and error.filename:
            right = "a place that is there, and that this user may use"
            raise Refused(str(error.filename), str(error.strerror).lower(), right) from error
        raise


def exit_code(error: FreshetError) -> int:
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 70)


def described(error: FreshetError, as_json: bool = False) -> str:
    """An error for people, or for programs.

    >>> print(described(Refused("http.port", "99999 is too large", "1 to 65535")))
    refused: http.port: 99999 is too large
      right would be: 1 to 65535
    >>> print(described(Refused("n", "is negative"), as_json=True))
    {"error":"refused","message":"n: is negative","field":"n","reason":"is negative","right":""}
    """
    if as_json:
        fields = {"error": error.code, "message": str(error)}
        if isinstance(error, Refused):
            fields |= {"field": error.field, "reason": error.reason, "right": error.right}
        return msgspec.json.encode(fields).decode()
    if not isinstance(error, Refused):
        return f"{error.code}: {error}"
    where = f"{error.field}: " if error.field else ""
    right = f"\n  right would be: {error.right}" if error.right else ""
    return f"{error.code}: {where}{error.reason}{right}"
