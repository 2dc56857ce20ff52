"""Value tables changed while serving: SIGHUP, read again, checked, in force.

    SIGHUP ─▶ settings read again ─▶ refused: the tables stay, and the log says why
                                  └▶ checked ─▶ in force for the next feed, in every process

Only `weights` of the surfaces are taken; everything else wants a restart.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import msgspec
import structlog

from freshet import config
from freshet.config import Feed
from freshet.domain.errors import FreshetError
from freshet.domain.outcomes import OUTCOMES
from freshet.feed.value import Value

SURFACES = ("for_you", "following")

_log = structlog.get_logger("freshet.weights")


def reread(before: Feed) -> Feed:
    """`before` with the value tables that file and environment hold now.

    Raises:
        Refused: they cannot be read, or a table names what is not predicted.
    """
    found = config.load().feed
    Value(found.for_you.weights, OUTCOMES)
    Value(found.following.weights, OUTCOMES)
    return msgspec.structs.replace(
        before,
        for_you=msgspec.structs.replace(before.for_you, weights=found.for_you.weights),
        following=msgspec.structs.replace(before.following, weights=found.following.weights),
    )


@contextmanager
def asked_again() -> Iterator[asyncio.Event]:
    """Set by each SIGHUP, which from now on does not end this process, unless it says that
    the terminal it was started from is gone."""
    asked, loop = asyncio.Event(), asyncio.get_running_loop()
    if not hasattr(signal, "SIGHUP"):  # Windows
        yield asked
        return
    ignored = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN  # nohup
    leaves = not ignored and _at_a_terminal()

    def hung_up() -> None:
        if leaves and not _at_a_terminal():
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            asked.set()

    loop.add_signal_handler(signal.SIGHUP, hung_up)
    try:
        yield asked
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


@asynccontextmanager
async def followed(asked: asyncio.Event, take: Callable[[], None]) -> AsyncIterator[None]:
    """While entered, `take` is called each time it is asked; what it refuses is told."""

    async def follow() -> None:
        while True:
            await asked.wait()
            asked.clear()
            try:
                take()
            except FreshetError as error:
                _log.error("weights stay as they were", reason=str(error))

    task = asyncio.create_task(follow(), name="weights")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def tell(before: Feed, after: Feed) -> None:
    """Say in the log what changed, [before, after]."""
    for surface in SURFACES:
        old, new = getattr(before, surface).weights, getattr(after, surface).weights
        changed = {name: [old.get(name), new.get(name)] for name in old | new}
        changed = {name: both for name, both in changed.items() if both[0] != both[1]}
        if changed:
            _log.info("weights in force", surface=surface, changed=changed)
    if before == after:
        _log.info("weights read again: nothing changed")


def _at_a_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
