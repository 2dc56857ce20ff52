"""What SQLite reports, told in our errors."""

from __future__ import annotations

import threading
from pathlib import Path

import apsw

from freshet.domain.errors import Broken, Corrupt, FreshetError, Unavailable


class Translated:
    """One user of a connection at a time, whose errors are told in ours.

    Raises:
        Corrupt: the file is damaged or no database.
        Unavailable: the disk is full, or the file cannot be opened, or it is busy.
        Broken: anything else that SQLite reports.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()  # readers of several tasks share a connection

    def __enter__(self) -> None:
        self._mutex.acquire()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._mutex.release()
        if isinstance(error, apsw.Error):
            raise _ours(error)(f"{self._path}: {error}") from error


def _ours(error: apsw.Error) -> type[FreshetError]:
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return Corrupt
    unavailable = apsw.FullError | apsw.CantOpenError | apsw.BusyError | apsw.ReadOnlyError
    return Unavailable if isinstance(error, unavailable) else Broken
