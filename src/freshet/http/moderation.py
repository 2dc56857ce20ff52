"""/v1/moderation: the moderators' queue, cases, decisions, duplicates side by side, audit log."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.params import Parameter, PathParameter

from freshet.domain.errors import Refused
from freshet.domain.events import Effect
from freshet.http import examples
from freshet.http.described import body_of
from freshet.http.guard import needs
from freshet.http.rulings import (
    Id,
    Name,
    Reason,
    actor_of,
    by_name,
    cursor_of,
    named,
    one_line,
    place_of,
)
from freshet.http.shelf import Asked, Cursor, decoded, entered
from freshet.http.whom import known_key
from freshet.moderation.asks import (
    AnswerAppeal,
    Audit,
    AuditPage,
    Case,
    CaseOf,
    Decide,
    InForce,
    InForceOf,
    Pairs,
    PairsOf,
    Queue,
    QueueLine,
    QueueOf,
    Reverse,
    Ruling,
)
from freshet.moderation.records import Entry
from freshet.moderation.views import name_of

GUARDS = [needs("moderate")]
TAGS = ["moderation"]
NUMBER_MAX = 2**53 - 1

Holding = Literal[
    "", "penalised", "under_review", "duplicate", "spam", "upsetting", "regulated", "age_limited",
]  # fmt: skip

Most = Annotated[int, Parameter(ge=1, le=200, description="how many at most")]
Narrowed = Annotated[str, Parameter(max_length=200, description="only those; empty = all")]
VideoId = Annotated[str, PathParameter(description="the video's id")]
PersonId = Annotated[str, PathParameter(description="the app's own id of the person")]
DecisionId = Annotated[str, PathParameter(description="the decision's id")]


class QueuePage(msgspec.Struct, frozen=True):
    lines: tuple[QueueLine, ...]
    cursor: str  # asks for the next page; "" at the end
    has_more: bool


class Entries(msgspec.Struct, frozen=True):
    entries: tuple[Entry, ...]
    cursor: str  # asks for the next page; "" at the end
    has_more: bool


class Side(msgspec.Struct, frozen=True):
    """A video taken for a copy, and the one it is taken for a copy of."""

    copy: str
    copy_by: str  # whose it is
    original: str
    original_by: str
    ruling: Ruling  # with what it was found by


class Sides(msgspec.Struct, frozen=True):
    pairs: tuple[Side, ...]
    cursor: str  # asks for the next page; "" at the end
    has_more: bool


class Decisions(msgspec.Struct, frozen=True):
    """A page of decisions that stand."""

    decisions: tuple[Ruling, ...]
    cursor: str  # asks for the next page; "" at the end
    has_more: bool


class Decided(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A moderator's decision on a video or on a person."""

    moderator: Name  # who decides; kept in the audit log
    effect: Effect
    reason: Reason  # whom it is about reads it
    video: Id = ""  # this, or a person
    person: Id = ""
    until: Annotated[int, msgspec.Meta(ge=0, le=NUMBER_MAX)] = 0  # ms since 1970; 0 = for good
    original: Id = ""  # of a duplicate: the video it is a copy of


class Reversed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    moderator: Name
    reason: Reason


class Answered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    moderator: Name
    granted: bool  # true: the decision is reversed
    reason: Reason  # whoever appealed reads it


@get(
    "/v1/moderation/queue",
    guards=GUARDS,
    tags=TAGS,
    summary="Who waits for a moderator, the most weight first",
    opt={"example": examples.QUEUE},
)
async def get_queue(request: Asked, cursor: Cursor = "", max_count: Most = 50) -> QueuePage:
    """Videos that reports weigh on, what rules ask about, and open appeals. A line leaves the
    queue with a decision that settles it."""
    engine = entered(request, {"cursor", "max_count"})
    weight, subject = place_of("queue", cursor, tuple[float, str]) or (-1.0, "")
    found: Queue = await engine.moderate(QueueOf(max_count, weight, subject))
    following = ""
    if found.more:
        following = cursor_of("queue", (found.lines[-1].weight, name_of(found.lines[-1])))
    lines = tuple(by_name(engine, line) for line in found.lines)
    return QueuePage(lines, following, found.more)


@get("/v1/moderation/videos/{video:str}", guards=GUARDS, tags=TAGS, summary="A video's case")
async def get_video_case(request: Asked, video: VideoId) -> Case:
    """What holds now, what was reported and how much that weighs, and every decision on it with
    its evidence, reversal and appeal."""
    engine = entered(request)
    case: Case = await engine.moderate(CaseOf(video=video))
    rulings = tuple(by_name(engine, ruling) for ruling in case.decisions)
    return msgspec.structs.replace(by_name(engine, case), decisions=rulings)


@get("/v1/moderation/people/{person:str}", guards=GUARDS, tags=TAGS, summary="A person's case")
async def get_person_case(request: Asked, person: PersonId) -> Case:
    """Decisions on the person; those on their videos are with the videos, and in their
    standing."""
    engine = entered(request)
    case: Case = await engine.moderate(CaseOf(person=known_key(engine, person, "person")))
    rulings = tuple(by_name(engine, ruling) for ruling in case.decisions)
    return msgspec.structs.replace(by_name(engine, case), decisions=rulings)


