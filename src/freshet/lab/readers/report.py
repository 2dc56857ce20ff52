"""What became of the lines of a file: kept, repeated, or refused and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

import msgspec

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
YEAR_2000_MS = 946_684_800_000
EXAMPLES_KEPT = 20


class Refusal(msgspec.Struct, frozen=True):
    """One line that was not taken over."""

    file: str
    line: int  # as an editor counts, the header is line 1; in Parquet the row, from 1
    field: str
    reason: str
    right: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" + (f", {self.field}" if self.field else "")
        return f"{where}: {self.reason}; right would be {self.right}"


@dataclass(slots=True)
class ReadReport:
    """Counts of one reading; every refused line also goes to `refused_to` as JSON, if given."""

    refused_to: Path | None = None
    lines: int = 0  # read, without headers and blank lines
    kept: int = 0
    repeated: int = 0  # lines that say again what another line said
    unknown_duration: int = 0  # kept lines whose video has no length
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)  # (file, field) -> lines
    examples: list[Refusal] = field(default_factory=list)  # the first few
    notices: list[str] = field(default_factory=list)
    _file: IO[bytes] | None = None

    def __enter__(self) -> ReadReport:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def refused_lines(self) -> int:
        return self.refused.total()

    def refuse(self, refusal: Refusal) -> None:
        self.refused[refusal.file, refusal.field] += 1
        if len(self.examples) < EXAMPLES_KEPT:
            self.examples.append(refusal)
        if self.refused_to is not None:
            if self._file is None:
                self._file = self.refused_to.open("wb")
            self._file.write(msgspec.json.encode(refusal) + b"\n")

    def notice(self, text: str) -> None:
        """Something the reader did by itself that its user should know; said once."""
        if text not in self.notices:
            self.notices.append(text)


def wrong_time(time_ms: int, now_ms: int) -> str:
    """Why `time_ms` cannot be when something happened, "" if it can.

    >>> wrong_time(1_650_812_741, 1_700_000_000_000)
    '1650812741 ms is before 2000; it looks like seconds'
    >>> wrong_time(1_650_812_741_436, 1_700_000_000_000)
    ''
    """
    if time_ms < YEAR_2000_MS:
        hint = (
            "; it looks like seconds" if YEAR_2000_MS <= time_ms * 1000 <= now_ms + DAY_MS else ""
        )
        return f"{time_ms} ms is before 2000{hint}"
    if time_ms > now_ms + DAY_MS:
        finer = {1000: "microseconds", 1_000_000: "nanoseconds"}
        hints = [
            unit for by, unit in finer.items() if YEAR_2000_MS <= time_ms // by <= now_ms + DAY_MS
        ]
        return f"{time_ms} ms is in the future" + (f"; it looks like {hints[0]}" if hints else "")
    return ""


RIGHT_TIME = "milliseconds since 1970, from 2000 to now"


def wrong_span(span_ms: int, what: str) -> str:
    """Why `span_ms` cannot be how long something took, "" if it can."""
    if span_ms < 0:
        return f"{what} of {span_ms} ms is negative"
    if span_ms > DAY_MS:
        return f"{what} of {span_ms} ms is more than a day"
    return ""


RIGHT_SPAN = f"milliseconds from 0 to {DAY_MS} (a day)"
