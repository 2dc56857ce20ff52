"""`freshet lab`: measure on real logs, and on worlds of our own."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from freshet import __version__
from freshet.cli_bars import Bars
from freshet.domain.errors import Refused
from freshet.lab import hostile as hostility
from freshet.lab.cli_options import Json, Picture, Seed
from freshet.lab.cli_simulate import simulate
from freshet.lab.cli_trials import fairstart, stalls
from freshet.lab.curves import draw_curves
from freshet.lab.dense import measure as dense
from freshet.lab.dense.matrix import read_world
from freshet.lab.dense.ours import OPTIMISM, Asked
from freshet.lab.families import NAMES, inputs_of
from freshet.lab.ope import measure as ope_measure
from freshet.lab.ope.open_bandit import uniform_policy
from freshet.lab.ope.picture import draw_errors
from freshet.lab.readers.layouts import LAYOUTS, open_folder
from freshet.lab.reasons import measure as reasoned
from freshet.lab.reasons.world import Shape as ReasonsShape
from freshet.lab.replay import replay as replay_log
from freshet.lab.replay import with_history
from freshet.lab.report import replay_report
from freshet.lab.retrieving import measure as retrieving
from freshet.lab.retrieving.histories import read_histories
from freshet.lab.saying import commit, write_json
from freshet.lab.swiping import measure as swiping
from freshet.lab.swiping.world import Shape
from freshet.lab.swiping.world import World as SwipingWorld
from freshet.lab.table import tables
from freshet.lab.throughput import measure
from freshet.world.cli_world import needs_extra

app = typer.Typer(no_args_is_help=True, help="Replay logs, measure, compare with peers.")


@app.command()
def replay(
    path: Annotated[Path, typer.Argument(help="Folder with log* or interactions*.")],
    format_: Annotated[
        str, typer.Option("--format", help=f"{', '.join(LAYOUTS)}; as the files are named.")
    ] = "",
    peers: Annotated[str, typer.Option(help="Systems beside ours: lightgbm,vw.")] = "",
    report_from: Annotated[str, typer.Option(help="First day reported, 2022-04-28.")] = "",
    report_to: Annotated[str, typer.Option(help="Last day reported.")] = "",
    warm_start: Annotated[
        Path | None, typer.Option(help="File of what viewers did before the log.")
    ] = None,
    picture: Annotated[Path, typer.Option(help="Where the learning curves are drawn.")] = Path(
        "replay.png"
    ),
    keep: Annotated[
        Path | None, typer.Option(help="Keep vectors, predictions and outcomes in this file.")
    ] = None,
    without: Annotated[
        str, typer.Option(help=f"Families of inputs left out: {', '.join(NAMES)}.")
    ] = "",
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """Replay a feed's log through the live fold: predict each view, then learn it."""
    first, last = day("--report-from", report_from), day("--report-to", report_to)
    folder = open_folder(path, format_)
    if warm_start is not None:
        folder = with_history(folder, warm_start)
    console = Console(stderr=True)
    names, left = listed(peers), listed(without)
    with console.status("reading") as status:
        done = replay_log(
            folder, now_ms=time.time_ns() // 1_000_000, seed=seed, report_from=first,
            warm=warm_start is not None, without=inputs_of(left), note=status.update,
        )  # fmt: skip
        recording = done.recording
        if first is None:
            first = int(recording.date[np.isfinite(recording.gauc_main)][0])
        report, forecasts = replay_report(
            recording, names, first, last, seed, done.impressions_per_s,
            run={
                "commit": commit(), "version": __version__, "data": path.resolve().name,
                "format": folder.layout, "start": "warm" if warm_start else "cold", "seed": seed,
                "features": len(recording.feature_names), "without": left,
            },
            note=status.update,
        )  # fmt: skip
        status.update("drawing")
        draw_curves(recording, report, forecasts, picture)
        if keep is not None:
            recording.save(keep)
    for line in done.read.notices:
        console.print(f"[dim]{line}")
    Console().print(tables(report))
    console.print(f"learning curves: {picture}")
    if as_json is not None:
        as_json.write_text(json.dumps(report.as_json(), indent=1) + "\n")


