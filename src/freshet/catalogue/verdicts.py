"""Which decisions hold: what stands is worked out from what was decided and what was reversed.

Nothing is ever undone by hand. A decision is *void* if it was reversed, or if one it follows
from is void; what holds on a video or person is the union of their decisions that are not
void and not over. So reversing one leaves exactly what would be had it never been made, in
whatever order things came, and a label that another decision holds stays.

A question (`review`, `under_review`) is no longer asked once a later decision on the same
video or person settles it, for as long as that one is not void: reversed, the question is
open again. The end of a decision opens nothing again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

import msgspec

from freshet.domain.events import AppealAnswered, DecisionMade, DecisionReversed, Effect, Event

Subject = tuple[str, str]  # ("video", id) or ("person", key)

QUESTIONS = frozenset({"review", "under_review"})
NEVER = 1 << 62  # ms since 1970


class Verdict(msgspec.Struct, array_like=True):
    """What bears on the state of one decision."""

    decision: str
    video: str
    person: str
    effect: Effect
    until: int
    because: tuple[str, ...]
    settles: bool
    order: int  # how many were made before it
    reversed: bool = False

    @property
    def subject(self) -> Subject:
        return ("video", self.video) if self.video else ("person", self.person)

    def over(self, now_ms: int) -> bool:
        return 0 < self.until <= now_ms


class Verdicts:
    """A fold of decisions, reversals and appeals that were granted."""

    def __init__(self, verdicts: Iterable[Verdict] = (), made: int = 0) -> None:
        self.made = made  # also those forgotten since
        self._index(verdicts)

    # --- folding ------------------------------------------------------------------------------

    def fold(self, event: Event) -> Iterator[Subject]:
        """Fold one event; yields whose effects may be others now."""
        if isinstance(event, DecisionMade):
            if event.decision not in self._all:
                self._add(self._verdict(event))
                yield self._all[event.decision].subject
        elif isinstance(event, DecisionReversed) or (
            isinstance(event, AppealAnswered) and event.granted
        ):
            verdict = self._all.get(event.decision)
            if verdict is not None and not verdict.reversed:
                verdict.reversed = True
                yield from self._reached(verdict)

    def ended(self, now_ms: int) -> Iterator[Subject]:
        """Whose decisions have ended since this was asked before."""
        while self._ends and self._ends[0][0] <= now_ms:
            yield heappop(self._ends)[1]

    @property
    def next_end(self) -> int:
        """When the next decision ends, ms since 1970."""
        return self._ends[0][0] if self._ends else NEVER

    def forget(self, person: str) -> list[Subject]:
        """Drop all that is about a person or a video of theirs; returns about what."""
        if person not in self._people:
            return []
        gone = [one for one in self._all.values() if one.person == person]
        self._index([one for one in self._all.values() if one.person != person])
        return list(dict.fromkeys(verdict.subject for verdict in gone))

    def merge(self, viewer: str, into: str) -> list[Subject]:
        """What was decided of one person is of another from now on; returns about what."""
        if viewer not in self._people:
            return []
        moved = [one for one in self._all.values() if one.person == viewer]
        for verdict in moved:
            verdict.person = into
        self._index(self._all.values())
        return list(dict.fromkeys(verdict.subject for verdict in moved))

    # --- reading ------------------------------------------------------------------------------

    def effects(self, subject: Subject, now_ms: int) -> set[Effect]:
        """What holds on a video or person: the union of its decisions that stand."""
        return {one.effect for one in self.standing(subject, now_ms) if one.effect != "none"}

    def standing(self, subject: Subject, now_ms: int) -> list[Verdict]:
        """The decisions whose effect holds, in the order they were made."""
        good = [one for one in self._of.get(subject, ()) if not self.void(one.decision)]
        settled = max((one.order for one in good if one.settles), default=-1)
        return [
            one
            for one in good
            if not one.over(now_ms) and not (one.effect in QUESTIONS and one.order < settled)
        ]

    def settled_by(self, subject: Subject, since: int) -> Verdict | None:
        """The first decision after the first `since` that settles a subject and is not void."""
        for one in self._of.get(subject, ()):
            if one.settles and one.order >= since and not self.void(one.decision):
                return one
        return None

    def void(self, decision: str) -> bool:
        """Reversed, or what it follows from is void. What was forgotten is not."""
        verdict = self._all.get(decision)
        return verdict is not None and (
            verdict.reversed or any(self.void(cause) for cause in verdict.because)
        )

    def get(self, decision: str) -> Verdict | None:
        return self._all.get(decision)

    def of(self, subject: Subject) -> list[Verdict]:
        """All decisions on a video or person, in the order they were made."""
        return list(self._of.get(subject, ()))

    def subjects(self) -> list[Subject]:
        return list(self._of)

    def saved(self) -> bytes:
        """As they are now."""
        return msgspec.msgpack.encode((list(self._all.values()), self.made))

    @classmethod
    def of_saved(cls, saved: bytes) -> Verdicts:
        return cls(*_decode(saved))

    # --- within -------------------------------------------------------------------------------

    def _index(self, verdicts: Iterable[Verdict]) -> None:
        known, self._all = list(verdicts), dict[str, Verdict]()
        self._of: dict[Subject, list[Verdict]] = {}
        self._led_to: dict[str, list[str]] = {}
        self._people: set[str] = set()
        # Those that ended long ago are told once more, which changes nothing.
        self._ends: list[tuple[int, Subject]] = []
        for verdict in known:
            self._add(verdict)

    def _verdict(self, event: DecisionMade) -> Verdict:
        # Only what came before can be a cause, so nothing can be its own.
        causes = tuple(cause for cause in event.because if cause in self._all)
        self.made += 1
        return Verdict(
            event.decision, event.video, event.person, event.effect, event.until, causes,
            event.settles, self.made - 1,
        )  # fmt: skip

    def _add(self, verdict: Verdict) -> None:
        self._all[verdict.decision] = verdict
        self._people.add(verdict.person)
        self._of.setdefault(verdict.subject, []).append(verdict)
        for cause in verdict.because:
            self._led_to.setdefault(cause, []).append(verdict.decision)
        if verdict.until:
            heappush(self._ends, (verdict.until, verdict.subject))

    def _reached(self, verdict: Verdict) -> Iterator[Subject]:
        yield verdict.subject
        for effect in self._led_to.get(verdict.decision, ()):
            if effect in self._all:
                yield from self._reached(self._all[effect])


_decode = msgspec.msgpack.Decoder(tuple[list[Verdict], int]).decode
