"""What may be asked of one feed beyond "the next videos"."""

from __future__ import annotations

from typing import Literal

import msgspec

Names = tuple[str, ...]


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A video passes if it meets every filter given. Of a list, one hit is enough."""

    videos: Names | None = None
    creators: Names | None = None
    sounds: Names | None = None
    hashtags: Names | None = None
    topics: Names | None = None
    languages: Names | None = None
    countries: Names | None = None  # where the video was published
    duration_min_ms: int | None = None
    duration_max_ms: int | None = None
    created_after: int | None = None  # ms since 1970, itself included
    created_before: int | None = None  # ms since 1970, itself left out


class Boost(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The value of what matches is multiplied, then added to."""

    kind: Literal["video", "creator", "sound", "hashtag", "topic"]
    target: str
    multiply: float = 1.0
    add: float = 0.0
