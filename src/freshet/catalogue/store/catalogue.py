"""The catalogue of an app: four shelves and an outbox over one database.

    people · videos · sounds · hashtags ─▶ tables ┐ one transaction
    ties                                ─▶ outbox ┘ ─▶ Relay ─▶ the log

    catalogue = Catalogue.open(folder / FILE, keys, clock, random)
    catalogue.videos.save([Video(id="v1", creator="vera")])     # -> ["created"]
    catalogue.people.remove("vera")                             # -> Erased(...)

Several processes may open the same file. All calls wait for the disk: from coroutines, call
them in threads.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from freshet.catalogue.keys import PersonKeys
from freshet.catalogue.store.database import Database
from freshet.catalogue.store.fingerprints import Fingerprints
from freshet.catalogue.store.hashtags import Hashtags
from freshet.catalogue.store.migrate import upgrade
from freshet.catalogue.store.outbox import Outbox
from freshet.catalogue.store.people import People
from freshet.catalogue.store.sounds import Sounds
from freshet.catalogue.store.ties import Ties
from freshet.catalogue.store.videos import Videos

FILE = "catalogue.sqlite3"


class Catalogue:
    """
    Args:
        keys: the person keys of the same data folder.
    """

    def __init__(self, database: Database, keys: PersonKeys) -> None:
        self.database, self.keys = database, keys
        self.people = People(database, keys)
        self.videos = Videos(database, keys)
        self.sounds = Sounds(database, keys)
        self.hashtags = Hashtags(database, keys)
        self.ties = Ties(database, keys)
        self.fingerprints = Fingerprints(database)
        self.outbox = Outbox(database)

    @classmethod
    def open(
        cls, path: Path, keys: PersonKeys, clock: Callable[[], int], random: Random
    ) -> Catalogue:
        """The catalogue at `path`, its tables brought to the newest revision.

        Args:
            clock: ms since 1970.
            random: for event ids.

        Raises:
            Refused: a newer Freshet wrote it.
            Unavailable: another process holds it for too long.
            Corrupt: the file is damaged, or no database.
        """
        database = Database(path, clock, random)
        try:
            upgrade(database)
        except BaseException:
            database.close()
            raise
        return cls(database, keys)

    def close(self) -> None:
        self.database.close()
