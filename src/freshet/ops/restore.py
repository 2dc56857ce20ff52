"""Put a backup into an empty folder: every byte checked, as a whole or not at all.

While it is under way the folder holds the writer's lock and a mark. Nothing serves a folder
with the mark; a restore that broke off is begun anew by the next.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import BinaryIO

from freshet.domain.errors import Corrupt, Refused, Unavailable
from freshet.log.files import (
    LOCK,
    PRIVATE,
    RESTORING,
    FolderLock,
    make_folder,
    sync_file,
    sync_folder,
    write_file,
)
from freshet.ops.backup import Tell
from freshet.ops.manifest import Backup, File, found, read

PIECE = 2**20
OF_THE_DISK = ("lost+found",)  # lies in the root of a fresh disk


def restore(source: Path, data: Path, tell: Tell = lambda *_: None) -> Backup:
    """Restore a backup, or the newest in a folder of them; durable on return.

    Raises:
        NotFound: there is no backup.
        Refused: `data` is not empty, or a newer Freshet made the backup.
        Corrupt: a file of the backup is missing or changed; `data` is left empty.
        Unavailable: there is no room, or somebody else is at it.
    """
    folder = found(source)
    backup = read(folder)
    refuse_used(data)
    make_folder(data, PRIVATE)
    _refuse_full(backup, data)
    with FolderLock(data):
        refuse_used(data)  # somebody may have been there before the lock was ours
        _clear(data)
        write_file(data / RESTORING, b"")
        try:
            _pour(folder, data, backup, tell)
        except BaseException:
            _clear(data)
            (data / RESTORING).unlink()
            raise
        (data / RESTORING).unlink()
        sync_folder(data)
    return backup


def check(source: Path, tell: Tell = lambda *_: None) -> tuple[Backup, list[str]]:
    """A backup, and what is wrong with its files; nothing is written.

    Raises:
        NotFound: there is no backup.
        Refused: a newer Freshet made it.
    """
    folder = found(source)
    backup = read(folder)
    wrong, done = list[str](), 0
    for file in backup.files:
        tell("checking", done, backup.bytes)
        try:
            _copied(folder, file)
        except Corrupt as error:
            wrong.append(str(error))
        done += file.bytes
    return backup, wrong


def refuse_used(data: Path) -> None:
    """
    Raises:
        Refused: there is something in the folder.
    """
    if not data.exists() or (data / RESTORING).exists():
        return
    if not data.is_dir():
        raise Refused("data", f"{data} is a file", "a folder that is empty or not there")
    if inside := sorted(p.name for p in data.iterdir() if p.name not in (*OF_THE_DISK, LOCK)):
        some = ", ".join(inside[:3]) + (", …" if len(inside) > 3 else "")
        reason = f"{data} is not empty: {some}"
        raise Refused("data", reason, "another folder; or move this one away first")


def _pour(folder: Path, data: Path, backup: Backup, tell: Tell) -> None:
    folders, done = {data}, 0
    for file in backup.files:
        tell("restoring", done, backup.bytes)
        target = data / file.path
        make_folder(target.parent)
        with _private(target).open("wb") as opened:
            _copied(folder, file, opened)
        target.chmod(file.mode)
        sync_file(target)
        folders.add(target.parent)
        done += file.bytes
    for one in folders:
        sync_folder(one)


def _copied(folder: Path, file: File, target: BinaryIO | None = None) -> None:
    """Read a file of a backup, and write it where it is to go.

    Raises:
        Corrupt: it is not what was written.
    """
    digest = hashlib.sha256()
    try:
        with (folder / file.path).open("rb") as source:
            while piece := source.read(PIECE):
                digest.update(piece)
                if target is not None:
                    target.write(piece)
    except FileNotFoundError:
        raise Corrupt(f"{folder / file.path} is missing; take another backup") from None
    if digest.hexdigest() != file.sha256:
        raise Corrupt(f"{folder / file.path} differs from its digest; take another backup")


def _private(path: Path) -> Path:
    """Make a file that is nobody else's to read before anything is in it."""
    path.touch(mode=0o600)
    return path


def _clear(data: Path) -> None:
    """Remove what a restore has put into a folder that was empty before."""
    for path in data.iterdir():
        if path.name in (*OF_THE_DISK, LOCK, RESTORING):
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _refuse_full(backup: Backup, data: Path) -> None:
    free = shutil.disk_usage(data).free
    if free < backup.bytes:
        reason = f"{data} has {free / 1e9:.1f} GB free, the backup holds"
        raise Unavailable(f"{reason} {backup.bytes / 1e9:.1f} GB")
