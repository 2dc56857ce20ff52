"""Ids: UUIDv7 strings at the edge, dense integer rows in hot code.

A UUIDv7 opens with its millisecond (RFC 9562, 5.7), so ids sort by time and the
log can tell how old an id is without a look-up.
"""

from __future__ import annotations

import uuid
from random import Random
from typing import NewType

Row = NewType("Row", int)  # dense index of an entity in its block
NO_ROW = -1


def uuid7(time_ms: int, random: Random) -> str:
    """A UUIDv7 of `time_ms` (ms since 1970) whose 74 free bits come from `random`.

    >>> uuid7(1_650_812_741_436, Random(1))
    '01805c1b-673c-7226-b63c-5ab791b7584a'
    """
    version = 0x7000 | random.getrandbits(12)
    low = 0b10 << 62 | random.getrandbits(62)
    made = f"{time_ms & (2**48 - 1):012x}"
    return f"{made[:8]}-{made[8:]}-{version:x}-{low >> 48:x}-{low & (2**48 - 1):012x}"


def uuid7_ms(event_id: str) -> int:
    """Milliseconds since 1970 that a UUIDv7 carries.

    Raises:
        ValueError: not a UUID, or of another version.

    >>> uuid7_ms('01805c1b-673c-7226-b63c-5ab791b7584a')
    1650812741436
    """
    value = uuid.UUID(event_id)
    if value.version != 7:
        raise ValueError(f"{event_id!r} is a UUID of version {value.version}, not 7")
    return value.int >> 80