@app.command()
def hostile(
    path: Annotated[Path, typer.Argument(help="Folder with log* or interactions*.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Of the log's viewers.")] = 0.01,
    views: Annotated[int, typer.Option(min=1, help="Of each hostile viewer.")] = 20,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """What viewers who act at random, or together, do to everybody else's predictions."""
    with Console(stderr=True).status("reading the log") as status:
        found = hostility.measure(
            open_folder(path), time.time_ns() // 1_000_000, share, views, seed, status.update
        )
    Console().print(hostility.table(found))
    if as_json is not None:
        settings = {"seed": seed, "share": share, "views": views, "data": path.resolve().name}
        write_json(as_json, "freshet lab hostile", settings, hostility.as_json(found))


@app.command()
def throughput(
    impressions: Annotated[int, typer.Option(help="Generated impressions.")] = 2_000_000,
    viewers: Annotated[int, typer.Option(help="Viewers of the generated world.")] = 1_000_000,
    videos: Annotated[int, typer.Option(help="Videos of the generated world.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(help="Runs; the median counts.")] = 3,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """How many impressions a second one core folds and learns, on a world no cache holds."""
    console = Console(stderr=True)
    runs = []
    with console.status("making a world") as status:
        for k in range(rounds):
            status.update(f"round {k + 1} of {rounds}")
            runs.append(
                measure(impressions=impressions, viewers=viewers, videos=videos, seed=seed + k)
            )
    rates = sorted(run.impressions_per_s for run in runs)
    median = rates[len(rates) // 2]
    Console().print(
        f"{median:,.0f} impressions/s on one core, median of {rounds} "
        f"({rates[0]:,.0f} to {rates[-1]:,.0f}); {impressions:,} impressions, "
        f"{viewers:,} viewers, {videos:,} videos"
    )
    if as_json is not None:
        numbers = {
            "impressions_per_s": median, "rounds": rates, "impressions": impressions,
            "viewers": viewers, "videos": videos, "commit": commit(),
        }  # fmt: skip
        as_json.write_text(json.dumps(numbers, indent=1) + "\n")


@app.command()
def ope(
    path: Annotated[
        Path | None, typer.Argument(help="Folder with bts* and random* logs of the Open Bandit.")
    ] = None,
    runs: Annotated[int, typer.Option(min=2, help="Logs drawn from the bandit.")] = 100,
    rounds: Annotated[int, typer.Option(min=100, help="Decisions of each log.")] = 10_000,
    picture: Picture = None,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """Off-policy estimates (IPS, SNIPS, DM, DR) where the truth is known, and on a real log."""
    real = uniform_policy(path, np.random.default_rng(seed)) if path is not None else None
    with Bars() as bars:
        tried = ope_measure.on_the_bandit(runs, rounds, seed, bars.of("logs"))
    Console().print(ope_measure.tables(tried, real))
    if picture is not None:
        draw_errors(tried, picture)
    if as_json is not None:
        settings = {"seed": seed, "data": path.resolve().name if path is not None else ""}
        write_json(as_json, "freshet lab ope", settings, ope_measure.as_json(tried, real))


@app.command()
def retrieval(
    path: Annotated[Path, typer.Argument(help="user_history*.parquet or MovieLens' ratings.dat.")],
    chosen_among: Annotated[
        int, typer.Option(min=10, help="Most watched videos by which settings are chosen.")
    ] = 1_500,
    picture: Picture = None,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """HR@10 and NDCG@10 of each viewer's last video, beside EASE and implicit's iALS."""
    histories = read_histories(path)
    with Bars() as bars:
        found = retrieving.compare(histories, chosen_among, seed, bars)
    Console().print(retrieving.table(found))
    if picture is not None:
        retrieving.draw(found, picture)
    if as_json is not None:
        settings = {"seed": seed, "data": histories.data, "chosen_among": chosen_among}
        write_json(as_json, "freshet lab retrieval", settings, retrieving.as_json(found))


@app.command()
def world(
    path: Annotated[Path, typer.Argument(help="Folder with user_factors and item_factors.")],
    swipes: Annotated[int, typer.Option(min=1, help="Of every viewer.")] = 100,
    new: Annotated[int, typer.Option(min=1, help="Viewers who come last and count warm.")] = 100,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each kind.")] = 5,
    viewers: Annotated[int, typer.Option(min=0, help="Only the first so many; 0 = all.")] = 0,
    slate: Annotated[int, typer.Option(min=1, max=50, help="Videos asked for at a time.")] = 1,
    optimism: Annotated[
        float, typer.Option(min=0, help="`feed.for_you.optimism` of the engine.")
    ] = OPTIMISM,
    start: Annotated[str, typer.Option(help="cold, warm, or both.")] = "both",
    picture: Picture = None,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """Let the engine act in a world known wholly; shares of what an oracle would have had."""
    known = read_world(path, viewers)
    if start not in ("cold", "warm", "both"):
        raise Refused("--start", f"{start!r} is none", "cold, warm or both")
    if swipes > known.videos:
        raise Refused("--swipes", "more than there is", f"up to {known.videos} videos")
    if start != "cold" and new >= known.viewers:
        raise Refused("--new", "leaves nobody to act before", f"under {known.viewers} viewers")
    asked = Asked(slate, optimism)
    runs, found = range(seed, seed + seeds), {}
    with Bars() as bars:
        if start != "warm":
            found["cold"] = asyncio.run(dense.cold(known, swipes, runs, asked, bars))
        if start != "cold":
            found["warm"] = asyncio.run(dense.warm(known, swipes, new, runs, asked, bars))
    Console().print(dense.table(found))
    if picture is not None:
        dense.draw(found, picture)
    if as_json is not None:
        settings = {
            "seed": seed, "seeds": seeds, "swipes": swipes, "new": new, "slate": slate,
            "optimism": optimism,
            "viewers": known.viewers, "videos": known.videos, "data": path.resolve().name,
        }  # fmt: skip
        write_json(as_json, "freshet lab world", settings, dense.as_json(found))


@app.command()
def swipes(
    videos: Annotated[int, typer.Option(min=100, help="Of the world.")] = 5_000,
    topics: Annotated[int, typer.Option(min=2, help="Hidden ones.")] = 30,
    tag_accuracy: Annotated[float, typer.Option(min=0, max=1, help="Share of right tags.")] = 0.7,
    viewers: Annotated[int, typer.Option(min=1, help="Who act first, and count cold.")] = 3_000,
    new: Annotated[int, typer.Option(min=1, help="Who come then, and count warm.")] = 200,
    slate: Annotated[int, typer.Option(min=1, max=50, help="Videos asked for at a time.")] = 1,
    picture: Picture = None,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """How few swipes it takes to know a viewer, in a made-up world whose tastes are known."""
    made = SwipingWorld.made(Shape(videos, topics, tag_accuracy, viewers, new), seed)
    with Bars() as bars:
        found = asyncio.run(swiping.swipes(made, slate, seed, bars))
    Console().print(swiping.table(found))
    if picture is not None:
        swiping.draw(found, picture)
    if as_json is not None:
        settings = {
            "seed": seed, "videos": videos, "topics": topics, "tag_accuracy": tag_accuracy,
            "viewers": viewers, "new": new, "slate": slate,
        }  # fmt: skip
        write_json(as_json, "freshet lab swipes", settings, swiping.as_json(found))


app.command()(fairstart)
app.command()(stalls)
app.command()(simulate)


@app.command()
def reasons(
    feeds: Annotated[int, typer.Option(min=1, help="Each is checked.")] = 1_000,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """Whether reasons are true: by the ranking, by the raw log, and without the acts they name."""
    with Bars() as bars:
        found = asyncio.run(reasoned.measure(ReasonsShape(feeds=feeds), seed, bars))
    Console().print(reasoned.table(found))
    if as_json is not None:
        settings = {"seed": seed, "feeds": feeds}
        write_json(as_json, "freshet lab reasons", settings, reasoned.as_json(found))
    if not found.holds:
        raise typer.Exit(1)


@app.command()
def duplicates(
    clips: Annotated[
        int, typer.Option(min=2, help="Of a world; each is copied in six ways.")
    ] = 240,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 = one per processor.")] = 0,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the files in this folder, or take them from it.")
    ] = None,
    besides: Annotated[
        int, typer.Option(min=0, help="Made-up videos in the index, for its speed.")
    ] = 0,
    seed: Seed = 0,
    as_json: Json = None,
) -> None:
    """Whether re-uploads are found: re-encoded, cropped, mirrored, trimmed, framed, faster."""
    needs_extra()
    from freshet.lab.duplicates import measure as duplicates

    with Bars() as bars:
        found = duplicates.measure(clips, seed, jobs, keep, besides, bars.of("clips"))
    Console().print(duplicates.table(found))
    if as_json is not None:
        settings = {"seed": seed, "clips": clips}
        write_json(as_json, "freshet lab duplicates", settings, duplicates.as_json(found))


def listed(text: str) -> list[str]:
    """The names of a list with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def day(option: str, text: str) -> int | None:
    """20220428 of "2022-04-28" or "20220428"; None of "".

    Raises:
        Refused: not a day.
    """
    if not text:
        return None
    digits = text.replace("-", "")
    try:
        time.strptime(digits, "%Y%m%d")
    except ValueError:
        raise Refused(option, f"{text!r} is not a day", "a day such as 2022-04-28") from None
    return int(digits)
