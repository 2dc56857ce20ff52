"""Moderation: who waits, cases, decisions and their reversal, duplicates, the audit log.

    desk = Client(url, key_with_scope_moderate).moderation
    for line in desk.queue():
        desk.decide("none", video=line.video, moderator="kim", reason="nothing wrong with it")

What decides is said once: said again, after an answer that was lost, it might be done twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic

from freshet_client.call import (
    Call,
    Mode,
    Paged,
    Part,
    ask,
    ask_all,
    path,
    reading,
    sending,
)
from freshet_client.rulings import (
    Case,
    Decisions,
    Effect,
    Entries,
    Entry,
    QueueLine,
    QueuePage,
    Ruling,
    Side,
    Sides,
)

PAGE = 100


class Moderation(Part[Mode], Generic[Mode]):
    """What takes a key of the scope `moderate`."""

    @ask_all
    def queue(self) -> Paged[QueueLine]:
        """Who waits, the most weight first: reports, questions of rules, appeals."""
        return _pages(QueuePage, "lines", "queue")

    @ask_all
    def decisions(self, effect: str = "") -> Paged[Ruling]:
        """Labels and penalties in force, the newest first; or only those of one effect."""
        return _pages(Decisions, "decisions", "decisions", effect=effect)

    @ask_all
    def duplicates(self, *, past: bool = False) -> Paged[Side]:
        """Suspected copies beside what they are taken for a copy of, the newest first.

        Args:
            past: also those reversed since.
        """
        return _pages(Sides, "pairs", "duplicates", past=int(past))

    @ask_all
    def audit(self, *, video: str = "", person: str = "", actor: str = "") -> Paged[Entry]:
        """Everything that was done, the newest first; `actor` as `moderator:kim`."""
        return _pages(Entries, "entries", "audit", video=video, person=person, actor=actor)

    @ask
    def video(self, video: str) -> Call[Case]:
        """Everything that bears on a video."""
        return Call("GET", path("moderation", "videos", video), reading(Case))

    @ask
    def person(self, person: str) -> Call[Case]:
        """Everything that bears on a person; what bears on their videos is with those."""
        return Call("GET", path("moderation", "people", person), reading(Case))

    @ask
    def decide(
        self,
        effect: Effect,
        *,
        moderator: str,
        reason: str,
        video: str = "",
        person: str = "",
        until: int = 0,
        original: str = "",
    ) -> Call[Ruling]:
        """Decide on a video or a person; the next feed goes by it.

        Args:
            moderator: who decides; kept in the audit log.
            reason: whom it is about reads it.
            until: ms since 1970; 0 = for good.
            original: of a duplicate: the video it is a copy of.
        """
        body = {
            "effect": effect, "moderator": moderator, "reason": reason, "video": video,
            "person": person, "until": until, "original": original,
        }  # fmt: skip
        said = {name: value for name, value in body.items() if value}
        return _once("decisions", said)

    @ask
    def reverse(self, decision: str, *, moderator: str, reason: str) -> Call[Ruling]:
        """As if the decision had never been made, with all that followed from it."""
        return _once("decisions", {"moderator": moderator, "reason": reason}, decision, "reverse")

    @ask
    def answer(self, decision: str, *, granted: bool, moderator: str, reason: str) -> Call[Ruling]:
        """Answer an appeal; granted, the decision is reversed."""
        said = {"moderator": moderator, "reason": reason, "granted": granted}
        return _once("decisions", said, decision, "answer")


def _once(where: str, said: Mapping[str, Any], *below: str) -> Call[Ruling]:
    to = path("moderation", where, *below)
    return Call("POST", to, reading(Ruling), body=sending(said), once=True)


def _pages(kind: type[Any], items: str, where: str, **narrowed: str | int) -> Paged[Any]:
    def page(cursor: str) -> Call[Any]:
        query = {"max_count": PAGE, "cursor": cursor, **narrowed}
        given = {name: value for name, value in query.items() if value}
        return Call("GET", path("moderation", where), reading(kind), given)

    return Paged(page, lambda answer: getattr(answer, items))
