"""CSV and Parquet files as a stream of frames that know their line numbers.

A file is read in pieces of bounded size. CSV cells stay text here: whoever knows the
columns decides what they must be, and can say on which line they are not.

    open_table(path)   its columns; refuses what is not the file its name says
    table.frames(...)  frames of the columns asked for, plus `line`
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from freshet.domain.errors import Refused
from freshet.lab.readers.report import ReadReport, Refusal

BLOCK_BYTES = 32 * 1024 * 1024
ROWS_PER_FRAME = 500_000
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
SUFFIXES = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True, slots=True)
class Table:
    path: Path
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.name

    def frames(self, wanted: Sequence[str], report: ReadReport) -> Iterator[pl.DataFrame]:
        """Frames of the `wanted` columns that exist, in the file's order, plus `line`."""
        chosen = [name for name in wanted if name in self.columns]
        if self.path.suffix == ".parquet":
            return _parquet_frames(self.path, chosen, report)
        return _csv_frames(self.path, self.columns, chosen, report)


def open_table(path: Path) -> Table:
    """The table at `path`, its first bytes read and checked.

    Raises:
        Refused: missing, empty, or not what the file's name says.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Refused(path.name, f"cannot be read: {error.strerror}", "a readable file") from None
    if size == 0:
        raise Refused(path.name, "is empty", "a file with a header and rows")
    return Table(path, _parquet_columns(path) if path.suffix == ".parquet" else _header(path))


# --- Parquet --------------------------------------------------------------------------------


def _parquet_columns(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        first = file.read(4)
    if first != PARQUET:
        raise Refused(
            path.name,
            f"is not Parquet, it begins with {first!r}",
            "a Parquet file, or the suffix that it really has",
        )
    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise Refused(
            path.name,
            f"is Parquet but broken or cut short: {_short(error)}",
            "a whole file; fetch it again",
        ) from None


def _parquet_frames(
    path: Path, chosen: Sequence[str], report: ReadReport
) -> Iterator[pl.DataFrame]:
    line = 1
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS_PER_FRAME, columns=list(chosen)):
                frame = cast(pl.DataFrame, pl.from_arrow(batch))
                yield _numbered(frame, line)
                line += len(frame)
    except (pa.ArrowException, OSError) as error:
        report.refuse(
            Refusal(
                path.name,
                line,
                "",
                f"cannot be read from here on: {_short(error)}",
                "a whole file; fetch it again",
            )
        )


def _numbered(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    return frame.with_columns(pl.int_range(first, first + len(frame), dtype=pl.Int64).alias("line"))


def _short(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


# --- CSV ------------------------------------------------------------------------------------


def open_bytes(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _header(path: Path) -> tuple[str, ...]:
    try:
        with open_bytes(path) as file:
            first = file.readline(1 << 20)
        if first.startswith(PARQUET):
            raise Refused(path.name, "is a Parquet file", "the suffix .parquet")
        text = first.decode("utf-8-sig")
        names = tuple(name.strip() for name in next(csv.reader([text.strip("\r\n")], strict=True)))
    except (UnicodeDecodeError, csv.Error, StopIteration):
        raise Refused(
            path.name, "line 1 is not a CSV header in UTF-8", "column names separated by commas"
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(
            path.name, f"cannot be unpacked: {_short(error)}", "a whole gzip file; fetch it again"
        ) from None
    if "\0" in text or not any(names):
        raise Refused(path.name, "line 1 is not a CSV header", "column names separated by commas")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(f"{path.name}.{twice}", "this column is there twice", "every name once")
    return names


def _csv_frames(
    path: Path, columns: Sequence[str], chosen: Sequence[str], report: ReadReport
) -> Iterator[pl.DataFrame]:
    line = 2
    for block in _blocks(path, report):
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        try:
            frame = pl.read_csv(
                BytesIO(block),
                has_header=False,
                new_columns=list(columns),
                schema=dict.fromkeys(columns, pl.String),
                columns=None,
            )
        except pl.exceptions.PolarsError:
            frame = None
        if frame is not None and len(frame) == lines:
            frame = _numbered(frame, line)
        else:  # a broken line, or a line break inside quotes
            frame = _line_by_line(path.name, block, line, columns, report)
        # A blank line says nothing; it is neither kept nor refused.
        yield frame.filter(~pl.all_horizontal(pl.col(columns).is_null())).select(*chosen, "line")
        line += lines


def _blocks(path: Path, report: ReadReport) -> Iterator[bytes]:
    """The bytes behind the header, cut at line ends."""
    line = 1
    with open_bytes(path) as file:
        file.readline()
        rest = b""
        while True:
            try:
                piece = file.read(BLOCK_BYTES)
            except (OSError, EOFError, zlib.error) as error:
                line += rest.count(b"\n") + 1
                report.refuse(
                    Refusal(
                        path.name,
                        line,
                        "",
                        f"cannot be unpacked from about here: {_short(error)}",
                        "a whole gzip file; fetch it again",
                    )
                )
                return
            block, cut, left = (rest + piece).rpartition(b"\n")
            if not piece:
                if rest:
                    yield rest
                return
            if cut:
                line += block.count(b"\n") + 1
                yield block + cut
            rest = left


def _line_by_line(
    name: str, block: bytes, first: int, columns: Sequence[str], report: ReadReport
) -> pl.DataFrame:
    """A block with something wrong in it; each line stands for itself, so that an open quote
    spoils no more than its own."""
    rows: list[tuple[str | int | None, ...]] = []
    for line, data in enumerate(block.removesuffix(b"\n").split(b"\n"), first):
        try:
            cells = next(csv.reader([data.decode().rstrip("\r")], strict=True), [])
        except (UnicodeDecodeError, csv.Error) as error:
            report.lines += 1
            report.refuse(
                Refusal(
                    name,
                    line,
                    "",
                    f"is not CSV in UTF-8: {error}",
                    f"{len(columns)} fields separated by commas",
                )
            )
            continue
        if len(cells) == len(columns):
            rows.append((*(cell or None for cell in cells), line))
        elif cells:
            report.lines += 1
            report.refuse(
                Refusal(
                    name,
                    line,
                    "",
                    f"has {len(cells)} fields",
                    f"the {len(columns)} fields of the header",
                )
            )
    schema: dict[str, type[pl.DataType]] = {**dict.fromkeys(columns, pl.String), "line": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")
