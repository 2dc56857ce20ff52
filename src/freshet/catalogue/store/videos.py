"""Videos: their rows, hashtags and mentions, and what the log hears of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, delete, insert, select, update

from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.announce import names_of, tell_videos
from freshet.catalogue.store.clearance import cleared
from freshet.catalogue.store.database import Database, Writing
from freshet.catalogue.store.hashtags import retag
from freshet.catalogue.store.records import StoredVideo, Video
from freshet.catalogue.store.shelf import Change, Shelf, plain
from freshet.catalogue.store.tables import (
    PEOPLE,
    SOUNDS,
    VIDEO_HASHTAGS,
    VIDEO_MENTIONS,
    VIDEOS,
)
from freshet.domain.errors import Refused
from freshet.domain.events import VideoRemoved as Removed

LINKED = {"hashtag_names": VIDEO_HASHTAGS, "video_mention_list": VIDEO_MENTIONS}


class VideoRemoved(msgspec.Struct, frozen=True):
    """A video is gone for everybody."""

    id: str


class Videos(Shelf[Video, StoredVideo]):
    """Everything that can be watched."""

    kind, stored, table, noun = Video, StoredVideo, VIDEOS, "video"
    filters = ("creator", "music_id", "hashtag")

    def __init__(self, database: Database, keys: PersonKeys) -> None:
        super().__init__(database)
        self._keys = keys

    def remove(self, record_id: str) -> VideoRemoved:
        with self._writing() as writing:
            self._get(writing.connection, record_id)
            remove_videos(writing, [record_id])
            return VideoRemoved(record_id)

    def captions(self, creator: str, since_ms: int, most: int) -> list[tuple[str, str, int]]:
        """Id, caption and time of a person's videos made since then, the newest first."""
        chosen = (
            select(VIDEOS.c.id, VIDEOS.c.video_description, VIDEOS.c.create_time)
            .where(VIDEOS.c.creator == creator, VIDEOS.c.create_time >= since_ms)
            .order_by(VIDEOS.c.create_time.desc(), VIDEOS.c.id)
            .limit(most)
        )
        with self._database.read() as connection:
            return [(row[0], row[1], row[2]) for row in connection.execute(chosen)]

    def _refusals(
        self, writing: Writing, changes: Mapping[str, Change]
    ) -> Iterator[tuple[str, Refused]]:
        records = [change.record for change in changes.values()]
        creators = _by_id(writing.connection, PEOPLE, {video.creator for video in records})
        sounds = _by_id(writing.connection, SOUNDS, {video.music_id for video in records})
        for video in records:
            creator, sound = creators.get(video.creator), sounds.get(video.music_id)
            if creator is None:
                reason = f"there is no person {video.creator!r}"
                yield video.id, Refused("creator", reason, "a person of the catalogue")
            elif video.music_id and sound is None:
                reason = f"there is no sound {video.music_id!r}"
                yield video.id, Refused("music_id", reason, "a sound of the catalogue, or none")
            elif sound and creator.account == "business" and not cleared(sound, creator.id):
                reason = f"{sound.id!r} is not cleared for business accounts"
                right = "a sound with commercial: true, or their own original one"
                yield video.id, Refused("music_id", reason, right)

    def _row(self, record: Video, change: Change) -> dict[str, Any]:
        return plain(record, *LINKED) | {
            "music_id": record.music_id or None,
            "vector": np.array(record.vector, "<f4").tobytes(),
        }

    def _linked(self, connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        found = {field: names_of(connection, table, ids) for field, table in LINKED.items()}
        return {one: {field: found[field].get(one, []) for field in LINKED} for one in ids}

    def _told(self, writing: Writing, changes: Mapping[str, Change]) -> None:
        retag(
            writing,
            {one: change.linked.get("hashtag_names", ()) for one, change in changes.items()},
            {one: change.record.hashtag_names for one, change in changes.items()},
        )
        _mention(writing, changes)
        tell_videos(writing, list(changes), self._keys)

    def _narrows(self, name: str, value: str) -> Any:
        if name != "hashtag":
            return super()._narrows(name, value)
        bearing = select(VIDEO_HASHTAGS.c.video_id).where(VIDEO_HASHTAGS.c.name == value)
        return VIDEOS.c.id.in_(bearing)

    def _record(self, row: Mapping[str, Any], linked: Mapping[str, Any]) -> StoredVideo:
        vector = np.frombuffer(row["vector"], "<f4").tolist()
        music_id = row["music_id"] or ""
        return super()._record({**row, "vector": vector, "music_id": music_id}, linked)


def remove_videos(writing: Writing, ids: Sequence[str]) -> None:
    """Delete the videos and all that hangs on them, and tell the log."""
    connection = writing.connection
    retag(writing, names_of(connection, VIDEO_HASHTAGS, ids), dict.fromkeys(ids, ()))
    orphans = update(VIDEOS).where(VIDEOS.c.parent_id.in_(ids))
    connection.execute(orphans.values(parent_id="", parent_kind="", update_time=writing.now_ms))
    connection.execute(delete(VIDEOS).where(VIDEOS.c.id.in_(ids)))
    for one in ids:
        writing.tell(Removed, video=one)


def _mention(writing: Writing, changes: Mapping[str, Change]) -> None:
    """Write the mentions of videos that have others than before."""
    moved = [
        (one, change.record.video_mention_list)
        for one, change in changes.items()
        if list(change.record.video_mention_list)
        != list(change.linked.get("video_mention_list", ()))
    ]
    gone = delete(VIDEO_MENTIONS).where(VIDEO_MENTIONS.c.video_id.in_([one for one, _ in moved]))
    writing.connection.execute(gone)
    rows = [
        {"video_id": one, "place": place, "name": name}
        for one, names in moved
        for place, name in enumerate(names)
    ]
    if rows:
        writing.connection.execute(insert(VIDEO_MENTIONS), rows)


def _by_id(connection: Connection, table: Any, ids: set[str]) -> dict[str, Any]:
    rows = connection.execute(select(table).where(table.c.id.in_(ids - {""})))
    return {row.id: row for row in rows}
