"""What the log is told of a row: the event, and whether it says anything new.

A row remembers a digest of the event that last told of it. Another digest, whatever the
cause (an edit, a new content vector, a new key), is an event; the same one is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from itertools import islice
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import bindparam, select, update

from freshet.catalogue.content import content_vector
from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.database import Writing
from freshet.catalogue.store.tables import PEOPLE, SOUNDS, VIDEO_HASHTAGS, VIDEOS, AnyRow
from freshet.domain.events import Event, PersonSaved, SoundSaved, VideoPublished

ROWS = 500  # read and told at once


def person_saved(row: AnyRow, key: str) -> dict[str, Any]:
    """Fields of the event that tells of a person."""
    return {
        "person": key,
        "country": row.country,
        "language": row.language,
        "account": row.account,
        "interests": tuple(row.interests),
        "category": row.category,
        "traits": row.traits,
    }


def sound_saved(row: AnyRow) -> dict[str, Any]:
    """Fields of the event that tells of a sound."""
    return {"sound": row.id, "original": row.original, "commercial": row.commercial}


def video_published(row: AnyRow, hashtags: Sequence[str], key: str) -> dict[str, Any]:
    """Fields of the event that tells of a video; its words only as a vector."""
    return {
        "video": row.id,
        "creator": key,
        "created": row.create_time,
        "duration_ms": row.duration_ms,
        "width": row.width,
        "height": row.height,
        "sound": row.music_id or "",
        "original_sound": bool(row.original_sound),
        "hashtags": tuple(hashtags),
        "topics": tuple(row.topics),
        "language": row.language,
        "country": row.region_code,
        "traits": row.traits,
        "available_from": row.available_from,
        "available_until": row.available_until,
        "privacy": row.privacy_level,
        "vector": _vector(row, hashtags),
    }


def tell_people(writing: Writing, ids: Sequence[str], keys: PersonKeys) -> None:
    """Tell the log of these people, where what it would hear is new."""
    table = keys.keys(ids)

    def fields(row: AnyRow) -> dict[str, Any]:
        return person_saved(row, table[row.id])

    for chunk in _chunks(ids):
        rows = _rows(writing, select(PEOPLE).where(PEOPLE.c.id.in_(chunk)), chunk)
        _tell(writing, PEOPLE, PersonSaved, rows, fields)


def tell_sounds(writing: Writing, ids: Sequence[str]) -> None:
    """Tell the log of these sounds, where what it would hear is new."""
    for chunk in _chunks(ids):
        rows = _rows(writing, select(SOUNDS).where(SOUNDS.c.id.in_(chunk)), chunk)
        _tell(writing, SOUNDS, SoundSaved, rows, sound_saved)


def tell_videos(writing: Writing, ids: Sequence[str], keys: PersonKeys) -> None:
    """Tell the log of these videos, where what it would hear is new."""
    whole = (
        select(
            VIDEOS,
            PEOPLE.c.category.label("creator_category"),
            SOUNDS.c.original.label("original_sound"),
        )
        .join(PEOPLE, PEOPLE.c.id == VIDEOS.c.creator)
        .outerjoin(SOUNDS, SOUNDS.c.id == VIDEOS.c.music_id)
    )
    for chunk in _chunks(ids):
        rows = _rows(writing, whole.where(VIDEOS.c.id.in_(chunk)), chunk)
        tags = names_of(writing.connection, VIDEO_HASHTAGS, chunk)
        table = keys.keys({row.creator for row in rows})

        def fields(row: AnyRow, tags: Any = tags, table: Any = table) -> dict[str, Any]:
            return video_published(row, tags.get(row.id, ()), table[row.creator])

        _tell(writing, VIDEOS, VideoPublished, rows, fields)


def names_of(connection: Any, table: Any, ids: Sequence[str]) -> dict[str, list[str]]:
    """The hashtags or mentions of videos, in the order given by their creators."""
    found: dict[str, list[str]] = {}
    chosen = select(table.c.video_id, table.c.name).where(table.c.video_id.in_(ids))
    for video, name in connection.execute(chosen.order_by(table.c.video_id, table.c.place)):
        found.setdefault(video, []).append(name)
    return found


def _tell(
    writing: Writing,
    table: Any,
    kind: type[Event],
    rows: Sequence[AnyRow],
    fields_of: Callable[[AnyRow], dict[str, Any]],
) -> None:
    told = []
    for row in rows:
        fields = fields_of(row)
        digest = blake2b(msgspec.msgpack.encode(fields), digest_size=16).digest()
        if digest != row.announced:
            writing.tell(kind, **fields)
            told.append({"at": row.id, "announced": digest})
    if told:
        writing.connection.execute(update(table).where(table.c.id == bindparam("at")), told)


def _rows(writing: Writing, query: Any, ids: Sequence[str]) -> list[AnyRow]:
    """Rows in the order of `ids`."""
    found = {row.id: row for row in writing.connection.execute(query)}
    return [found[one] for one in ids if one in found]


def _chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while chunk := list(islice(rest, ROWS)):
        yield chunk


def _vector(row: AnyRow, hashtags: Sequence[str]) -> bytes:
    """What the video is made of as int8 (64,)."""
    words = " ".join(filter(None, (row.title, row.video_description, row.voice_to_text)))
    own = np.frombuffer(row.vector, "<f4").tolist() if row.vector else None
    category = row.category or row.creator_category
    return content_vector(
        words, hashtags, row.music_id or "", row.topics, category, row.effect_ids, own, row.traits
    )


@cache
def warm() -> None:
    """Compile or load what makes vectors: in a transaction, others would wait for it."""
    content_vector("ready", own=(1.0,))
