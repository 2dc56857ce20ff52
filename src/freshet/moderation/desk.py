"""The moderators' desk, in the process that writes the log: questions, decisions, rules.

    ask ─▶ folded to the end of the log ─▶ checked against the book ─▶ appended ─▶ folded

One ask is dealt with at a time, so what was checked is still true when it is written. Rules
look, beside, at whatever changed; what they find is decided in the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from random import Random
from typing import Any, Protocol

import structlog

from freshet.domain.errors import NotFound, Refused
from freshet.domain.events import (
    AppealAnswered,
    AppealMade,
    DecisionMade,
    DecisionReversed,
    Event,
)
from freshet.domain.ids import uuid7
from freshet.log.ports import Appended
from freshet.moderation import asks, rules, views
from freshet.moderation.asks import Ruling
from freshet.moderation.book import Book
from freshet.moderation.checks import check_decision
from freshet.moderation.records import Decision
from freshet.moderation.rules import Caption, Found
from freshet.moderation.settings import Moderation

AT_ONCE = 200  # subjects looked at by rules before others get their turn

_log = structlog.get_logger("freshet.moderation")


class Surroundings(Protocol):
    """What the desk needs of the system around it."""

    def append(self, events: Sequence[Event], /) -> Awaitable[Appended]: ...

    def catch_up(self) -> Awaitable[object]:
        """Fold to the end of the log as it is now."""
        ...

    def owner_of(self, video: str) -> str | None:
        """The key of who published a video; None if nobody did."""
        ...

    async def captions(self, person: str) -> Sequence[Caption]:
        """What the videos of a person's last week say."""
        ...

    async def copies(self, video: str) -> Sequence[Found]:
        """What the fingerprint of a video says, against all others."""
        ...


