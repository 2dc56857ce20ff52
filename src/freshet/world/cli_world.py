"""`freshet world make` and `freshet world live`: a small world, and life in it."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from freshet.domain.errors import Refused

if TYPE_CHECKING:
    from freshet.world.life import Life, Manner

app = typer.Typer(no_args_is_help=True, help="A small world of clips, and life in it.")

JOBS_MAX = 256
KEY_VARIABLE = "FRESHET_HTTP_ADMIN_KEY"  # as the server's own setting is called
TOLD = {"swipes": "swipes", "like": "likes", "posted": "posted"}


@app.command()
def make(
    creators: Annotated[int, typer.Option(help="People who post.")] = 40,
    clips: Annotated[int, typer.Option(help="Short vertical videos, in 12 topics.")] = 240,
    seed: Annotated[int, typer.Option(help="Of every random draw.")] = 7,
    out: Annotated[Path, typer.Option(help="Folder of the world.")] = Path("data/world"),
    jobs: Annotated[int, typer.Option(help="Processes at once; 0 = one per processor.")] = 0,
) -> None:
    """Make a world's clips, sounds and covers; goes on where it was stopped."""
    needs_extra()
    from freshet.world.make import make_world
    from freshet.world.plan import make_plan

    if not 0 <= jobs <= JOBS_MAX:
        raise Refused("jobs", f"{jobs} is out of range", f"0 to {JOBS_MAX}")
    plan = make_plan(creators, clips, seed)
    console = Console(stderr=True)
    columns = TextColumn("making clips"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=clips)
        world = make_world(
            out, plan, jobs,
            tell=lambda done, total: progress.update(task, completed=done, total=total),
            ready=lambda _: progress.console.print("ready to open: more are on their way"),
        )  # fmt: skip
    size = sum(file.bytes for files in world.made.values() for file in files.values())
    typer.echo(f"{len(world.made)} clips by {creators} people in {out}, {size / 1e6:.0f} MB")


@app.command()
def live(
    url: Annotated[str, typer.Option(help="Where the server listens: http://127.0.0.1:8420.")],
    key: Annotated[
        str,
        typer.Option(
            help="Its admin key: creators post videos.", envvar=KEY_VARIABLE, show_envvar=False
        ),
    ] = "",
    key_file: Annotated[Path | None, typer.Option(help="File with the key instead.")] = None,
    world: Annotated[Path, typer.Option(help="Folder of the world.")] = Path("data/world"),
    viewers: Annotated[int, typer.Option(help="Who watch; the world's creators do as well.")] = 300,
    rate: Annotated[float, typer.Option(help="Swipes a second of all together.")] = 4.0,
    haste: Annotated[float, typer.Option(help="How many times faster than people.")] = 1.0,
    post_every: Annotated[float, typer.Option(help="Seconds from one new video to the next.")] = 45,
    reserve: Annotated[int, typer.Option(help="Clips kept back to be posted one by one.")] = 60,
    swipes: Annotated[int, typer.Option(help="End after so many; 0 = at Ctrl-C.")] = 0,
    pause_file: Annotated[
        Path | None, typer.Option(help="While this file is there, life stands still.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="File of what was posted; else live.json in the world.")
    ] = None,
    media: Annotated[str, typer.Option(help="Address where the world's files are served.")] = "",
) -> None:
    """Let simulated viewers watch and creators post on a server, over HTTP."""
    needs_extra()
    from freshet.world.life import Manner

    for name, value in (("rate", rate), ("haste", haste), ("post-every", post_every)):
        if not value > 0:
            raise Refused(name, f"{value:g} is not above 0", "a number above 0")
    for name, count in (("viewers", viewers), ("reserve", reserve), ("swipes", swipes)):
        if count < 0:
            raise Refused(name, f"{count} is negative", "0 or more")
    if not url.startswith(("http://", "https://")):
        raise Refused("url", f"{url!r} is no address", "http://HOST:PORT")
    manner = Manner(viewers, rate, haste, post_every, reserve, swipes)
    counts = asyncio.run(_live(world, url, _key(key, key_file), manner, pause_file, state, media))
    typer.echo(", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())))


async def _live(
    world: Path, url: str, key: str, manner: Manner, pause: Path | None, state: Path | None,
    media: str,
) -> Counter[str]:  # fmt: skip
    from freshet.world.api import Api
    from freshet.world.life import Life
    from freshet.world.pace import Pace

    async with Api(url, key) as api:
        life = Life(world, api, Pace(manner.rate, pause), manner, state, media)
        living = asyncio.create_task(life.run())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, living.cancel)
        console = Console(stderr=True)
        with console.status("opening") as status:
            while not living.done():
                await asyncio.wait([living], timeout=1.0)
                status.update(_told(life))
        with suppress(asyncio.CancelledError):
            await living
    return life.counts


def _told(life: Life) -> str:
    """One line on how life goes."""
    counts, pace = life.counts, life.pace
    how = "paused" if pace.paused else f"{pace.per_s:.1f} a second"
    done = ", ".join(f"{counts[name]:,} {word}" for name, word in TOLD.items())
    return f"{done}, {how}"


def _key(key: str, file: Path | None) -> str:
    """
    Raises:
        Refused: there is none, or two.
    """
    if bool(key) == (file is not None):
        raise Refused("key", "is needed once", "--key or --key-file")
    if file is None:
        return key
    if not file.is_file():
        raise Refused("key-file", f"there is no {file}", "a file with the key in it")
    return file.read_text().strip()


def needs_extra() -> None:
    """What paints and encodes is not part of the default install.

    Raises:
        Refused: it is not installed.
    """
    try:
        import av
        import font_fredoka_one
        import httpx
        import PIL
    except ImportError as error:
        raise Refused("world", f"needs {error.name}", "pip install freshet[world]") from None
    del av, PIL, font_fredoka_one, httpx
