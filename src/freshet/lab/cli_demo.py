"""`freshet demo`: a small app made up, imported, folded and served, with what to ask of it."""

from __future__ import annotations

import asyncio
import shlex
import sys
import urllib.request
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import msgspec
import numpy as np
import typer
from granian.server.embed import Server
from rich.console import Console

from freshet.app import now_ms, open_engine
from freshet.cli_bars import Bars
from freshet.cli_feed import (
    api_key,
    check_port,
    new_loop,
    serve_until_stopped,
    settings_for,
    slate_table,
)
from freshet.config import Http, Settings
from freshet.domain.errors import Refused
from freshet.engine import Engine
from freshet.feed.answer import Answer
from freshet.lab.demo import Plan, make, plan

PORTS_TRIED = 20
ANSWER_TIMEOUT_S = 60

app = typer.Typer()


@app.command()
def demo(
    data: Annotated[Path, typer.Option(help="Folder of the demo.")] = Path("data/demo"),
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="TCP port; without it the next free one is taken."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Ask for one feed over HTTP, print it, and end.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the app made up.")] = 1,
    viewers: Annotated[int, typer.Option(min=1, max=10_000, help="Of a demo not made yet.")] = 200,
    videos: Annotated[int, typer.Option(min=10, max=10_000, help="Of a demo not made yet.")] = 400,
    impressions: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Of a demo not made yet.")
    ] = 20_000,
) -> None:
    """Make up a small app, serve it on this machine, and say how to ask for a feed."""
    asked = plan(seed, viewers, videos, impressions, now_ms())
    settings = settings_for(data)
    http = with_free_port(settings.http, port)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_demo(msgspec.structs.replace(settings, http=http), asked, once))


def with_free_port(http: Http, port: int | None) -> Http:
    """The settings with the port asked for, else the first free one from the usual on.

    Raises:
        Refused: the one asked for is taken, or all those tried are.
    """
    first = http.port if port is None else port
    last = first if port is not None else min(first + PORTS_TRIED, 65535)
    for number in range(first, last + 1):
        http = msgspec.structs.replace(http, port=number)
        try:
            check_port(http)
        except Refused:
            if number == last:
                raise
        else:
            if number != first:
                typer.echo(f"Port {first} is taken; this is served on {number}.", err=True)
            break
    return http


async def _demo(settings: Settings, asked: Plan, once: bool) -> None:
    with Bars() as bars:
        made = await make(settings.folder, asked, bars)
        http = msgspec.structs.replace(settings.http, api_key=api_key(settings))
        settings = msgspec.structs.replace(settings, http=http)
        async with open_engine(settings, bars) as engine:
            engine.writer.follower.save()  # the next start need not fold what was imported
            bars("compiling the feed")
            for feed in engine.feeds.values():
                await feed.warm()
            bars.stop()

            async def served(server: Server) -> None:
                words = await asyncio.to_thread(_asked, http, made) if once else None
                typer.echo(words or _words(engine, http, made, settings.folder))
                if once:
                    server.stop()  # type: ignore[no-untyped-call]

            await serve_until_stopped(engine, http, served)


# --- what is said once it serves ------------------------------------------------------------


def _asked(http: Http, made: Plan) -> str:
    """One feed, asked for over HTTP as any client would."""
    query = urlencode({"viewer": made.viewer})
    request = urllib.request.Request(
        f"{_root(http)}/v1/feeds/for_you?{query}",
        headers={"Authorization": f"Bearer {http.api_key}"},
    )
    with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S) as response:
        answer = msgspec.json.decode(response.read(), type=Answer)
    console = Console(width=None if sys.stdout.isatty() else 160)
    with console.capture() as said:
        console.print(f"The next videos for {made.viewer}:", highlight=False)
        console.print(slate_table(answer))
    return said.get()


def _words(engine: Engine, http: Http, made: Plan, data: Path) -> str:
    """What can be asked, ready to be pasted."""
    root, key = _root(http), f"-H 'Authorization: Bearer {http.api_key}'"
    viewer = urlencode({"viewer": made.viewer})
    video = _unseen(engine, made.viewer)
    act = {
        "type": "like", "event_id": engine.new_request_id(), "time": engine.now_ms(),
        "viewer": made.viewer, "video": video,
    }  # fmt: skip
    body = msgspec.json.encode({"events": [act]}).decode()
    terminal = f"{_program()} feed {made.viewer} --data {shlex.quote(str(data))}"
    return f"""
{made.videos} videos and what {made.viewers} viewers made of them, on {root}

A viewer's feed, each video with its reasons:
  curl -s {key} '{root}/v1/feeds/for_you?{viewer}&n=5'

Tell what the viewer did; the next feed reflects it:
  curl -s {key} -H 'Content-Type: application/json' {root}/v1/events -d '{body}'

All that can be asked: {root}/schema (OpenAPI: {root}/schema/openapi.json)
On the terminal, once this is stopped: {terminal}

Ctrl-C stops it; what happened stays in {data}, and the next start is quick."""


def _root(http: Http) -> str:
    return f"http://{http.host}:{http.port}"


def _unseen(engine: Engine, viewer: str) -> str:
    """A video the viewer may come to see."""
    live = engine.live
    rows = np.flatnonzero(live.eligible[: live.video_count()]).astype(np.int32)
    row = live.viewer_row(engine.keys.key(viewer))
    unseen = rows[~live.seen(row, rows, engine.now_ms(), engine.now_ms(), None)]
    return live.video_id(int((unseen if len(unseen) else rows)[0]))


def _program() -> str:
    """How this program was called, to be called again."""
    called = Path(sys.argv[0])
    return sys.argv[0] if called.name == "freshet" else "freshet"
