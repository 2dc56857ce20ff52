"""Files that must outlive a power cut, and the lock of a data folder.

A file is durable when its bytes *and* its name in the folder are synced; SQLite does both
for its own files once the folder itself is durable.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from freshet.domain.errors import Refused, Unavailable

LOCK = "writer.lock"  # held by the process that writes to a data folder
PRIVATE = 0o700  # of a data folder: it holds secrets, and who did what
RESTORING = ".restoring"  # lies in a data folder while a backup is put into it


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    _sync(path, os.O_RDONLY)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Create a folder with its parents, durably.

    Args:
        mode: of the folder itself, if it is made; a data folder is its owner's alone.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(mode, parents=True, exist_ok=True)
    for path in reversed(missing):
        sync_folder(path.parent)


def write_file(path: Path, data: bytes) -> None:
    """Put a small file in place: durable, and there as a whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(data)
    sync_file(unfinished)
    unfinished.rename(path)
    sync_folder(path.parent)


def refuse_unfinished(folder: Path) -> None:
    """
    Raises:
        Refused: a restore into the folder broke off.
    """
    if (folder / RESTORING).exists():
        reason = f"a restore into {folder} is under way or broke off"
        raise Refused("data", reason, "run `freshet restore` again; it begins anew")


class FolderLock:
    """The right to do something to a folder, held by one process at a time: to write to it,
    unless another `name` says otherwise.

    The system lets go of it when the process ends, however it ends.
    """

    def __init__(self, folder: Path, name: str = LOCK, busy: str = "") -> None:
        """
        Args:
            busy: what another process is doing to the folder while it holds the lock.

        Raises:
            Unavailable: another process holds it.
        """
        self._file = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 32).decode(errors="replace").strip()
            os.close(self._file)
            raise Unavailable(
                f"{folder} is being {busy} by process {holder or '?'}; try again when it is done"
                if busy
                else f"{folder} is being written by process {holder or '?'}; stop it first"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        os.close(self._file)

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _sync(path: Path, flags: int) -> None:
    file = os.open(path, flags)
    try:
        os.fsync(file)
    finally:
        os.close(file)
