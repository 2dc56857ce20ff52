"""The files of a KuaiRand folder, and its log lines checked one by one.

    log*.csv|csv.gz|parquet        impressions and what came of them (`log_random*` on request)
    user_features*                 one line per user, may be missing
    video_features_basic*          one line per video, may be missing (also `video_basic*`)
    user_history_to_*              what users did before the log, may be missing

`video_features_statistic*` is never read: it holds averages over the whole month, so it
knows what has not happened yet. For the same reason `visible_status` is left alone: it is
the state of a video when the set was published.

A log of KuaiRand-27K's impressions that were liked or hated has one column `liked_1_hated_0`
in place of `is_like` and `is_hate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from freshet.domain.errors import Refused
from freshet.lab.readers.checking import Check, as_text, flags, ids, require, sound, whole
from freshet.lab.readers.folder import Folder, files, tables
from freshet.lab.readers.impressions import NO_TAB, SPANS, day_of
from freshet.lab.readers.report import (
    DAY_MS,
    RIGHT_SPAN,
    RIGHT_TIME,
    YEAR_2000_MS,
    ReadReport,
    wrong_span,
    wrong_time,
)
from freshet.lab.readers.tables import Table, open_table

RANDOM = "log_random"
IDS = ("user_id", "video_id")
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
VERDICT, VERDICTS = "liked_1_hated_0", ("is_like", "is_hate")
HINTS = ("author_id", "date", "upload_date")  # whole numbers that may be missing in a line
MAX_TAB = 1_000  # KuaiRand has 0 to 14; another set in its layout may have more


def find(path: Path, *, random: bool = False) -> Folder:
    """The tables of the KuaiRand folder at `path` (or in its `data`, as it is distributed).

    Raises:
        Refused: no log there, a file that is not what its name says, or a log without the
            columns that make an impression.
    """
    logs = [file for file in files(path, "log*") if random or not file.name.startswith(RANDOM)]
    folder = Folder(
        logs=tuple(map(open_table, logs)),
        users=tables(path, "user_features*"),
        videos=tables(path, "video_features_basic*", "video_basic*"),
        history=tables(path, "user_history_to_*"),
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


def rows(table: Table, report: ReadReport, now_ms: int) -> Iterator[pl.DataFrame]:
    """Checked lines of a log: the columns of `impressions.py`, and `line`."""
    wanted = (*NEEDED, *OUTCOMES, VERDICT, "tab", *HINTS, "tag")
    told = VERDICTS if VERDICT in table.columns else ()
    for column in (*OUTCOMES, "tab"):
        if column not in (*table.columns, *told):
            report.notice(f"{table.name} has no {column}: taken as 0")
    for frame in table.frames(wanted, report):
        report.lines += len(frame)
        yield _complete(_sound(frame, table.name, report, now_ms))


def _checks(columns: Sequence[str], now_ms: int) -> list[Check]:
    """What each number of a line must be, in the order in which faults are named."""
    checks = ids(IDS)
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
            lambda value: wrong_time(int(value), now_ms),
            RIGHT_TIME,
        )
    )
    for name in SPANS:
        what = "watch time" if name == "play_time_ms" else "duration"
        checks.append(
            Check(
                name,
                ~pl.col(name).is_between(0, DAY_MS),
                lambda value, what=what: wrong_span(int(value), what),  # type: ignore[misc]
                RIGHT_SPAN,
            )
        )
    return checks + flags([name for name in (*OUTCOMES, VERDICT) if name in columns])


def _sound(frame: pl.DataFrame, file: str, report: ReadReport, now_ms: int) -> pl.DataFrame:
    hard = [name for name in (*NEEDED, *OUTCOMES, VERDICT, "tab") if name in frame.columns]
    soft = [name for name in HINTS if name in frame.columns]
    numbers = frame.select(
        *(whole(frame, name, file) for name in (*hard, *soft)),
        *(as_text(frame, name) for name in ("tag",) if name in frame.columns),
        "line",
    )
    return sound(frame, numbers, hard, _checks(hard, now_ms), file, report)


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    """The same columns for every log, whatever it lacks."""
    liked = pl.col(VERDICT) if VERDICT in frame.columns else pl.lit(0)
    hated = 1 - liked if VERDICT in frame.columns else pl.lit(0)
    lacking = {"is_like": liked, "is_hate": hated}

    def column(name: str, default: int | str | None, kind: type[pl.DataType]) -> pl.Expr:
        instead = lacking.get(name, pl.lit(default))
        have = pl.col(name) if name in frame.columns else instead
        return have.cast(kind, strict=False).alias(name)

    return frame.select(
        *IDS,
        "time_ms",
        *(pl.col(name).cast(pl.Int32) for name in SPANS),
        *(column(name, 0, pl.Int8) for name in OUTCOMES),
        pl.lit(0, pl.Int8).alias("is_favorite"),  # KuaiRand does not say
        column("tab", NO_TAB, pl.Int32),
        column("author_id", None, pl.Int64),
        column("upload_date", None, pl.Int64),
        pl.coalesce(column("date", None, pl.Int32), day_of("time_ms")).alias("date"),
        column("tag", None, pl.String),
        "line",
    )
