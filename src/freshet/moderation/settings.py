"""Every number of moderation that is configuration, with its default and unit."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Weight = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]

Rule = Literal["reports", "duplicates", "bursts", "tags", "captions", "rings", "strikes"]

GENERIC = (
    "explore", "explorepage", "follow", "followme", "foryou", "foryoupage", "fy", "fyp",
    "fypage", "fypdongggggggg", "fypシ", "fypシ゚viral", "fypviral", "goviral", "like", "likes",
    "makethisviral", "parati", "tiktok", "trend", "trending", "viral", "viralvideo", "xyzbca",
)  # fmt: skip


class Moderation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked of moderators, and what rules decide by themselves."""

    # Rules that may decide; one that is left out decides nothing from the next start on.
    rules: tuple[Rule, ...] = (
        "reports", "duplicates", "bursts", "tags", "captions", "rings", "strikes",
    )  # fmt: skip

    # A report weighs what part of its reporter's earlier reports were confirmed: the mean of a
    # Beta distribution that begins with this many confirmed ...
    reports_confirmed: Annotated[float, Meta(gt=0)] = 1.0
    reports_dismissed: Annotated[float, Meta(gt=0)] = 4.0  # ... and this many dismissed
    proven_at: Share = 0.4  # a reporter whose reports weigh as much is proven
    unproven_most: Weight = 0.9  # all others together weigh so much on one video, and no more
    queue_at: Weight = 0.6  # a video whose reports weigh as much is in the moderators' queue
    review_at: Weight = 1.2  # ... and one whose weigh as much is not recommended meanwhile

    burst_hour: Positive = 20  # videos of one person within an hour; those beyond are spam
    burst_day: Positive = 50  # ... within a day
    tags_generic: Count = 7  # hashtags of `generic_tags` that one video may have
    tags_most: Count = 30  # hashtags of any kind that one video may have
    generic_tags: tuple[str, ...] = GENERIC  # say nothing of what a video is about
    captions_most: Positive = 4  # videos of one person within a week with one and the same caption
    caption_letters: Count = 8  # a shorter caption may be repeated at will

    ring_members: Annotated[int, Meta(ge=3)] = 12  # a larger group is none
    ring_closed: Share = 0.9  # of what a ring's members give and get, so much stays among them
    ring_acts: Positive = 10  # that a member gave to others of the ring, halved every week

    strikes: Positive = 3  # decisions against videos of one person that penalise the person
    strikes_days: Positive = 30  # ... made within so many days
    penalty_days: Positive = 7  # so long are they not recommended

    upload_bytes: Positive = 500_000_000  # of a file that is looked at for copies
