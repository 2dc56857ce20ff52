"""Ids and times, made here: a repeated call bears the ids of the first."""

from __future__ import annotations

import time
import uuid
from random import SystemRandom

_random = SystemRandom()  # two processes must never make the same id


def now_ms() -> int:
    """ms since 1970."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """A UUIDv7 (RFC 9562, 5.7): opens with its millisecond, then 74 random bits.

    >>> uuid.UUID(new_id()).version
    7
    """
    bits = (now_ms() & (2**48 - 1)) << 80 | 0x7 << 76 | _random.getrandbits(12) << 64
    return str(uuid.UUID(int=bits | 0b10 << 62 | _random.getrandbits(62)))
