"""Erasing a person: nothing of theirs stays in the tables, and the log turns anonymous.

Their key is forgotten by the relay, once the log holds `PersonErased`: sooner, nobody could
say whose state is to be dropped.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Select, delete, select

from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.database import Writing
from freshet.catalogue.store.sounds import remove_sounds
from freshet.catalogue.store.tables import MERGES, PEOPLE, SOUNDS, VIDEO_MENTIONS, VIDEOS
from freshet.catalogue.store.videos import remove_videos
from freshet.domain.events import PersonErased

VIDEOS_AT_ONCE = 500


class Erased(msgspec.Struct, frozen=True):
    """What was erased of a person."""

    id: str
    person: bool  # they were in the catalogue, not known by events alone
    videos: int = 0
    sounds: int = 0  # original ones of theirs; videos that used them have none now
    mentions: int = 0  # of them, in videos of others
    merged: int = 0  # anonymous viewers that were they


def erase(writing: Writing, person: str, keys: PersonKeys) -> Erased | None:
    """Delete all rows of a person and tell the log; None if nobody is known by this id."""
    connection = writing.connection
    found = connection.execute(select(PEOPLE.c.id).where(PEOPLE.c.id == person)).first()
    if found is None and keys.known(person) is None:
        return None
    videos = _ids(writing, select(VIDEOS.c.id).where(VIDEOS.c.creator == person))
    for at in range(0, len(videos), VIDEOS_AT_ONCE):
        remove_videos(writing, videos[at : at + VIDEOS_AT_ONCE])
    sounds = _ids(writing, select(SOUNDS.c.id).where(SOUNDS.c.owner == person, SOUNDS.c.original))
    remove_sounds(writing, sounds, keys)
    mentions = connection.execute(delete(VIDEO_MENTIONS).where(VIDEO_MENTIONS.c.name == person))
    merged = _ids(writing, select(MERGES.c.anonymous).where(MERGES.c.person == person))
    connection.execute(delete(MERGES).where(MERGES.c.anonymous == person))
    connection.execute(delete(PEOPLE).where(PEOPLE.c.id == person))  # and with it their merges
    for name in (*merged, person):
        key = keys.known(name)
        if key is not None:
            writing.tell(PersonErased, person=key, erases=key)
    return Erased(
        person, found is not None, len(videos), len(sounds), mentions.rowcount, len(merged)
    )


def _ids(writing: Writing, chosen: Select[Any]) -> list[str]:
    return sorted(writing.connection.execute(chosen).scalars())
