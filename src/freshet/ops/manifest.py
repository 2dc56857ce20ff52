"""What a backup says of itself: `backup.json`, written last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from freshet import __version__
from freshet.backends import sqlite_store
from freshet.catalogue import access_file
from freshet.catalogue.store import migrate
from freshet.domain import events
from freshet.domain.errors import Corrupt, NotFound, Refused
from freshet.lake import segments
from freshet.log import snapshots
from freshet.log.ports import Offset

FORMAT = 1
FILE = "backup.json"
SHAPE = "freshet-%Y%m%dT%H%M%SZ"
NAME = re.compile(r"freshet-\d{8}T\d{6}Z")


class Versions(msgspec.Struct, frozen=True):
    """Of everything a release must know to read what is in a backup."""

    freshet: str
    log: int
    events: int
    snapshots: int
    lake: int
    access: int
    catalogue: str  # revision of its tables; "" = there is none


class Place(msgspec.Struct, frozen=True):
    """How far the log goes."""

    epoch: int
    base: Offset
    last: Offset
    received: int  # of its last event, ms since 1970; 0 = none


class File(msgspec.Struct, frozen=True):
    """One file of a data folder."""

    path: str  # inside the folder
    bytes: int
    sha256: str
    mode: int  # who may read it, once it is restored


class Backup(msgspec.Struct, frozen=True):
    """One backup."""

    made: int  # ms since 1970; all that was acknowledged before is in it
    versions: Versions
    log: Place
    files: tuple[File, ...]
    snapshots: tuple[Offset, ...] = ()
    lake: Offset = 0  # up to which it reaches; 0 = none of it is here
    left_out: tuple[str, ...] = ()  # of the data folder's, by name: nothing of ours
    format: int = FORMAT

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


def versions(catalogue: str) -> Versions:
    """What this release writes."""
    return Versions(
        freshet=__version__,
        log=sqlite_store.FORMAT,
        events=events.SCHEMA,
        snapshots=snapshots.FORMAT,
        lake=segments.FORMAT,
        access=access_file.SCHEMA,
        catalogue=catalogue,
    )


def name_of(made: int) -> str:
    """
    >>> name_of(1_700_000_000_000)
    'freshet-20231114T221320Z'
    """
    return datetime.fromtimestamp(made // 1000, UTC).strftime(SHAPE)


def backups_in(folder: Path) -> list[Path]:
    """The backups that lie in a folder, newest first."""
    if not folder.is_dir():
        return []
    return sorted((p for p in folder.iterdir() if NAME.fullmatch(p.name)), reverse=True)


def newest_ms(folder: Path) -> int | None:
    """When the newest backup in a folder was made; None if there is none."""
    for path in backups_in(folder):
        return int(datetime.strptime(path.name, SHAPE).replace(tzinfo=UTC).timestamp() * 1000)
    return None


def found(path: Path) -> Path:
    """The backup meant: `path` itself, or the newest in it.

    Raises:
        NotFound: there is none.
    """
    if (path / FILE).is_file():
        return path
    for inside in backups_in(path):
        if (inside / FILE).is_file():
            return inside
    raise NotFound(str(path), "holds no backup", "what `freshet backup` made, or a folder of them")


def read(folder: Path) -> Backup:
    """What a backup says of itself.

    Raises:
        Refused: a newer Freshet made it.
        Corrupt: it cannot be read.
    """
    try:
        text = (folder / FILE).read_bytes()
        _refuse_newer(folder, text)
        backup = msgspec.json.decode(text, type=Backup)
    except (OSError, msgspec.MsgspecError) as error:
        raise Corrupt(f"{folder / FILE} cannot be read: {error}") from error
    for file in backup.files:
        if Path(file.path).is_absolute() or ".." in Path(file.path).parts:
            raise Corrupt(f"{folder / FILE} names {file.path!r}, which is outside of it")
    return backup


class _Told(msgspec.Struct):
    versions: Versions
    format: int


def _refuse_newer(folder: Path, text: bytes) -> None:
    told = msgspec.json.decode(text, type=_Told)
    newer = [name for name, _ in _newer(told)]
    if newer:
        raise Refused(
            str(folder),
            f"was made by Freshet {told.versions.freshet}, whose {', '.join(newer)} this Freshet "
            f"{__version__} does not know",
            f"Freshet {told.versions.freshet} or a later one",
        )


def _newer(told: _Told) -> Iterator[tuple[str, object]]:
    ours = versions("")
    if told.format > FORMAT:
        yield "backups", told.format
    for name in ("log", "events", "snapshots", "lake", "access"):
        if getattr(told.versions, name) > getattr(ours, name):
            yield f"format of {name}", getattr(told.versions, name)
    if told.versions.catalogue and told.versions.catalogue not in migrate.revisions():
        yield "catalogue", told.versions.catalogue
