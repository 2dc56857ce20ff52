"""From the app's own ids of people to keys, and what the caller may ask by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State

from freshet.catalogue.tags import counted
from freshet.domain.errors import NotFound, Refused
from freshet.feed.options import Options
from freshet.http.ports import Engine

NOBODY = ""  # a key that no one has


async def key_of(engine: Engine, person: str) -> str:
    """Their key, a new one if they have none: that waits for the disk, off the loop."""
    key = engine.keys.known(person)
    return key if key is not None else await asyncio.to_thread(engine.keys.key, person)


def known_key(engine: Engine, person: str, field: str = "viewer") -> str:
    """
    Raises:
        NotFound: nobody of that id was ever heard of.
    """
    key = engine.keys.known(person)
    if key is None:
        raise NotFound(field, f"{person!r} is not known here")
    return key


def keyed_options(engine: Engine, options: Options) -> Options:
    """Options with creators by key and hashtags as they are counted; a creator nobody has
    heard of matches nothing."""
    filters = options.filters
    if filters.hashtags:
        names = tuple(map(counted, filters.hashtags))
        filters = msgspec.structs.replace(filters, hashtags=names)
    boosts = tuple(
        msgspec.structs.replace(one, target=counted(one.target)) if one.kind == "hashtag" else one
        for one in options.boosts
    )
    options = msgspec.structs.replace(options, filters=filters, boosts=boosts)
    return options.keyed(lambda person: engine.keys.known(person) or NOBODY)


def entered(request: Request[Any, Any, State], known: Iterable[str]) -> Engine:
    """The engine, once the names of the query's fields are right.

    Raises:
        Refused: an unknown one.
    """
    engine: Engine = request.app.state.engine
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        raise Refused(unknown[0], "is not a known parameter", ", ".join(sorted(known)))
    return engine
