"""`freshet feed VIEWER` and `freshet serve`: a feed on the terminal, and over HTTP.

The feed shown is a real one: it is logged as served, and the next one shows other videos.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
import structlog
import typer
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar
from rich.console import Console
from rich.table import Table

from freshet import config, weighing
from freshet.app import open_engine, settled
from freshet.backends.sqlite_reader import FILE, SqliteReader
from freshet.config import Http, Settings
from freshet.domain.errors import Refused
from freshet.engine import Engine
from freshet.feed.answer import Answer, FeedTrace
from freshet.feed.reason import Reason
from freshet.http.app import create_app
from freshet.log.files import PRIVATE, make_folder
from freshet.surfaces.surfaces import Question

feed_app = typer.Typer()
serve_app = typer.Typer()

API_KEY_FILE = "api_key"
API_KEY_BYTES = 32
BACKLOG = 1024  # connections that wait to be accepted

Data = Annotated[Path | None, typer.Option(help="The data folder, if not the one of the settings.")]

_log = structlog.get_logger("freshet.serve")


@feed_app.command()
def feed(
    viewer: Annotated[str, typer.Argument(help="The app's own id of the viewer.")],
    data: Data = None,
    n: Annotated[int, typer.Option("--n", "-n", min=1, max=50, help="How many videos.")] = 10,
    trace: Annotated[bool, typer.Option("--trace", help="Also what each stage did.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Serve a viewer's next For You feed and print it with its reasons."""
    answer = asyncio.run(_feed(settings_for(data), viewer, n, features=trace and as_json))
    if as_json:
        shown = answer if trace else msgspec.structs.replace(answer, trace=None)
        typer.echo(msgspec.json.encode(shown).decode())
        return
    console = Console()
    console.print(slate_table(answer))
    if answer.rung:
        console.print(f"filled by the rung [b]{answer.rung}[/b]")
    if trace and answer.trace is not None:
        for table in trace_tables(answer.trace):
            console.print(table)


@serve_app.command()
def serve(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="TCP port.")] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that serve; beyond 1, another writes.")
    ] = 1,
) -> None:
    """Serve the HTTP API until interrupted."""
    settings = settings_for(data)
    http = settings.http
    check_folder(settings.folder)
    http = msgspec.structs.replace(
        http, host=host or http.host, port=port or http.port, api_key=api_key(settings)
    )
    settings = msgspec.structs.replace(settings, http=http)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        if workers == 1:
            runner.run(_serve(settings))
        else:
            from freshet.workers import supervise  # which needs this module

            raise typer.Exit(runner.run(supervise(settings, workers)))


def api_key(settings: Settings) -> str:
    """The API key of the settings, else the data folder's, made on the first call."""
    if settings.http.api_key:
        return settings.http.api_key
    file = settings.folder / API_KEY_FILE
    if not file.exists():
        make_folder(settings.folder, PRIVATE)
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w") as opened:
            opened.write(secrets.token_urlsafe(API_KEY_BYTES))
        _log.info("made an API key", file=str(file))
    key = file.read_text().strip()
    if not key:
        raise Refused(str(file), "is empty", "a key, or no such file: then one is made")
    return key


def slate_table(answer: Answer) -> Table:
    """One line per video: where it came from, what it is worth, why it is there."""
    table = Table("#", "video", "source", "value", "chance", "why", box=None, pad_edge=False)
    for item in answer.items:
        why = "; ".join(_said(reason) for reason in item.reasons)
        table.add_row(
            str(item.position), item.video, item.source, f"{item.value:.3f}",
            f"{item.propensity:.2g}", why,
        )  # fmt: skip
    return table


def trace_tables(trace: FeedTrace) -> list[Table]:
    """One table per rung that was tried: each stage's time, counts and failure."""
    tables = []
    for rung in trace.rungs:
        table = Table(
            "stage", "kind", "ms", "in", "out", "failed", box=None, pad_edge=False,
            title=f"{rung.pipeline}: {rung.ms:.2f} ms", title_justify="left",
        )  # fmt: skip
        for step in rung.steps:
            table.add_row(
                step.stage, step.kind, f"{step.ms:.2f}",
                "" if step.kind == "source" else str(step.before), str(step.after), step.failed,
            )  # fmt: skip
        tables.append(table)
    return tables


def _said(reason: Reason) -> str:
    return f"{reason.text} ({reason.weight:.0%})" if reason.weight else reason.text


def settings_for(data: Path | None) -> Settings:
    found = config.load()
    return found if data is None else msgspec.structs.replace(found, data=str(data))


async def _feed(settings: Settings, viewer: str, n: int, features: bool) -> Answer:
    if not settings.folder.is_dir():
        raise Refused("data", f"there is no folder {settings.folder}", "one with a log in it")
    async with open_engine(settings) as engine:
        key = engine.keys.key(viewer)
        return await engine.ask("for_you", Question(key, n, features=features))


def new_loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


async def _serve(settings: Settings) -> None:
    check_port(settings.http)  # before the minutes that opening may take
    with weighing.asked_again() as asked:
        async with open_engine(settings) as engine:

            def reweigh() -> None:
                before = engine.settings.feed
                engine.reweigh(weighing.reread(before))
                weighing.tell(before, engine.settings.feed)

            async with weighing.followed(asked, reweigh):
                await serve_until_stopped(engine, settings.http)


async def serve_until_stopped(
    engine: Engine,
    http: Http,
    then: Callable[[Server], Awaitable[None]] | None = None,
    shared_port: bool = False,
    app: Litestar | None = None,
) -> None:
    """Serve in this very process, where what is folded is what is served, until a signal.

    Args:
        then: runs once it listens, and may stop it; what it raises ends the serving.
        shared_port: other processes of ours listen on the port, too.
        app: what to serve, if not the API alone.

    Raises:
        Refused: the port is taken.
    """
    if not shared_port:
        check_port(http)
    server = Server(
        app or create_app(engine), address=http.host, port=http.port, interface=Interfaces.ASGI,
        log_enabled=False, backlog=BACKLOG, backpressure=http.limits.connections,
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, server.stop)  # then the engine closes in order
    settled()
    beside = asyncio.create_task(_beside(then, server, http)) if then else None
    _log.info("serving", address=f"http://{http.host}:{http.port}", docs="/schema")
    await server.serve()
    if beside is not None:
        beside.cancel()
        with suppress(asyncio.CancelledError):
            await beside
    _log.info("stopped")


async def _beside(then: Callable[[Server], Awaitable[None]], server: Server, http: Http) -> None:
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(http.host, http.port)
            writer.close()
            break
        await asyncio.sleep(0.05)
    try:
        await then(server)
    except Exception:
        server.stop()  # type: ignore[no-untyped-call]
        raise


def check_folder(folder: Path) -> None:
    """
    Raises:
        Refused: a newer Freshet wrote the log; told before anything is made in the folder.
        Corrupt: it is damaged.
    """
    if (folder / FILE).exists():
        SqliteReader(folder).store.close()


def check_port(http: Http) -> None:
    """
    Raises:
        Refused: the port cannot be listened on: another program has it, or it is not ours.
    """
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        # As servers do: a connection just closed does not hold a port, a listener does.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((http.host, http.port))
        except OSError as error:
            reason = f"{http.port} on {http.host} cannot be listened on: {error.strerror}"
            raise Refused("http.port", reason, "another one: --port or FRESHET_HTTP_PORT") from None
