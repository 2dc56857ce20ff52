"""State saved to disk, so that a start need not fold the whole log.

    snapshots/1200/manifest.json          offset, epoch, checksums of every block
    snapshots/1200/<projection>/*.npy     named blocks, little endian
    snapshots/1200/<projection>/*.msgpack

A snapshot is written to a folder beside, synced, then renamed: it is there whole or not at
all. One that is damaged, of an older fold version, or that its projection cannot load, is
passed over with a warning and the state is folded from an earlier one or from the log.
"""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from freshet.domain.errors import Corrupt
from freshet.log.files import make_folder, sync_file, sync_folder
from freshet.log.ports import Offset, Projection

FORMAT = 1
MANIFEST = "manifest.json"
T = TypeVar("T")

_warn = structlog.get_logger().warning


# --- blocks ---------------------------------------------------------------------------------


def save_block(folder: Path, name: str, array: NDArray[Any]) -> None:
    """Save an array as `name`.npy, little endian, row-major."""
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    np.save(folder / f"{name}.npy", array, allow_pickle=False)


def load_block(
    folder: Path, name: str, *, dtype: Any = None, writable: bool = True
) -> NDArray[Any]:
    """The array saved as `name`; not `writable`, it is mapped from the file.

    Raises:
        Corrupt: there is none, or it is of another type than `dtype`.
    """
    try:
        path = folder / f"{name}.npy"
        array: NDArray[Any] = np.load(path, mmap_mode=None if writable else "r")
    except (OSError, ValueError, EOFError) as error:
        raise Corrupt(f"block {name!r} of {folder} cannot be read: {error}") from error
    if dtype is not None and array.dtype != np.dtype(dtype):
        raise Corrupt(f"block {name!r} of {folder} holds {array.dtype}, not {np.dtype(dtype)}")
    return array


def save_value(folder: Path, name: str, value: object) -> None:
    """Save lists, dicts, strings, numbers or Structs as `name`.msgpack."""
    (folder / f"{name}.msgpack").write_bytes(msgspec.msgpack.encode(value))


def load_value(folder: Path, name: str, type: type[T]) -> T:
    """The value saved as `name`.

    Raises:
        Corrupt: there is none, or it is not of `type`.
    """
    try:
        return msgspec.msgpack.decode((folder / f"{name}.msgpack").read_bytes(), type=type)
    except (OSError, msgspec.MsgspecError) as error:
        raise Corrupt(f"block {name!r} of {folder} cannot be read: {error}") from error


# --- manifest -------------------------------------------------------------------------------


class Block(msgspec.Struct, frozen=True):
    bytes: int
    crc: int


class Saved(msgspec.Struct, frozen=True):
    """One projection in a snapshot."""

    fold_version: int
    blocks: dict[str, Block]  # by file name


class Manifest(msgspec.Struct, frozen=True):
    format: int
    offset: Offset  # of the last event folded
    epoch: int
    event_id: str  # of that event: tells a snapshot of another log; "" if offset is 0
    projections: dict[str, Saved]


def _blocks(folder: Path) -> dict[str, Block]:
    return {
        path.relative_to(folder).as_posix(): Block(path.stat().st_size, _crc(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _crc(path: Path) -> int:
    crc = 0
    with path.open("rb") as file:
        while piece := file.read(2**20):
            crc = zlib.crc32(piece, crc)
    return crc


# --- snapshots ------------------------------------------------------------------------------


class Snapshots:
    """The snapshots of a data folder.

    Args:
        folder: `<data>/snapshots`; created on the first save.
        keep: so many of the newest stay; the one at the epoch's base always does.
    """

    def __init__(self, folder: Path, *, keep: int = 2) -> None:
        self.folder, self._keep = folder, keep

    def save(
        self,
        offset: Offset,
        event_id: str,
        projections: Sequence[Projection],
        *,
        epoch: int = 1,
        base: Offset = 0,
    ) -> Path:
        """Durable on return. All projections must have folded up to `offset`, whose event
        has `event_id`."""
        make_folder(self.folder)
        unfinished = self.folder / f".{offset}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        saved = {p.name: self._save(unfinished / p.name, p) for p in projections}
        manifest = Manifest(FORMAT, offset, epoch, event_id, saved)
        (unfinished / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        _sync_tree(unfinished)
        place = self.folder / str(offset)
        if place.exists():  # same offset, so the same state; perhaps more projections
            shutil.rmtree(place)
        unfinished.rename(place)
        sync_folder(self.folder)
        self._prune(base)
        return place

    def _save(self, folder: Path, projection: Projection) -> Saved:
        folder.mkdir()
        projection.save(folder)
        return Saved(projection.fold_version, _blocks(folder))

    def offsets(self) -> list[Offset]:
        """Of all snapshots, good or not, newest first."""
        if not self.folder.exists():
            return []
        names = (path.name for path in self.folder.iterdir())
        return sorted((int(name) for name in names if name.isdecimal()), reverse=True)

    def manifest(self, offset: Offset) -> Manifest | None:
        """None if it cannot be read or is of a newer format; says so in a warning."""
        path = self.folder / str(offset) / MANIFEST
        try:
            manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        except (OSError, msgspec.MsgspecError) as error:
            _passed_over(offset, "", f"manifest: {error}")
            return None
        if manifest.format > FORMAT or manifest.offset != offset:
            _passed_over(offset, "", f"manifest of format {manifest.format}")
            return None
        return manifest

    def at(self, offset: Offset, projection: Projection) -> Path | None:
        """The folder to load a projection from, None if there is no good one at `offset`."""
        manifest = self.manifest(offset)
        if manifest is None:
            return None
        folder = self.folder / str(offset) / projection.name
        wrong = _wrong(manifest.projections.get(projection.name), projection, folder)
        if wrong:
            _passed_over(offset, projection.name, wrong)
            return None
        return folder

    def _prune(self, base: Offset) -> None:
        for offset in [o for o in self.offsets() if o != base][self._keep :]:
            shutil.rmtree(self.folder / str(offset))
        for path in self.folder.glob(".*"):
            shutil.rmtree(path)


def _wrong(saved: Saved | None, projection: Projection, folder: Path) -> str:
    """Why a projection cannot load this, "" if it can."""
    if saved is None:
        return "not in this snapshot"
    if saved.fold_version != projection.fold_version:
        return f"fold version {saved.fold_version}, now {projection.fold_version}"
    if _blocks(folder) != saved.blocks:
        return "a block differs from its checksum"
    return ""


def _passed_over(offset: Offset, projection: str, reason: str) -> None:
    _warn("snapshot passed over", offset=offset, projection=projection, reason=reason)


def _sync_tree(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            sync_file(path)
    sync_folder(folder)
