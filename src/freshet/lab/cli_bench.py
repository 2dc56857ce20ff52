"""`freshet bench`: what this machine carries, measured on the server as it is run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from freshet.app import Tell
from freshet.lab.bench import events as events_bench
from freshet.lab.bench import feed as feed_bench
from freshet.lab.bench import folding as folding_bench
from freshet.lab.bench import freshness as freshness_bench
from freshet.lab.bench import growth as growth_bench
from freshet.lab.bench import overload as overload_bench
from freshet.lab.bench import soak as soak_bench
from freshet.lab.bench import tables
from freshet.lab.bench.folder import Made
from freshet.lab.bench.users import FEEDS_PER_USER, PEAK_HOUR
from freshet.lab.bench.weight import Weight

SIZES = [10_000, 100_000, 1_000_000]

app = typer.Typer(no_args_is_help=True, help="Measure speed and scale on this machine.")

Videos = Annotated[int, typer.Option(min=100, help="Videos of the catalogue.")]
Viewers = Annotated[int, typer.Option(min=100, help="Viewers with a past.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes that serve.")]
Seconds = Annotated[float, typer.Option(min=1, help="Of each measured loop.")]
Rounds = Annotated[int, typer.Option(min=1, help="Of every loop; medians count.")]
Seed = Annotated[int, typer.Option(min=0, help="Of everything made up.")]
Keep = Annotated[
    Path | None,
    typer.Option(help="Keep what is made in this folder; a later run goes on with it."),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the numbers to this file.")]


@app.command()
def feed(
    videos: Videos = 100_000,
    viewers: Viewers = 100_000,
    workers: Workers = 1,
    clients: Annotated[int, typer.Option(min=1, help="That ask at once.")] = 8,
    seconds: Seconds = 8.0,
    rounds: Rounds = 3,
    weigh: Annotated[
        bool, typer.Option(help="Also what a video and a viewer weigh: takes two more folders.")
    ] = True,
    compare: Annotated[
        int, typer.Option(min=0, max=200, help="Requests compared with ranking everything.")
    ] = 50,
    baseline: Annotated[
        bool,
        typer.Option(help="Also a feed assembled from FastAPI, faiss and LightGBM, same load."),
    ] = False,
    feeds_per_user: Annotated[
        float, typer.Option(min=0.1, help="Feeds of ten that a user asks for in a day.")
    ] = FEEDS_PER_USER,
    peak_hour: Annotated[
        float, typer.Option(min=1 / 24, max=1.0, help="Share of a day's feeds in its busiest hour.")
    ] = PEAK_HOUR,
    seed: Seed = 0,
    keep: Keep = None,
    as_json: Json = None,
) -> None:
    """Feeds a second, each ranked fresh and followed by its events; latencies; memory."""
    how = feed_bench.How(
        workers=workers,
        clients=clients,
        seconds=seconds,
        rounds=rounds,
        seed=seed,
        compared=compare,
        baseline=baseline,
        feeds_per_user=feeds_per_user,
        peak_hour=peak_hour,
    )
    with _folder(keep) as folder, _told() as tell:
        made = Made(videos, viewers, seed)
        weight = Weight(folder.with_name(folder.name + "-weighed")) if weigh else None
        report = feed_bench.measure(folder, made, how, tell, weight)
    _out(report, tables.feed(report), as_json)


@app.command()
def events(
    log_events: Annotated[
        int, typer.Option(min=0, help="Events that the log holds already.")
    ] = 1_000_000,
    videos: Videos = 10_000,
    viewers: Viewers = 100_000,
    workers: Workers = 1,
    seconds: Seconds = 8.0,
    rounds: Rounds = 3,
    seed: Seed = 0,
    keep: Keep = None,
    as_json: Json = None,
) -> None:
    """Durable events a second, in batches of 100 and one by one from 32 clients."""
    with _folder(keep) as folder, _told() as tell:
        made = Made(videos, viewers, seed, log_events)
        report = events_bench.measure(
            folder, made, workers=workers, seconds=seconds, rounds=rounds, seed=seed, tell=tell
        )
    _out(report, tables.events(report), as_json)


@app.command()
def freshness(
    videos: Videos = 100_000,
    viewers: Viewers = 100_000,
    workers: Workers = 2,
    seconds: Seconds = 30.0,
    seed: Seed = 0,
    keep: Keep = None,
    as_json: Json = None,
) -> None:
    """How soon another worker's feed reflects an act, at half load."""
    with _folder(keep) as folder, _told() as tell:
        report = freshness_bench.measure(
            folder, Made(videos, viewers, seed), workers=workers, seconds=seconds, seed=seed,
            tell=tell,
        )  # fmt: skip
    _out(report, tables.freshness(report), as_json)


