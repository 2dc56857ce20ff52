"""From the outbox into the log: no event lost, none twice, in the order of writing.

    oldest rows ─▶ append ─▶ forget erased keys ─▶ delete the rows

A crash between any two steps repeats them: the log drops ids it knows, a key is forgotten
once. The log knows ids for seven days. What waited longer (the relay did not run) it refuses
as too late, since it cannot tell a repeat; then this event *and all behind it* get new ids
and go again. Some may be in the log already: they say what is, not what changed, so saying
it again in the same order changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog

from freshet.catalogue.store.outbox import Outbox, Waiting
from freshet.domain.errors import FreshetError, Overloaded, Unavailable
from freshet.domain.events import Event
from freshet.log.ports import Appended

BATCH_EVENTS = 500
POLL_S = 1.0  # another process's write is noticed this late when nobody pokes

_log = structlog.get_logger("freshet.relay")


class Relay:
    """
    Args:
        append: the log's; durable on return, and idempotent by event id.
        forget: erases a person key; must bear being called again.
    """

    def __init__(
        self,
        outbox: Outbox,
        append: Callable[[Sequence[Event]], Awaitable[Appended]],
        forget: Callable[[str], object],
        *,
        batch_events: int = BATCH_EVENTS,
    ) -> None:
        self._outbox, self._append, self._forget = outbox, append, forget
        self._batch_events = batch_events
        self._one_at_a_time = asyncio.Lock()  # two would mix up the order
        self.failed = ""  # why the last run of `follow` ended early, "" if it did not

    async def run_once(self) -> int:
        """Relay all that was committed before the call; how many events that was.

        Raises:
            Overloaded, Unavailable: the log or the tables cannot now; nothing is lost.
        """
        async with self._one_at_a_time:
            relayed = renewals = 0
            while waiting := await asyncio.to_thread(self._outbox.oldest, self._batch_events):
                answer = await self._append([one.event for one in waiting])
                taken = _taken(answer, len(waiting))
                await asyncio.to_thread(self._settle, waiting[:taken], answer)
                relayed += taken
                renewals = 0 if taken else renewals + 1
                if renewals > 1:
                    raise Unavailable("the log takes no new ids; is this machine's clock right?")
                if taken < len(waiting):
                    await asyncio.to_thread(self._outbox.renew, waiting[taken:])
            return relayed

    async def follow(self, poked: asyncio.Event) -> None:
        """Relay whenever `poked`, and now and then, until cancelled."""
        while True:
            wait_s = POLL_S
            try:
                await self.run_once()
                self.failed = ""
            except FreshetError as error:
                self.failed = f"the relay waits: {error}"
                _log.warning("not relayed yet", exc_info=error)
                wait_s = error.retry_after_s if isinstance(error, Overloaded) else POLL_S
            with suppress(TimeoutError):
                await asyncio.wait_for(poked.wait(), wait_s)
            poked.clear()

    def _settle(self, taken: Sequence[Waiting], answer: Appended) -> None:
        refused = dict(answer.refused)
        aside = {one.row: str(refused[i]) for i, one in enumerate(taken) if i in refused}
        if aside:
            _log.error("the log refused events of the catalogue", reasons=sorted({*aside.values()}))
            self._outbox.set_aside(aside)
        done = [one for one in taken if one.row not in aside]
        keys = [one.erases for one in done if one.erases]
        for key in keys:
            self._forget(key)
        if done:
            self._outbox.remove(one.row for one in done)
        if keys:
            self._outbox.leave_nothing()


def _taken(answer: Appended, count: int) -> int:
    """How many from the first on are dealt with: all before one whose id is too old or new."""
    return min((i for i, error in answer.refused if error.field == "event_id"), default=count)
