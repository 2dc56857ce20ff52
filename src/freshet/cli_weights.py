"""`freshet weights show|try`: the value tables in force, and what another one would do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from freshet import config
from freshet.backends.sqlite_reader import SqliteReader
from freshet.catalogue.store.catalogue import FILE as CATALOGUE_FILE
from freshet.cli_bars import Bars
from freshet.config import Settings
from freshet.domain.errors import Refused
from freshet.domain.outcomes import OUTCOMES
from freshet.feed.arm_table import Estimate
from freshet.feed.meaning import MEANING
from freshet.feed.settings import FOLLOWING_WEIGHTS, WEIGHTS
from freshet.feed.value import Value

if TYPE_CHECKING:
    from freshet.feed.logged import LoggedSlates
    from freshet.feed.reweigh import Tried

app = typer.Typer(
    help="Value tables: what an outcome is worth.", no_args_is_help=True, add_completion=False
)

DEFAULTS = {"for_you": WEIGHTS, "following": FOLLOWING_WEIGHTS}
DAY_MS = 86_400_000
TITLE_LENGTH = 40
WHOLE_FROM = 1_000  # shown without a fraction

Json = Annotated[Path | None, typer.Option("--json", help="Write it as JSON; - prints it.")]


class Entry(msgspec.Struct, frozen=True):
    """One line of a value table."""

    weight: float
    default: float | None  # None: the surface's default has no such entry
    where: str  # who says so
    meaning: str


@app.command()
def show(
    surface: Annotated[str, typer.Option(help="Only of this surface.")] = "",
    to: Json = None,
) -> None:
    """The value tables in force, what each entry means, and who says so."""
    if surface:
        _known_surface(surface)
    settings = config.load()
    tables = {name: _entries(settings, name) for name in DEFAULTS if surface in ("", name)}
    if not _written(to, tables):
        for name, entries in tables.items():
            Console().print(_shown_table(name, entries))


@app.command("try")
def try_(
    set_: Annotated[
        list[str],
        typer.Option("--set", help="OUTCOME=WEIGHT, laid over the table; may repeat."),
    ],
    data: Annotated[
        Path | None, typer.Option(help="The data folder, if not the one of the settings.")
    ] = None,
    surface: Annotated[str, typer.Option(help="Whose slates.")] = "for_you",
    since: Annotated[str, typer.Option(help="Slates from this time on (ISO 8601, UTC).")] = "",
    until: Annotated[str, typer.Option(help="Slates before this time.")] = "",
    last_days: Annotated[
        float, typer.Option(min=0, help="Slates of the log's last so many days; 0 = all.")
    ] = 0.0,
    examples: Annotated[int, typer.Option(min=0, max=50, help="Slates to show.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the intervals.")] = 0,
    to: Json = None,
) -> None:
    """What a change of a table would do to the logged slates: their order, and each outcome."""
    # Imported when called: it needs what learning needs, and `show` does not.
    from freshet.feed.logged import END_OF_TIME, LoggedSlates
    from freshet.feed.reweigh import try_table

    _known_surface(surface)
    settings = config.load()
    old = dict(getattr(settings.feed, surface).weights)
    new = old | dict(_setting(text) for text in set_)
    Value(new, OUTCOMES)
    if last_days and since:
        raise Refused("since", "goes not with --last-days", "one of them")
    start, end = _time("since", since, 0), _time("until", until, END_OF_TIME)
    folder = settings.folder if data is None else data
    slates = LoggedSlates(surface, start, end)
    with Bars() as bars:
        _read(folder, slates, last_days, bars)
        tried = try_table(slates, old, new, seed, examples, bars.of("putting slates in order"))
    if not _written(to, tried):
        _show(tried, titles(folder, {video for one in tried.examples for video in one.old}))


def _entries(settings: Settings, surface: str) -> dict[str, Entry]:
    where: dict[str, str] = {}
    for path, value, place in config.named():
        if path == f"feed.{surface}.weights":
            where |= dict.fromkeys(value, place)
    table: Mapping[str, float] = getattr(settings.feed, surface).weights
    Value(table, OUTCOMES)
    return {
        name: Entry(weight, DEFAULTS[surface].get(name), where.get(name, "default"), MEANING[name])
        for name, weight in table.items()
    }


def _read(folder: Path, slates: LoggedSlates, last_days: float, bars: Bars) -> None:
    """Fold the log of a data folder, also while a server writes it."""
    log = SqliteReader(folder)
    with closing(log.store):
        first, last = log.base, log.last
        if last_days and last > first:
            newest = next(iter(log.rows(last - 1))).received
            slates.since = newest - int(last_days * DAY_MS)
        for row in log.rows():
            slates.apply(row.events())
            bars("reading the log", row.last - first, max(row.last, last) - first)


def titles(folder: Path, videos: Iterable[str]) -> dict[str, str]:
    """What the catalogue calls them, as far as it knows; read beside a server, and only read."""
    file, ids = folder / CATALOGUE_FILE, list(videos)
    if not ids or not file.exists():
        return {}
    sql = (
        f"SELECT id, title, video_description FROM videos WHERE id IN ({','.join('?' * len(ids))})"
    )
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as catalogue:
            return {id: title or said for id, title, said in catalogue.execute(sql, ids)}
    except sqlite3.DatabaseError as error:  # ids will do
        typer.echo(f"no titles: {file.name}: {error}", err=True)
        return {}


# --- what is asked ----------------------------------------------------------------------------


def _known_surface(surface: str) -> None:
    if surface not in DEFAULTS:
        right = " or ".join(DEFAULTS)
        raise Refused("surface", f"{surface!r} has no table of weights", right)


def _setting(text: str) -> tuple[str, float]:
    """
    >>> _setting("like=2")
    ('like', 2.0)
    """
    name, equals, weight = text.partition("=")
    if not equals:
        raise Refused("set", f"{text!r} sets nothing", "OUTCOME=WEIGHT, such as like=2")
    try:
        return name.strip(), float(weight)
    except ValueError:
        raise Refused(
            f"weights.{name}", f"{weight!r} is not a number", "such as 2 or -0.5"
        ) from None


def _time(field: str, text: str, default: int) -> int:
    """ms since 1970."""
    if not text:
        return default
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        right = "such as 2026-05-01 or 2026-05-01T12:00"
        raise Refused(field, f"{text!r} is no time", right) from None
    return int((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1000)


# --- what is shown ----------------------------------------------------------------------------


def _written(to: Path | None, what: Any) -> bool:
    if to is None:
        return False
    if str(to) == "-":
        typer.echo(msgspec.json.encode(what).decode())
    else:
        to.write_bytes(msgspec.json.encode(what) + b"\n")
    return True


def _shown_table(surface: str, entries: Mapping[str, Entry]) -> Table:
    grid = Table("", "weight", "", "from", box=None, title=surface, title_justify="left")
    for name, one in entries.items():
        changed = one.where != "default" and one.default is not None
        where = f"{one.where} (default {one.default:g})" if changed else one.where
        grid.add_row(name, f"{one.weight:g}", one.meaning, where)
    return grid


def _show(tried: Tried, named: Mapping[str, str]) -> None:
    console = Console()
    for line in _told(tried):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(_order_table(tried))
    if not tried.expected:
        console.print("No impression is logged, so nobody knows what an order brings.")
        return
    console.print(_predicted_table(tried), _came_table(tried))
    for example in tried.examples:
        console.print(_example_table(example.request_id, example.old, example.new, named))


def _told(tried: Tried) -> Iterator[str]:
    sampled = f", {tried.sampled:.1%} of all by hash" if tried.sampled < 1 else ""
    yield f"{tried.slates:,} slates of {tried.surface}, {tried.viewers:,} viewers{sampled}"
    for why, count in tried.left_out.items():
        yield f"{count:,} more are left out: {why}"
    if tried.same_table < 1:
        yield f"{1 - tried.same_table:.1%} were ranked by another table than the one in force"
    yield (
        f"{tried.as_logged:.1%} stand as they did if put in order by the table in force "
        f"(tau {tried.tau_logged:.2f})"
    )
    old, new = tried.old_weights, tried.new_weights
    changed = [f"{n} {old.get(n, 0):g} → {w:g}" for n, w in new.items() if old.get(n) != w]
    yield "tried: " + (", ".join(changed) or "no change")


def _order_table(tried: Tried) -> Table:
    order = tried.order
    grid = Table("order", "", box=None)
    rows = {
        "slates that change": order.changed,
        "another first video": order.first,
        "others among the first three": order.top,
        "places that change hands": order.moved,
    }
    for name, share in rows.items():
        grid.add_row(name, _percent(share))
    grid.add_row("Kendall's tau, mean", _plain(order.tau))
    return grid


def _predicted_table(tried: Tried) -> Table:
    grid = Table("predicted, per 1,000 views", "old", "new", "change", box=None)
    for name, one in tried.expected.items():
        grid.add_row(name, _short(one.old), _short(one.new), _percent(one.change, "+"))
    return grid


def _came_table(tried: Tried) -> Table:
    grid = Table(
        "came, per 1,000 views", "old", "new", "change", "the log says", box=None,
        caption=f"{tried.impressions:,} views, which say of the new order what "
        f"{tried.effective:,.0f} of its own would", caption_justify="left",
    )  # fmt: skip
    for name, one in tried.came.items():
        numbers = _short(one.old), _short(one.new), _percent(one.change, "+")
        grid.add_row(name, *numbers, one.says)
    return grid


def _short(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= WHOLE_FROM else f"{value:.4g}"


def _percent(one: Estimate, sign: str = "") -> str:
    if one.value is None:
        return "–"
    if one.low is None:
        return f"{one.value:{sign}.1%}"
    return f"{one.value:{sign}.1%} [{one.low:{sign}.1%}, {one.high:{sign}.1%}]"


def _plain(one: Estimate) -> str:
    if one.low is None:
        return f"{one.value:.3f}"
    return f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"


def _example_table(
    request_id: str, old: Sequence[str], new: Sequence[str], named: Mapping[str, str]
) -> Table:
    grid = Table("#", "before", "after", box=None, title=request_id, title_justify="left")
    for place, (before, after) in enumerate(zip(old, new, strict=True)):
        moved = old.index(after) - place
        arrow = f" ({moved:+d})" if moved else ""
        grid.add_row(str(place), _called(before, named), _called(after, named) + arrow)
    return grid


def _called(video: str, named: Mapping[str, str]) -> str:
    title = named.get(video, "")
    short = title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1] + "…"
    return f"{video} {short}".strip()
