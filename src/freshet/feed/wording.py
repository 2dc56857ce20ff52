"""What a reason says, in the viewer's language: one file of phrases for each in `words/`.

    [acts]     what the viewer did       "you finished {what} {when}"
    [things]   with what, by number      "{count} videos with #{hashtag}"
    [when]     the time it is true of    "in the last hour"
    [reasons]  everything else, whole

An act is a frame with places, so each language puts its words in its own order. All four have
two forms of number, one for exactly 1. What is logged and computed with has no words in it:
a code and its parameters.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import msgspec

LANGUAGES = ("da", "en", "it", "nl")
ENGLISH = "en"  # where nothing says which
FOLDER = Path(__file__).parent / "words"


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A phrase by its number."""

    one: str
    other: str


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language."""

    thousands: str
    acts: dict[str, str]
    when: dict[str, str]
    things: dict[str, Counted]
    reasons: dict[str, str | Counted]


@cache
def words(language: str) -> Words:
    return msgspec.toml.decode((FOLDER / f"{language}.toml").read_bytes(), type=Words)


# Twenty reasons a feed say much the same: saying all of them anew took half a ms.
@lru_cache(maxsize=1 << 15)
def said(language: str, code: str, params: tuple[tuple[str, str], ...]) -> str:
    """A reason in words; of one that this release does not know, its code.

    >>> tea = (("hashtag", "tea"), ("act", "finished"), ("count", "3"), ("when", "day"))
    >>> said("en", "hashtag", tea)
    'you finished 3 videos with #tea in the last 24 hours'
    >>> said("it", "hashtag", tea)
    'nelle ultime 24 ore hai visto fino alla fine 3 video con #tea'
    """
    try:
        return _filled(words(language), code, dict(params))
    except (KeyError, ValueError):
        return code


def _filled(known: Words, code: str, named: dict[str, str]) -> str:
    count = int(named.get("count", "0"))
    named["count"] = f"{count:,}".replace(",", known.thousands)
    if "act" in named:
        named["what"] = _by(known.things[code], count).format(**named)
        named["when"] = known.when[named["when"]]
        return known.acts[named["act"]].format(**named)
    key = f"{code}_{named['unit']}" if "unit" in named else code
    return _by(known.reasons[key], count).format(**named)


def _by(phrase: str | Counted, count: int) -> str:
    if isinstance(phrase, str):
        return phrase
    return phrase.one if count == 1 else phrase.other
