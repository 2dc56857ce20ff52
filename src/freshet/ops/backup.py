"""One folder with all of a data folder that nothing could make anew, as it was at one moment.

Everything goes on meanwhile; `moment.py` says why what is copied fits together. The day's
salt for viewers who may not be learned from stays behind: it is to be gone when the day is
over, and a copy of it would not be.

Snapshots and the lake can be made from the log, so of them only what the log no longer holds
must come along: the epoch's base. The newest snapshot does too, for a quicker start.

It is written beside and renamed: a backup is there as a whole or not at all.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from freshet.backends.secret_file import CURSORS
from freshet.backends.sqlite_copy import Pinned, copy_log
from freshet.backends.sqlite_reader import FILE as LOG_FILE
from freshet.backends.sqlite_reader import SqliteReader
from freshet.catalogue.access_file import FILE as ACCESS_FILE
from freshet.catalogue.keys import FILE as KEYS_FILE
from freshet.catalogue.session_keys import salts
from freshet.catalogue.store.catalogue import FILE as CATALOGUE_FILE
from freshet.domain.errors import Corrupt, Refused, Unavailable
from freshet.lake.segments import LISTS, Segment, Segments, digest_of
from freshet.log.files import FolderLock, make_folder, sync_file, sync_folder, write_file
from freshet.log.ports import Offset
from freshet.log.snapshots import MANIFEST, Manifest, Snapshots, crc_of
from freshet.ops.lake_hands import FOLDER as LAKE_FOLDER
from freshet.ops.manifest import FILE, Backup, File, Place, backups_in, name_of, versions
from freshet.ops.moment import moment
from freshet.ops.sweep import LOCK

Share = Literal["needed", "all", "none"]  # of the lake: what the log no longer holds, ...

UNFINISHED = ".unfinished-"
SMALL = ("api_key", CURSORS, "demo.json", "import-*.json")
SNAPSHOTS = "snapshots"
OURS = (LOG_FILE, CATALOGUE_FILE, KEYS_FILE, ACCESS_FILE, SNAPSHOTS, LAKE_FOLDER, *SMALL)
ROOM = 1.05  # of what is copied, must be free


class Tell(Protocol):
    def __call__(self, doing: str, done: int = 0, total: int | None = None) -> None: ...


def backup(
    data: Path,
    to: Path,
    now_ms: int,
    lake: Share = "needed",
    tell: Tell = lambda *_: None,
) -> Path:
    """Back up a data folder, served or not, into a folder of its own in `to`; durable on return.

    Args:
        lake: how much of the lake comes along.

    Raises:
        NotFound: there is no log in `data`.
        Refused: `to` lies in `data`, or holds a backup of this second.
        Unavailable: another backup or an erasing sweep is at work, or there is no room.
        Corrupt: something is damaged; nothing is left in `to`.
    """
    place = to / name_of(now_ms)
    with closing(SqliteReader(data).store):
        pass  # which says so if there is no log, or one we cannot read
    if to.resolve().is_relative_to(data.resolve()):
        raise Refused("to", f"{to} lies in the data folder itself", "a folder on another disk")
    if place.exists():
        raise Refused("to", f"{place} is there already", "another folder, or a second later")
    make_folder(to)
    _tidy(to)
    with FolderLock(data, LOCK, "backed up or swept"), _unfinished(to, place.name) as folder:
        _Making(data, folder, tell).make(now_ms, lake)
        sync_folder(folder)
        folder.rename(place)
        sync_folder(to)
    return place


def prune(to: Path, keep: int) -> list[Path]:
    """Remove all but the newest backups in a folder; which were removed."""
    gone = backups_in(to)[keep:]
    for path in gone:
        # Renamed first: what is half removed must not look like a backup.
        doomed = path.rename(to / f"{UNFINISHED}{path.name}")
        shutil.rmtree(doomed)
    return gone


class _Making:
    """One backup, being written to a folder that nobody knows yet."""

    def __init__(self, data: Path, folder: Path, tell: Tell) -> None:
        self._data, self._folder, self._tell = data, folder, tell
        self._files: list[File] = []

    def make(self, made: int, share: Share) -> None:
        self._tell("noting how far everything is")
        with moment(self._data) as now:
            self._refuse_full()
            for name, pinned in now.databases.items():
                without = salts.name if name == ACCESS_FILE else ""
                pinned.copy(self._folder / name, self._of(name), without)
                self._note(name)
            revision = _revision(now.databases.get(CATALOGUE_FILE))
        log = self._log(now.last)
        for path in sorted(p for pattern in SMALL for p in self._data.glob(pattern)):
            shutil.copyfile(path, self._folder / path.name)
            self._note(path.name)
        taken = self._snapshots(log)
        sealed = self._lake(log, share)
        self._note_down(
            Backup(
                made, versions(revision), log, tuple(self._files), tuple(taken), sealed,
                _left_out(self._data),
            )
        )  # fmt: skip

    def _log(self, last: Offset) -> Place:
        meta = copy_log(self._data, self._folder / LOG_FILE, last, self._of(LOG_FILE))
        self._note(LOG_FILE)
        with closing(SqliteReader(self._folder).store) as copy:
            row = copy.last_row()
        return Place(meta.epoch, meta.base, last, row.received if row else 0)

    def _snapshots(self, log: Place) -> list[Offset]:
        """Copy the newest good one, and the one that the epoch begins with."""
        snapshots = Snapshots(self._data / SNAPSHOTS)
        fitting = [one for one in snapshots.offsets() if log.base <= one <= log.last]
        newest = next((one for one in fitting if self._snapshot(snapshots, one)), None)
        taken = [] if newest is None else [newest]
        if log.base and log.base not in taken:
            if not self._snapshot(snapshots, log.base):
                raise Corrupt(f"the snapshot at {log.base}, where the log begins, is damaged")
            taken.append(log.base)
        return taken

    def _snapshot(self, snapshots: Snapshots, offset: Offset) -> bool:
        """Copy a snapshot; False if it is damaged, or was removed meanwhile."""
        manifest = snapshots.manifest(offset)
        if manifest is None:
            return False
        blocks = _blocks(manifest)
        source, place = snapshots.folder / str(offset), Path(SNAPSHOTS, str(offset))
        try:
            for done, name in enumerate(blocks):
                self._tell("copying a snapshot", done, len(blocks))
                _copy(source / name, self._folder / place / name)
            _copy(source / MANIFEST, self._folder / place / MANIFEST)
        except FileNotFoundError:
            shutil.rmtree(self._folder / place, ignore_errors=True)
            return False
        if any(crc_of(self._folder / place / name) != crc for name, crc in blocks.items()):
            shutil.rmtree(self._folder / place)
            return False
        for name in (*blocks, MANIFEST):
            self._note((place / name).as_posix())
        return True

    def _lake(self, log: Place, share: Share) -> Offset:
        """Copy segments, no further than the log; up to which offset they reach."""
        segments, sealed = Segments(self._data / LAKE_FOLDER), 0
        most = {"none": 0, "needed": log.base, "all": log.last}[share]
        chosen = [(a, b) for a, b in segments.ranges() if a <= most and b <= log.last]
        for done, (first, last) in enumerate(chosen):
            self._tell("copying the lake", done, len(chosen))
            self._segment(segments.read(first, last))
            sealed = last
        return sealed

    def _segment(self, segment: Segment) -> None:
        for file in segment.files:
            path = Path(LAKE_FOLDER, file.path)
            _copy(self._data / path, self._folder / path)
            if self._note(path.as_posix()).sha256 != file.sha256:
                raise Corrupt(f"{path} differs from its digest: freshet lake verify")
        listed = Path(LAKE_FOLDER, LISTS, f"{segment.name}.json")
        _copy(self._data / listed, self._folder / listed)
        self._note(listed.as_posix())

    def _note(self, name: str) -> File:
        """Remember a file that is whole now."""
        path = self._folder / name
        path.chmod(0o600)
        sync_file(path)
        mode = (self._data / name).stat().st_mode & 0o777
        file = File(name, path.stat().st_size, digest_of(path), mode)
        self._files.append(file)
        return file

    def _note_down(self, backup: Backup) -> None:
        for path in self._folder.rglob("*"):
            if path.is_dir():
                path.chmod(0o700)
                sync_folder(path)
        write_file(self._folder / FILE, msgspec.json.format(msgspec.json.encode(backup)))
        (self._folder / FILE).chmod(0o600)

    def _of(self, name: str) -> Callable[[int, int], None]:
        return lambda done, total: self._tell(f"copying {name}", done, total)

    def _refuse_full(self) -> None:
        need = sum(
            path.stat().st_size
            for name in (LOG_FILE, CATALOGUE_FILE, KEYS_FILE, ACCESS_FILE)
            if (path := self._data / name).exists()
        )
        free = shutil.disk_usage(self._folder).free
        if free < need * ROOM:
            raise Unavailable(
                f"{self._folder.parent} has {free / 1e9:.1f} GB free, the backup needs about "
                f"{need * ROOM / 1e9:.1f} GB"
            )


@contextmanager
def _unfinished(to: Path, name: str) -> Iterator[Path]:
    """A folder that is removed unless it was renamed; locked, so that a later backup can tell
    one being written from what a crash left."""
    folder = to / f"{UNFINISHED}{name}"
    folder.mkdir(mode=0o700)
    lock = to / f"{folder.name}.lock"
    try:
        with FolderLock(to, lock.name):
            yield folder
    finally:
        lock.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _tidy(to: Path) -> None:
    """Remove what backups that broke off have left."""
    for path in to.glob(f"{UNFINISHED}*"):
        if path.is_dir():
            lock = to / f"{path.name}.lock"
            with suppress(Unavailable), FolderLock(to, lock.name):
                shutil.rmtree(path)
                lock.unlink()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _blocks(manifest: Manifest) -> dict[str, int]:
    """Files of a snapshot and their checksums."""
    return {
        f"{projection}/{name}": block.crc
        for projection, saved in manifest.projections.items()
        for name, block in saved.blocks.items()
    }


def _revision(catalogue: Pinned | None) -> str:
    if catalogue is None or not catalogue.has("alembic_version"):
        return ""
    return str(catalogue.one("SELECT version_num FROM alembic_version"))


def _left_out(data: Path) -> tuple[str, ...]:
    """What lies in a data folder and is nothing of ours."""
    known = (*OURS, "*.lock", "*-wal", "*-shm", ".*")
    return tuple(
        sorted(p.name for p in data.iterdir() if not any(p.match(pattern) for pattern in known))
    )
