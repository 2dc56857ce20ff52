"""Which sounds a business account may use: cleared ones, and its own original recordings.

Whatever changes (a video's sound, an account, a sound's clearance), no business ever has a
video with another sound: the change that would make one is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection, and_, func, not_, or_, select

from freshet.catalogue.store.tables import PEOPLE, SOUNDS, VIDEOS


class Usable(Protocol):
    """A sound, as a record or as a row."""

    @property
    def owner(self) -> str | None: ...

    @property
    def original(self) -> bool: ...

    @property
    def commercial(self) -> bool: ...


def cleared(sound: Usable, creator: str) -> bool:
    """Whether a business may use the sound in a video of its own."""
    return sound.commercial or (sound.original and sound.owner == creator)


def uncleared_videos(connection: Connection, creators: Sequence[str]) -> dict[str, int]:
    """How many videos of each of these creators a business could not have made."""
    own = and_(SOUNDS.c.original, SOUNDS.c.owner == VIDEOS.c.creator)
    # An owner may be NULL, and then so is `own`.
    allowed = or_(SOUNDS.c.commercial, func.coalesce(own, False))
    counted = (
        select(VIDEOS.c.creator, func.count())
        .join(SOUNDS, SOUNDS.c.id == VIDEOS.c.music_id)
        .where(VIDEOS.c.creator.in_(creators), not_(allowed))
        .group_by(VIDEOS.c.creator)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


def business_uses(connection: Connection, sounds: Sequence[str]) -> dict[str, list[str]]:
    """Business accounts with videos of each of these sounds."""
    chosen = (
        select(VIDEOS.c.music_id, VIDEOS.c.creator)
        .join(PEOPLE, PEOPLE.c.id == VIDEOS.c.creator)
        .where(VIDEOS.c.music_id.in_(sounds), PEOPLE.c.account == "business")
        .distinct()
    )
    uses: dict[str, list[str]] = {}
    for sound, creator in connection.execute(chosen):
        uses.setdefault(sound, []).append(creator)
    return uses
