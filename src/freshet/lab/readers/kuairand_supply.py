"""Users and videos of KuaiRand as `PersonSaved`, `VideoPublished` and `HistoryKnown`.

The tables hold nothing that the first impression must not know: the averages of
`video_features_statistic` are never read, and of the users' counts (follows, fans, friends,
days since they registered) only their ranges are taken.

    users      `712`          their traits are the official columns, by name
    videos     `5239`         a topic for each number in `tag`
    authors    `a8079479`     user and author ids are two spaces of numbers that overlap
    sounds     `9155697141`   from `music_id`

`original_sound` is a guess: `music_type` 9. KuaiRand does not say what the types mean; of the
videos of KuaiRand-Pure those of type 9 share theirs with almost nobody (6,611 sounds for 6,665
videos), as a recording of one's own would.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from freshet.domain.errors import Refused
from freshet.domain.events import HistoryKnown, PersonSaved, VideoPublished
from freshet.lab.readers.checking import as_text, whole
from freshet.lab.readers.folder import Folder
from freshet.lab.readers.ids import row_ids
from freshet.lab.readers.impressions import CHINA_MS
from freshet.lab.readers.report import DAY_MS, YEAR_2000_MS, ReadReport, Refusal
from freshet.lab.readers.tables import Table
from freshet.lab.readers.views import author

ORIGINAL_MUSIC_TYPE = 9
COUNTS = ("follow_user_num", "fans_user_num", "friend_user_num", "register_days")
TRAITS = (
    "user_active_degree",
    "is_lowactive_period",
    "is_live_streamer",
    "is_video_author",
    *(f"{name}_range" for name in COUNTS),
    *(f"onehot_feat{i}" for i in range(18)),
)
VIDEO_TRAITS = ("video_type", "upload_type", "music_type")
VIDEO_NUMBERS = ("author_id", "video_duration", "server_width", "server_height", "music_id")
HISTORIES = {"watched": "watch_seq", "liked": "like_seq", "long_watched": "long_watch_seq"}
NO_TOPIC = ("", "unknown")


# --- people ---------------------------------------------------------------------------------


def people(
    folder: Folder, seen: pl.DataFrame, first_ms: int, report: ReadReport
) -> tuple[pl.DataFrame, list[str]]:
    """Every user once: `user_id`, `time_ms` when they are saved, and a column per trait."""
    frames = [_known(table, "user_id", TRAITS, (), report) for table in folder.users]
    if not frames:
        report.notice("no user table: users come from the log, without traits")
        return seen.sort("time_ms", "user_id"), []
    table = pl.concat(frames, how="diagonal_relaxed").unique(
        "user_id", keep="first", maintain_order=True
    )
    only_seen = seen.join(table.select("user_id"), on="user_id", how="anti")
    if len(only_seen):
        report.notice(f"{len(only_seen)} users of the log are not in the user table")
    table = table.with_columns(time_ms=pl.lit(first_ms - 1, dtype=pl.Int64))
    every = pl.concat([table, only_seen], how="diagonal_relaxed")
    traits = [name for name in TRAITS if name in every.columns]
    return every.sort("time_ms", "user_id"), traits


def person_events(frame: pl.DataFrame, traits: list[str], source: str) -> Iterator[PersonSaved]:
    ids = row_ids(source, "person", frame["time_ms"].to_numpy(), frame["user_id"].to_numpy())
    for event_id, row in zip(ids, frame.iter_rows(named=True), strict=True):
        yield PersonSaved(
            event_id=event_id,
            time=row["time_ms"],
            person=str(row["user_id"]),
            traits={name: row[name] for name in traits if row[name] is not None},
        )


# --- videos ---------------------------------------------------------------------------------


def videos(
    folder: Folder, seen: pl.DataFrame, first_ms: int, now_ms: int, report: ReadReport
) -> pl.DataFrame:
    """Every video once: columns of the table, `created` and `time_ms` when it is published.

    A video is there from its upload date on, but at the latest from its first impression; one
    without a date from just before the log.
    """
    from_log = seen.rename(
        {
            "time_ms": "used_ms",
            "duration_ms": "log_ms",
            "author_id": "log_author",
            "tag": "log_tag",
            "upload_date": "log_date",
        }
    )
    frames = [
        _known(table, "video_id", (*VIDEO_TRAITS, "tag", "upload_dt"), VIDEO_NUMBERS, report)
        for table in folder.videos
    ]
    if not frames:
        report.notice("no video table: videos come from the log, with what it says of them")
        frames = [pl.DataFrame(schema={"video_id": pl.Int64})]
    table = pl.concat(frames, how="diagonal_relaxed").unique(
        "video_id", keep="first", maintain_order=True
    )
    if folder.videos and (lost := len(from_log.join(table, on="video_id", how="anti"))):
        report.notice(f"{lost} videos of the log are not in the video table")
    text = [
        pl.lit(None, pl.String).alias(name)
        for name in (*VIDEO_TRAITS, "tag", "upload_dt")
        if name not in table.columns
    ]
    number = [
        pl.lit(None, pl.Int64).alias(name) for name in VIDEO_NUMBERS if name not in table.columns
    ]
    every = table.with_columns(*text, *number, listed=True).join(
        from_log, on="video_id", how="full", coalesce=True
    )
    every = every.with_columns(
        pl.coalesce("author_id", "log_author").alias("author_id"),
        pl.coalesce("tag", "log_tag").alias("tag"),
        pl.coalesce(
            pl.when(pl.col("video_duration").is_between(1, DAY_MS)).then("video_duration"),
            "log_ms",
            0,
        ).alias("duration_ms"),
        _midnight_ms(pl.coalesce("upload_dt", pl.col("log_date").cast(pl.String)), now_ms).alias(
            "created"
        ),
    )
    undated = int(every["created"].is_null().sum())
    if undated:
        report.notice(f"{undated} videos have no usable upload date: taken as there from the start")
    before = pl.when("listed").then(pl.lit(first_ms - 1)).otherwise(pl.col("used_ms"))
    return every.with_columns(
        pl.min_horizontal(pl.coalesce("created", before), "used_ms").alias("time_ms")
    ).sort("time_ms", "video_id")


def video_events(frame: pl.DataFrame, source: str) -> Iterator[VideoPublished]:
    ids = row_ids(source, "video", frame["time_ms"].to_numpy(), frame["video_id"].to_numpy())
    for event_id, row in zip(ids, frame.iter_rows(named=True), strict=True):
        music = row["music_id"]
        yield VideoPublished(
            event_id=event_id,
            time=row["time_ms"],
            video=str(row["video_id"]),
            creator=author(row["author_id"], row["video_id"]),
            created=row["time_ms"] if row["created"] is None else row["created"],
            duration_ms=row["duration_ms"],
            width=max(row["server_width"] or 0, 0),
            height=max(row["server_height"] or 0, 0),
            sound=str(music) if music is not None and music > 0 else "",
            original_sound=row["music_type"] == str(ORIGINAL_MUSIC_TYPE),
            topics=topics(row["tag"]),
            traits={name: row[name] for name in VIDEO_TRAITS if row[name] is not None},
        )


def topics(tag: str | None) -> tuple[str, ...]:
    """
    >>> topics("39,68"), topics("unknown"), topics(None)
    (('39', '68'), (), ())
    """
    names = [name.strip() for name in (tag or "").split(",")]
    return tuple(dict.fromkeys(name for name in names if name.lower() not in NO_TOPIC))


def _midnight_ms(date: pl.Expr, now_ms: int) -> pl.Expr:
    """ms of the begin of a day in UTC+8, null where it is no day since 2000."""
    day = date.str.replace_all("-", "").str.slice(0, 8).str.to_date("%Y%m%d", strict=False)
    ms = day.cast(pl.Datetime("ms")).cast(pl.Int64) - CHINA_MS
    return pl.when(ms.is_between(YEAR_2000_MS, now_ms + DAY_MS)).then(ms)


# --- history --------------------------------------------------------------------------------


def histories(
    folder: Folder, source: str, time_ms: int, report: ReadReport
) -> Iterator[HistoryKnown]:
    """What users did before the log, all at `time_ms`: the files give an order, no times."""
    for table in folder.history:
        wanted = [name for name in HISTORIES.values() if name in table.columns]
        for frame in table.frames(("user_id", *wanted), report):
            for name in wanted:
                if not isinstance(frame.schema[name], pl.List):
                    raise Refused(
                        f"{table.name}.{name}",
                        f"is a column of {frame.schema[name]}",
                        "a Parquet column of lists of video ids",
                    )
            known = frame.select(whole(frame, "user_id", table.name), *wanted).filter(
                pl.col("user_id").is_not_null()
            )
            times = np.full(len(known), time_ms, np.int64)
            ids = row_ids(source, "history", times, known["user_id"].to_numpy())
            for event_id, row in zip(ids, known.iter_rows(named=True), strict=True):
                past: dict[str, Any] = {
                    ours: tuple(map(str, row[theirs] or ()))
                    for ours, theirs in HISTORIES.items()
                    if theirs in wanted
                }
                yield HistoryKnown(
                    event_id=event_id, time=time_ms, viewer=str(row["user_id"]), **past
                )


# --- tables ---------------------------------------------------------------------------------


def _known(
    table: Table, key: str, texts: tuple[str, ...], numbers: tuple[str, ...], report: ReadReport
) -> pl.DataFrame:
    """Lines of a table whose key is a whole number; empty, NaN and null are null."""
    frames = [pl.DataFrame(schema={key: pl.Int64})]
    for frame in table.frames((key, *texts, *numbers), report):
        ready = frame.select(
            whole(frame, key, table.name),
            *(whole(frame, name, table.name) for name in numbers if name in frame.columns),
            *(_text(frame, name) for name in texts if name in frame.columns),
        )
        good = (ready[key] >= 0).fill_null(value=False)
        for at in (~good).arg_true().to_list():
            report.refuse(
                Refusal(
                    table.name,
                    int(frame["line"][at]),
                    key,
                    f"{frame[key][at]!r} is no id",
                    "a whole number from 0",
                )
            )
        frames.append(ready.filter(good))
    return pl.concat(frames, how="diagonal_relaxed")


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as words: whole numbers without `.0`, null for what says nothing."""
    kind = frame.schema[name]
    if kind == pl.String:
        words = pl.col(name).str.strip_chars().str.replace(r"^(-?\d+)\.0$", "${1}")
    elif kind.is_float():
        real = pl.col(name)
        round_ = real.cast(pl.Int64, strict=False).cast(pl.String)
        words = pl.when(real == real.floor()).then(round_).otherwise(real.cast(pl.String))
    else:
        words = as_text(frame, name)
    silent = words.str.to_lowercase().is_in(["", "nan", "null", "none"])
    return pl.when(~silent).then(words).alias(name)
