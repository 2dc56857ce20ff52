"""THU ShortVideo as our events: views with titles, tags and categories.

    find(path) ─▶ events(folder, ...)      every person and video at first use, then their views
                  log_columns(folder, ...) the same impressions as columns, for evaluation

A video's topics are its categories of all three levels, its hashtags the tags; title, tags
and categories make its vector, as the catalogue would. The set says of a view how long it was
and not whether it was long: that follows from the engine's own rule. The number of an
author's fans is left alone: it is of another day than the view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import polars as pl

from freshet.catalogue.content import content_vector
from freshet.catalogue.tags import as_counted
from freshet.domain.errors import Refused
from freshet.domain.events import Event, Surface, VideoPublished
from freshet.lab.readers.folder import Folder
from freshet.lab.readers.ids import row_ids
from freshet.lab.readers.impressions import Impressions, Log, as_log, with_authors
from freshet.lab.readers.kuairand_supply import person_events
from freshet.lab.readers.report import ReadReport
from freshet.lab.readers.thu_files import FACTS, find, lines
from freshet.lab.readers.views import Supply, author, log_events

__all__ = ["SOURCE", "events", "find", "log_columns"]

SOURCE = "thu"
NO_CATEGORY = ("", "unknown")


def events(
    folder: Folder,
    *,
    now_ms: int,
    report: ReadReport,
    history: bool = False,
    source: str = SOURCE,
    expect: Callable[[int], None] | None = None,
) -> Iterator[Event]:
    """All events of `folder` in time order; arguments as `kuairand.events`.

    Raises:
        Refused: histories are asked for: the set has none.
    """
    if history:
        raise Refused("history", "this layout says nothing of before the log", "no history")
    with Impressions(lines(folder, report, now_ms), report, FACTS) as impressions:
        if not impressions.rows:
            report.notice("no good line in any file: nothing to import")
            return
        if expect is not None:
            expect(impressions.rows)
        supply = Supply(
            impressions.users.sort("time_ms", "user_id"),
            impressions.videos.sort("time_ms", "video_id"),
            partial(person_events, traits=[], source=source),
            partial(video_events, source=source),
        )
        yield from log_events(impressions, supply, place, source)


def place(tab: int) -> tuple[Surface, str]:
    """Where a view took place is not said."""
    return "for_you", ""


def video_events(frame: pl.DataFrame, source: str) -> Iterator[VideoPublished]:
    ids = row_ids(source, "video", frame["time_ms"].to_numpy(), frame["video_id"].to_numpy())
    for event_id, row in zip(ids, frame.iter_rows(named=True), strict=True):
        topics, hashtags = listed(row["categories"]), listed(row["tags"])
        yield as_counted(
            VideoPublished(
                event_id=event_id,
                time=row["time_ms"],
                video=str(row["video_id"]),
                creator=author(row["author_id"], row["video_id"]),
                created=row["time_ms"],
                duration_ms=row["duration_ms"],
                hashtags=hashtags,
                topics=topics,
                vector=content_vector(row["title"] or "", hashtags, topics=topics),
            )
        )


def listed(cell: str | None) -> tuple[str, ...]:
    """
    >>> listed("films and short plays,  skits, Unknown"), listed(None)
    (('films and short plays', 'skits'), ())
    """
    names = [name.strip() for name in (cell or "").split(",")]
    return tuple(dict.fromkeys(name for name in names if name.lower() not in NO_CATEGORY))


def log_columns(folder: Folder, report: ReadReport, now_ms: int) -> Log:
    """The whole log in memory.

    Raises:
        Refused: not one good line.
    """
    with Impressions(lines(folder, report, now_ms), report, FACTS) as impressions:
        windows = list(impressions.windows())
        if not windows:
            raise Refused(folder.logs[0].name, "holds no good line", "at least one view")
        videos = impressions.videos
    return as_log(with_authors(pl.concat(windows), videos))
