"""What the system decides by itself: one small function per rule, over the book.

A rule yields what it found, each time it looks; a finding has an id made from what was found,
so the same one is decided once, also when its decision was reversed since.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from base64 import b32encode
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from freshet.catalogue.verdicts import QUESTIONS
from freshet.domain.events import Effect
from freshet.moderation.book import Book
from freshet.moderation.settings import Moderation
from freshet.moderation.uploads import DAY_MS

HOUR_MS = 3_600_000
STRIKES: frozenset[Effect] = frozenset({"duplicate", "spam", "upsetting", "regulated"})
REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule would decide."""

    rule: str
    effect: Effect
    reason: str
    video: str = ""
    person: str = ""
    about: str = ""  # makes it another finding than the same rule's others on this subject
    until: int = 0
    because: tuple[str, ...] = ()
    evidence: dict[str, str] = field(default_factory=dict)

    @property
    def decision(self) -> str:
        """Its id."""
        told = (self.rule, self.effect, self.video, self.person, self.about, *self.because)
        digest = hashlib.blake2b("\0".join(told).encode(), digest_size=15).digest()
        return f"{self.rule}_{b32encode(digest).decode().lower()}"

    @property
    def actor(self) -> str:
        return self.rule if self.rule == REPORTS else f"rule:{self.rule}"


@dataclass(frozen=True, slots=True)
class Caption:
    """What one video of a person says."""

    video: str
    caption: str
    created: int


def reported(book: Book, settings: Moderation, video: str) -> Iterator[Found]:
    """Reports that weigh enough put a video before a moderator, and hold it back meanwhile."""
    weighed = book.reports.weigh(video, book.verdicts, settings)
    standing = book.verdicts.effects(("video", video), book.now_ms)
    if standing - QUESTIONS:
        return  # barred already
    settled = [one.order for one in book.verdicts.of(("video", video)) if one.settles]
    told = f"{weighed.reports} reports, {weighed.proven} by proven reporters"
    evidence = {"reports": str(weighed.reports), "proven": str(weighed.proven),
                "weight": f"{weighed.weight:g}"}  # fmt: skip
    for effect, limit in (("review", settings.queue_at), ("under_review", settings.review_at)):
        if weighed.reports and weighed.weight >= limit:
            yield Found(REPORTS, effect, told, video, about=f"{len(settled)}", evidence=evidence)  # type: ignore[arg-type]


def bursts(book: Book, settings: Moderation, person: str) -> Iterator[Found]:
    """More videos within an hour or a day than anybody makes by hand."""
    uploads = sorted(book.uploads.of(person), key=lambda one: (one.created, one.video))
    times = sorted({one.created for one in uploads})
    for one in uploads:
        for span_ms, most, name in (
            (HOUR_MS, settings.burst_hour, "an hour"), (DAY_MS, settings.burst_day, "a day")
        ):  # fmt: skip
            count = bisect_right(times, one.created) - bisect_right(times, one.created - span_ms)
            if count > most:
                told = f"video {count} of one person within {name}"
                evidence = {"videos": str(count), "within": name}
                yield Found("bursts", "spam", told, one.video, evidence=evidence)
                break


def tags(book: Book, settings: Moderation, person: str) -> Iterator[Found]:
    """Hashtags that are there to be found by, and say nothing of the video."""
    generic = set(settings.generic_tags)
    for one in book.uploads.of(person):
        empty = [tag for tag in one.hashtags if tag in generic]
        evidence = {"hashtags": str(len(one.hashtags)), "generic": str(len(empty))}
        if len(empty) > settings.tags_generic:
            told = f"{len(empty)} hashtags that say nothing of it"
            yield Found("tags", "spam", told, one.video, evidence=evidence)
        elif len(one.hashtags) > settings.tags_most:
            told = f"{len(one.hashtags)} hashtags"
            yield Found("tags", "spam", told, one.video, evidence=evidence)


def captions(
    book: Book, settings: Moderation, person: str, said: Sequence[Caption]
) -> Iterator[Found]:
    """One and the same caption again and again.

    Args:
        said: captions of the person's videos of the last week.
    """
    fresh = {one.video for one in book.uploads.of(person)}
    groups: dict[str, list[Caption]] = {}
    for one in sorted(said, key=lambda one: (one.created, one.video)):
        words = plain(one.caption)
        if len(words) >= max(settings.caption_letters, 1):
            groups.setdefault(words, []).append(one)
    for group in groups.values():
        times = sorted({one.created for one in group})  # what one call saves is said once
        for one in group:
            place = bisect_right(times, one.created)
            if place > settings.captions_most and one.video in fresh:
                told = f"the same caption for the {place}th time within a week"
                evidence = {"times": str(place), "first": group[0].video}
                yield Found("captions", "spam", told, one.video, evidence=evidence)


def plain(caption: str) -> str:
    """What is the same in captions that differ by emoji and signs alone. Numbers tell the
    parts of a series apart.

    >>> plain("Link in bio!!! 🔥"), plain("link in BIO"), plain("Day 2 of guitar")
    ('linkinbio', 'linkinbio', 'day2ofguitar')
    """
    return _SIGNS.sub("", unicodedata.normalize("NFKC", caption).casefold())


def rings(book: Book, settings: Moderation, person: str) -> Iterator[Found]:
    """A small group that engages with itself: a moderator is asked, for friends do so too."""
    ring = book.engagement.ring(person, settings.ring_acts, settings.ring_members)
    if ring is None or ring.closed < settings.ring_closed:
        return
    name = hashlib.blake2b("\0".join(ring.members).encode(), digest_size=6).hexdigest()
    lately = book.now_ms - settings.strikes_days * DAY_MS
    asked = {
        made.person
        for made in book.decisions.values()
        if made.actor == "rule:rings" and made.time > lately
    }
    told = f"{len(ring.members)} people give {ring.closed:.0%} of their engagement to each other"
    evidence = {"ring": name, "members": str(len(ring.members)), "acts": str(ring.acts),
                "closed": f"{ring.closed:g}"}  # fmt: skip
    for member in ring.members:
        if member not in asked:
            yield Found("rings", "review", told, person=member, about=name, evidence=evidence)


def strikes(book: Book, settings: Moderation, person: str) -> Iterator[Found]:
    """Several decisions against a person's videos penalise the person; each counts once. Those
    of one burst were one haste, and bear their label."""
    lately = book.now_ms - settings.strikes_days * DAY_MS
    mine = book.of_person(person)
    counted = {
        cause
        for made in mine
        if made.actor == "rule:strikes" and not book.verdicts.void(made.decision)
        for cause in made.because
    }
    against = {
        made.video: made.decision  # several on one video are one strike
        for made in mine
        if made.video and made.effect in STRIKES and made.actor != "rule:bursts"
        and made.time > lately
        and made.decision not in counted and not book.verdicts.void(made.decision)
    }  # fmt: skip
    if len(against) >= settings.strikes:
        told = f"{len(against)} videos barred within {settings.strikes_days} days"
        yield Found(
            "strikes", "penalised", told, person=person, because=tuple(against.values()),
            until=book.now_ms + settings.penalty_days * DAY_MS,
            evidence={"videos": ", ".join(against)},
        )  # fmt: skip


_SIGNS = re.compile(r"[\W_]+")
