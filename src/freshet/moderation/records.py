"""What is kept of decisions: who, why, when; and what became of them."""

from __future__ import annotations

from typing import Literal

import msgspec

from freshet.domain.events import Effect


class Reversal(msgspec.Struct, frozen=True):
    actor: str
    reason: str
    time: int


class Appeal(msgspec.Struct, frozen=True):
    """Of a decision; `answered` is 0 while it is open."""

    text: str
    time: int
    answered: int = 0  # ms since 1970
    granted: bool = False
    actor: str = ""
    reason: str = ""


class Decision(msgspec.Struct, array_like=True, frozen=True):
    """As it was made; whether it stands is for `Verdicts` to say."""

    decision: str
    video: str
    person: str  # key: whose video, or whom
    effect: Effect
    actor: str
    reason: str
    time: int  # ms since 1970, as the log received it
    until: int
    because: tuple[str, ...]
    settles: bool
    evidence: dict[str, str]
    reversal: Reversal | None = None
    appeal: Appeal | None = None


class Entry(msgspec.Struct, frozen=True):
    """One line of the audit log."""

    n: int  # counts from 1
    time: int
    what: Literal["decided", "reversed", "appealed", "answered", "label_set", "label_cleared"]
    decision: str  # "" of the app's own labels
    video: str
    person: str
    effect: str
    actor: str
    reason: str
