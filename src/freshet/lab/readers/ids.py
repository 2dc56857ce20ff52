"""Ids made from what they name, so that reading a file again makes the same ones.

An id is a UUIDv7: its first 48 bits are the time, the 74 free ones a hash of the source,
the kind and the key. A second import of a file therefore adds nothing to a log.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

PIECE_BYTES = 1 << 20

Words = NDArray[np.uint64]

# The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads every bit.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_DIGITS = np.array([ord(digit) for digit in "0123456789abcdef"], np.uint32)
_PLACES = [place for place in range(36) if place not in (8, 13, 18, 23)]
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mixed(words: Words) -> Words:
    """Spread the bits of each word over the whole word."""
    words = (words ^ (words >> np.uint64(30))) * _M1
    words = (words ^ (words >> np.uint64(27))) * _M2
    return words ^ (words >> np.uint64(31))


def row_ids(
    source: str, kind: str, times_ms: NDArray[np.int64], *keys: NDArray[np.int64]
) -> list[str]:
    """One UUIDv7 per row for the thing of `kind` that `source` knows by `keys`.

    >>> row_ids("kuairand", "like", np.array([1650812741436]), np.array([712]), np.array([5239]))
    ['01805c1b-673c-7ec2-834d-7457a7ac0b63']
    """
    seed = blake2b(f"{source}\0{kind}".encode(), digest_size=16).digest()
    high, low = (
        np.full(len(times_ms), int.from_bytes(half), np.uint64) for half in (seed[:8], seed[8:])
    )
    for key in keys:
        high = mixed(high + _STEP + key.view(np.uint64))
        low = mixed(low ^ (high + key.view(np.uint64)))
    return _uuids(times_ms.view(np.uint64), high, low)


def _uuids(times_ms: Words, high: Words, low: Words) -> list[str]:
    words = np.empty((len(times_ms), 2), ">u8")
    words[:, 0] = (times_ms << np.uint64(16)) | np.uint64(0x7000) | (high & np.uint64(0xFFF))
    words[:, 1] = np.uint64(1 << 63) | (low & np.uint64((1 << 62) - 1))
    nibbles = words.view(np.uint8).reshape(-1, 16, 1) >> np.array([4, 0], np.uint8) & np.uint8(15)
    text = np.full((len(words), 36), ord("-"), np.uint32)  # code points of 8-4-4-4-12
    text[:, _PLACES] = _DIGITS[nibbles.reshape(-1, 32)]
    return cast(list[str], text.view("U36").ravel().tolist())


def content_id(time_ms: int, *content: bytes) -> str:
    """A UUIDv7 of `time_ms` whose free bits are a hash of `content`."""
    free = int.from_bytes(blake2b(b"\0".join(content), digest_size=10).digest())
    high, low = free & 0xFFF, free >> 12 & (1 << 62) - 1
    text = f"{time_ms << 16 | 0x7000 | high:016x}{1 << 63 | low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def fingerprint(files: Iterable[Path], *options: str) -> str:
    """Names files and the way they are read. Changes with what is in them, not with where they
    lie; of each, three pieces and the size are looked at, so that a large set takes no time."""
    digest = blake2b("\0".join(options).encode(), digest_size=12)
    for path in files:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            digest.update(f"\0{path.name}\0{size}\0".encode())
            for at in (0, size // 2, max(size - PIECE_BYTES, 0)):
                file.seek(at)
                digest.update(file.read(PIECE_BYTES))
    return digest.hexdigest()
