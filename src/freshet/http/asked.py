"""Options in a query: the fields of a POST body, flat, lists by repeating the name.

creators=ann&creators=bob   duration_max_ms=60000   exclude=v1
pins=v7:0                   video : place
boosts=creator:ann:x2       kind : target : x multiplier, or a value to add
personalised=0
"""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import msgspec
from litestar.params import Parameter

from freshet.domain.errors import Refused
from freshet.feed.options import PLAIN, Options
from freshet.http.problems import misfit

PIN = "VIDEO:PLACE"
BOOST = "KIND:TARGET:x2 multiplies, KIND:TARGET:0.5 adds"


OneOf = Annotated[
    list[str] | None, Parameter(description="only with one of these; repeat the name for more")
]
Never = Annotated[list[str] | None, Parameter(description="never these videos; may repeat")]
Pins = Annotated[list[str] | None, Parameter(description=f"a place of its own: {PIN}; may repeat")]
BoostTexts = Annotated[
    list[str] | None, Parameter(description=f"worth more or less: {BOOST}; may repeat")
]
Milliseconds = Annotated[int | None, Parameter(ge=0, description="only within, both included")]
Time = Annotated[int | None, Parameter(ge=0, description="publication, ms since 1970")]
Personalised = Annotated[
    int, Parameter(ge=0, le=1, description="0 ranks as for a viewer nothing is known of")
]


async def options_of(
    videos: OneOf = None,
    creators: OneOf = None,
    sounds: OneOf = None,
    hashtags: OneOf = None,
    topics: OneOf = None,
    languages: OneOf = None,
    countries: OneOf = None,
    duration_min_ms: Milliseconds = None,
    duration_max_ms: Milliseconds = None,
    created_after: Time = None,
    created_before: Time = None,
    exclude: Never = None,
    pins: Pins = None,
    boosts: BoostTexts = None,
    personalised: Personalised = 1,
) -> Options:
    """What a query asks of a feed.

    Raises:
        Refused: a pin or boost that cannot be read, a list that is too long.
    """
    filters = {
        "videos": videos, "creators": creators, "sounds": sounds, "hashtags": hashtags,
        "topics": topics, "languages": languages, "countries": countries,
        "duration_min_ms": duration_min_ms, "duration_max_ms": duration_max_ms,
        "created_after": created_after, "created_before": created_before,
    }  # fmt: skip
    given = {name: value for name, value in filters.items() if value is not None}
    if not (given or exclude or pins or boosts):
        return PLAIN if personalised else Options(personalised=False)
    plain = {
        "filters": given,
        "exclude": exclude or [],
        "pins": dict(_pin(text) for text in pins or []),
        "boosts": [_boost(text) for text in boosts or []],
        "personalised": bool(personalised),
    }
    try:
        return msgspec.convert(plain, Options)
    except msgspec.ValidationError as error:
        refused = misfit(error)
        field = refused.field.removeprefix("filters.").partition("[")[0]
        raise Refused(field, refused.reason, refused.right) from None


NAMES = frozenset(inspect.signature(options_of).parameters)


def _pin(text: str) -> tuple[str, int]:
    video, _, place = text.rpartition(":")
    if not video or not place.isascii() or not place.isdigit() or len(place) > 9:
        raise Refused("pins", f"{text[:60]!r} cannot be read", PIN)
    return video, int(place)


def _boost(text: str) -> dict[str, Any]:
    kind, _, rest = text.partition(":")
    target, _, amount = rest.rpartition(":")
    multiplies = amount.startswith("x")
    try:
        number = float(amount.removeprefix("x"))
    except ValueError:
        raise Refused("boosts", f"{text[:60]!r} cannot be read", BOOST) from None
    if number != number:
        raise Refused("boosts", f"{text[:60]!r} is no number", BOOST)
    return {"kind": kind, "target": target, "multiply" if multiplies else "add": number}
