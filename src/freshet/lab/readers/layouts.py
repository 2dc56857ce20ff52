"""Layouts of logs that can be replayed and imported, and which of them a folder has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from freshet.domain.errors import Refused
from freshet.domain.events import Event
from freshet.lab.readers import kuairand, thu, thu_files
from freshet.lab.readers.folder import Folder, files
from freshet.lab.readers.impressions import Log
from freshet.lab.readers.kuairand_log import log_columns
from freshet.lab.readers.report import ReadReport


class Events(Protocol):
    """All events of a folder in time order, see `kuairand.events`."""

    def __call__(
        self, folder: Folder, *, now_ms: int, report: ReadReport, history: bool = False
    ) -> Iterator[Event]: ...


@dataclass(frozen=True, slots=True)
class Layout:
    patterns: tuple[str, ...]  # names of the logs in a folder
    find: Callable[[Path], Folder]
    events: Events
    columns: Callable[[Folder, ReadReport, int], Log]


LAYOUTS = {
    "kuairand": Layout(("log*",), kuairand.find, kuairand.events, log_columns),
    "thu": Layout(thu_files.PATTERNS, thu.find, thu.events, thu.log_columns),
}


def open_folder(path: Path, name: str = "") -> Folder:
    """The folder at `path` in the layout `name`; "" = the one its files are named after.

    Raises:
        Refused: no such layout, no folder, logs of no layout or of two, or not what they
            should be.
    """
    if name and name not in LAYOUTS:
        raise Refused("--format", f"no layout is named {name!r}", ", ".join(LAYOUTS))
    logs = {layout: files(path, *LAYOUTS[layout].patterns) for layout in LAYOUTS}
    meant = [layout for layout, found in logs.items() if found]
    if name and name not in meant and meant:
        raise Refused(
            "--format", f"{path.name} holds {logs[meant[0]][0].name}, which is not {name}",
            f"--format {meant[0]}, or a folder with {' or '.join(LAYOUTS[name].patterns)}",
        )  # fmt: skip
    if not name and len(meant) != 1:
        names = " or ".join(f"{LAYOUTS[layout].patterns[0]} ({layout})" for layout in LAYOUTS)
        if not meant:
            raise Refused(path.name, "holds no log", f"a folder with {names}, CSV or Parquet")
        raise Refused("--format", f"{path.name} holds {names}", "say which is meant")
    return LAYOUTS[name or meant[0]].find(path)
