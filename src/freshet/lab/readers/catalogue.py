"""Files of people, sounds, videos, hashtags, follows and blocks, into a catalogue.

    people.csv ─▶ lines ─▶ records ─▶ batches of 1,000 ─▶ Catalogue ─▶ checkpoint

A file's name says what is in it; columns and fields are those of `/v1`. Saving again what is
there changes nothing, so the checkpoint only saves time: it says how many lines are in.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec
import pyarrow.parquet as pq
from msgspec import inspect

from freshet.catalogue.store.catalogue import Catalogue
from freshet.catalogue.store.records import Hashtag, Person, Record, Sound, Video
from freshet.catalogue.store.shelf import SAVED_MOST, Shelf
from freshet.catalogue.store.ties import Tie, TieKind
from freshet.domain.errors import Refused
from freshet.lab.readers.generic import Wrong, wrong_fit
from freshet.lab.readers.ids import fingerprint
from freshet.lab.readers.lines import JSON_SUFFIXES, SUFFIXES, Line, lines_of
from freshet.lab.readers.report import ReadReport, Refusal
from freshet.lab.readers.tables import open_bytes, open_table

# In this order: a sound names its owner, a video its creator and its sound.
KINDS: dict[str, type[Record]] = {
    "people": Person,
    "sounds": Sound,
    "videos": Video,
    "hashtags": Hashtag,
    "follows": Tie,
    "blocks": Tie,
}
TRAIT = "traits."


@dataclass(frozen=True, slots=True)
class Source:
    """A file and what is in it."""

    kind: str
    path: Path

    @property
    def rows(self) -> int:
        """About how many lines it has, for a progress bar."""
        if self.path.suffix == ".parquet":
            return int(pq.read_metadata(self.path).num_rows)
        with open_bytes(self.path) as file:
            return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))


class Progress(msgspec.Struct):
    """How many lines of each kind are in, of exactly these files."""

    lines: dict[str, int] = {}


@dataclass(slots=True)
class CatalogueReport:
    """What became of the lines, by kind and outcome; `lines` says why some were refused."""

    lines: ReadReport
    done: dict[str, Counter[str]] = field(default_factory=dict)
    skipped: int = 0  # were in from an earlier run that ended early


def sources(path: Path) -> list[Source]:
    """The files at `path`, a folder or one of them, in the order in which they go in.

    Raises:
        Refused: there is none, or nobody knows what is in it.
    """
    right = "one of " + ", ".join(f"{kind}.jsonl" for kind in KINDS) + ", or .csv or .parquet"
    if not path.exists():
        raise Refused(str(path), "is not there", "a file or folder")
    files = [path] if path.is_file() else sorted(path.iterdir())
    if path.is_dir():  # an export of nothing is a file with nothing in it
        files = [file for file in files if file.is_file() and file.stat().st_size]
    found = [Source(file.name.partition(".")[0], file) for file in files]
    found = [one for one in found if one.kind in KINDS and one.path.name.endswith(SUFFIXES)]
    if not found:
        raise Refused(path.name, "names no kind of record", right)
    if len({one.kind for one in found}) < len(found):
        twice = Counter(one.kind for one in found).most_common(1)[0][0]
        raise Refused(path.name, f"holds {twice} in two files", "one file of each kind")
    return sorted(found, key=lambda one: list(KINDS).index(one.kind))


def import_catalogue(
    catalogue: Catalogue,
    found: Sequence[Source],
    report: CatalogueReport,
    folder: Path,
    tell: Callable[[Source, int], None] = lambda source, line: None,
) -> None:
    """Save every good line of the files.

    Args:
        folder: where it is remembered how far this import has come.
        tell: is told the line reached after every batch.
    """
    checkpoint = folder / f"import-{fingerprint([one.path for one in found])}.json"
    progress = _loaded(checkpoint)
    for source in found:
        behind = progress.lines.get(source.kind, 0)
        counts = report.done.setdefault(source.kind, Counter())
        for batch, reached in _batches(source, report, behind):
            _save(catalogue, source, batch, counts, report.lines)
            progress.lines[source.kind] = reached
            _store(checkpoint, progress)
            tell(source, reached)
    checkpoint.unlink(missing_ok=True)


# --- lines -------------------------------------------------------------------------------------

Batch = dict[int, Record]  # line -> record


def _batches(source: Source, report: CatalogueReport, behind: int) -> Iterator[tuple[Batch, int]]:
    """Records behind line `behind`; an id stands once in a batch, its later lines count."""
    batch: Batch = {}
    ids: set[str] = set()
    reached = behind
    for line in _lines(source, report.lines):
        if line.number <= behind:
            report.skipped += 1
            continue
        report.lines.lines += 1
        try:
            record = _record(line, KINDS[source.kind])
        except Wrong as wrong:
            _refuse(source, line.number, wrong, report.lines)
            reached = line.number
            continue
        name = getattr(record, "id", "")
        if len(batch) == SAVED_MOST or name in ids:
            yield batch, reached
            batch, ids = {}, set()
        batch[line.number] = record
        reached = line.number
        ids |= {name} - {""}
    if batch:
        yield batch, reached


def _lines(source: Source, report: ReadReport) -> Iterator[Line]:
    if source.path.name.endswith(JSON_SUFFIXES):
        return lines_of(source.path, None, report)
    kind = KINDS[source.kind]
    columns = open_table(source.path).columns
    fields = kind.__struct_fields__
    for column in columns:
        if column not in fields and not (column.startswith(TRAIT) and "traits" in fields):
            right = "one of " + ", ".join(fields)
            raise Refused(f"{source.path.name}.{column}", "is not a known column", right)
    return lines_of(source.path, columns, report)


def _record(line: Line, kind: type[Record]) -> Record:
    try:
        if line.text:
            return msgspec.json.decode(line.text, type=kind)
        return msgspec.convert(_plain(line.cells, kind), kind, strict=False)
    except msgspec.ValidationError as error:
        raise wrong_fit(error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Wrong("", f"is not JSON: {error}", "one record as a JSON object") from None


def _plain(cells: Mapping[str, Any], kind: type[Record]) -> dict[str, Any]:
    """Cells of a table as the fields of a record; an empty one is not said."""
    plain: dict[str, Any] = {}
    traits: dict[str, str] = {}
    types = field_types(kind)
    for name, value in cells.items():
        if value is None or value == "":
            continue
        if name.startswith(TRAIT):
            traits[name.removeprefix(TRAIT)] = str(value)
        else:
            plain[name] = _cell(name, value, types[name])
    if traits:
        plain["traits"] = cast(dict[str, str], plain.get("traits", {})) | traits
    return plain


def _cell(name: str, value: Any, type_: inspect.Type) -> Any:
    if isinstance(value, datetime):
        when = value if value.tzinfo else value.replace(tzinfo=UTC)
        return round(when.timestamp() * 1000)
    if isinstance(type_, inspect.VarTupleType | inspect.DictType) and isinstance(value, str):
        return _many(name, value, isinstance(type_, inspect.DictType))
    if isinstance(value, float) and value.is_integer() and not isinstance(type_, inspect.FloatType):
        value = int(value)  # a column with gaps becomes one of floats on the way through pandas
    if isinstance(type_, inspect.StrType) and isinstance(value, int):
        return str(value)
    return value


def _many(name: str, text: str, named: bool) -> Any:
    """A list or table in one cell: JSON, or for a list names with commas between."""
    if not named and not text.lstrip().startswith("["):
        return [part for part in (part.strip() for part in text.split(",")) if part]
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        right = '{"name": "value"}' if named else '["a", "b"], or a, b'
        raise Wrong(name, f"is not JSON: {error}", right) from None


@cache
def field_types(kind: type[Record]) -> dict[str, inspect.Type]:
    """What msgspec makes of each field of a record."""
    told = cast(inspect.StructType, inspect.type_info(kind))
    return {one.name: _bare(one.type) for one in told.fields}


def _bare(type_: inspect.Type) -> inspect.Type:
    return type_.type if isinstance(type_, inspect.Metadata) else type_


# --- batches -----------------------------------------------------------------------------------


def _save(
    catalogue: Catalogue, source: Source, batch: Batch, counts: Counter[str], report: ReadReport
) -> None:
    records = list(batch.values())
    if KINDS[source.kind] is Tie:
        refused = catalogue.ties.tell(cast(TieKind, source.kind), cast(list[Tie], records))
        outcomes: Sequence[Any] = [one or "told" for one in refused]
    else:
        shelf: Shelf[Any, Any] = getattr(catalogue, source.kind)
        outcomes = shelf.save(records)
    for line, outcome in zip(batch, outcomes, strict=True):
        if isinstance(outcome, Refused):
            wrong = Wrong(outcome.field, outcome.reason, outcome.right)
            _refuse(source, line, wrong, report)
        else:
            counts[outcome] += 1
            report.kept += 1


def _refuse(source: Source, line: int, wrong: Wrong, report: ReadReport) -> None:
    report.refuse(Refusal(source.path.name, line, wrong.field, wrong.reason, wrong.right))


def _loaded(checkpoint: Path) -> Progress:
    try:
        return msgspec.json.decode(checkpoint.read_bytes(), type=Progress)
    except (FileNotFoundError, msgspec.DecodeError):
        return Progress()


def _store(checkpoint: Path, progress: Progress) -> None:
    """Written beside and renamed, so that a crash leaves the old or the new one."""
    beside = checkpoint.with_suffix(".tmp")
    beside.write_bytes(msgspec.json.encode(progress))
    os.replace(beside, checkpoint)
