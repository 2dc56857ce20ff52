"""Look at a log: `tail` shows its newest events, `verify` proves that it is whole."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

import msgspec
import numpy as np

from freshet.domain.errors import Corrupt, Refused
from freshet.domain.events import Event
from freshet.log.ports import EventLog, Offset
from freshet.log.recent import raw_id
from freshet.log.rows import StoredRow

_encode = msgspec.msgpack.Encoder().encode


async def tail(
    log: EventLog, count: int, *, types: frozenset[str] = frozenset(), follow: bool = False
) -> AsyncIterator[tuple[Offset, Event]]:
    """The last `count` events (of some types), oldest first; then, if asked, what follows."""
    span, found = count, list[tuple[Offset, Event]]()
    end = log.last
    while True:
        start = max(log.base, end - span)
        found = [pair async for pair in _between(log, start, end, types)]
        if len(found) >= count or start == log.base:
            break
        span *= 4
    for pair in found[max(0, len(found) - count) :]:
        yield pair
    while follow:
        await log.wait(end)
        start, end = end, log.last
        async for pair in _between(log, start, end, types):
            yield pair


async def _between(
    log: EventLog, after: Offset, last: Offset, types: frozenset[str]
) -> AsyncIterator[tuple[Offset, Event]]:
    if after >= last:
        return
    async for batch in log.read(after):
        for offset, event in enumerate(batch.events, batch.first):
            if offset <= last and (not types or event.__struct_config__.tag in types):
                yield offset, event
        if batch.last >= last:
            return


@dataclass(slots=True)
class Verified:
    """What `verify` found. `digest` depends on the events alone, not on how they are cut
    into rows: two logs with the same events have the same."""

    events: int = 0
    rows: int = 0
    first: Offset = 0
    last: Offset = 0
    digest: str = ""
    damage: list[str] = field(default_factory=list)


def verify(rows: Iterable[StoredRow], base: Offset = 0) -> Verified:
    """Check every row: checksum, encoding, offsets without gaps, `received` never less than
    before, ids unique.

    Needs 24 bytes of memory an event.
    """
    found, digest = Verified(), hashlib.sha256()
    expected, received = base + 1, 0
    ids: list[bytes] = []
    for row in rows:
        found.rows += 1
        if row.first != expected:
            found.damage.append(f"offset {expected} expected, row begins at {row.first}")
        expected = row.last + 1
        try:
            events = row.events()
            ids.append(b"".join(raw_id(event.event_id) for event in events))
        except (Corrupt, Refused) as error:
            found.damage.append(f"events {row.first} to {row.last}: {error}")
            continue
        for offset, event in enumerate(events, row.first):
            if event.received < received:
                found.damage.append(f"event {offset}: received before the one in front of it")
            received = event.received
            digest.update(_encode(event))
        if row.received != received:
            found.damage.append(f"row {row.first}: received differs from its last event")
        found.events += row.count
        found.first, found.last = found.first or row.first, row.last
    found.damage += _repeated(b"".join(ids))
    found.digest = digest.hexdigest()
    return found


def _repeated(raws: bytes) -> list[str]:
    ids = np.sort(np.frombuffer(raws, "S16"))
    twice = ids[1:][ids[1:] == ids[:-1]]
    return [f"id {uuid.UUID(bytes=id.ljust(16, bytes(1)))} is there more than once" for id in twice]
