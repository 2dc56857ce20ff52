"""What moderators and owners read, worked out from the book."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from freshet.catalogue.verdicts import Subject, Verdict
from freshet.moderation.asks import (
    Audit,
    AuditPage,
    Case,
    InForce,
    InForceOf,
    Pairs,
    PairsOf,
    Queue,
    QueueLine,
    QueueOf,
    Ruling,
    Standing,
    State,
    ruling,
)
from freshet.moderation.book import Book, subject_of
from freshet.moderation.records import Decision, Entry
from freshet.moderation.reports import Weighed
from freshet.moderation.rules import REPORTS
from freshet.moderation.settings import Moderation

APPEAL_WEIGHT = 1.0  # somebody waits for an answer: before all but what is well reported
RULE_WEIGHT = 0.5


def ruled(book: Book, made: Decision) -> Ruling:
    return ruling(made, state_of(book, made))


def state_of(book: Book, made: Decision) -> State:
    """Whether a decision stands, and if not, why."""
    if book.verdicts.void(made.decision):
        return "reversed"
    if 0 < made.until <= book.now_ms:
        return "ended"
    standing = book.verdicts.standing(subject_of(made), book.now_ms)
    return "stands" if any(one.decision == made.decision for one in standing) else "settled"


def queue(book: Book, settings: Moderation, asked: QueueOf) -> Queue:
    """The most weight first; then by name."""
    lines: dict[Subject, QueueLine] = {}
    for made in [*book.open_questions(), *book.open_appeals()]:
        line = _line(book, settings, made)
        mine = lines.get(subject_of(made))
        lines[subject_of(made)] = line if mine is None else _stronger(mine, line)
    ordered = sorted(lines.values(), key=_place)
    if asked.weight >= 0:
        ordered = [one for one in ordered if _place(one) > (-asked.weight, asked.subject)]
    return Queue(tuple(ordered[: asked.most]), len(ordered) > asked.most)


def name_of(line: QueueLine) -> str:
    """What stands for a line in the order of the queue."""
    return f"video {line.video}" if line.video else f"person {line.person}"


def case(book: Book, settings: Moderation, video: str, person: str, owner: str) -> Case:
    subject = ("video", video) if video else ("person", person)
    penalised = book.verdicts.effects(("person", owner or person), book.now_ms)
    return Case(
        video=video,
        person=owner or person,
        effects=tuple(sorted(book.verdicts.effects(subject, book.now_ms))),
        labels=tuple(sorted(book.labels.get(video, ()))),
        penalised="penalised" in penalised,
        reports=book.reports.weigh(video, book.verdicts, settings) if video else Weighed(),
        decisions=tuple(_rulings(book, book.verdicts.of(subject))),
    )


def standing(book: Book, person: str) -> Standing:
    """Only what has, or had, an effect: that somebody was asked to look is nobody's business."""
    mine = [
        ruled(book, made)
        for made in reversed(book.of_person(person))
        if made.effect not in ("review", "none")
    ]
    ends = [one.until for one in mine if one.effect == "penalised" and one.state == "stands"]
    last = 0 if 0 in ends else max(ends, default=0)
    return Standing(bool(ends), last, tuple(mine))


def holding(book: Book, subject: Subject) -> list[Decision]:
    """Decisions that keep a video, or all of a person's, from being recommended now."""
    standing = book.verdicts.standing(subject, book.now_ms)
    return [
        book.decisions[one.decision] for one in standing if one.effect not in ("review", "none")
    ]


def audit(book: Book, asked: Audit) -> AuditPage:
    found: list[Entry] = []
    for entry in reversed(book.audit):
        if asked.before and entry.n >= asked.before:
            continue
        wanted = ((asked.video, entry.video), (asked.person, entry.person),
                  (asked.actor, entry.actor))  # fmt: skip
        if all(not narrowed or narrowed == value for narrowed, value in wanted):
            found.append(entry)
            if len(found) > asked.most:
                break
    return AuditPage(tuple(found[: asked.most]), len(found) > asked.most)


def pairs(book: Book, asked: PairsOf, owner_of: Callable[[str], str | None]) -> Pairs:
    found, last = _newest(
        book, asked.most, asked.before, lambda made: made.effect == "duplicate",
        lambda one: one.state == "stands" or not asked.standing,
    )  # fmt: skip
    return Pairs(found, _owners(found, owner_of), last)


def in_force(book: Book, asked: InForceOf) -> InForce:
    """What asks a moderator is in the queue, and dismissals have no effect."""

    def wanted(made: Decision) -> bool:
        if asked.effect:
            return made.effect == asked.effect
        return made.effect not in ("review", "none")

    return InForce(
        *_newest(book, asked.most, asked.before, wanted, lambda one: one.state == "stands")
    )


def _newest(
    book: Book,
    most: int,
    before: int,
    wanted: Callable[[Decision], bool],
    shown: Callable[[Ruling], bool],
) -> tuple[tuple[Ruling, ...], int]:
    """A page of decisions, and where the next one begins; 0 at the end."""
    found: list[Ruling] = []
    last = 0
    for made in reversed(book.decisions.values()):
        verdict = book.verdicts.get(made.decision)
        assert verdict is not None, "the book and its verdicts hold the same decisions"
        if not wanted(made) or (before and verdict.order + 1 >= before):
            continue
        one = ruled(book, made)
        if shown(one):
            if len(found) == most:
                return tuple(found), last
            found.append(one)
            last = verdict.order + 1
    return tuple(found), 0


def _owners(found: Iterable[Ruling], owner_of: Callable[[str], str | None]) -> dict[str, str]:
    originals = {one.evidence.get("original", "") for one in found} - {""}
    return {video: key for video in sorted(originals) if (key := owner_of(video))}


def _rulings(book: Book, verdicts: Iterable[Verdict]) -> Iterator[Ruling]:
    for verdict in verdicts:
        yield ruled(book, book.decisions[verdict.decision])


def _line(book: Book, settings: Moderation, made: Decision) -> QueueLine:
    effects = book.verdicts.effects(subject_of(made), book.now_ms)
    weighed = book.reports.weigh(made.video, book.verdicts, settings) if made.video else Weighed()
    appeal = made.appeal is not None and not made.appeal.answered
    weight = APPEAL_WEIGHT if appeal else RULE_WEIGHT
    by_reports = made.actor == REPORTS
    why = "rule" if made.actor.startswith("rule:") else "moderator"
    return QueueLine(
        video=made.video, person=made.person,
        why="appeal" if appeal else "reports" if by_reports else why,  # type: ignore[arg-type]
        weight=weighed.weight if by_reports and not appeal else weight + weighed.weight,
        held_back=bool(effects - {"review", "none"}), reports=weighed.reports,
        decision=made.decision, reason=made.reason,
        since=made.appeal.time if appeal and made.appeal else made.time,
    )  # fmt: skip


def _stronger(one: QueueLine, other: QueueLine) -> QueueLine:
    return min(one, other, key=lambda line: (-line.weight, line.since))


def _place(line: QueueLine) -> tuple[float, str]:
    return (-line.weight, name_of(line))
