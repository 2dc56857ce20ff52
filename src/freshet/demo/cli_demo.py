"""`freshet demo`: a small world made, served on this machine and opened in the browser."""

from __future__ import annotations

import asyncio
import webbrowser
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from freshet import logs
from freshet.cli_bars import Bars
from freshet.cli_feed import check_port, new_loop, settings_for
from freshet.config import Http
from freshet.domain.errors import Refused
from freshet.world.cli_world import needs_extra

PORTS_TRIED = 20
LOG = "serving.log"

app = typer.Typer()


@app.command()
def demo(
    data: Annotated[Path, typer.Option(help="Folder of the demo.")] = Path("data/demo"),
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="TCP port, else the first free one.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the feed in the browser.")] = True,
    rate: Annotated[
        float, typer.Option(min=0, max=1_000, help="Swipes a second of simulated viewers; 0: none.")
    ] = 4.0,
    past: Annotated[
        int, typer.Option(min=0, max=100_000, help="Their swipes before it first opens.")
    ] = 1_500,
    creators: Annotated[int, typer.Option(min=1, help="Of a world not made yet.")] = 40,
    clips: Annotated[int, typer.Option(min=1, help="Of a world not made yet.")] = 240,
    seed: Annotated[int, typer.Option(min=0, help="Of a world not made yet.")] = 7,
) -> None:
    """Make a small world, let it live, and open a feed to swipe through."""
    needs_extra()
    from freshet.demo.page import check_built
    from freshet.demo.place import Place, settle
    from freshet.demo.run import Demo, run
    from freshet.world.plan import make_plan

    check_built()
    make_plan(creators, clips, seed)  # refuses what cannot be made before anything is
    settings = settings_for(data / "engine")
    settings = msgspec.structs.replace(settings, http=with_free_port(settings.http, port))
    place = settle(data, Place(creators, clips, seed))

    async def opened(url: str, operator: str) -> None:
        bars.stop()
        typer.echo(
            WORDS.format(
                clips=place.clips, creators=place.creators, url=url, operator=operator, data=data,
                log=data / LOG,
            )
        )  # fmt: skip
        if browser:
            await asyncio.to_thread(webbrowser.open, url)

    with (
        (data / LOG).open("a", buffering=1) as log,
        Bars() as bars,
        asyncio.Runner(loop_factory=new_loop) as runner,
    ):
        logs.configure(log)  # a newcomer's terminal is for the address
        runner.run(run(Demo(data, place, settings, rate, past), bars, opened))


WORDS = """
A world of {clips} clips by {creators} people, to be swiped through on {url}

The operator's page, by a link that opens once: {operator}
What the API can be asked: {url}/schema
Ctrl-C stops it; the world and what happened stay in {data}, and the next start is quick.
What the server says while it runs: {log}"""


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
