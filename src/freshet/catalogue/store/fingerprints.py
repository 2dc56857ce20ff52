"""What video files are known by, kept beside their videos and gone with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from freshet.catalogue.store.database import Database
from freshet.catalogue.store.tables import FINGERPRINTS, VIDEOS
from freshet.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class Stored:
    row: int  # a later one has a higher number
    video: str
    packed: bytes


class Fingerprints:
    """One per video, the last that was given."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, video: str, packed: bytes) -> None:
        """
        Raises:
            NotFound: there is no such video.
        """
        with self._database.write() as writing:
            connection = writing.connection
            if connection.execute(select(VIDEOS.c.id).where(VIDEOS.c.id == video)).first() is None:
                raise NotFound("video", f"there is no video {video!r}")
            connection.execute(delete(FINGERPRINTS).where(FINGERPRINTS.c.video_id == video))
            row = {"video_id": video, "packed": packed, "create_time": writing.now_ms}
            connection.execute(insert(FINGERPRINTS), row)

    def after(self, row: int, most: int) -> list[Stored]:
        """Those given after a row, in the order they were."""
        chosen = select(FINGERPRINTS).where(FINGERPRINTS.c.id > row).order_by(FINGERPRINTS.c.id)
        with self._database.read() as connection:
            rows = connection.execute(chosen.limit(most)).all()
        return [Stored(one.id, one.video_id, one.packed) for one in rows]

    def get(self, video: str) -> bytes:
        """
        Raises:
            NotFound: none was given.
        """
        chosen = select(FINGERPRINTS.c.packed).where(FINGERPRINTS.c.video_id == video)
        with self._database.read() as connection:
            packed: bytes | None = connection.execute(chosen).scalar()
        if packed is None:
            raise NotFound("video", f"{video!r} has no fingerprint")
        return packed

    def made(self, videos: Sequence[str]) -> dict[str, int]:
        """When these videos were made, ms since 1970; only those that still are."""
        chosen = select(VIDEOS.c.id, VIDEOS.c.create_time).where(VIDEOS.c.id.in_(videos))
        with self._database.read() as connection:
            return {row.id: row.create_time for row in connection.execute(chosen)}
