"""A KuaiRand folder's log in memory, for evaluation."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from freshet.domain.errors import Refused
from freshet.lab.readers.checking import require
from freshet.lab.readers.folder import Folder
from freshet.lab.readers.impressions import (
    HATE_AGAINST_LIKE,
    LONG_VIEW,
    Impressions,
    Log,
    as_log,
    with_authors,
)
from freshet.lab.readers.kuairand_files import OUTCOMES, VERDICT, VERDICTS, rows
from freshet.lab.readers.kuairand_supply import videos
from freshet.lab.readers.report import ReadReport


def lines(folder: Folder, report: ReadReport, now_ms: int) -> Iterator[pl.DataFrame]:
    """Checked lines of all logs."""
    for table in folder.logs:
        yield from rows(table, report, now_ms)


def log_columns(folder: Folder, report: ReadReport, now_ms: int) -> Log:
    """The whole log in memory.

    Raises:
        Refused: a log lacks a column that evaluation rests on.
    """
    for table in folder.logs:
        judged = VERDICTS if VERDICT in table.columns else ()
        require(table, [name for name in OUTCOMES if name not in judged])
    with Impressions(lines(folder, report, now_ms), report) as impressions:
        windows = list(impressions.windows())
        if not windows:
            raise Refused(folder.logs[0].name, "holds no good line", "at least one impression")
        supply = videos(folder, impressions.videos, impressions.first_ms(), now_ms, report)
    every_line_judged = all(VERDICT in table.columns for table in folder.logs)
    return as_log(
        with_authors(pl.concat(windows), supply),
        HATE_AGAINST_LIKE if every_line_judged else LONG_VIEW,
    )
