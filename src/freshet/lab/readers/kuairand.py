"""KuaiRand as our events, in the order in which they happened.

    find(path) ─▶ events(folder, ...)        supply, then for every impression what came of it
                  read_columns(path)         the same impressions as columns, for evaluation

One impression becomes `Impression` at `time_ms`; at `time_ms + play_time_ms` the acts whose
column is 1, and last the `Watch` that closes the view. Events are ordered by time, at one
time supply before impressions before acts, then as the log has them.

A tab is one of the app's 15 placements; which is which is not published. `SURFACES` folds
them onto ours by what they do: where most impressions play nothing until they are opened, the
viewer sees a grid of covers, which we call discover; where videos play by themselves, for_you.
Tab 1 is the main feed; `Impression.context` keeps every other tab as a place of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from freshet.domain.events import (
    Click,
    Comment,
    Event,
    Follow,
    Impression,
    Like,
    NotInterested,
    ProfileVisit,
    Share,
    Surface,
    VideoAct,
    Watch,
)
from freshet.lab.readers.ids import row_ids
from freshet.lab.readers.in_order import InOrder
from freshet.lab.readers.kuairand_files import NO_TAB, Folder, find
from freshet.lab.readers.kuairand_log import Impressions, KuairandLog, log_columns, with_authors
from freshet.lab.readers.kuairand_supply import (
    author,
    histories,
    people,
    person_events,
    video_events,
    videos,
)
from freshet.lab.readers.report import ReadReport
from freshet.lab.readers.sessions import Sessions

__all__ = ["SOURCE", "SURFACES", "KuairandLog", "events", "find", "read_columns"]

SOURCE = "kuairand"
GRIDS = (0, 3, 7, 8, 11, 12)
SURFACES: dict[int, Surface] = {
    tab: "discover" if tab in GRIDS else "for_you" for tab in range(NO_TAB, 15)
}

# What a column that is 1 becomes, in the order of one view; the closing Watch comes after them.
VIDEO_ACTS: dict[str, type[VideoAct]] = {
    "is_click": Click,
    "is_like": Like,
    "is_comment": Comment,
    "is_forward": Share,
    "is_hate": NotInterested,
}
PERSON_ACTS: dict[str, type[Follow] | type[ProfileVisit]] = {
    "is_follow": Follow,
    "is_profile_enter": ProfileVisit,
}
RANK_PEOPLE, RANK_VIDEOS, RANK_IMPRESSIONS, RANK_ACTS = range(4)


MAIN_TAB = 1


def context_of(tab: int) -> str:
    """The main feed is our for_you itself; every other tab is a place of its own."""
    return "" if tab in (MAIN_TAB, NO_TAB) else f"tab{tab}"


def read_columns(
    path: Path, *, now_ms: int, random: bool = False, report: ReadReport | None = None
) -> KuairandLog:
    """Every impression of the folder at `path` once, in time order."""
    return log_columns(find(path, random=random), report or ReadReport(), now_ms)


def events(
    folder: Folder,
    *,
    now_ms: int,
    report: ReadReport,
    history: bool = False,
    source: str = SOURCE,
    expect: Callable[[int], None] | None = None,
) -> Iterator[Event]:
    """All events of `folder` in time order.

    Args:
        now_ms: nothing can have happened more than a day after it.
        report: what became of the lines; complete once the last event was taken.
        history: also say what users did before the log, after the supply, before the first
            impression (the histories name videos and must find them).
        source: two sets of one source that name something alike mean the same thing.
        expect: told the number of lines of impressions once it is known.
    """
    with Impressions(folder, report, now_ms) as impressions:
        if not impressions.rows:
            report.notice("no good line in any log: nothing to import")
            return
        if expect is not None:
            expect(impressions.rows)
        first_ms = impressions.first_ms()
        persons, traits = people(folder, impressions.users, first_ms, report)
        supply = videos(folder, impressions.videos, first_ms, now_ms, report)
        early = pl.col("time_ms") < first_ms
        yield from video_events(supply.filter(early), source)
        yield from person_events(persons.filter(early), traits, source)
        if history:
            yield from histories(folder, source, first_ms - 1, report)
        yield from _log_events(impressions, persons.filter(~early), traits, supply, source)


def _log_events(
    impressions: Impressions,
    persons: pl.DataFrame,
    traits: list[str],
    supply: pl.DataFrame,
    source: str,
) -> Iterator[Event]:
    ordered, sessions = InOrder(), Sessions(source)
    late = supply.filter(pl.col("time_ms") >= impressions.first_ms())
    for window in impressions.windows():
        last_ms = int(window["time_ms"][-1])
        now = pl.col("time_ms") <= last_ms
        ordered.add_sorted(RANK_PEOPLE, person_events(persons.filter(now), traits, source))
        ordered.add_sorted(RANK_VIDEOS, video_events(late.filter(now), source))
        persons, late = persons.filter(~now), late.filter(~now)
        _add_views(ordered, with_authors(window, supply), sessions.of(window), source)
        # Acts at the very end may be followed by impressions of the same millisecond.
        yield from ordered.before(last_ms)
    ordered.add_sorted(RANK_VIDEOS, video_events(late, source))  # uploaded after the last view
    yield from ordered.rest()


def _add_views(ordered: InOrder, window: pl.DataFrame, session_ids: list[str], source: str) -> None:
    """The events of each row of `window`, put in order."""
    shown, played = window["time_ms"].to_numpy(), window["play_time_ms"].to_numpy()
    durations = window["duration_ms"].to_numpy()
    left = shown + played
    keys = window["user_id"].to_numpy(), window["video_id"].to_numpy(), shown
    at_ms, left_ms = shown.tolist(), left.tolist()
    tabs = window["tab"].to_list()
    creators = [author(*pair) for pair in window.select("author_id", "video_id").iter_rows()]
    shared: list[dict[str, Any]] = [
        {
            "viewer": str(viewer),
            "video": str(video),
            "session_id": session,
            "request_id": request,
            "surface": SURFACES.get(tab, "for_you"),
        }
        for viewer, video, session, request, tab in zip(
            window["user_id"].to_list(),
            window["video_id"].to_list(),
            session_ids,
            row_ids(source, "request", shown, *keys),
            tabs,
            strict=True,
        )
    ]
    start = ordered.reserve(len(window))
    everyone = np.arange(len(window))

    ids = row_ids(source, "impression", shown, *keys)
    ordered.add(
        shown,
        RANK_IMPRESSIONS,
        start + everyone,
        0,
        [
            Impression(
                event_id=ids[i],
                time=at_ms[i],
                context=context_of(tabs[i]),
                **shared[i],
            )
            for i in range(len(window))
        ],
    )

    acts: dict[str, Any] = VIDEO_ACTS | PERSON_ACTS
    for step, (column, act) in enumerate(acts.items()):
        at = window[column].cast(pl.Boolean).arg_true().to_numpy()
        ids = row_ids(source, column, left[at], *(key[at] for key in keys))
        made = [
            act(
                event_id=event_id,
                time=left_ms[i],
                **shared[i],
                **({"person": creators[i]} if column in PERSON_ACTS else {}),
            )
            for event_id, i in zip(ids, at.tolist(), strict=True)
        ]
        ordered.add(left[at], RANK_ACTS, start + at, step, made)

    ids = row_ids(source, "watch", left, *keys)
    finished = ((durations > 0) & (played >= durations)).tolist()
    loops = np.maximum(played // np.maximum(durations, 1) - 1, 0) * (durations > 0)
    ordered.add(
        left,
        RANK_ACTS,
        start + everyone,
        len(acts),
        [
            Watch(
                event_id=event_id,
                time=time,
                watched_ms=watched,
                duration_ms=duration,
                loops=loop,
                completed=full,
                left=True,
                **view,
            )
            for event_id, time, watched, duration, loop, full, view in zip(
                ids,
                left_ms,
                played.tolist(),
                durations.tolist(),
                loops.tolist(),
                finished,
                shared,
                strict=True,
            )
        ],
    )
