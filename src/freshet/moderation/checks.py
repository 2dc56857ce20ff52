"""What a moderator may decide, and what is said of anything else."""

from __future__ import annotations

from freshet.domain.errors import Refused
from freshet.moderation.asks import Decide
from freshet.moderation.book import Book

OF_VIDEOS = (
    "none", "review", "under_review", "duplicate", "spam", "upsetting", "regulated", "age_limited",
)  # fmt: skip
OF_PEOPLE = ("none", "review", "penalised")
REASON_MAX, TEXT_MAX = 200, 2_000


def check_decision(asked: Decide, book: Book, now_ms: int) -> None:
    """
    Raises:
        Refused: says which field and what would be right.
    """
    fitting = OF_VIDEOS if asked.video else OF_PEOPLE
    if asked.effect not in fitting:
        what = "a video" if asked.video else "a person"
        raise Refused("effect", f"{asked.effect!r} is no effect on {what}", ", ".join(fitting))
    if asked.until and asked.until <= now_ms:
        raise Refused("until", "lies in the past", "a time to come, ms since 1970, or 0 for good")
    if asked.original and (asked.effect != "duplicate" or asked.original == asked.video):
        raise Refused("original", "is for a duplicate of another video", "leave it out")
    if asked.effect == "none":
        _check_dismissal(asked, book)


def _check_dismissal(asked: Decide, book: Book) -> None:
    subject = ("video", asked.video) if asked.video else ("person", asked.person)
    asked_about = book.verdicts.effects(subject, book.now_ms) & {"review", "under_review"}
    reported = any(
        book.verdicts.settled_by(subject, one.since) is None
        for one in book.reports.of.get(asked.video, ())
    )
    if asked.until:
        raise Refused("until", "is for an effect that ends", "leave it out")
    if not asked_about and not reported:
        right = "an effect; to take a decision back, reverse it"
        raise Refused("effect", "there is nothing to dismiss", right)
