"""Look for keys of people in the bytes of a data folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

PIECE = 2**22
OVERLAP = 256  # no key is longer; one that lies across two pieces is found all the same
SHAPE = re.compile(rb"p_[a-z2-7]{16}")  # of the keys that `PersonKeys` draws
# Blocks hold numbers alone, and Parquet is compressed: the lake is looked into by column.
PASSED_OVER = (".npy", ".parquet", ".lock")


def traces(folder: Path, people: Collection[str]) -> list[str]:
    """The files below `folder`, by relative path, that still hold one of these keys."""
    keys = {person.encode() for person in people}
    odd = [key for key in keys if not SHAPE.fullmatch(key)]
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix not in PASSED_OVER and path.is_file():
            pieces = _pieces(path)
            if any(keys.intersection(SHAPE.findall(p)) or any(k in p for k in odd) for p in pieces):
                found.append(path.relative_to(folder).as_posix())
    return found


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            before = b""
            while piece := file.read(PIECE):
                yield before + piece
                before = piece[-OVERLAP:]
    except FileNotFoundError:
        return  # removed meanwhile, so it holds nothing
