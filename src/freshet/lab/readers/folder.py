"""A folder of somebody's tables: the log, and what may lie beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from freshet.domain.errors import Refused
from freshet.lab.readers.tables import SUFFIXES, Table, open_table


@dataclass(frozen=True, slots=True)
class Folder:
    logs: tuple[Table, ...]
    users: tuple[Table, ...] = ()
    videos: tuple[Table, ...] = ()
    history: tuple[Table, ...] = ()
    layout: str = "kuairand"  # name of whoever can read it, see `layouts.py`

    @property
    def files(self) -> list[Path]:
        tables = (*self.logs, *self.users, *self.videos, *self.history)
        return [table.path for table in tables]


def files(path: Path, *patterns: str) -> list[Path]:
    """CSV and Parquet files in `path` or its `data` (as sets are distributed), by name.

    Raises:
        Refused: not a folder.
    """
    if not path.is_dir():
        raise Refused(path.name, "is not a folder", "a folder with CSV or Parquet files")
    found = {
        file
        for folder in (path, path / "data")
        for pattern in patterns
        for file in folder.glob(pattern)
        if file.name.endswith(SUFFIXES) and file.is_file()
    }
    return sorted(found)


def tables(path: Path, *patterns: str) -> tuple[Table, ...]:
    """The tables of `files`, each opened and checked.

    Raises:
        Refused: not a folder, or a file that is not what its name says.
    """
    return tuple(map(open_table, files(path, *patterns)))
