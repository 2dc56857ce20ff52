"""Where blocks lie: in this process alone, or in memory that other processes map.

The one writer makes regions with `Shared`; it hands their descriptors to serving processes
over a socket, and those map them read-only with `Mapped`. A region is address space first
and memory only where it was written, so capacities cost nothing until they are used. When
the writer ends, however it ends, the system frees the memory with the last who maps it.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from freshet.domain.errors import Broken

Bytes = npt.NDArray[np.uint8]


class Memory(Protocol):
    """Gives out zeroed regions by name."""

    def region(self, name: str, size: int) -> Bytes:
        """`size` bytes that stay where they are for as long as the array lives.

        Raises:
            Broken: there is a region of this name and another size.
        """
        ...


def _huge(memory: mmap.mmap) -> None:
    """Large pages where the system has them: rows are read at random, and a quarter of that
    time would go into finding their pages."""
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel built without them
            memory.madvise(mmap.MADV_HUGEPAGE)


class Private:
    """Memory of this process."""

    def region(self, name: str, size: int) -> Bytes:
        memory = mmap.mmap(-1, size)
        _huge(memory)
        return np.frombuffer(memory, np.uint8)


class Shared:
    """Memory that others can map by its descriptor, while this process writes it."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}

    def region(self, name: str, size: int) -> Bytes:
        if name in self.files:
            raise Broken(f"the region {name!r} is there already")
        file = _anonymous_file(name)
        os.ftruncate(file, size)  # sparse: nothing is stored until it is written
        self.files[name] = file
        memory = mmap.mmap(file, size)
        _huge(memory)
        return np.frombuffer(memory, np.uint8)

    def close(self) -> None:
        """Give the descriptors back; the arrays stay good."""
        for file in self.files.values():
            os.close(file)
        self.files = {}


def _anonymous_file(name: str) -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create(f"freshet-{name}", os.MFD_CLOEXEC)
    file, path = tempfile.mkstemp(prefix=f"freshet-{name}-")
    os.unlink(path)  # nameless from here on: gone with its last user
    return file


class Mapped:
    """Regions another process writes, mapped read-only by their descriptors."""

    def __init__(self, files: Mapping[str, int]) -> None:
        self.files = files

    def region(self, name: str, size: int) -> Bytes:
        if name not in self.files:
            raise Broken(f"the writer shares no region {name!r}")
        there = os.fstat(self.files[name]).st_size
        if there != size:
            raise Broken(f"the region {name!r} has {there} bytes, not {size}")
        memory = mmap.mmap(self.files[name], size, access=mmap.ACCESS_READ)
        _huge(memory)
        # Kernels are compiled once, for arrays that may be written; so these say they may.
        # The pages are read-only all the same: a kernel that wrote here would not live on.
        view = np.frombuffer(memory, np.uint8)
        window: Any = (ctypes.c_uint8 * size).from_address(view.ctypes.data)
        window.keeps = view
        region: Bytes = np.frombuffer(window, np.uint8)
        return region
