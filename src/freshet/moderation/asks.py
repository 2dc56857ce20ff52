"""What can be asked of moderation, and what it answers: messages, for the writer may be
another process. People are named by key here; HTTP names them by the app's own ids.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from freshet.domain.events import Effect
from freshet.moderation.records import Appeal, Decision, Entry, Reversal
from freshet.moderation.reports import Weighed

State = Literal["stands", "settled", "ended", "reversed"]


class Ask(msgspec.Struct, frozen=True, tag_field="ask", omit_defaults=True):
    """Something that is asked."""


# --- answers ----------------------------------------------------------------------------------


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """A decision, and whether it stands."""

    decision: str
    video: str  # "" = it is about the person
    person: str  # whose video, or whom
    effect: Effect
    actor: str
    reason: str
    time: int  # ms since 1970
    until: int  # ms since 1970; 0 = for good
    because: tuple[str, ...]  # decisions it follows from
    evidence: dict[str, str]
    # settled: a later decision answered the question; reversed: it, or one it follows from
    state: State
    reversal: Reversal | None
    appeal: Appeal | None


class QueueLine(msgspec.Struct, frozen=True, kw_only=True):
    """One video or person that waits for a moderator."""

    video: str  # "" = it is about the person
    person: str
    why: Literal["reports", "rule", "appeal", "moderator"]
    weight: float  # the most weight comes first
    held_back: bool  # not recommended meanwhile
    reports: int
    decision: str  # the question, or what is appealed against
    reason: str
    since: int  # ms since 1970


class Queue(msgspec.Struct, frozen=True):
    lines: tuple[QueueLine, ...]
    more: bool


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that bears on one video or person."""

    video: str
    person: str
    effects: tuple[Effect, ...]  # that hold now, by decisions
    labels: tuple[str, ...]  # the app's own
    penalised: bool  # the person is, whose video it is
    reports: Weighed
    decisions: tuple[Ruling, ...]  # the oldest first


class Standing(msgspec.Struct, frozen=True):
    """What bears on a person and their videos."""

    penalised: bool
    penalised_until: int  # 0 = not penalised, or for good
    decisions: tuple[Ruling, ...]  # with an effect, the newest first; also those that are past


class AuditPage(msgspec.Struct, frozen=True):
    entries: tuple[Entry, ...]  # the newest first
    more: bool


class Pairs(msgspec.Struct, frozen=True):
    pairs: tuple[Ruling, ...]  # duplicates, the newest first
    owners: dict[str, str]  # of the originals that are still there
    last: int  # where the next page begins; 0 at the end


class InForce(msgspec.Struct, frozen=True):
    """Decisions that stand and have an effect."""

    decisions: tuple[Ruling, ...]  # the newest first
    last: int  # where the next page begins; 0 at the end


# --- questions --------------------------------------------------------------------------------


class QueueOf(Ask, frozen=True, tag="queue"):
    """Who waits for a moderator, behind a line."""

    most: int
    weight: float = -1.0  # of the line before; -1 = from the beginning
    subject: str = ""


class CaseOf(Ask, frozen=True, tag="case"):
    """
    Raises:
        NotFound: there is no such video.
    """

    video: str = ""
    person: str = ""


class StandingOf(Ask, frozen=True, tag="standing"):
    person: str


class Audit(Ask, frozen=True, tag="audit"):
    """Entries before a number, narrowed."""

    most: int
    before: int = 0  # 0 = from the newest
    video: str = ""
    person: str = ""
    actor: str = ""


class PairsOf(Ask, frozen=True, tag="pairs"):
    most: int
    before: int = 0  # `last` of the page before; 0 = from the newest
    standing: bool = True  # only those that stand


class InForceOf(Ask, frozen=True, tag="in_force"):
    most: int
    before: int = 0  # `last` of the page before; 0 = from the newest
    effect: str = ""  # only this one


class Decide(Ask, frozen=True, tag="decide"):
    """
    Raises:
        NotFound: there is no such video.
        Refused: an effect that does not go with it, an end in the past, nothing to dismiss.
    """

    decision: str  # the id it gets; an ask that comes twice decides once
    actor: str
    effect: Effect
    reason: str
    video: str = ""
    person: str = ""
    until: int = 0
    original: str = ""  # of a duplicate


class Reverse(Ask, frozen=True, tag="reverse"):
    """
    Raises:
        NotFound: there is no such decision.
        Refused: it is reversed already.
    """

    decision: str
    actor: str
    reason: str


class AppealTo(Ask, frozen=True, tag="appeal"):
    """
    Raises:
        NotFound: there is no such decision.
        Refused: by a stranger, a second time, or where nothing holds.
    """

    decision: str
    person: str
    text: str


class AnswerAppeal(Ask, frozen=True, tag="answer"):
    """
    Raises:
        NotFound: there is no such decision.
        Refused: there is no open appeal.
    """

    decision: str
    granted: bool
    actor: str
    reason: str


class CheckCopy(Ask, frozen=True, tag="check_copy"):
    """A fingerprint of this video was stored: is it a copy, or are others copies of it?"""

    video: str


Asks = (
    QueueOf | CaseOf | StandingOf | Audit | PairsOf | InForceOf | Decide | Reverse | AppealTo
    | AnswerAppeal | CheckCopy
)  # fmt: skip

ANSWERS: dict[type[Ask], Any] = {
    QueueOf: Queue, CaseOf: Case, StandingOf: Standing, Audit: AuditPage, PairsOf: Pairs,
    InForceOf: InForce, Decide: Ruling, Reverse: Ruling, AppealTo: Ruling, AnswerAppeal: Ruling,
    CheckCopy: tuple[Ruling, ...],
}  # fmt: skip


def ruling(made: Decision, state: State) -> Ruling:
    return Ruling(
        decision=made.decision, video=made.video, person=made.person, effect=made.effect,
        actor=made.actor, reason=made.reason, time=made.time, until=made.until,
        because=made.because, evidence=made.evidence, state=state, reversal=made.reversal,
        appeal=made.appeal,
    )  # fmt: skip
