"""Hashtags: named alike however they were typed, counted as videos bear them.

A hashtag comes with the first video that bears it and goes with the last, unless the app
has posted it itself: then it stays, with what the app says of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update

from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store import checks
from freshet.catalogue.store.announce import tell_videos
from freshet.catalogue.store.database import Database, Writing
from freshet.catalogue.store.records import Hashtag, StoredHashtag
from freshet.catalogue.store.shelf import Change, Shelf
from freshet.catalogue.store.tables import HASHTAGS, VIDEO_HASHTAGS, VIDEOS, AnyRow
from freshet.domain.errors import Refused


class HashtagRemoved(msgspec.Struct, frozen=True):
    """A hashtag is gone, and off all videos that bore it."""

    id: str
    videos: int


class Hashtags(Shelf[Hashtag, StoredHashtag]):
    """What videos are tagged with."""

    kind, stored, table, noun = Hashtag, StoredHashtag, HASHTAGS, "hashtag"

    def __init__(self, database: Database, keys: PersonKeys) -> None:
        super().__init__(database)
        self._keys = keys

    def get(self, record_id: str) -> StoredHashtag:
        return super().get(checks.hashtag("id", record_id))

    def change(self, record_id: str, change: Any) -> StoredHashtag:
        return super().change(checks.hashtag("id", record_id), change)

    def posted(self) -> Iterator[StoredHashtag]:
        """Those that the app has said something of."""
        chosen = select(HASHTAGS).where(HASHTAGS.c.posted).order_by(HASHTAGS.c.id)
        with self._database.read() as connection:
            yield from self._stored(connection, connection.execute(chosen).all())

    def remove(self, record_id: str) -> HashtagRemoved:
        name = checks.hashtag("id", record_id)
        with self._writing() as writing:
            connection = writing.connection
            self._get(connection, name)
            bearing = select(VIDEO_HASHTAGS.c.video_id).where(VIDEO_HASHTAGS.c.name == name)
            ids = sorted(connection.execute(bearing).scalars())
            connection.execute(delete(VIDEO_HASHTAGS).where(VIDEO_HASHTAGS.c.name == name))
            connection.execute(delete(HASHTAGS).where(HASHTAGS.c.id == name))
            changed = update(VIDEOS).where(VIDEOS.c.id == bindparam("at"))
            if ids:
                rows = [{"at": one, "update_time": writing.now_ms} for one in ids]
                connection.execute(changed, rows)
            tell_videos(writing, ids, self._keys)
            return HashtagRemoved(name, len(ids))

    def _refusals(
        self, writing: Writing, changes: Mapping[str, Change]
    ) -> Iterator[tuple[str, Refused]]:
        yield from ()

    def _row(self, record: Hashtag, change: Change) -> dict[str, Any]:
        row = {"id": record.id, "description": record.description, "posted": True}
        return row if change.old else row | {"first_use": 0, "video_count": 0}

    def _timed(self, row: dict[str, Any], old: AnyRow | None, now_ms: int) -> dict[str, Any]:
        return row

    def _told(self, writing: Writing, changes: Mapping[str, Change]) -> None:
        """The log knows hashtags from the videos that bear them."""


def retag(
    writing: Writing, before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]
) -> None:
    """Replace the hashtags of videos, and count."""
    connection = writing.connection
    moved = {one: names for one, names in after.items() if list(names) != list(before.get(one, ()))}
    if not moved:
        return
    named = dict.fromkeys(name for names in moved.values() for name in names)
    _first_used(writing, moved, list(named))
    connection.execute(delete(VIDEO_HASHTAGS).where(VIDEO_HASHTAGS.c.video_id.in_(moved)))
    rows = [
        {"video_id": one, "place": place, "name": name}
        for one, names in moved.items()
        for place, name in enumerate(names)
    ]
    if rows:
        connection.execute(insert(VIDEO_HASHTAGS), rows)
    _count(writing, Counter(_steps(before, moved)))


def _steps(
    before: Mapping[str, Sequence[str]], moved: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    """By how many videos each hashtag is borne more than before."""
    steps: Counter[str] = Counter()
    for one, names in moved.items():
        steps.update(names)
        steps.subtract(before.get(one, ()))
    return {name: step for name, step in steps.items() if step}


def _first_used(writing: Writing, moved: Mapping[str, Sequence[str]], names: list[str]) -> None:
    """Make hashtags that are new, and set the first use of those that now have an earlier."""
    connection = writing.connection
    made = {row.id: row.create_time for row in _times(writing, list(moved))}
    earliest: dict[str, int] = {}
    for one, tags in moved.items():
        for name in tags:
            earliest[name] = min(earliest.get(name, made[one]), made[one])
    known = {
        row.id: row.first_use
        for row in connection.execute(select(HASHTAGS).where(HASHTAGS.c.id.in_(names)))
    }
    new = [
        {"id": name, "description": "", "posted": False, "first_use": earliest[name],
         "video_count": 0}
        for name in names if name not in known
    ]  # fmt: skip
    earlier = [
        {"at": name, "first_use": earliest[name]}
        for name, first in known.items()
        if not first or earliest[name] < first
    ]
    if new:
        connection.execute(insert(HASHTAGS), new)
    if earlier:
        connection.execute(update(HASHTAGS).where(HASHTAGS.c.id == bindparam("at")), earlier)


def _times(writing: Writing, videos: list[str]) -> Sequence[AnyRow]:
    chosen = select(VIDEOS.c.id, VIDEOS.c.create_time).where(VIDEOS.c.id.in_(videos))
    return writing.connection.execute(chosen).all()


def _count(writing: Writing, steps: Mapping[str, int]) -> None:
    if not steps:
        return
    counted = update(HASHTAGS).where(HASHTAGS.c.id == bindparam("at"))
    counted = counted.values(video_count=HASHTAGS.c.video_count + bindparam("step"))
    rows = [{"at": name, "step": step} for name, step in steps.items()]
    writing.connection.execute(counted, rows)
    unused = delete(HASHTAGS).where(HASHTAGS.c.video_count == 0, HASHTAGS.c.posted.is_(False))
    writing.connection.execute(unused.where(HASHTAGS.c.id.in_(steps)))


def miscounted(database: Database) -> list[str]:
    """Hashtags whose count is not that of the videos that bear them; none, ever."""
    borne = (
        select(HASHTAGS.c.id)
        .outerjoin(VIDEO_HASHTAGS, VIDEO_HASHTAGS.c.name == HASHTAGS.c.id)
        .group_by(HASHTAGS.c.id, HASHTAGS.c.video_count)
        .having(HASHTAGS.c.video_count != func.count(VIDEO_HASHTAGS.c.video_id))
    )
    with database.read() as connection:
        return list(connection.execute(borne).scalars())
