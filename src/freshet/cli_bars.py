"""Bars for what takes long: shown on a terminal once two seconds have gone by.

A bar goes to standard error, and only to people: a log file gets none, nor a call that asked
for `--json`.
"""

from __future__ import annotations

from threading import Timer

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

AFTER_S = 2.0


class Bars:
    """Is told what takes long and shows it: a bar that fills, or one that only moves.

    Args:
        after_s: nothing is shown of what takes less.
    """

    def __init__(self, shown: bool = True, after_s: float = AFTER_S) -> None:
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
        )  # fmt: skip
        self._progress = Progress(
            *columns, console=console, disable=not (shown and console.is_terminal)
        )
        self._starting = Timer(after_s, self._progress.start)  # what it waits for may block us
        self._starting.daemon = True
        self._doing, self._task = "", TaskID(-1)

    def __call__(self, doing: str, done: int = 0, total: int | None = None) -> None:
        if doing != self._doing:
            self._finish()
            self._doing, self._task = doing, self._progress.add_task(doing, total=total)
        self._progress.update(self._task, completed=done, total=total)

    def of(self, doing: str) -> _Of:
        """For one that tells only how far it is."""
        return _Of(self, doing)

    def __enter__(self) -> Bars:
        self._starting.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop(kind is None)

    def stop(self, done: bool = True) -> None:
        """Nothing more is shown; all is `done`, unless it broke off."""
        self._starting.cancel()
        if done:
            self._finish()
        self._progress.stop()

    def _finish(self) -> None:
        if self._doing:
            self._progress.update(self._task, completed=1, total=1)
            self._progress.stop_task(self._task)
            self._doing = ""


class _Of:
    def __init__(self, bars: Bars, doing: str) -> None:
        self._bars, self._doing = bars, doing

    def __call__(self, done: int, total: int | None = None) -> None:
        self._bars(self._doing, done, total)
