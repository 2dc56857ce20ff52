"""Keys for viewers who may not be learned from: one per session, and nobody's tomorrow.

    HMAC-SHA256(the day's salt, viewer and session) -> "s_…"

Every process of a server gets the same key for the same session without storing who it
was, so a session sees no video twice. The salt lives in the access file for its day (UTC)
and is then deleted: from that moment nothing links the key to a person, or one session of
theirs to another. A session that lasts past midnight goes on under another key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from random import Random
from threading import Lock

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from freshet.catalogue.access_file import metadata

DAY_MS = 86_400_000
SALT_BYTES = 32
KEY_BYTES = 10

salts = sa.Table(
    "salts",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True),  # days since 1970
    sa.Column("salt", sa.LargeBinary, nullable=False),
)


class SessionKeys:
    """`random` should be the operating system's. `clock` gives ms since 1970."""

    def __init__(self, access: sa.Engine, clock: Callable[[], int], random: Random) -> None:
        self._access, self._clock, self._random = access, clock, random
        self._lock = Lock()
        self._today: tuple[int, bytes] = (-1, b"")

    def key(self, viewer: str, session: str) -> str:
        """Of one viewer's session today; without a session's name, of their day."""
        digest = hmac.new(self._salt(), f"{viewer}\0{session}".encode(), hashlib.sha256).digest()
        return "s_" + base64.b32encode(digest[:KEY_BYTES]).decode().lower()

    def _salt(self) -> bytes:
        day = self._clock() // DAY_MS
        if self._today[0] != day:
            with self._lock:
                self._today = (day, self._drawn(day))
        return self._today[1]

    def _drawn(self, day: int) -> bytes:
        """The day's salt: whichever process is first draws it."""
        drawn = self._random.getrandbits(8 * SALT_BYTES).to_bytes(SALT_BYTES, "big")
        with self._access.begin() as connection:
            connection.execute(insert(salts).values(day=day, salt=drawn).on_conflict_do_nothing())
            connection.execute(sa.delete(salts).where(salts.c.day != day))
            salt: bytes = connection.execute(sa.select(salts.c.salt)).scalar_one()
        return salt