class Desk:
    """
    Args:
        clock: ms since 1970.
    """

    def __init__(
        self,
        book: Book,
        settings: Moderation,
        around: Surroundings,
        clock: Callable[[], int],
        random: Random,
    ) -> None:
        self.book, self.settings, self._around = book, settings, around
        self._clock, self._random = clock, random
        self._one_at_a_time = asyncio.Lock()
        self._one_file_at_a_time = asyncio.Lock()
        book.touch_all()
        self._does: dict[type[asks.Ask], Callable[[Any], Awaitable[Any]]] = {
            asks.Decide: self._decide, asks.Reverse: self._reverse, asks.AppealTo: self._appeal,
            asks.AnswerAppeal: self._answer,
        }  # fmt: skip

    async def ask(self, asked: asks.Ask) -> Any:
        """The answer, of the kind that `ANSWERS` says. Raises what the ask says."""
        if isinstance(asked, asks.CheckCopy):
            return await self._check_copy(asked)
        async with self._one_at_a_time:
            await self._around.catch_up()
            if (does := self._does.get(type(asked))) is not None:
                return await does(asked)
            return self._read(asked)

    async def react(self) -> int:
        """Let rules look at what changed since they looked last; how many decisions came of it."""
        made = 0
        while self.book.touched:
            async with self._one_at_a_time:
                some = list(self.book.touched)[:AT_ONCE]
                for subject in some:
                    del self.book.touched[subject]
                try:
                    found = [one for subject in some for one in await self._found(*subject)]
                    made += await self._decided(found)
                except BaseException:
                    self.book.touched |= dict.fromkeys(some)
                    raise
            await asyncio.sleep(0)
        return made

    async def follow(self, moved: Callable[[], Awaitable[object]]) -> None:
        """React whenever the book has `moved`, until cancelled."""
        while True:
            try:
                await self.react()
            except Exception as error:  # the log may be full now; rules must not end for good
                _log.warning("rules will look again", exc_info=error)
            await moved()

    # --- reading ------------------------------------------------------------------------------

    def _read(self, asked: asks.Ask) -> Any:
        book = self.book
        match asked:
            case asks.QueueOf():
                return views.queue(book, self.settings, asked)
            case asks.CaseOf():
                owner = self._owner(asked.video) if asked.video else ""
                return views.case(book, self.settings, asked.video, asked.person, owner)
            case asks.StandingOf():
                return views.standing(book, asked.person)
            case asks.Audit():
                return views.audit(book, asked)
            case asks.PairsOf():
                return views.pairs(book, asked, self._around.owner_of)
            case asks.InForceOf():
                return views.in_force(book, asked)
        raise TypeError(type(asked))

    # --- moderators and owners ----------------------------------------------------------------

    async def _decide(self, asked: asks.Decide) -> Ruling:
        if asked.decision in self.book.decisions:
            return views.ruled(self.book, self.book.decisions[asked.decision])
        person = self._owner(asked.video) if asked.video else asked.person
        check_decision(asked, self.book, self._clock())
        if asked.original:
            self._owner(asked.original, "original")
        event = self._event(
            DecisionMade, decision=asked.decision, video=asked.video, person=person,
            effect=asked.effect, actor=asked.actor, reason=asked.reason, until=asked.until,
            # That somebody is to look, or that it is held back until then, answers nothing.
            settles=asked.effect not in ("review", "under_review"),
            evidence={"original": asked.original} if asked.original else {},
        )  # fmt: skip
        return await self._written(event.decision, event)

    async def _reverse(self, asked: asks.Reverse) -> Ruling:
        made = self._made(asked.decision)
        if self.book.verdicts.void(made.decision):
            raise Refused("decision", "is reversed already", "one that stands")
        told = {"decision": made.decision, "actor": asked.actor, "reason": asked.reason}
        return await self._written(made.decision, self._event(DecisionReversed, **told))

    async def _appeal(self, asked: asks.AppealTo) -> Ruling:
        made = self._made(asked.decision)
        mine = bool(asked.person) and made.person == asked.person
        if not mine or made.effect in ("review", "none"):
            right = "a decision about you or a video of yours"
            raise Refused("decision", "is not about you or a video of yours", right)
        if made.appeal is not None:
            open_ = "was appealed against and waits for its answer"
            answered = "was appealed against and answered"
            raise Refused("decision", answered if made.appeal.answered else open_, "one appeal")
        state = views.state_of(self.book, made)
        if state != "stands":
            raise Refused("decision", f"does not hold any more: {state}", "one that stands")
        told = {"decision": made.decision, "person": asked.person, "text": asked.text}
        return await self._written(made.decision, self._event(AppealMade, **told))

    async def _answer(self, asked: asks.AnswerAppeal) -> Ruling:
        made = self._made(asked.decision)
        if made.appeal is None or made.appeal.answered:
            reason = "has no open appeal" if made.appeal is None else "was answered already"
            raise Refused("decision", reason, "a decision with an open appeal")
        told = {"decision": made.decision, "actor": asked.actor, "reason": asked.reason}
        events = [self._event(AppealAnswered, granted=asked.granted, **told)]
        if asked.granted and made.settles:
            # What it had answered would be asked again, although it was just answered: no.
            events.append(
                self._event(
                    DecisionMade,
                    decision=self._new_id(),
                    video=made.video,
                    person=made.person,
                    effect="none",
                    actor=asked.actor,
                    reason=asked.reason or "appeal granted",
                    settles=True,
                )
            )
        return await self._written(made.decision, *events)

    # --- rules --------------------------------------------------------------------------------

    async def _check_copy(self, asked: asks.CheckCopy) -> tuple[Ruling, ...]:
        if "duplicates" not in self.settings.rules:
            return ()
        async with self._one_file_at_a_time:  # moderators need not wait for what takes long
            found = await self._around.copies(asked.video)
        async with self._one_at_a_time:
            await self._around.catch_up()
            await self._decided(found)
        return tuple(
            views.ruled(self.book, self.book.decisions[one.decision])
            for one in found
            if one.decision in self.book.decisions
        )

    async def _found(self, kind: str, name: str) -> list[Found]:
        book, settings, wanted = self.book, self.settings, self.settings.rules
        if kind == "video":
            return list(rules.reported(book, settings, name)) if "reports" in wanted else []
        found: list[Found] = []
        for rule, looks in (
            ("bursts", rules.bursts), ("tags", rules.tags), ("rings", rules.rings),
            ("strikes", rules.strikes),
        ):  # fmt: skip
            if rule in wanted:
                found += looks(book, settings, name)
        if "captions" in wanted and len(book.uploads.of(name)) > 0:
            said = await self._around.captions(name)
            found += rules.captions(book, settings, name, said)
        return found

    async def _decided(self, found: Sequence[Found]) -> int:
        """Make decisions of what was found and is not decided yet."""
        events = list(self._events(found))
        if events:
            await self._append(events)
        return len(events)

    def _events(self, found: Sequence[Found]) -> Iterator[DecisionMade]:
        known = set(self.book.decisions)
        for one in found:
            person = one.person or self._around.owner_of(one.video) or ""
            if one.decision in known or (one.video and one.video in self.book.removed):
                continue
            known.add(one.decision)
            yield self._event(
                DecisionMade, decision=one.decision, video=one.video, person=person,
                effect=one.effect, actor=one.actor, reason=one.reason, until=one.until,
                because=one.because, evidence=one.evidence,
            )  # fmt: skip

    # --- within -------------------------------------------------------------------------------

    async def _written(self, decision: str, *events: Event) -> Ruling:
        await self._append(events)
        return views.ruled(self.book, self.book.decisions[decision])

    async def _append(self, events: Sequence[Event]) -> None:
        appended = await self._around.append(events)
        for _, refused in appended.refused:
            raise refused
        await self._around.catch_up()

    def _made(self, decision: str) -> Decision:
        made = self.book.decisions.get(decision)
        if made is None:
            raise NotFound("decision", f"there is no decision {decision[:80]!r}")
        return made

    def _owner(self, video: str, field: str = "video") -> str:
        owner = self._around.owner_of(video)
        if owner is None:
            raise NotFound(field, f"there is no video {video[:80]!r}")
        return owner

    def _event(self, kind: Any, **fields: Any) -> Any:
        now_ms = self._clock()
        return kind(event_id=uuid7(now_ms, self._random), time=now_ms, **fields)

    def _new_id(self) -> str:
        return uuid7(self._clock(), self._random)
