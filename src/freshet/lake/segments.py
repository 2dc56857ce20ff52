"""What lies in the lake: segments of neighbouring events, each a few files and a list of them.

    lake/watch/date=2026-01-05/000000000001-000000050000.parquet     one file an event kind
    lake/segments/000000000001-000000050000.json                     the files, with digests

A segment is there when its list is. Files come first, so whatever a crash leaves behind the
last segment's end is not of the lake, and is removed before the next is written.

A segment that is written anew (someone was erased) first gets a list `…-….new.json` beside
the old, naming files that lie complete as `….parquet.new`; then those replace the old ones
by rename. Whoever reads by pattern meets each row once, and a crash is finished later.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pyarrow.parquet as pq

from freshet.domain.errors import Corrupt, Refused
from freshet.log.files import make_folder, sync_folder, write_file
from freshet.log.ports import Offset

FORMAT = 1
LISTS = "segments"
UNFINISHED = "unfinished"  # where files of the segment being written lie
NEW = ".new"
PIECE = 2**20
RANGE = re.compile(r"(\d{12,})-(\d{12,})")


class File(msgspec.Struct, frozen=True):
    """One Parquet file."""

    path: str  # inside the lake
    event: str
    rows: int
    bytes: int
    sha256: str


class Segment(msgspec.Struct, frozen=True):
    """Neighbouring events by kind."""

    first: Offset
    last: Offset
    received: tuple[int, int]  # of the first and the last event, ms since 1970
    last_event_id: str  # tells a lake of another log
    files: list[File]
    erased: int = 0  # events taken out since
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def name(self) -> str:
        return name_of(self.first, self.last)


def name_of(first: Offset, last: Offset) -> str:
    return f"{first:012}-{last:012}"


def range_of(name: str) -> tuple[Offset, Offset] | None:
    """
    >>> range_of("000000000001-000000000300.parquet"), range_of("notes.txt")
    ((1, 300), None)
    """
    found = RANGE.match(name)
    return (int(found[1]), int(found[2])) if found else None


class Segments:
    """The lists in a lake's folder. Reading needs nobody's leave; writing, the lake's lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ranges(self) -> list[tuple[Offset, Offset]]:
        """Offsets of each segment, in order."""
        names = (path.name for path in (self.folder / LISTS).glob("*.json"))
        found = (range_of(name) for name in names if not name.endswith(f"{NEW}.json"))
        return sorted(pair for pair in found if pair is not None)

    def last(self) -> Segment | None:
        ranges = self.ranges()
        return self.read(*ranges[-1]) if ranges else None

    def all(self) -> Iterator[Segment]:
        for first, last in self.ranges():
            yield self.read(first, last)

    def read(self, first: Offset, last: Offset) -> Segment:
        """
        Raises:
            Corrupt: the list cannot be read.
            Refused: it was written by a newer Freshet.
        """
        return self._read(self._list(name_of(first, last)))

    def put(self, segment: Segment) -> None:
        """Its files lie in place: from now on it is of the lake."""
        make_folder(self.folder / LISTS)
        write_file(self._list(segment.name), msgspec.json.encode(segment))

    def replace(self, old: Segment, new: Segment) -> None:
        """Put `new` in place of `old`; its changed files lie beside theirs, with `.new` behind."""
        write_file(self._list(new.name + NEW), msgspec.json.encode(new))
        self._finish(old, new)

    def tidy(self) -> None:
        """Finish or undo what a crash left half done. Only under the lake's lock."""
        for path in (self.folder / LISTS).glob(f"*{NEW}.json"):
            new = self._read(path)
            self._finish(self.read(new.first, new.last), new)
        ranges = self.ranges()
        end = ranges[-1][1] if ranges else 0
        for path in self.folder.glob("*/date=*/*"):
            inside = range_of(path.name)
            if path.name.endswith(NEW) or (inside and inside[0] > end):
                path.unlink()
        for path in (*(self.folder / UNFINISHED).glob("*"), *(self.folder / LISTS).glob(".*")):
            path.unlink()

    def _finish(self, old: Segment, new: Segment) -> None:
        kept = {file.path for file in new.files}
        folders = {self.folder / LISTS}
        for file in new.files:
            path = self.folder / file.path
            beside = path.with_name(path.name + NEW)
            if beside.exists():
                beside.rename(path)
                folders.add(path.parent)
        for path in (self.folder / file.path for file in old.files if file.path not in kept):
            path.unlink(missing_ok=True)
            folders.add(path.parent)
        for folder in sorted(folders):
            sync_folder(folder)
        self._list(new.name + NEW).rename(self._list(new.name))
        sync_folder(self.folder / LISTS)

    def _list(self, name: str) -> Path:
        return self.folder / LISTS / f"{name}.json"

    def _read(self, path: Path) -> Segment:
        try:
            segment = msgspec.json.decode(path.read_bytes(), type=Segment)
        except (OSError, msgspec.MsgspecError) as error:
            raise Corrupt(f"{path} cannot be read: {error}") from error
        if segment.format > FORMAT:
            right = "a newer Freshet"
            raise Refused("lake", f"{path} has format {segment.format}", right)
        return segment


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def damage(segments: Segments, tell: Callable[[int, int], None] = lambda *_: None) -> list[str]:
    """What is wrong with a lake, in words; empty if nothing: gaps, overlaps, files that are
    missing, changed or of none of its segments. It may be written meanwhile.

    Args:
        tell: hears how many segments are done, and of how many.
    """
    wrong: list[str] = []
    listed: set[str] = set()
    ranges = segments.ranges()
    expected = ranges[0][0] if ranges else 1  # a log's first events may be gone before it
    for done, (first, last) in enumerate(ranges):
        tell(done, len(ranges))
        if first != expected:
            wrong.append(f"offset {expected} expected, a segment begins at {first}")
        expected = last + 1
        try:
            segment = segments.read(first, last)
        except Corrupt as error:
            wrong.append(str(error))
            continue
        listed |= {file.path for file in segment.files}
        wrong += [line for file in segment.files if (line := _wrong(segments.folder, file))]
        if segment.rows + segment.erased != last - first + 1:
            rows = f"{segment.rows} events and {segment.erased} erased"
            wrong.append(f"segment {segment.name} holds {rows}, not {last - first + 1}")
    tell(len(ranges), len(ranges))
    for path in sorted(segments.folder.glob("*/date=*/*.parquet")):
        inside, name = range_of(path.name), str(path.relative_to(segments.folder))
        being_written = inside is not None and inside[0] >= expected
        if name not in listed and not being_written:
            wrong.append(f"{name} is of no segment")
    return wrong


def _wrong(folder: Path, file: File) -> str:
    path = folder / file.path
    if not path.is_file():
        return f"{file.path} is missing"
    if path.stat().st_size != file.bytes or digest_of(path) != file.sha256:
        return f"{file.path} differs from its digest"
    if pq.read_metadata(path).num_rows != file.rows:
        return f"{file.path} does not hold {file.rows} rows"
    return ""
