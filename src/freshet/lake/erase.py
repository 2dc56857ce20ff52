"""Take people out of the lake: every file that names one is written again without those rows.

A `person_erased` row says that someone is to be taken out, and stays until all else is done:
`strip` removes every other trace, `forget` then these rows as well. So whatever breaks off
in between is found again and done again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from freshet.domain.events import EVENTS, PersonErased, ViewersMerged
from freshet.lake.seal import COMPRESSION
from freshet.lake.segments import NEW, UNFINISHED, File, Segments, digest_of
from freshet.log.files import FolderLock, make_folder, sync_file
from freshet.log.people import ACTOR, subjects_of

ERASED = str(PersonErased.__struct_config__.tag)
MERGED = str(ViewersMerged.__struct_config__.tag)
NOTES = frozenset({ERASED, MERGED})  # who is to go, and who else they were

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Pending:
    """An erasure asked for and not done."""

    person: str
    received: int  # ms since 1970


def pending(folder: Path) -> list[Pending]:
    """Erasures that the lake knows of, oldest first; a person once."""
    found: dict[str, Pending] = {}
    for table in _tables(Segments(folder), ERASED, ["person", "received"]):
        received = table["received"].cast(pa.int64()).to_pylist()
        for person, at in zip(table["person"].to_pylist(), received, strict=True):
            found.setdefault(person, Pending(person, at))
    return list(found.values())


def merged(folder: Path) -> dict[str, set[str]]:
    """Who turned out to be whom: a person's key -> keys they had before."""
    was: dict[str, set[str]] = {}
    for table in _tables(Segments(folder), MERGED, ["viewer", "into"]):
        for viewer, into in zip(*(table[n].to_pylist() for n in ("viewer", "into")), strict=True):
            was.setdefault(into, set()).add(viewer)
    return was


def strip(folder: Path, people: Collection[str], tell: Tell = lambda *_: None) -> int:
    """Remove these people from everything but the notes on whom to erase; how many rows."""
    return _rewrite(folder, people, frozenset(EVENTS) - NOTES, tell)


def forget(folder: Path, people: Collection[str]) -> int:
    """Remove the notes on them too; how many rows."""
    return _rewrite(folder, people, NOTES, lambda *_: None)


def _tables(segments: Segments, event: str, columns: list[str]) -> Iterator[pa.Table]:
    for segment in segments.all():
        for file in segment.files:
            if file.event == event:
                yield pq.read_table(segments.folder / file.path, columns=columns, partitioning=None)


def _rewrite(folder: Path, people: Collection[str], events: Collection[str], tell: Tell) -> int:
    if not folder.exists():
        return 0
    segments, keys = Segments(folder), pa.array(sorted(people), pa.string())
    make_folder(folder / UNFINISHED)
    removed = 0
    with FolderLock(folder, busy="sealed"):
        segments.tidy()
        ranges = segments.ranges()
        for done, (first, last) in enumerate(ranges):
            tell(done, len(ranges))
            old = segments.read(first, last)
            files = [_without(folder, f, keys) if f.event in events else f for f in old.files]
            left = [file for file in files if file.rows]
            if files != old.files:
                gone = old.rows - sum(file.rows for file in left)
                new = msgspec.structs.replace(old, files=left, erased=old.erased + gone)
                segments.replace(old, new)
                removed += gone
        tell(len(ranges), len(ranges))
    return removed


def _without(folder: Path, file: File, keys: pa.Array) -> File:
    """The file as it must be, written beside the old one if that differs."""
    path = folder / file.path
    subjects, actor = subjects_of(EVENTS[file.event]), ACTOR
    with pq.ParquetFile(path) as old:
        named = [name for name in (*subjects, actor) if name in old.schema_arrow.names]
        if not named or not _any(old.read(columns=named), named, keys):
            return file
        beside = path.with_name(path.name + NEW)
        rows = 0
        with pq.ParquetWriter(beside, old.schema_arrow, compression=COMPRESSION) as new:
            for group in range(old.num_row_groups):
                kept = _blanked(_kept(old.read_row_group(group), subjects, keys), keys)
                rows += kept.num_rows
                new.write_table(kept)
    if not rows:
        beside.unlink()
        return msgspec.structs.replace(file, rows=0)
    sync_file(beside)
    size = beside.stat().st_size
    return File(file.path, file.event, rows, size, digest_of(beside))


def _any(table: pa.Table, names: Collection[str], keys: pa.Array) -> bool:
    return any(pc.any(pc.is_in(table[name], value_set=keys)).as_py() for name in names)


def _kept(table: pa.Table, subjects: Collection[str], keys: pa.Array) -> pa.Table:
    for name in subjects:
        if name in table.schema.names:
            table = table.filter(pc.invert(pc.is_in(table[name], value_set=keys)))
    return table


def _blanked(table: pa.Table, keys: pa.Array) -> pa.Table:
    """An erased moderator's decisions stand, without their name."""
    if ACTOR not in table.schema.names:
        return table
    at = table.schema.get_field_index(ACTOR)
    theirs = pc.is_in(table[ACTOR], value_set=keys)
    return table.set_column(at, table.schema.field(at), pc.if_else(theirs, "", table[ACTOR]))
