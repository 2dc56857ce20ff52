"""The files of a KuaiRand folder, and its log lines checked one by one.

    log*.csv|csv.gz|parquet        impressions and what came of them (`log_random*` on request)
    user_features*                 one line per user, may be missing
    video_features_basic*          one line per video, may be missing (also `video_basic*`)
    user_history_to_*              what users did before the log, may be missing

`video_features_statistic*` is never read: it holds averages over the whole month, so it
knows what has not happened yet. For the same reason `visible_status` is left alone: it is
the state of a video when the set was published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from freshet.domain.errors import Refused
from freshet.lab.readers.report import (
    DAY_MS,
    RIGHT_SPAN,
    RIGHT_TIME,
    YEAR_2000_MS,
    ReadReport,
    Refusal,
    wrong_span,
    wrong_time,
)
from freshet.lab.readers.tables import SUFFIXES, Table, open_table

IDS = ("user_id", "video_id")
SPANS = ("play_time_ms", "duration_ms")
NEEDED = (*IDS, "time_ms", *SPANS)
OUTCOMES = (
    "is_click",
    "long_view",
    "is_like",
    "is_follow",
    "is_comment",
    "is_forward",
    "is_hate",
    "is_profile_enter",
)
HINTS = ("author_id", "date", "upload_date")  # whole numbers that may be missing in a line
CHINA_MS = 8 * 3_600_000  # dates of the set are of UTC+8
NO_TAB, MAX_TAB = -1, 1_000  # KuaiRand has 0 to 14; another set in its layout may have more


@dataclass(frozen=True, slots=True)
class Folder:
    logs: tuple[Table, ...]
    users: tuple[Table, ...] = ()
    videos: tuple[Table, ...] = ()
    history: tuple[Table, ...] = ()

    @property
    def files(self) -> list[Path]:
        tables = (*self.logs, *self.users, *self.videos, *self.history)
        return [table.path for table in tables]


def find(path: Path, *, random: bool = False) -> Folder:
    """The tables of the KuaiRand folder at `path` (or in its `data`, as it is distributed).

    Raises:
        Refused: no log there, a file that is not what its name says, or a log without the
            columns that make an impression.
    """
    if not path.is_dir():
        raise Refused(path.name, "is not a folder", "a folder with log*.csv or log*.parquet")

    def tables(*patterns: str) -> tuple[Table, ...]:
        found = {
            file
            for folder in (path, path / "data")
            for pattern in patterns
            for file in folder.glob(pattern)
            if file.name.endswith(SUFFIXES)
        }
        return tuple(
            open_table(file)
            for file in sorted(found)
            if file.is_file() and (random or not file.name.startswith("log_random"))
        )

    folder = Folder(
        logs=tables("log*"),
        users=tables("user_features*"),
        videos=tables("video_features_basic*", "video_basic*"),
        history=tables("user_history_to_*"),
    )
    if not folder.logs:
        raise Refused(path.name, "holds no log", "a folder with log*.csv or log*.parquet")
    for table in folder.logs:
        require(table, NEEDED)
    for table in (*folder.users, *folder.history):
        require(table, ("user_id",))
    for table in folder.videos:
        require(table, ("video_id",))
    return folder


def require(table: Table, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in table.columns:
            raise Refused(
                f"{table.name}.{column}",
                "this column is missing",
                "the columns " + ", ".join(columns),
            )


def rows(table: Table, report: ReadReport, now_ms: int) -> Iterator[pl.DataFrame]:
    """Checked lines of a log: the columns above as Int64, `tab`, `tag`, and `line`."""
    wanted = (*NEEDED, *OUTCOMES, "tab", *HINTS, "tag")
    for column in (*OUTCOMES, "tab"):
        if column not in table.columns:
            report.notice(f"{table.name} has no {column}: taken as 0")
    for frame in table.frames(wanted, report):
        report.lines += len(frame)
        yield _complete(_sound(frame, table.name, report, now_ms))


class Check(NamedTuple):
    field: str
    wrong: pl.Expr
    reason: Callable[[int], str]
    right: str


def _checks(columns: Sequence[str], now_ms: int) -> list[Check]:
    """What each number of a line must be, in the order in which faults are named."""
    checks = [
        Check(name, pl.col(name) < 0, lambda value: f"{value} is negative", "a whole number from 0")
        for name in IDS
    ]
    if "tab" in columns:
        checks.append(
            Check(
                "tab",
                ~pl.col("tab").is_between(0, MAX_TAB),
                lambda value: f"{value} is no tab",
                f"0 to {MAX_TAB}",
            )
        )
    time = pl.col("time_ms")
    checks.append(
        Check(
            "time_ms",
            (time < YEAR_2000_MS) | (time > now_ms + DAY_MS),
            lambda value: wrong_time(value, now_ms),
            RIGHT_TIME,
        )
    )
    for name in SPANS:
        what = "watch time" if name == "play_time_ms" else "duration"
        checks.append(
            Check(
                name,
                ~pl.col(name).is_between(0, DAY_MS),
                lambda value, what=what: wrong_span(value, what),  # type: ignore[misc]
                RIGHT_SPAN,
            )
        )
    checks += [
        Check(
            name, ~pl.col(name).is_between(0, 1), lambda value: f"{value} is no yes or no", "0 or 1"
        )
        for name in OUTCOMES
        if name in columns
    ]
    return checks


def _sound(frame: pl.DataFrame, file: str, report: ReadReport, now_ms: int) -> pl.DataFrame:
    """The lines without a fault; the others go to the report with their first one."""
    hard = [name for name in (*NEEDED, *OUTCOMES, "tab") if name in frame.columns]
    soft = [name for name in HINTS if name in frame.columns]
    numbers = frame.select(
        *(whole(frame, name, file) for name in (*hard, *soft)),
        *(as_text(frame, name) for name in ("tag",) if name in frame.columns),
        "line",
    )
    checks = _checks(hard, now_ms)
    missing = [pl.when(pl.col(name).is_null()).then(i) for i, name in enumerate(hard)]
    broken = [pl.when(check.wrong).then(i) for i, check in enumerate(checks, len(hard))]
    fault = numbers.select(pl.coalesce(*missing, *broken).alias("fault"))["fault"]
    for at in fault.is_not_null().arg_true().to_list():
        number, line = int(fault[at]), int(numbers["line"][at])
        if number < len(hard):
            field, cell = hard[number], frame[hard[number]][at]
            reason = "is missing" if cell is None else f"{cell!r} is not a whole number"
            report.refuse(Refusal(file, line, field, reason, "a whole number"))
        else:
            check = checks[number - len(hard)]
            reason = check.reason(int(numbers[check.field][at]))
            report.refuse(Refusal(file, line, check.field, reason, check.right))
    return numbers.filter(fault.is_null())


def whole(frame: pl.DataFrame, name: str, file: str) -> pl.Expr:
    """Column `name` as Int64, null where it is no whole number (`"7.0"` is one)."""
    column, kind = pl.col(name), frame.schema[name]
    if kind.is_integer() or kind == pl.Boolean or kind == pl.Null:
        return column.cast(pl.Int64, strict=False)
    if not (kind.is_float() or kind == pl.String):
        raise Refused(f"{file}.{name}", f"is a column of {kind}", "a column of whole numbers")
    real = column.cast(pl.Float64, strict=False)
    from_real = pl.when(real == real.floor()).then(real).cast(pl.Int64, strict=False)
    exact = column.cast(pl.Int64, strict=False) if kind == pl.String else from_real
    return pl.coalesce(exact, from_real).alias(name)


def as_text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Column `name` as text; a list as its members with commas between."""
    kind, column = frame.schema[name], pl.col(name)
    if isinstance(kind, pl.List):
        return column.cast(pl.List(pl.String)).list.join(",")
    return column.cast(pl.String)


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    """The same columns for every log, whatever it lacks."""

    def column(name: str, default: int | str | None, kind: type[pl.DataType]) -> pl.Expr:
        have = pl.col(name) if name in frame.columns else pl.lit(default)
        return have.cast(kind, strict=False).alias(name)

    chinese = pl.from_epoch(pl.col("time_ms") + CHINA_MS, time_unit="ms")
    date = chinese.dt.year() * 10_000 + chinese.dt.month().cast(pl.Int32) * 100 + chinese.dt.day()
    return frame.select(
        *IDS,
        "time_ms",
        *(pl.col(name).cast(pl.Int32) for name in SPANS),
        *(column(name, 0, pl.Int8) for name in OUTCOMES),
        column("tab", NO_TAB, pl.Int32),
        column("author_id", None, pl.Int64),
        column("upload_date", None, pl.Int64),
        pl.coalesce(column("date", None, pl.Int32), date.cast(pl.Int32)).alias("date"),
        column("tag", None, pl.String),
        "line",
    )
