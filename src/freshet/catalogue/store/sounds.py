"""Sounds: who owns them, and who may use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import delete, select, update

from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.announce import tell_sounds, tell_videos
from freshet.catalogue.store.clearance import business_uses, cleared
from freshet.catalogue.store.database import Database, Writing
from freshet.catalogue.store.records import Sound, StoredSound
from freshet.catalogue.store.shelf import Change, Shelf, plain
from freshet.catalogue.store.tables import PEOPLE, SOUNDS, VIDEOS
from freshet.domain.errors import Refused


class SoundRemoved(msgspec.Struct, frozen=True):
    """A sound is gone; videos that used it have none."""

    id: str
    videos: int


class Sounds(Shelf[Sound, StoredSound]):
    """Music and original recordings."""

    kind, stored, table, noun = Sound, StoredSound, SOUNDS, "sound"
    filters = ("owner",)

    def __init__(self, database: Database, keys: PersonKeys) -> None:
        super().__init__(database)
        self._keys = keys

    def remove(self, record_id: str) -> SoundRemoved:
        with self._writing() as writing:
            self._get(writing.connection, record_id)
            return SoundRemoved(record_id, remove_sounds(writing, [record_id], self._keys))

    def _refusals(
        self, writing: Writing, changes: Mapping[str, Change]
    ) -> Iterator[tuple[str, Refused]]:
        owners = {change.record.owner for change in changes.values()} - {""}
        known = set(
            writing.connection.execute(select(PEOPLE.c.id).where(PEOPLE.c.id.in_(owners))).scalars()
        )
        uses = business_uses(writing.connection, [k for k, v in changes.items() if v.old])
        for one, change in changes.items():
            sound = change.record
            if sound.owner and sound.owner not in known:
                reason = f"there is no person {sound.owner!r}"
                yield one, Refused("owner", reason, "a person of the catalogue")
            elif barred := [user for user in uses.get(one, ()) if not cleared(sound, user)]:
                reason = f"{len(barred)} business accounts have videos with this sound"
                yield one, Refused("commercial", reason, "other sounds on these videos first")

    def _row(self, record: Sound, change: Change) -> dict[str, Any]:
        return plain(record) | {"owner": record.owner or None}

    def _told(self, writing: Writing, changes: Mapping[str, Change]) -> None:
        tell_sounds(writing, list(changes))
        turned = [
            one
            for one, change in changes.items()
            if change.old is not None and change.old.original != change.record.original
        ]
        if turned:  # a video says whether its sound is an original one
            theirs = select(VIDEOS.c.id).where(VIDEOS.c.music_id.in_(turned)).order_by(VIDEOS.c.id)
            tell_videos(writing, writing.connection.execute(theirs).scalars().all(), self._keys)

    def _record(self, row: Mapping[str, Any], linked: Mapping[str, Any]) -> StoredSound:
        return super()._record({**row, "owner": row["owner"] or ""}, linked)


def remove_sounds(writing: Writing, ids: list[str], keys: PersonKeys) -> int:
    """Take the sounds off all videos and delete them; off how many videos."""
    use = select(VIDEOS.c.id).where(VIDEOS.c.music_id.in_(ids)).order_by(VIDEOS.c.id)
    users = writing.connection.execute(use).scalars().all()
    silent = update(VIDEOS).where(VIDEOS.c.music_id.in_(ids))
    writing.connection.execute(silent.values(music_id=None, update_time=writing.now_ms))
    writing.connection.execute(delete(SOUNDS).where(SOUNDS.c.id.in_(ids)))
    tell_videos(writing, users, keys)
    return len(users)
