"""Impressions as our events, whatever layout they come from.

One impression becomes `Impression` at `time_ms`; at `time_ms + play_time_ms` the acts whose
column is 1, and last the `Watch` that closes the view. Events are ordered by time, at one
time supply before impressions before acts, then as the log has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from freshet.domain.events import (
    Click,
    Comment,
    Event,
    Favorite,
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
from freshet.lab.readers.impressions import Impressions, with_authors
from freshet.lab.readers.in_order import InOrder
from freshet.lab.readers.sessions import Sessions

# What a column that is 1 becomes, in the order of one view; the closing Watch comes after them.
VIDEO_ACTS: dict[str, type[VideoAct]] = {
    "is_click": Click,
    "is_like": Like,
    "is_comment": Comment,
    "is_forward": Share,
    "is_favorite": Favorite,
    "is_hate": NotInterested,
}
PERSON_ACTS: dict[str, type[Follow] | type[ProfileVisit]] = {
    "is_follow": Follow,
    "is_profile_enter": ProfileVisit,
}
RANK_PEOPLE, RANK_VIDEOS, RANK_IMPRESSIONS, RANK_ACTS = range(4)


def author(author_id: int | None, video_id: int) -> str:
    """The creator's external id; a creator nobody names is one of their own for each video,
    else everything unknown would look like the work of one person."""
    return f"a{author_id}" if author_id is not None and author_id >= 0 else f"a-of-{video_id}"


@dataclass(frozen=True, slots=True)
class Supply:
    """Who and what the log is about, by when they are said, and how they are said."""

    persons: pl.DataFrame  # with `time_ms`
    videos: pl.DataFrame  # with `time_ms`, `video_id`, `author_id`
    person_events: Callable[[pl.DataFrame], Iterator[Event]]
    video_events: Callable[[pl.DataFrame], Iterator[Event]]

    def before(self, time_ms: int) -> Iterator[Event]:
        """All that is said before `time_ms`: videos, then people."""
        early = pl.col("time_ms") < time_ms
        yield from self.video_events(self.videos.filter(early))
        yield from self.person_events(self.persons.filter(early))


Place = Callable[[int], tuple[Surface, str]]  # tab -> surface, context


def log_events(
    impressions: Impressions, supply: Supply, place: Place, source: str
) -> Iterator[Event]:
    """The log's events in order, and what of the supply is said while it runs or later."""
    ordered, sessions = InOrder(), Sessions(source)
    running = pl.col("time_ms") >= impressions.first_ms()
    persons, late = supply.persons.filter(running), supply.videos.filter(running)
    for window in impressions.windows():
        last_ms = int(window["time_ms"][-1])
        now = pl.col("time_ms") <= last_ms
        ordered.add_sorted(RANK_PEOPLE, supply.person_events(persons.filter(now)))
        ordered.add_sorted(RANK_VIDEOS, supply.video_events(late.filter(now)))
        persons, late = persons.filter(~now), late.filter(~now)
        rows = with_authors(window, supply.videos)
        _add_views(ordered, rows, sessions.of(window), place, source)
        # Acts at the very end may be followed by impressions of the same millisecond.
        yield from ordered.before(last_ms)
    ordered.add_sorted(RANK_VIDEOS, supply.video_events(late))  # uploaded after the last view
    yield from ordered.rest()


def _add_views(
    ordered: InOrder, window: pl.DataFrame, session_ids: list[str], place: Place, source: str
) -> None:
    """The events of each row of `window`, put in order."""
    shown, played = window["time_ms"].to_numpy(), window["play_time_ms"].to_numpy()
    durations = window["duration_ms"].to_numpy()
    left = shown + played
    keys = window["user_id"].to_numpy(), window["video_id"].to_numpy(), shown
    at_ms, left_ms = shown.tolist(), left.tolist()
    places = [place(tab) for tab in window["tab"].to_list()]
    creators = [author(*pair) for pair in window.select("author_id", "video_id").iter_rows()]
    shared: list[dict[str, Any]] = [
        {
            "viewer": str(viewer),
            "video": str(video),
            "session_id": session,
            "request_id": request,
            "surface": surface,
        }
        for viewer, video, session, request, (surface, _) in zip(
            window["user_id"].to_list(),
            window["video_id"].to_list(),
            session_ids,
            row_ids(source, "request", shown, *keys),
            places,
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
                context=places[i][1],
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
