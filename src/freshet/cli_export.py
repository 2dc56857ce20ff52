"""`freshet export PATH`: the catalogue and the ties as files that `freshet import catalogue`
reads back.

Also beside a running server: tables are read a page at a time, the log as far as it reaches.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Protocol, cast

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from msgspec import inspect
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from freshet import config
from freshet.app import open_catalogue
from freshet.backends.sqlite_reader import FILE as LOG_FILE
from freshet.backends.sqlite_reader import SqliteReader
from freshet.catalogue.store.catalogue import FILE, Catalogue
from freshet.catalogue.store.records import Hashtag, Person, Record, Sound, Video
from freshet.catalogue.store.ties import HeldTies, Tie
from freshet.domain.errors import Refused

app = typer.Typer()
ROWS = 1_000  # written at once


class Format(StrEnum):
    jsonl = "jsonl"
    parquet = "parquet"


Data = Annotated[Path | None, typer.Option(help="The data folder, if not the one of the settings.")]


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="Folder to write to; made if it is not there.")],
    data: Data = None,
    format_: Annotated[Format, typer.Option("--format", help="How to write.")] = Format.jsonl,
    ties: Annotated[bool, typer.Option(help="Also follows and blocks, from the log.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Write people, sounds, videos, hashtags, follows and blocks as files."""
    data = config.load().folder if data is None else data
    if not (data / FILE).exists():
        raise Refused("data", f"there is no {FILE} in {data}", "a data folder")
    path.mkdir(parents=True, exist_ok=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    counts: dict[str, int] = {}
    with (
        open_catalogue(data) as catalogue,
        Progress(*columns, console=Console(stderr=True), disable=as_json) as bar,
    ):
        for name, kind, records in _everything(catalogue, data, ties):
            task = bar.add_task(name, total=None)

            def tell(count: int, task: Any = task) -> None:
                bar.update(task, completed=count)

            counts[name] = write(path / f"{name}.{format_}", kind, records, tell)
            bar.update(task, total=counts[name])
    if as_json:
        typer.echo(msgspec.json.encode(counts).decode())
        return
    table = Table("file", "records", show_edge=False)
    for name, count in counts.items():
        table.add_row(f"{name}.{format_}", f"{count:,}")
    Console().print(table)


Part = tuple[str, type[Record], Iterator[Record]]


def _everything(catalogue: Catalogue, data: Path, ties: bool) -> Iterator[Part]:
    """In the order in which an import needs them."""
    yield "people", Person, catalogue.people.all()
    yield "sounds", Sound, catalogue.sounds.all()
    yield "videos", Video, catalogue.videos.all()
    yield "hashtags", Hashtag, catalogue.hashtags.posted()
    if ties:
        held = asyncio.run(ties_of(data))
        yield "follows", Tie, held.held("follows", catalogue.keys.external)
        yield "blocks", Tie, held.held("blocks", catalogue.keys.external)


async def ties_of(data: Path) -> HeldTies:
    """The ties that hold by the log of a data folder; none if it has no log.

    Raises:
        Refused: the log's beginning was dropped, and the ties with it.
    """
    held = HeldTies()
    if not (data / LOG_FILE).exists():
        return held
    log = SqliteReader(data)
    try:
        if log.base:
            reason = f"its events up to {log.base} were dropped, and ties that they made"
            raise Refused("log", reason, "--no-ties")
        async for batch in log.read():
            for event in batch.events:
                held.apply(event)
    finally:
        await log.close()
    return held


# --- files -------------------------------------------------------------------------------------


def write(
    path: Path, kind: type[Record], records: Iterator[Record], tell: Callable[[int], None]
) -> int:
    """Write records to a JSON lines or Parquet file, whole or not at all; how many."""
    beside = path.with_name(path.name + ".tmp")
    fields = kind.__struct_fields__
    count = 0
    with _writer(beside, kind) as writer:
        while page := list(islice(records, ROWS)):
            writer.write([{name: getattr(one, name) for name in fields} for one in page])
            count += len(page)
            tell(count)
    os.replace(beside, path)
    return count


class Writer(Protocol):
    def __enter__(self) -> Writer: ...

    def __exit__(self, *error: object) -> None: ...

    def write(self, rows: Sequence[dict[str, Any]]) -> None: ...


def _writer(path: Path, kind: type[Record]) -> Writer:
    return ParquetFile(path, kind) if ".parquet" in path.suffixes else JsonLines(path)


class JsonLines:
    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, rows: Sequence[dict[str, Any]]) -> None:
        self._file.write(msgspec.json.Encoder().encode_lines(rows))


class ParquetFile:
    """Lists as lists; tables of traits, which Parquet would want to know beforehand, as JSON."""

    def __init__(self, path: Path, kind: type[Record]) -> None:
        told = cast(inspect.StructType, inspect.type_info(kind))
        self._tables = {one.name for one in told.fields if _is(one.type, inspect.DictType)}
        self._schema = pa.schema([(one.name, _arrow(one.type)) for one in told.fields])
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")

    def __enter__(self) -> ParquetFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, rows: Sequence[dict[str, Any]]) -> None:
        plain = [
            row | {name: msgspec.json.encode(row[name]).decode() for name in self._tables}
            for row in rows
        ]
        self._file.write_table(pa.Table.from_pylist(plain, schema=self._schema))


def _arrow(type_: inspect.Type) -> Any:
    bare = type_.type if isinstance(type_, inspect.Metadata) else type_
    if isinstance(bare, inspect.VarTupleType):
        return pa.list_(_arrow(bare.item_type))
    if isinstance(bare, inspect.UnionType):  # consent: yes, no or not asked
        return _arrow(next(one for one in bare.types if not _is(one, inspect.NoneType)))
    if _is(bare, inspect.IntType):
        return pa.int64()
    if _is(bare, inspect.FloatType):
        return pa.float32()
    return pa.bool_() if _is(bare, inspect.BoolType) else pa.string()


def _is(type_: inspect.Type, kind: type[inspect.Type]) -> bool:
    return isinstance(type_.type if isinstance(type_, inspect.Metadata) else type_, kind)
