"""Person keys: the one table that says who is who.

The log names a person by a random key and never by the app's own id. The table is held in
memory and written through: a new key is on disk before anyone uses it, or a crash could
leave events of a person nobody can name. Erasing a key makes everything in the log that
bears it anonymous, and the same id later gets another key.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from random import Random
from threading import Lock

from freshet.domain.errors import Refused

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
        self._table = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._table.execute("PRAGMA journal_mode = WAL")
        self._table.execute("PRAGMA synchronous = FULL")  # durable before first use
        self._table.execute("PRAGMA secure_delete = ON")  # an erased key leaves no bytes
        self._table.execute(
            "CREATE TABLE IF NOT EXISTS person_keys "
            "(external TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE) WITHOUT ROWID"
        )
        self._keys: dict[str, str] = dict(
            self._table.execute("SELECT external, key FROM person_keys")
        )
        self._externals = {key: external for external, key in self._keys.items()}

    def __len__(self) -> int:
        return len(self._keys)

    def key(self, external: str) -> str:
        """The person's key; made and stored if there is none."""
        known = self._keys.get(external)
        return known if known is not None else self.keys([external])[external]

    def keys(self, externals: Iterable[str]) -> dict[str, str]:
        """Keys of many people in one transaction: one wait for the disk, not one each."""
        asked = dict.fromkeys(externals)
        with self._lock:
            new = [external for external in asked if external not in self._keys]
            for external in new:
                _check(external)
            if new:
                self._make(new)
            return {external: self._keys[external] for external in asked}

    def known(self, external: str) -> str | None:
        """The person's key if there is one; makes none."""
        return self._keys.get(external)

    def external(self, key: str) -> str | None:
        """The id behind a key; None if it was erased or never given."""
        return self._externals.get(key)

    def erase(self, key: str) -> bool:
        """Forget who a key was; False if nobody."""
        with self._lock:
            external = self._externals.get(key)
            if external is None:
                return False
            self._table.execute("DELETE FROM person_keys WHERE key = ?", (key,))
            # Out of the write-ahead log too, which still holds the row's old page.
            self._table.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            del self._externals[key], self._keys[external]
            return True

    def close(self) -> None:
        self._table.close()

    def _make(self, new: list[str]) -> None:
        made = {external: self._draw() for external in new}
        self._table.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have been first: its key stands.
            self._table.executemany(
                "INSERT INTO person_keys VALUES (?, ?) ON CONFLICT (external) DO NOTHING",
                made.items(),
            )
            for external in made:
                row = self._table.execute(
                    "SELECT key FROM person_keys WHERE external = ?", (external,)
                ).fetchone()
                made[external] = row[0]
            self._table.execute("COMMIT")
        except BaseException:
            self._table.execute("ROLLBACK")
            raise
        self._keys.update(made)
        self._externals.update((key, external) for external, key in made.items())

    def _draw(self) -> str:
        drawn = self._random.getrandbits(8 * KEY_BYTES).to_bytes(KEY_BYTES, "big")
        return "p_" + base64.b32encode(drawn).decode().lower()


def _check(external: str) -> None:
    if not 0 < len(external) <= ID_MAX:
        raise Refused("person", f"an id of {len(external)} characters", f"1 to {ID_MAX}")
