"""The lines of a CSV, JSONL or Parquet file as plain cells, each with its number."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from freshet.domain.errors import Refused
from freshet.lab.readers.report import ReadReport, Refusal
from freshet.lab.readers.tables import PARQUET, open_bytes, open_table

JSON_SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
SUFFIXES = (".csv", ".csv.gz", ".parquet", *JSON_SUFFIXES)
LINE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    cells: dict[str, Any] = field(default_factory=dict)
    text: bytes = b""


def lines_of(path: Path, wanted: Sequence[str] | None, report: ReadReport) -> Iterator[Line]:
    """Lines with the cells of the `wanted` columns; as they stand if `wanted` is None.

    Raises:
        Refused: the file is not what its name says, or lacks one of the columns.
    """
    if not path.name.endswith(SUFFIXES):
        raise Refused(path.name, "is of no kind known here", "a file named " + ", ".join(SUFFIXES))
    if path.name.endswith(JSON_SUFFIXES):
        return _json_lines(path, wanted, report)
    if wanted is None:
        raise Refused(path.name, "needs a mapping file to be read", "JSON lines of our events")
    table = open_table(path)
    for column in wanted:
        if column not in table.columns:
            raise Refused(f"{path.name}.{column}", "the mapping names this column, it is not there",
                          "one of " + ", ".join(table.columns))  # fmt: skip
    if path.suffix == ".parquet":
        return (Line(row.pop("line"), row) for frame in table.frames(wanted, report)
                for row in frame.iter_rows(named=True))  # fmt: skip
    return _csv_lines(path, table.columns, report)


def _csv_lines(path: Path, columns: Sequence[str], report: ReadReport) -> Iterator[Line]:
    """With line breaks inside quotes, unlike the readers of sets that have none."""
    with open_bytes(path) as file:
        texts = (data.decode("utf-8-sig" if number == 0 else "utf-8", "surrogateescape")
                 for number, data in enumerate(file))  # fmt: skip
        rows = csv.reader(texts, strict=True)
        next(rows)
        while True:
            number = rows.line_num + 1
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                _refuse(path, number, f"is not CSV: {error}", "quotes closed and doubled", report)
                continue
            except (OSError, EOFError, zlib.error) as error:
                _refuse(path, number, f"cannot be unpacked from here on: {error}",
                        "a whole gzip file; fetch it again", report)  # fmt: skip
                return
            if not cells:
                continue
            if len(cells) != len(columns):
                _refuse(path, number, f"has {len(cells)} fields",
                        f"the {len(columns)} fields of the header", report)  # fmt: skip
            elif any("\udc80" <= letter <= "\udcff" for cell in cells for letter in cell):
                _refuse(path, number, "is not UTF-8", "text in UTF-8", report)
            else:
                yield Line(number, dict(zip(columns, cells, strict=True)))


def _json_lines(path: Path, wanted: Sequence[str] | None, report: ReadReport) -> Iterator[Line]:
    if not path.is_file() or path.stat().st_size == 0:
        raise Refused(path.name, "is empty or not there", "a file with one JSON object per line")
    with open_bytes(path) as file:
        if file.read(4) == PARQUET:
            raise Refused(path.name, "is a Parquet file", "the suffix .parquet")
    return _read_json_lines(path, wanted, report)


def _read_json_lines(
    path: Path, wanted: Sequence[str] | None, report: ReadReport
) -> Iterator[Line]:
    number = 0
    with open_bytes(path) as file:
        while True:
            number += 1
            try:
                text = file.readline(LINE_BYTES)
            except (OSError, EOFError, zlib.error) as error:
                _refuse(path, number, f"cannot be unpacked from here on: {error}",
                        "a whole gzip file; fetch it again", report)  # fmt: skip
                return
            if not text:
                return
            text = text.removeprefix(b"\xef\xbb\xbf").strip()
            if not text:
                continue
            if wanted is None:
                yield Line(number, text=text)
                continue
            try:
                cells = msgspec.json.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                _refuse(path, number, f"is not JSON: {error}", "a JSON object", report)
                continue
            if isinstance(cells, dict):
                yield Line(number, cells)
            else:
                _refuse(path, number, "is not a JSON object", "a JSON object", report)


def _refuse(path: Path, number: int, reason: str, right: str, report: ReadReport) -> None:
    report.lines += 1
    report.refuse(Refusal(path.name, number, "", reason, right))
