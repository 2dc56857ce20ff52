"""Person keys: the one table that says who is who.

The log names a person by a random key and never by the app's own id. A new key is on disk
before anyone uses it, or a crash could leave events of a person nobody can name. Erasing a
key makes everything in the log that bears it anonymous, and the same id later gets another
key. Several processes may hold the table; nothing is cached, so that a key erased by one is
gone for all.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

from freshet.domain.errors import Refused

FILE = "keys.sqlite3"  # in the data folder
KEY_BYTES = 10  # 80 bits: among 2^32 people two alike have a chance of about 1 in 130,000
ID_MAX = 200


class PersonKeys:
    """External id <-> key, one SQLite table.

    `random` should be the operating system's (`random.SystemRandom`): whoever can guess
    keys can name the people in a log.

    Raises:
        Refused: an id that is empty or longer than 200 characters.
    """

    def __init__(self, path: Path, random: Random) -> None:
        self._random = random
        self._lock = Lock()  # requests may come from threads
        self._table = sqlite3.connect(
            path, check_same_thread=False, isolation_level=None, timeout=10
        )
        self._table.execute("PRAGMA journal_mode = WAL")
        self._table.execute("PRAGMA synchronous = FULL")  # durable before first use
        self._table.execute("PRAGMA secure_delete = ON")  # an erased key leaves no bytes
        self._table.execute(
            "CREATE TABLE IF NOT EXISTS person_keys "
            "(external TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE) WITHOUT ROWID"
        )

    def __len__(self) -> int:
        return int(self._one("SELECT count(*) FROM person_keys", ()) or 0)

    def key(self, external: str) -> str:
        """The person's key; made and stored if there is none."""
        known = self.known(external)
        return known if known is not None else self.keys([external])[external]

    def keys(self, externals: Iterable[str]) -> dict[str, str]:
        """Keys of many people in one transaction: one wait for the disk, not one each."""
        asked = {external: self.known(external) for external in dict.fromkeys(externals)}
        new = [external for external, key in asked.items() if key is None]
        for external in new:
            _check(external)
        made = self._make(new) if new else {}
        return {external: key or made[external] for external, key in asked.items()}

    def known(self, external: str) -> str | None:
        """The person's key if there is one; makes none."""
        key: str | None = self._one("SELECT key FROM person_keys WHERE external = ?", (external,))
        return key

    def external(self, key: str) -> str | None:
        """The id behind a key; None if it was erased or never given."""
        found: str | None = self._one("SELECT external FROM person_keys WHERE key = ?", (key,))
        return found

    def erase(self, key: str) -> bool:
        """Forget who a key was; False if nobody."""
        with self._lock:
            gone = self._table.execute("DELETE FROM person_keys WHERE key = ?", (key,)).rowcount
            # Out of the write-ahead log too, which still holds the row's old page.
            self._table.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return gone > 0

    def close(self) -> None:
        self._table.close()

    def _one(self, query: str, given: tuple[str, ...]) -> Any:
        with self._lock:
            row = self._table.execute(query, given).fetchone()
        return row[0] if row else None

    def _make(self, new: list[str]) -> dict[str, str]:
        made = {external: self._draw() for external in new}
        with self._lock:
            self._table.execute("BEGIN IMMEDIATE")
            try:
                # Another process may have been first: its key stands.
                self._table.executemany(
                    "INSERT INTO person_keys VALUES (?, ?) ON CONFLICT (external) DO NOTHING",
                    made.items(),
                )
                for external in made:
                    (made[external],) = self._table.execute(
                        "SELECT key FROM person_keys WHERE external = ?", (external,)
                    ).fetchone()
                self._table.execute("COMMIT")
            except BaseException:
                self._table.execute("ROLLBACK")
                raise
        return made

    def _draw(self) -> str:
        drawn = self._random.getrandbits(8 * KEY_BYTES).to_bytes(KEY_BYTES, "big")
        return "p_" + base64.b32encode(drawn).decode().lower()


def _check(external: str) -> None:
    if not 0 < len(external) <= ID_MAX:
        raise Refused("person", f"an id of {len(external)} characters", f"1 to {ID_MAX}")
