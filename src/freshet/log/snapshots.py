"""State saved to disk, so that a start need not fold the whole log.

    snapshots/1200/manifest.json          offset, epoch, checksums of every block
    snapshots/1200/<projection>/*.npy     named blocks, little endian
    snapshots/1200/<projection>/*.msgpack

A snapshot is written to a folder beside, synced, then renamed: it is there whole or not at
all. One that is damaged, of an older fold version, or that its projection cannot load, is
passed over with a warning and the state is folded from an earlier one or from the log.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

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


def save_pieces(
    folder: Path, name: str, dtype: Any, length: int, pieces: Iterable[NDArray[Any]]
) -> None:
    """Save a flat array of `length` as `save_block` does, piece by piece."""
    little = np.dtype(dtype).newbyteorder("<")
    header = {"descr": np.lib.format.dtype_to_descr(little), "fortran_order": False,
              "shape": (length,)}  # fmt: skip
    with (folder / f"{name}.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for piece in pieces:
            file.write(np.ascontiguousarray(piece, little).data)


class Stored:
    """A flat array of a snapshot that is read piece by piece, also when its file was removed.

    Raises:
        Corrupt: there is none, or it is of another type than `dtype`.
    """

    def __init__(self, folder: Path, name: str, dtype: Any) -> None:
        self._name, self._dtype = name, np.dtype(dtype)
        try:
            with (folder / f"{name}.npy").open("rb") as file:
                np.lib.format.read_magic(file)
                header = np.lib.format.read_array_header_1_0(file)
                self._begin = file.tell()
                self._file = os.dup(file.fileno())
        except (OSError, ValueError) as error:
            raise Corrupt(f"block {name!r} of {folder} cannot be read: {error}") from error
        shape, _, found = header
        self.length = int(np.prod(shape))
        if found != self._dtype or len(shape) != 1:
            raise Corrupt(f"block {name!r} of {folder} holds {found} {shape}")

    def __del__(self) -> None:
        with suppress(AttributeError, OSError):
            os.close(self._file)

    def read(self, first: int, end: int) -> NDArray[Any]:
        """Elements `first` to `end`."""
        out = np.empty(end - first, self._dtype)
        read_all(self._file, out, self._begin + first * self._dtype.itemsize)
        return out


def read_all(file: int, out: NDArray[Any], at: int) -> None:
    """Fill an array from byte `at` of a file on.

    Raises:
        Corrupt: the file ends before.
    """
    view = out.view(np.uint8).data
    while len(view):
        count = os.preadv(file, [view], at)
        if count == 0:
            raise Corrupt(f"a file ends {len(view)} bytes too early")
        view, at = view[count:], at + count


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


@runtime_checkable
class Freezes(Protocol):
    """A projection too large to be written while its folding stands still."""

    name: str
    fold_version: int

    def freeze(self) -> Callable[[Path], None]:
        """A copy of the state, as what saves it to a folder: the same bytes as `save` now."""
        ...


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


def blocks_of(folder: Path) -> dict[str, Block]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    with ThreadPoolExecutor() as pool:  # sums let go of Python's lock
        sums = pool.map(crc_of, paths)
        return {
            path.relative_to(folder).as_posix(): Block(path.stat().st_size, crc)
            for path, crc in zip(paths, sums, strict=True)
        }


def crc_of(path: Path) -> int:
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
        saving = self.begin(offset)
        for projection in projections:
            saving.write(projection)
        return saving.finish(event_id, epoch=epoch, base=base)

    def begin(self, offset: Offset) -> Saving:
        """A snapshot that is written piece by piece; not there until it is finished."""
        make_folder(self.folder)
        unfinished = self.folder / f".{offset}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        return Saving(self, unfinished, offset)

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

    def drop_before(self, base: Offset) -> None:
        """Remove all snapshots that lie before an epoch's base: nothing starts there any more."""
        for offset in self.offsets():
            if offset < base:
                shutil.rmtree(self.folder / str(offset))

    def prune(self, base: Offset) -> None:
        """Remove all but the newest, the one at the base, and what was left unfinished."""
        for offset in [o for o in self.offsets() if o != base][self._keep :]:
            shutil.rmtree(self.folder / str(offset))
        for path in self.folder.glob(".*"):
            shutil.rmtree(path)


def give_memory_back() -> None:
    """What was freed goes back to the system.

    A snapshot is a copy of the state, made and written by whichever thread is free, and the C
    library keeps what a thread freed for that thread. Only glibc has the call.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class Saving:
    """A snapshot being written. What is given to `write` is saved as it is then; what can
    `freeze` is copied then and saved by `finish`, which may run in another thread while the
    projections fold on."""

    def __init__(self, snapshots: Snapshots, folder: Path, offset: Offset) -> None:
        self._snapshots, self._folder, self._offset = snapshots, folder, offset
        self._versions: dict[str, int] = {}
        self._frozen: dict[str, Callable[[Path], None]] = {}

    def write(self, projection: Projection) -> None:
        self._begin(projection)
        projection.save(self._folder / projection.name)

    def freeze(self, projection: Projection) -> None:
        """Keep the state as it is now; it may fold on as soon as this returns."""
        if isinstance(projection, Freezes):
            self._begin(projection)
            self._frozen[projection.name] = projection.freeze()
        else:
            self.write(projection)

    def finish(self, event_id: str, *, epoch: int = 1, base: Offset = 0) -> Path:
        """Durable on return."""
        for name in list(self._frozen):
            self._frozen.pop(name)(self._folder / name)  # no copy is held longer than needed
        saved = {
            name: Saved(version, blocks_of(self._folder / name))
            for name, version in self._versions.items()
        }
        manifest = Manifest(FORMAT, self._offset, epoch, event_id, saved)
        (self._folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        _sync_tree(self._folder)
        snapshots = self._snapshots
        place = snapshots.folder / str(self._offset)
        if place.exists():  # same offset, so the same state; perhaps more projections
            shutil.rmtree(place)
        self._folder.rename(place)
        sync_folder(snapshots.folder)
        snapshots.prune(base)
        give_memory_back()
        return place

    def _begin(self, projection: Projection) -> None:
        (self._folder / projection.name).mkdir()
        self._versions[projection.name] = projection.fold_version


def _wrong(saved: Saved | None, projection: Projection, folder: Path) -> str:
    """Why a projection cannot load this, "" if it can."""
    if saved is None:
        return "not in this snapshot"
    if saved.fold_version != projection.fold_version:
        return f"fold version {saved.fold_version}, now {projection.fold_version}"
    if blocks_of(folder) != saved.blocks:
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
