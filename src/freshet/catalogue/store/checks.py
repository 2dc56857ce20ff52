"""What a value must be to enter the tables, beyond its type."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import urlsplit

from freshet.domain.errors import Refused

YEAR_2000_MS = 946_684_800_000
SKEW_MS = 24 * 3_600_000  # a client's clock may run this far ahead
URL_MAX = 2_000
HASHTAG_MAX = 100
LANGUAGE = re.compile("^([A-Za-z]{2,3})?$")
COUNTRY = re.compile("^([A-Za-z]{2})?$")


def is_id(field: str, value: str) -> str:
    """An id that can stand in the path of an address, where catalogues are asked by id."""
    if not value:
        raise Refused(field, "is empty", "an id")
    if "/" in value or value in (".", ".."):
        raise Refused(field, f"{value!r} cannot stand in a path", "an id without a slash")
    return one_line(field, value)


def one_line(field: str, value: str) -> str:
    if any(character < " " or character == "\x7f" for character in value):
        raise Refused(field, "holds a control character", "printable text")
    return value


def text(field: str, value: str) -> str:
    """Text of people: line breaks and tabs are theirs, a null byte is not."""
    if "\0" in value:
        raise Refused(field, "holds a null byte", "text")
    return value


def url(field: str, value: str) -> str:
    """An address a browser may be sent to: nothing that could run a script."""
    if not value:
        return value
    right = "an address that begins with https:// or http://"
    if len(value) > URL_MAX or not value.isprintable() or " " in value:
        raise Refused(field, "is no web address", right)
    try:
        parts = urlsplit(value)
        if parts.scheme.lower() in ("http", "https") and parts.hostname:
            return value
    except ValueError:
        pass
    raise Refused(field, f"{value[:60]!r} is no web address", right)


def time(field: str, value: int, now_ms: int) -> int:
    """Ms since 1970 of something that happened; 0 = not said."""
    if value == 0:
        return value
    if value < YEAR_2000_MS:
        seconds = YEAR_2000_MS <= value * 1000 <= now_ms + SKEW_MS
        hint = "; it looks like seconds" if seconds else ""
        raise Refused(field, f"{value} ms is before 2000{hint}", "milliseconds since 1970")
    if value > now_ms + SKEW_MS:
        raise Refused(field, "lies more than a day ahead", "milliseconds since 1970")
    return value


def language(field: str, value: str) -> str:
    """A language of ISO 639, in small letters; "" = not said."""
    if not LANGUAGE.fullmatch(value):
        raise Refused(field, f"{value[:30]!r} is no language", "two or three letters, as en")
    return value.lower()


def country(field: str, value: str) -> str:
    """A country of ISO 3166-1, in capitals; "" = not said."""
    if not COUNTRY.fullmatch(value):
        raise Refused(field, f"{value[:30]!r} is no country", "two letters, as GB")
    return value.upper()


def finite(field: str, values: Sequence[float]) -> None:
    for index, value in enumerate(values):
        if not math.isfinite(value) or abs(value) > 3e38:  # float32 is what is kept
            raise Refused(f"{field}.{index}", f"{value} is not a finite float32", "a number")


def hashtag(field: str, value: str) -> str:
    """A hashtag as it is counted: however it was typed, one name.

    >>> hashtag("hashtag_names.0", "#ＣottageCORE")
    'cottagecore'
    """
    name = unicodedata.normalize("NFKC", value).strip().lstrip("#")
    name = unicodedata.normalize("NFKC", name.casefold())
    if not name or len(name) > HASHTAG_MAX:
        raise Refused(field, f"is {len(name)} characters long", f"1 to {HASHTAG_MAX}")
    if "#" in name or "/" in name or not name.isprintable() or any(map(str.isspace, name)):
        raise Refused(field, f"{value[:60]!r} is no hashtag", "one word without # and /")
    if name in (".", ".."):
        raise Refused(field, f"{value!r} cannot stand in a path", "a word")
    return name


def hashtags(field: str, values: Sequence[str]) -> tuple[str, ...]:
    """Names in the order given, each once."""
    return tuple(dict.fromkeys(hashtag(f"{field}.{i}", v) for i, v in enumerate(values)))