@get(
    "/v1/moderation/decisions",
    guards=GUARDS,
    tags=TAGS,
    summary="Decisions in force, the newest first",
)
async def list_decisions(
    request: Asked,
    cursor: Cursor = "",
    max_count: Most = 50,
    effect: Annotated[Holding, Parameter(description="only this one; empty = all")] = "",
) -> Decisions:
    """Labels and penalties that hold now, each with its cause, its end and an appeal if there is
    one. Not those that were reversed, answered by a later decision, or are over."""
    engine = entered(request, {"cursor", "max_count", "effect"})
    before = place_of(f"decisions {effect}", cursor, int) or 0
    found: InForce = await engine.moderate(InForceOf(max_count, before, effect))
    following = cursor_of(f"decisions {effect}", found.last) if found.last else ""
    rulings = tuple(by_name(engine, ruling) for ruling in found.decisions)
    return Decisions(rulings, following, bool(following))


@post(
    "/v1/moderation/decisions",
    status_code=200,
    guards=GUARDS,
    tags=TAGS,
    operation_class=body_of(Decided, examples.DECIDED),
    summary="Decide on a video or a person",
    opt={"example": examples.RULING},
)
async def post_decision(request: Asked) -> Ruling:
    """A label bars the video from every recommended surface; `penalised` all videos of the
    person, also those they publish meanwhile, but for who follows them; `none` dismisses what
    was reported or asked; `review` puts it before a colleague. Confirming or dismissing tells
    how much the reporters are worth. When this answers, the next feed goes by it."""
    engine = entered(request)
    told = decoded(await request.body(), Decided)
    if bool(told.video) == bool(told.person):
        raise Refused("video", "is to be given, or person, and not both", "one of them")
    person = known_key(engine, told.person, "person") if told.person else ""
    asked = Decide(
        decision=engine.new_request_id(), actor=actor_of(told.moderator), effect=told.effect,
        reason=one_line("reason", told.reason), video=told.video, person=person,
        until=told.until, original=told.original,
    )  # fmt: skip
    ruling: Ruling = await engine.moderate(asked)
    return by_name(engine, ruling)


@post(
    "/v1/moderation/decisions/{decision:str}/reverse",
    status_code=200,
    guards=GUARDS,
    tags=TAGS,
    operation_class=body_of(Reversed, {"moderator": "kim", "reason": "mistaken for another"}),
    summary="Reverse a decision",
)
async def post_reversal(request: Asked, decision: DecisionId) -> Ruling:
    """As if it had never been made, with everything that followed from it: labels that no other
    decision holds, penalties, what it did to reporters' records. What it had answered is asked
    again."""
    engine = entered(request)
    told = decoded(await request.body(), Reversed)
    actor, reason = actor_of(told.moderator), one_line("reason", told.reason)
    ruling: Ruling = await engine.moderate(Reverse(decision, actor, reason))
    return by_name(engine, ruling)


@post(
    "/v1/moderation/decisions/{decision:str}/answer",
    status_code=200,
    guards=GUARDS,
    tags=TAGS,
    operation_class=body_of(
        Answered, {"moderator": "kim", "granted": True, "reason": "it is your own recording"}
    ),
    summary="Answer an appeal",
)
async def post_answer(request: Asked, decision: DecisionId) -> Ruling:
    """Granted, the decision is reversed, and what it had settled is dismissed; else it stands,
    and there is no second appeal."""
    engine = entered(request)
    told = decoded(await request.body(), Answered)
    actor, reason = actor_of(told.moderator), one_line("reason", told.reason)
    asked = AnswerAppeal(decision, told.granted, actor, reason)
    ruling: Ruling = await engine.moderate(asked)
    return by_name(engine, ruling)


@get(
    "/v1/moderation/duplicates",
    guards=GUARDS,
    tags=TAGS,
    summary="Duplicates side by side, the newest first",
)
async def list_duplicates(
    request: Asked,
    cursor: Cursor = "",
    max_count: Most = 50,
    past: Annotated[int, Parameter(ge=0, le=1, description="1 adds those reversed since")] = 0,
) -> Sides:
    """Each with what it was found by: the very file, pictures, or pictures and sound; how alike
    they are; and what seems to have been done to it."""
    engine = entered(request, {"cursor", "max_count", "past"})
    before = place_of("duplicates", cursor, int) or 0
    found: Pairs = await engine.moderate(PairsOf(max_count, before, not past))
    sides = []
    for ruling in found.pairs:
        original = ruling.evidence.get("original", "")
        shown = by_name(engine, ruling)
        theirs = named(engine, found.owners.get(original, ""))
        sides.append(Side(ruling.video, shown.person, original, theirs, shown))
    following = cursor_of("duplicates", found.last) if found.last else ""
    return Sides(tuple(sides), following, bool(following))


@get("/v1/moderation/audit", guards=GUARDS, tags=TAGS, summary="The audit log, newest first")
async def list_audit(
    request: Asked,
    cursor: Cursor = "",
    max_count: Most = 100,
    video: Narrowed = "",
    person: Narrowed = "",
    actor: Narrowed = "",
) -> Entries:
    """Every decision, reversal, appeal and answer, and the app's own labels: who, when, why.
    `actor` is `rule:NAME`, `reports` or `moderator:NAME`."""
    engine = entered(request, {"cursor", "max_count", "video", "person", "actor"})
    key = known_key(engine, person, "person") if person else ""
    narrowed = [video, person, actor]
    before = place_of(f"audit {narrowed}", cursor, int) or 0
    page: AuditPage = await engine.moderate(Audit(max_count, before, video, key, actor))
    entries = tuple(by_name(engine, entry) for entry in page.entries)
    following = cursor_of(f"audit {narrowed}", page.entries[-1].n) if page.more else ""
    return Entries(entries, following, page.more)


ROUTES = [
    get_queue, get_video_case, get_person_case, list_decisions, post_decision, post_reversal,
    post_answer, list_duplicates, list_audit,
]  # fmt: skip
