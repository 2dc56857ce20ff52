"""Who may call, of one data folder: API keys, and the keys of sessions without consent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from freshet.catalogue.access_file import open_access
from freshet.catalogue.api_keys import ApiKeys
from freshet.catalogue.session_keys import SessionKeys


class Access:
    """`random` should be the operating system's. `clock` gives ms since 1970."""

    def __init__(self, file: Path, clock: Callable[[], int], random: Random) -> None:
        self._file = open_access(file)
        self.keys = ApiKeys(self._file, clock, random)
        self.sessions = SessionKeys(self._file, clock, random)

    def close(self) -> None:
        self._file.dispose()