@app.command()
def folding(
    videos: Videos = 100_000,
    viewers: Viewers = 100_000,
    workers: Workers = 1,
    seconds: Seconds = 20.0,
    feeds: Annotated[float, typer.Option(min=1, help="A second, for latency.")] = 20.0,
    events: Annotated[int, typer.Option(min=100, help="A second, beside them.")] = 10_000,
    seed: Seed = 0,
    keep: Keep = None,
    as_json: Json = None,
) -> None:
    """What a feed takes while many events are folded and learned beside it."""
    with _folder(keep) as folder, _told() as tell:
        report = folding_bench.measure(
            folder, Made(videos, viewers, seed), workers=workers, seconds=seconds, feeds=feeds,
            events=events, seed=seed, tell=tell,
        )  # fmt: skip
    _out(report, tables.folding(report), as_json)


@app.command()
def growth(
    videos: Annotated[list[int], typer.Option(min=100, help="Sizes of the catalogue.")] = SIZES,
    log_events: Annotated[list[int], typer.Option(min=1000, help="Sizes of the log.")] = SIZES,
    viewers: Viewers = 100_000,
    workers: Workers = 1,
    seconds: Seconds = 6.0,
    rounds: Rounds = 3,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """The exponents of feeds, events and memory over three sizes each."""
    how = feed_bench.How(workers=workers, seconds=seconds, rounds=rounds, seed=seed)
    with _folder(None) as folder, _told() as tell:
        report = growth_bench.measure(folder, videos, viewers, log_events, how, tell)
    _out(report, tables.growth(report), as_json)


@app.command()
def overload(
    videos: Videos = 10_000,
    viewers: Viewers = 100_000,
    workers: Workers = 1,
    seconds: Seconds = 20.0,
    times: Annotated[float, typer.Option(min=0.1, help="Of what it carries.")] = 2.0,
    seed: Seed = 0,
    keep: Keep = None,
    as_json: Json = None,
) -> None:
    """Above capacity: latency, errors and steps, with shedding and without."""
    with _folder(keep) as folder, _told() as tell:
        report = overload_bench.measure(
            folder, Made(videos, viewers, seed), workers=workers, seconds=seconds, times=times,
            seed=seed, tell=tell,
        )  # fmt: skip
    _out(report, tables.overload(report), as_json)


@app.command()
def soak(
    videos: Videos = 10_000,
    viewers: Viewers = 100_000,
    workers: Workers = 1,
    minutes: Annotated[float, typer.Option(min=0.1, help="Under load.")] = 30.0,
    share: Annotated[float, typer.Option(min=0.01, max=1, help="Of what it carries.")] = 0.7,
    seed: Seed = 0,
    keep: Keep = None,
    as_json: Json = None,
) -> None:
    """For long under load: errors, repeats, latency and memory over time. Exit code 1 unless
    all is sound."""
    with _folder(keep) as folder, _told() as tell:
        report = soak_bench.measure(
            folder, Made(videos, viewers, seed), workers=workers, minutes=minutes, share=share,
            seed=seed, tell=tell,
        )  # fmt: skip
    _out(report, tables.soak(report), as_json)
    if not report.sound:
        raise typer.Exit(1)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="freshet-bench-") as made:
        yield Path(made) / "data"


@contextmanager
def _told() -> Iterator[Tell]:
    with Console(stderr=True).status("begins") as status:

        def tell(doing: str, done: int = 0, total: int | None = None) -> None:
            status.update(f"{doing} {done:,} of {total:,}" if total else doing)

        yield tell


def _out(report: msgspec.Struct, shown: Any, file: Path | None) -> None:
    Console().print(shown)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
