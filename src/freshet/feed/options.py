"""What an app may ask of one feed beyond "the next videos": filters, exclusions, pins, boosts.

    filters       only videos like this; a list that is there and empty lets nothing through
    exclude       never these
    pins          this video at this place, if it may be shown to this viewer at all
    boosts        worth more, or less, by creator, sound, hashtag, topic or video
    personalised  False: ranked as for a viewer nothing is known of

Names here are the app's own; `feed/wanted.py` makes rows of them. Options never widen what
may be shown: eligibility, seen, hides and blocks go before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from freshet.domain.errors import Refused

LIST_MAX = 1_000
BOOSTS_MAX = 100
MULTIPLY_MAX = 10.0
ADD_MAX = 10.0

Id = Annotated[str, Meta(min_length=1, max_length=200)]
Ids = Annotated[tuple[Id, ...], Meta(max_length=LIST_MAX)]
Time = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # ms since 1970
Span = Annotated[int, Meta(ge=0, le=2**31 - 1)]  # ms
Place = Annotated[int, Meta(ge=0)]


class Filters(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A video passes if it meets every filter given. Of a list, one hit is enough."""

    videos: Ids | None = None
    creators: Ids | None = None
    sounds: Ids | None = None  # a video with an original sound, or none, has no sound
    hashtags: Ids | None = None
    topics: Ids | None = None
    languages: Ids | None = None
    countries: Ids | None = None  # where the video was published
    duration_min_ms: Span | None = None  # with either bound, an unknown duration does not pass
    duration_max_ms: Span | None = None
    created_after: Time | None = None  # ms since 1970, itself included
    created_before: Time | None = None  # ms since 1970, itself left out


NO_FILTERS = Filters()


class Boost(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The value of what matches is multiplied, then added to. Several boosts of one video
    multiply and add up, within the same bounds."""

    kind: Literal["video", "creator", "sound", "hashtag", "topic"]
    target: Id
    multiply: Annotated[float, Meta(ge=0, le=MULTIPLY_MAX)] = 1.0
    add: Annotated[float, Meta(ge=-ADD_MAX, le=ADD_MAX)] = 0.0  # in the value table's unit


class Options(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Everything an app may ask of one feed. Nothing asked: the plain feed."""

    filters: Filters = Filters()
    exclude: Ids = ()
    pins: dict[Id, Place] = {}  # video -> its place in this slate, from 0
    boosts: Annotated[tuple[Boost, ...], Meta(max_length=BOOSTS_MAX)] = ()
    personalised: bool = True

    def check(self, n: int) -> None:
        """
        Raises:
            Refused: a pin beyond the slate or on another's place; bounds that cross.
        """
        taken: dict[int, str] = {}
        for video, place in self.pins.items():
            if place >= n:
                right = f"0 to {n - 1}, as {n} videos are asked for"
                raise Refused(f"pins.{video}", f"{place} is beyond the slate", right)
            if place in taken:
                reason = f"{place} is already the place of {taken[place]!r}"
                raise Refused(f"pins.{video}", reason, "a place of its own")
            taken[place] = video
        limits = self.filters
        _in_order("duration_max_ms", limits.duration_min_ms, limits.duration_max_ms)
        _in_order("created_before", limits.created_after, limits.created_before)

    def keyed(self, key: Callable[[str], str]) -> Options:
        """The same with creators named by key."""
        filters, boosts = self.filters, self.boosts
        if filters.creators is None and not boosts:
            return self
        if filters.creators is not None:
            creators = tuple(key(name) for name in filters.creators)
            filters = msgspec.structs.replace(filters, creators=creators)
        boosts = tuple(
            msgspec.structs.replace(one, target=key(one.target)) if one.kind == "creator" else one
            for one in boosts
        )
        return msgspec.structs.replace(self, filters=filters, boosts=boosts)

    def digest(self) -> bytes:
        """Of what has to stay the same from page to page: filters and boosts.

        >>> one = Options(filters=Filters(topics=("tea", "cake")))
        >>> other = Options(filters=Filters(topics=("cake", "tea")), exclude=("v1",))
        >>> one.digest() == other.digest() != Options().digest()
        True
        """
        if not self.boosts and self.filters == NO_FILTERS:
            return NO_DIGEST
        return self._digest()

    def _digest(self) -> bytes:
        plain = msgspec.to_builtins(self.filters)
        for name, value in plain.items():
            plain[name] = sorted(value) if isinstance(value, list | tuple) else value
        boosts = sorted(msgspec.json.encode(one) for one in self.boosts)
        text = msgspec.json.encode(sorted(plain.items())) + b"".join(boosts)
        return hashlib.blake2b(text, digest_size=8).digest()


PLAIN = Options()
NO_DIGEST = PLAIN._digest()


def _in_order(field: str, low: int | None, high: int | None) -> None:
    if low is not None and high is not None and high < low:
        raise Refused(f"filters.{field}", f"{high} lies below the lower bound", f"{low} or more")
