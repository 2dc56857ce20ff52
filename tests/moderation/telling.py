"""A story of moderation: events told to the book and to the columns that feeds read."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from freshet.catalogue import facts
from freshet.catalogue.columns import Columns
from freshet.domain import events as ev
from freshet.domain.events import Event
from freshet.domain.ids import uuid7
from freshet.log.ports import Appended, Batch
from freshet.moderation.book import Book
from freshet.moderation.desk import Desk
from freshet.moderation.rules import Caption, Found
from freshet.moderation.settings import Moderation

START_MS = 1_767_571_200_000  # 5 January 2026, 00:00 UTC
DAY_MS = 86_400_000


class Story:
    """Everything folded as it is told. It is the surroundings of a desk, too.

    `said` are captions by person, `found` what fingerprints would say by video.
    """

    def __init__(self, **settings: Any) -> None:
        self.now_ms, self._ids = START_MS, Random(5)
        self.book, self.columns = Book(), Columns(1 << 8, 1 << 8)
        self.events: list[Event] = []
        self.said: dict[str, list[Caption]] = {}
        self.copied: dict[str, list[Found]] = {}
        self.desk = Desk(self.book, Moderation(**settings), self, lambda: self.now_ms, Random(6))

    # --- telling ------------------------------------------------------------------------------

    def tell(self, kind: type[Event], /, **fields: Any) -> Any:
        event = kind(
            event_id=uuid7(self.now_ms, self._ids), time=self.now_ms, received=self.now_ms,
            **fields,
        )  # fmt: skip
        self.fold(event)
        return event

    def fold(self, event: Event) -> None:
        self.events.append(event)
        self.now_ms = max(self.now_ms, event.received)
        self.book.apply(Batch(len(self.events), [event]))
        if event.received >= self.columns.verdicts.next_end:
            self.columns.pass_time(event.received)
        match event:
            case ev.PersonErased():
                self.columns.forget(event.person)
            case ev.ViewersMerged():
                self.columns.merged(event.viewer, event.into, event.received)
            case _:
                self.columns.apply(event)

    def publish(self, video: str, person: str, **fields: Any) -> None:
        made = {"created": self.now_ms, **fields}
        self.tell(ev.VideoPublished, video=video, creator=person, **made)

    def report(self, video: str, *viewers: str, reason: str = "") -> None:
        for viewer in viewers:
            self.tell(ev.Report, viewer=viewer, video=video, reason=reason)

    def decide(
        self, decision: str, effect: str, video: str = "", person: str = "", **more: Any
    ) -> None:
        told = {"actor": "moderator:kim", "reason": "seen", **more}
        person = person or (self.owner_of(video) or "")
        self.tell(
            ev.DecisionMade, decision=decision, effect=effect, video=video, person=person, **told
        )

    def reverse(self, decision: str) -> None:
        self.tell(ev.DecisionReversed, decision=decision, actor="moderator:kim")

    def wait(self, ms: int) -> None:
        self.now_ms += ms
        self.tell(ev.Tick)

    # --- reading ------------------------------------------------------------------------------

    def labels(self, video: str) -> set[str]:
        """What the flags of a video's facts say."""
        flags = int(self.columns.videos.ints[self.columns.video(video), facts.FLAGS])
        held = {label for label, bit in facts.LABEL_BIT.items() if flags & bit}
        return held | ({"penalised"} if flags & facts.PENALISED else set())

    def recommended(self, video: str) -> bool:
        flags = int(self.columns.videos.ints[self.columns.video(video), facts.FLAGS])
        return flags & (facts.NEEDED | facts.BARRED) == facts.NEEDED

    # --- surroundings -------------------------------------------------------------------------

    async def append(self, events: Sequence[Event]) -> Appended:
        first = len(self.events) + 1
        for event in events:
            self.fold(type(event)(**{n: getattr(event, n) for n in event.__struct_fields__}
                                  | {"received": self.now_ms}))  # fmt: skip
        return Appended(tuple(range(first, first + len(events))))

    async def catch_up(self) -> int:
        return len(self.events)

    def owner_of(self, video: str) -> str | None:
        row = self.columns.names["video"].row(video)
        if row < 0 or self.columns.videos.ints[row, facts.CREATOR] < 0:
            return None
        return str(self.columns.names["viewer"][int(self.columns.videos.ints[row, facts.CREATOR])])

    async def captions(self, person: str) -> Sequence[Caption]:
        return self.said.get(person, [])

    async def copies(self, video: str) -> Sequence[Found]:
        return self.copied.get(video, [])
