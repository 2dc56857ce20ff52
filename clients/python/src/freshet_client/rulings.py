"""What moderation answers."""

from __future__ import annotations

from typing import Literal

from freshet_client.answers import Answer

Effect = Literal[
    "none", "review", "under_review", "duplicate", "spam", "upsetting", "regulated",
    "age_limited", "penalised",
]  # fmt: skip


class Reversal(Answer, frozen=True, kw_only=True):
    actor: str
    reason: str
    time: int  # ms since 1970


class Appeal(Answer, frozen=True, kw_only=True):
    """Of a decision; `answered` is 0 while it is open."""

    text: str
    time: int
    answered: int = 0
    granted: bool = False
    actor: str = ""
    reason: str = ""


class Ruling(Answer, frozen=True, kw_only=True):
    """A decision, and whether it stands."""

    decision: str
    video: str  # "" = it is about the person
    person: str
    effect: Effect
    actor: str
    reason: str
    time: int
    until: int  # 0 = for good
    because: tuple[str, ...] = ()  # decisions it follows from
    evidence: dict[str, str] = {}  # noqa: RUF012 (a struct copies it)
    state: Literal["stands", "settled", "ended", "reversed"]
    reversal: Reversal | None = None
    appeal: Appeal | None = None


class Looked(Answer, frozen=True, kw_only=True):
    """What came of looking at a video's file."""

    video: str
    duplicate_of: str  # "" = of none that is known
    rulings: tuple[Ruling, ...]  # that say so: of it, or of others that are copies of it


class QueueLine(Answer, frozen=True, kw_only=True):
    """One video or person that waits for a moderator."""

    video: str  # "" = it is about the person
    person: str
    why: Literal["reports", "rule", "appeal", "moderator"]
    weight: float
    held_back: bool
    reports: int
    decision: str
    reason: str
    since: int


class QueuePage(Answer, frozen=True, kw_only=True):
    lines: tuple[QueueLine, ...]
    cursor: str
    has_more: bool


class Decisions(Answer, frozen=True, kw_only=True):
    decisions: tuple[Ruling, ...]
    cursor: str
    has_more: bool


class Weighed(Answer, frozen=True, kw_only=True):
    """The reports of a video that nothing has settled yet."""

    weight: float = 0.0
    reports: int = 0
    proven: int = 0
    reasons: dict[str, int] = {}  # noqa: RUF012
    since: int = 0


class Case(Answer, frozen=True, kw_only=True):
    """Everything that bears on one video or person."""

    video: str
    person: str
    effects: tuple[Effect, ...]
    labels: tuple[str, ...]
    penalised: bool
    reports: Weighed
    decisions: tuple[Ruling, ...]


class Side(Answer, frozen=True, kw_only=True):
    """A video taken for a copy, and the one it is taken for a copy of."""

    copy: str
    copy_by: str
    original: str
    original_by: str
    ruling: Ruling


class Sides(Answer, frozen=True, kw_only=True):
    pairs: tuple[Side, ...]
    cursor: str
    has_more: bool


class Entry(Answer, frozen=True, kw_only=True):
    """One line of the audit log."""

    n: int
    time: int
    what: Literal["decided", "reversed", "appealed", "answered", "label_set", "label_cleared"]
    decision: str
    video: str
    person: str
    effect: str
    actor: str
    reason: str


class Entries(Answer, frozen=True, kw_only=True):
    entries: tuple[Entry, ...]
    cursor: str
    has_more: bool


class Bearing(Answer, frozen=True, kw_only=True):
    """A decision that bears, or bore, on a person."""

    ruling: Ruling
    may_appeal: bool


class PersonStanding(Answer, frozen=True, kw_only=True):
    """Where a person stands."""

    person: str
    penalised: bool
    penalised_until: int  # 0 = not penalised, or for good
    decisions: tuple[Bearing, ...]
