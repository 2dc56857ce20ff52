"""Events of a batch get the keys under which the log names people.

What a viewer without consent does is named by their session's key, and bears no session of
the app's naming. What they *ask for* to last (to follow, block or hide, to forget) would be
lost with the session, so it is kept under their own key, without what would tie it to a
session: the video it was done from, the slate, the session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import msgspec

from freshet.domain.events import (
    Block,
    Event,
    Follow,
    Hide,
    PersonalisationSet,
    ResetFeed,
    Unblock,
    Unfollow,
    Unhide,
    ViewerEvent,
)
from freshet.http.callers import Caller
from freshet.http.edge import OF_ONE, keyed, people
from freshet.http.ports import Engine
from freshet.http.viewers import is_personalised, session_key

_PLAIN = OF_ONE - {PersonalisationSet}
LASTING = (Follow, Unfollow, Block, Unblock, Hide, Unhide, ResetFeed, PersonalisationSet)


async def named(
    engine: Engine, caller: Caller, events: Sequence[Event], consent: bool
) -> list[Event]:
    """The events as they are logged. New people's keys wait for the disk, off the loop."""
    if (own := _own_keys(engine, caller, events, consent)) is not None:
        return [msgspec.structs.replace(act, viewer=own[act.viewer]) for act in events]  # type: ignore[attr-defined]
    known = cache(engine.keys.known)  # a batch has many acts of few people
    apart = list(_apart(engine, caller, events, consent, known))
    names = {name for event, key in apart for name in people(event) if name != key}
    keys = {name: key for name in names if (key := known(name)) is not None}
    if new := names - keys.keys():
        keys |= await asyncio.to_thread(engine.keys.keys, sorted(new))
    # A session's key stands for itself.
    return [keyed(event, keys | {own: own} if own else keys) for event, own in apart]


def _own_keys(
    engine: Engine,
    caller: Caller,
    events: Sequence[Any],
    consent: bool,
) -> dict[str, str] | None:
    """The keys of viewers who all have one and may be learned from, and name nobody else;
    None if it is not as plain as that."""
    if not _PLAIN.issuperset(map(type, events)):
        return None
    keys: dict[str, str] = {}
    for name in {act.viewer for act in events}:
        key = engine.keys.known(name)
        if key is None or not is_personalised(engine, caller, key, consent):
            return None
        keys[name] = key
    return keys


def _apart(
    engine: Engine,
    caller: Caller,
    events: Sequence[Event],
    consent: bool,
    known: Callable[[str], str | None],
) -> Iterator[tuple[Event, str]]:
    """Each event, and the session's key it was put under; "" = it bears its own people."""
    agrees = cache(lambda name: is_personalised(engine, caller, known(name), consent))
    switched: dict[str, bool] = {}  # by this very batch
    for event in events:
        if not isinstance(event, ViewerEvent):
            yield event, ""
            continue
        name = event.viewer
        if isinstance(event, PersonalisationSet):
            switched[name] = event.on
        personalised = agrees(name)
        if name in switched:
            personalised = switched[name] and is_personalised(engine, caller, None, consent)
        if personalised:
            yield event, ""
        elif isinstance(event, LASTING):
            yield _untied(event), ""
        else:
            key = session_key(engine, caller, name, event.session_id)
            yield msgspec.structs.replace(event, viewer=key, session_id=key), key


def _untied(event: ViewerEvent) -> ViewerEvent:
    blank = {"session_id": "", "request_id": ""}
    if hasattr(event, "video"):
        blank["video"] = ""
    return msgspec.structs.replace(event, **blank)
