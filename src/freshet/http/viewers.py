"""Whom a request is for, and whether they may be learned from.

A viewer token speaks for its own viewer; an API key for whom it names. A viewer is
*personalised* if the call bears their consent (a token's `consent`, else what the backend
says) and they have not switched it off themselves. What others do is logged under a key of
their session alone, so that nothing in the log links what they do from day to day.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from freshet.domain.errors import Refused
from freshet.http.callers import Caller
from freshet.http.ports import Engine
from freshet.http.problems import Forbidden
from freshet.http.tokens import is_viewer


@dataclass(frozen=True, slots=True)
class Viewer:
    """One viewer as a request sees them."""

    id: str  # the app's own
    personalised: bool
    key: str  # what their acts and slates are logged under: their own, or one of a session
    own: str | None  # their own key, None if nobody made one; their follows, blocks and hides
    session_id: str  # to log; one without consent is named by its key alone


def name_of(caller: Caller, given: str) -> str:
    """The viewer a call is for: the token's, or the one that an API key names.

    Raises:
        Refused: none is named.
        Forbidden: a token of another viewer.
    """
    if caller.viewer:
        if given not in ("", caller.viewer):
            raise Forbidden("viewer", "is not this token's viewer", "its own, or none")
        return caller.viewer
    if not is_viewer(given):
        raise Refused("viewer", "is missing" if not given else "is no id", "the app's own id")
    return given


async def viewer_of(
    engine: Engine, caller: Caller, given: str, session_id: str = "", consent: bool = True
) -> Viewer:
    """The viewer of a request, with the key to log under.

    Args:
        consent: what an API key says of it; a token speaks for itself.
    """
    name = name_of(caller, given)
    own = engine.keys.known(name)
    if not is_personalised(engine, caller, own, consent):
        key = session_key(engine, caller, name, session_id)
        return Viewer(name, False, key, own, key)
    if own is None:  # a new person's key waits for the disk, off the loop
        own = await asyncio.to_thread(engine.keys.key, name)
    return Viewer(name, True, own, own, session_id)


def is_personalised(engine: Engine, caller: Caller, own: str | None, consent: bool) -> bool:
    given = caller.consent if caller.viewer else consent
    return given and (own is None or engine.personalised(own))


def session_key(engine: Engine, caller: Caller, name: str, session_id: str) -> str:
    return engine.access.sessions.key(name, session_id or caller.session)
