"""Is everything as it should be? Checks that only look, each with what to do about it.

    check_machine    what Freshet runs on
    check_data       the data folder: all of it without a server, quickly
    check_server     what answers on the port

A check that finds nothing to look at (no data folder yet) says so and is well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from freshet.config import Settings
from freshet.domain.errors import FreshetError

State = Literal["ok", "warn", "fail"]


class Check(msgspec.Struct, frozen=True):
    """What was looked at, and how it is."""

    name: str
    state: State
    says: str
    do: str = ""  # what would put it right


def ok(name: str, says: str) -> Check:
    return Check(name, "ok", says)


def warn(name: str, says: str, do: str) -> Check:
    return Check(name, "warn", says, do)


def fail(name: str, says: str, do: str) -> Check:
    return Check(name, "fail", says, do)


Looks = Callable[[Settings, int], Iterator[Check]]


def examined(settings: Settings, now_ms: int, looks: Sequence[tuple[str, Looks]]) -> list[Check]:
    """What all of them find; one that breaks off is a finding, and the others go on.

    Args:
        looks: a name for the case that it breaks off, and what looks.
    """
    found: list[Check] = []
    for name, look in looks:
        try:
            found += look(settings, now_ms)
        except (FreshetError, OSError) as error:
            found.append(fail(name, str(error), "see what it says"))
    return found


def gb(size: float) -> str:
    """
    >>> gb(2_345_678_901)
    '2.3 GB'
    """
    return f"{size / 1e9:.1f} GB"
