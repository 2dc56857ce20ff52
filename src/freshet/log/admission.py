"""What becomes of the events of one group commit: kept, repeated or refused.

    calls ─▶ ids checked ─▶ repeats found ─▶ received set ─▶ encoded, read back ─▶ Group

Every log decides by this, so all of them answer alike. Nothing enters a log that cannot
be read back from it: a group is decoded from the very bytes to be stored, and the followers
of a live log get those decoded events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from freshet.domain.errors import Corrupt, Refused, TooLate
from freshet.domain.events import Event
from freshet.domain.upcast import decode_batch, encode_batch
from freshet.log.ports import Appended, Batch, Offset
from freshet.log.recent import FUTURE_MS, WINDOW_MS, RecentIds, id_ms, raw_id, raw_ids
from freshet.log.rows import StoredRow, cut

Clock = Callable[[], int]  # ms since 1970
Mode = Literal["live", "import"]
Call = Sequence[Event]
Placed = tuple[list[Offset], list[Event], dict[bytes, Offset]]

UNREADABLE = (Corrupt, TypeError, ValueError, OverflowError, msgspec.MsgspecError)


@dataclass(frozen=True, slots=True)
class Group:
    """One group commit. `batches` are the events as every reader will see them."""

    answers: list[Appended]
    rows: list[StoredRow]
    batches: list[Batch]
    fresh: dict[bytes, Offset]  # ids of the kept events, in the order of their offsets
    received: int


@dataclass(frozen=True, slots=True)
class Admission:
    """The rules of one log.

    `live`: `received` is the clock's, never less than before. `import`: it is the event's
    own time, never less than before. Age is measured against `received` in both.
    """

    recent: RecentIds
    clock: Clock
    mode: Mode

    def admit(self, calls: Sequence[Call], last: Offset, received: int) -> Group:
        """Decide for calls that are written together behind offset `last`."""
        events = [event for call in calls for event in call]
        attempt = _Attempt(self, events, received)
        while True:
            offsets, kept, fresh = attempt.place(last)
            try:
                rows = list(cut(last + 1, kept))
                batches = [Batch(row.first, decode_batch(row.data)) for row in rows]
                break
            except UNREADABLE:
                attempt.refuse_unreadable()
        return Group(
            answers=list(_answers(calls, offsets, attempt.repeated, attempt.refused)),
            rows=rows,
            batches=batches,
            fresh=fresh,
            received=kept[-1].received if kept else received,
        )

    def received(self, event: Event, raw: bytes, now: int, before: int) -> int:
        """When an event counts as received.

        Raises:
            TooLate: its id is older than repeats can be found.
            Refused: it is from the future.
        """
        if self.mode == "import":
            _refuse_absurd_time(event.time, now)
            received = max(before, event.time)
        else:
            received = max(before, now)
        made = id_ms(raw)
        if made < received - WINDOW_MS:
            raise TooLate("event_id", f"made at {made} ms, over 7 days before {received} ms")
        if made > received + FUTURE_MS:
            raise Refused(
                "event_id",
                f"made at {made} ms, over a day after {received} ms",
                "an id made when the event happened",
            )
        return received


class _Attempt:
    """One way through the events; taken again when some turn out unreadable."""

    def __init__(self, rules: Admission, events: list[Event], received: int) -> None:
        self._rules, self._events, self._before = rules, events, received
        self._now = rules.clock()
        self._unreadable: dict[int, Refused] = {}
        self._malformed: dict[int, Refused] = {}
        raws = raw_ids([event.event_id for event in events])
        self._raws = list(self._looked_at()) if raws is None else raws
        asked = [i for i in range(len(events)) if i not in self._malformed]
        found = rules.recent.find([self._raws[i] for i in asked])
        self._known = {i: offset for i, offset in zip(asked, found, strict=True) if offset}

    def _looked_at(self) -> Iterator[bytes]:
        for i, event in enumerate(self._events):
            try:
                yield raw_id(event.event_id)
            except Refused as error:
                self._malformed[i] = error
                yield b""

    def place(self, last: Offset) -> Placed:
        """Offset of every event (0 = refused), the kept ones, and their ids."""
        self.refused = self._malformed | self._unreadable
        self.repeated: set[int] = set()
        if not self.refused and not self._known and (placed := self._all_new(last)):
            return placed
        return self._one_by_one(last)

    def _all_new(self, last: Offset) -> Placed | None:
        """Where they lie if each is new and of a good age, which nearly always is so; None if
        that is to be decided one by one."""
        if self._rules.mode != "live" or not self._raws:
            return None
        received = max(self._before, self._now)
        oldest, newest = id_ms(min(self._raws)), id_ms(max(self._raws))
        if oldest < received - WINDOW_MS or newest > received + FUTURE_MS:
            return None
        offsets = list(range(last + 1, last + 1 + len(self._raws)))
        fresh = dict(zip(self._raws, offsets, strict=True))
        if len(fresh) < len(offsets):
            return None
        replace = msgspec.structs.replace
        return offsets, [replace(event, received=received) for event in self._events], fresh

    def _one_by_one(self, last: Offset) -> Placed:
        offsets = [0] * len(self._events)
        kept: list[Event] = []
        fresh: dict[bytes, Offset] = {}
        received = self._before
        for i, event in enumerate(self._events):
            if i in self.refused:
                continue
            raw = self._raws[i]
            try:
                now = self._rules.received(event, raw, self._now, received)
            except Refused as error:
                self.refused[i] = error
                continue
            if known := self._known.get(i) or fresh.get(raw, 0):
                offsets[i] = known
                self.repeated.add(i)
                continue
            received = now
            offsets[i] = fresh[raw] = last + len(kept) + 1
            kept.append(msgspec.structs.replace(event, received=received))
        return offsets, kept, fresh

    def refuse_unreadable(self) -> None:
        before = len(self._unreadable)
        for i, event in enumerate(self._events):
            try:
                decode_batch(encode_batch([event]))
            except UNREADABLE as error:
                self._unreadable[i] = Refused("", f"this event cannot be stored: {error}")
        if len(self._unreadable) == before:
            raise Corrupt("a group cannot be read back though each of its events can")


def _answers(
    calls: Sequence[Call], offsets: list[Offset], repeated: set[int], refused: dict[int, Refused]
) -> Iterator[Appended]:
    start = 0
    for call in calls:
        span = range(start, start + len(call))
        yield Appended(
            tuple(offsets[start : span.stop]),
            tuple(i - start for i in span if i in repeated) if repeated else (),
            tuple((i - start, refused[i]) for i in span if i in refused) if refused else (),
        )
        start = span.stop


def _refuse_absurd_time(time: int, now: int) -> None:
    # One event from the year 3000 would make every later one of an import too late.
    if not isinstance(time, int) or not 0 <= time <= now + FUTURE_MS:
        raise Refused("time", f"{time!r} is not between 1970 and tomorrow", "ms since 1970")
