"""The files of a THU ShortVideo folder, and their lines checked one by one.

    interaction*.csv|csv.gz|parquet    views with all that is said of the video

The set exists in more than one spelling (its authors' own file says `pid`, `watch_time`,
`cvm_like`); each column has the names under which it is found. Times are in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from freshet.domain.errors import Refused
from freshet.domain.outcomes import END_SLACK, LONG_VIEW_MS
from freshet.lab.readers.checking import Check, as_text, flags, ids, real, sound, whole
from freshet.lab.readers.folder import Folder, tables
from freshet.lab.readers.impressions import NO_TAB, day_of
from freshet.lab.readers.report import DAY_MS, RIGHT_TIME, ReadReport, wrong_time
from freshet.lab.readers.tables import Table

PATTERNS = ("interaction*", "interaciton*")  # the second is how its authors spell it
NAMES = {  # our column -> theirs
    "user_id": ("user_id",),
    "video_id": ("video_id", "pid"),
    "time_s": ("exposed_time",),
    "watch_s": ("watch_time_s", "watch_time"),
    "duration_s": ("duration_s", "duration"),
    "is_like": ("like", "cvm_like"),
    "is_click": ("click",),
    "is_comment": ("comment",),
    "is_follow": ("follow",),
    "is_favorite": ("collect",),
    "is_forward": ("forward",),
    "is_hate": ("hate",),
    "author_id": ("author_id",),
    "categories": ("categories",),
    "tags": ("tags", "tag_name"),
    "title": ("title",),
}
IDS = ("user_id", "video_id")
SPANS = ("watch_s", "duration_s")
NEEDED = (*IDS, "time_s", *SPANS)
ACTS = tuple(name for name in NAMES if name.startswith("is_"))
WORDS = ("categories", "tags", "title")
FACTS = ("author_id", *WORDS)
DAY_S = DAY_MS // 1000


def find(path: Path) -> Folder:
    """The tables of the THU ShortVideo folder at `path`.

    Raises:
        Refused: no log there, a file that is not what its name says, or one without the
            columns that make a view.
    """
    logs = tables(path, *PATTERNS)
    if not logs:
        right = "a folder with interactions*.csv or interactions*.parquet"
        raise Refused(path.name, "holds no interactions", right)
    for table in logs:
        have = columns(table)
        for name in NEEDED:
            if name not in have:
                raise Refused(
                    f"{table.name}.{NAMES[name][0]}", "this column is missing",
                    "the columns " + ", ".join(NAMES[needed][0] for needed in NEEDED),
                )  # fmt: skip
    return Folder(logs, layout="thu")


def columns(table: Table) -> dict[str, str]:
    """What the table calls the columns of ours that it has."""
    found = {
        ours: next((name for name in names if name in table.columns), "")
        for ours, names in NAMES.items()
    }
    return {ours: theirs for ours, theirs in found.items() if theirs}


def lines(folder: Folder, report: ReadReport, now_ms: int) -> Iterator[pl.DataFrame]:
    """Checked lines of all tables: the columns of `impressions.py`, and `line`."""
    for table in folder.logs:
        have = columns(table)
        for name in ACTS:
            if name not in have:
                report.notice(f"{table.name} has no {NAMES[name][0]}: taken as 0")
        for frame in table.frames(list(have.values()), report):
            report.lines += len(frame)
            yield _complete(_sound(frame, have, table.name, report, now_ms))


def _sound(
    frame: pl.DataFrame, have: dict[str, str], file: str, report: ReadReport, now_ms: int
) -> pl.DataFrame:
    """Under our names; what is refused is named as the file names it."""
    acts = [have[name] for name in ACTS if name in have]
    counts = [have[name] for name in (*IDS, "time_s", "author_id") if name in have]
    spans = [have[name] for name in SPANS]
    numbers = frame.select(
        *(whole(frame, name, file) for name in counts),
        *(real(frame, name, file) for name in spans),
        *(_yes(frame, name, file) for name in acts),
        *(as_text(frame, have[name]) for name in WORDS if name in have),
        "line",
    )
    needed = [have[name] for name in NEEDED] + acts
    checks = [*ids([have[name] for name in IDS]), _when(have["time_s"], now_ms)]
    checks += [_long(have["watch_s"], "watch time"), _long(have["duration_s"], "duration")]
    good = sound(
        frame, numbers, needed, checks + flags(acts), file, report,
        lambda name: "a number" if name in spans else "a whole number",
    )  # fmt: skip
    return good.rename({theirs: ours for ours, theirs in have.items()})


def _yes(frame: pl.DataFrame, name: str, file: str) -> pl.Expr:
    """A flag as 0 or 1; the authors' file says True and False."""
    if frame.schema[name] != pl.String:
        return whole(frame, name, file)
    said = pl.col(name).str.to_lowercase().replace({"true": "1", "false": "0"})
    return said.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False).alias(name)


def _when(name: str, now_ms: int) -> Check:
    time = pl.col(name)
    return Check(
        name,
        ~time.is_between(0, now_ms // 1000 + DAY_S) | (time < 946_684_800),
        lambda value: _wrong_time(int(value), now_ms),
        "seconds since 1970, " + RIGHT_TIME.partition(", ")[2],
    )


def _wrong_time(time_s: int, now_ms: int) -> str:
    """
    >>> _wrong_time(1_650_812_741_436, 1_700_000_000_000)
    '1650812741436 s is in the future; it looks like milliseconds'
    """
    if wrong_time(time_s, now_ms) == "":
        return f"{time_s} s is in the future; it looks like milliseconds"
    return f"{time_s} s is " + ("before 2000" if time_s < 946_684_800 else "in the future")


def _long(name: str, what: str) -> Check:
    def reason(value: float) -> str:
        return f"{what} of {value:g} s is " + ("negative" if value < 0 else "more than a day")

    right = f"seconds from 0 to {DAY_S} (a day)"
    return Check(name, ~pl.col(name).is_between(0, DAY_S), reason, right)


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    """The same columns for every log, whatever it lacks."""

    def column(name: str, default: int | None, kind: type[pl.DataType]) -> pl.Expr:
        have = pl.col(name) if name in frame.columns else pl.lit(default)
        return have.cast(kind).alias(name)

    played, lasts = pl.col("play_time_ms"), pl.col("duration_ms")
    ended = (lasts > 0) & (played >= END_SLACK * lasts)
    long_view = (played >= LONG_VIEW_MS) | (ended & (lasts <= LONG_VIEW_MS))
    return (
        frame.with_columns(
            (pl.col("time_s") * 1000).alias("time_ms"),
            *(
                (pl.col(theirs) * 1000).round().cast(pl.Int32).alias(ours)
                for ours, theirs in (("play_time_ms", "watch_s"), ("duration_ms", "duration_s"))
            ),
        )
        .with_columns(long_view.cast(pl.Int8).alias("long_view"), day_of("time_ms").alias("date"))
        .select(
            *IDS,
            "time_ms",
            "play_time_ms",
            "duration_ms",
            "long_view",
            *(column(name, 0, pl.Int8) for name in ACTS),
            pl.lit(0, pl.Int8).alias("is_profile_enter"),
            pl.lit(NO_TAB, pl.Int32).alias("tab"),
            "date",
            column("author_id", None, pl.Int64),
            *(column(name, None, pl.String) for name in WORDS),
            "line",
        )
    )
