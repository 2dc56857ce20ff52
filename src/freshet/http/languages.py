"""In which language reasons are said.

    what the call asks for    `language=da`; one that there are no words in is refused
    Accept-Language           the first of its wishes that there are words in
    the viewer's own          as their profile or device says
    English

A backend that asks for its viewers says `language`; a browser or an app says it by itself.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from litestar.params import Parameter

from freshet.domain.errors import Refused
from freshet.feed.wording import ENGLISH, LANGUAGES
from freshet.http.ports import Engine

LANGUAGE_MAX, ACCEPT_MAX = 35, 500

Language = Annotated[
    str,
    Parameter(
        max_length=LANGUAGE_MAX,
        description=f"of the reasons: {', '.join(LANGUAGES)}; else as Accept-Language wishes, else "
        "the viewer's own",
    ),
]


def asked_language(language: str) -> str:
    """`da` of "da" or "da-DK"; "" of "".

    Raises:
        Refused: there are no words in it.
    """
    primary = language.partition("-")[0].lower()
    if language and primary not in LANGUAGES:
        reason = f"{language!r} is none that there are words in"
        raise Refused("language", reason, ", ".join(LANGUAGES))
    return primary


def language_of(engine: Engine, asked: str, accept: str, viewer: str | None) -> str:
    """The language for a viewer, by key.

    Args:
        asked: as `asked_language` gives it. accept: the header, "" if there is none.
    """
    found = asked or wished(accept[:ACCEPT_MAX])
    if not found and viewer is not None:
        found = engine.surfaces.language(viewer)
    return found if found in LANGUAGES else ENGLISH


@lru_cache(maxsize=1 << 10)
def wished(accept: str) -> str:
    """The first wish of an Accept-Language header that there are words in; "" if there is none.

    >>> wished("fr-CH, it;q=0.8, en;q=0.9"), wished("de, *;q=0.5"), wished("da;q=0, nl-BE;q=0.1")
    ('en', '', 'nl')
    """
    best, most = "", 0.0
    for wish in accept.split(","):
        tag, *rest = (part.strip() for part in wish.split(";"))
        primary, share = tag.partition("-")[0].lower(), _share(rest)
        if primary in LANGUAGES and share > most:
            best, most = primary, share
    return best


def _share(parameters: list[str]) -> float:
    for one in parameters:
        name, _, value = one.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
