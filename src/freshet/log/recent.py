"""Which event ids were appended lately, and where: how the log drops repeats.

    newest   dict: id -> offset            the last 65,536 events, exact
    sealed   chunks: sorted 64-bit keys    the 7 days before, 12 bytes an event

A key is 30 bits of the id's millisecond and 34 bits of its random part, so keys sort by
time and a new event meets only the few chunks of its own hour. Two different ids share a
key about once in 10^10; a hit is therefore verified against the stored event. Chunks
beyond `memory_bytes` stay on disk until an id of their time comes in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freshet.domain.errors import Refused
from freshet.log.ports import Offset

WINDOW_MS = 7 * 86_400_000  # repeats are found within this; older ids are refused
FUTURE_MS = 86_400_000  # an id may be ahead of us by this much: clocks differ
SEAL_AT = 65_536
MEMORY_BYTES = 128 * 2**20  # of chunks held, about 11 million events

OF_VERSION_7, OF_RFC = frozenset(range(0x70, 0x80)), frozenset(range(0x80, 0xC0))

Keys = NDArray[np.uint64]


def raw_id(event_id: str) -> bytes:
    """The 16 bytes of a UUIDv7 in its canonical 36 characters.

    Raises:
        Refused: it is anything else.

    >>> raw_id("01805c1b-673c-7226-b63c-5ab791b7584a").hex()
    '01805c1b673c7226b63c5ab791b7584a'
    """
    try:
        raw = bytes.fromhex(event_id.replace("-", ""))
        dashes = event_id[8::5][:4] == "----" and len(event_id) == 36
    except (ValueError, AttributeError, TypeError):
        raw, dashes = b"", False
    if len(raw) != 16 or not dashes or raw[6] >> 4 != 7 or raw[8] >> 6 != 2:
        raise Refused("event_id", f"{event_id!r} is not a UUIDv7", "a UUID of version 7")
    return raw


def raw_ids(event_ids: Sequence[str]) -> list[bytes] | None:
    """As `raw_id` of each, all looked at together; None if one of them is no such id."""
    try:
        if set(map(len, event_ids)) != {36}:
            return None
        joined = "".join(event_ids)
        raw = bytes.fromhex(joined.replace("-", ""))
    except (ValueError, TypeError):
        return None
    dashes = joined[8::36] + joined[13::36] + joined[18::36] + joined[23::36]
    good = len(raw) == 16 * len(event_ids) and dashes == "-" * (4 * len(event_ids))
    if not good or not OF_VERSION_7.issuperset(raw[6::16]) or not OF_RFC.issuperset(raw[8::16]):
        return None
    return [raw[at : at + 16] for at in range(0, len(raw), 16)]


def id_ms(raw: bytes) -> int:
    """Milliseconds since 1970 in a UUIDv7."""
    return int.from_bytes(raw[:6], "big")


def keys_of(raws: bytes) -> Keys:
    """(n × 16 bytes) -> (n,) keys."""
    halves = np.frombuffer(raws, ">u8").reshape(-1, 2).astype(np.uint64)
    high, low = halves[:, 0], halves[:, 1]
    # Modulo 2^30 ms (12.4 days), more than the 8 days between which ids are accepted.
    time = (high >> np.uint64(16)) & np.uint64(2**30 - 1)
    # The multiplier is 2^64 / golden ratio (Knuth, TAOCP 6.4): its top bits mix all bits.
    mixed = (low ^ (high << np.uint64(52))) * np.uint64(0x9E3779B97F4A7C15)
    return (time << np.uint64(34)) | (mixed >> np.uint64(30))


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is always in memory of a chunk: where its events lie and which keys it spans."""

    first: Offset
    count: int
    low: int
    high: int
    newest_ms: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Ids of `len(keys)` neighbouring events, sorted by key."""

    first: Offset
    keys: Keys
    places: NDArray[np.uint32]  # (n,) offset - first
    newest_ms: int

    @classmethod
    def of(cls, first: Offset, raws: Sequence[bytes]) -> Chunk:
        """Of neighbouring events in the order of their offsets."""
        keys = keys_of(b"".join(raws))
        order = np.argsort(keys, kind="stable")
        return cls(first, keys[order], order.astype(np.uint32), id_ms(max(raws)))

    @property
    def sealed(self) -> Sealed:
        low, high = int(self.keys[0]), int(self.keys[-1])
        return Sealed(self.first, len(self.keys), low, high, self.newest_ms)

    def at(self, keys: Keys) -> Iterable[tuple[int, Offset]]:
        """(index into `keys`, offset) of every event that has one of them."""
        starts = np.searchsorted(self.keys, keys)
        ends = np.searchsorted(self.keys, keys, side="right")
        for i in np.flatnonzero(ends > starts):
            for place in self.places[starts[i] : ends[i]]:
                yield int(i), self.first + int(place)


class RecentIds:
    """The index. `load` reads a sealed chunk by its first offset; `same` tells whether the
    event at an offset has an id."""

    def __init__(
        self,
        load: Callable[[Offset], Chunk],
        same: Callable[[Offset, bytes], bool],
        *,
        seal_at: int = SEAL_AT,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._load, self._same = load, same
        self._seal_at = seal_at
        self._held_most = max(1, memory_bytes // (12 * seal_at))
        self._held: OrderedDict[Offset, Chunk] = OrderedDict()
        self._newest: dict[bytes, Offset] = {}
        self.restore([])

    def restore(self, sealed: Iterable[Sealed]) -> None:
        """Know these chunks; what came behind them is then given to `add`."""
        self._sealed = list(sealed)
        ends = [chunk.newest_ms for chunk in self._sealed]
        self._oldest_ms = min(ends, default=0)
        self._sealed_to = max(ends, default=0).to_bytes(6, "big") + b"\xff" * 10
        self._lows = np.array([chunk.low for chunk in self._sealed], np.uint64)
        self._highs = np.array([chunk.high for chunk in self._sealed], np.uint64)

    def find(self, raws: Sequence[bytes]) -> list[Offset]:
        """Where each id lies, 0 if it is new."""
        newest = self._newest
        found = [0] * len(raws)
        if not newest.keys().isdisjoint(raws):
            found = [newest.get(raw, 0) for raw in raws]
        if self._sealed:
            # What is newer than all that is sealed lies in no chunk.
            end = self._sealed_to
            missing = [i for i, raw in enumerate(raws) if raw <= end and not found[i]]
            if missing:
                self._find_sealed(raws, missing, found)
        return found

    def _find_sealed(self, raws: Sequence[bytes], missing: list[int], found: list[Offset]) -> None:
        keys = keys_of(b"".join(raws[i] for i in missing))
        order = np.argsort(keys)
        keys = keys[order]
        starts = np.searchsorted(keys, self._lows)
        ends = np.searchsorted(keys, self._highs, side="right")
        for c in np.flatnonzero(ends > starts):
            for i, offset in self._chunk(self._sealed[c].first).at(keys[starts[c] : ends[c]]):
                asked = missing[order[starts[c] + i]]
                if self._same(offset, raws[asked]):
                    found[asked] = offset

    def _chunk(self, first: Offset) -> Chunk:
        chunk = self._held.pop(first, None) or self._load(first)
        self._held[first] = chunk  # last = used last
        while len(self._held) > self._held_most:
            self._held.popitem(last=False)
        return chunk

    def sealing(self, fresh: dict[bytes, Offset], *, at_least: int = 0) -> Chunk | None:
        """The chunk to store together with these new events, if it is time for one."""
        if len(self._newest) + len(fresh) < (at_least or self._seal_at):
            return None
        raws = [*self._newest, *fresh]
        first = next(iter((self._newest or fresh).values()))
        return Chunk.of(first, raws)

    def add(self, fresh: dict[bytes, Offset], chunk: Chunk | None) -> None:
        """Know new events, given in the order of their offsets; `chunk` is what `sealing`
        made of them, stored by now."""
        if chunk is None:
            self._newest.update(fresh)
            return
        self._newest.clear()
        self._chunk_stored(chunk)

    def _chunk_stored(self, chunk: Chunk) -> None:
        self.restore([*self._sealed, chunk.sealed])
        self._held[chunk.first] = chunk
        while len(self._held) > self._held_most:
            self._held.popitem(last=False)

    def forget(self, before_ms: int) -> None:
        """Let go of chunks all of whose ids are older; those are refused by their age."""
        if self._sealed and self._oldest_ms < before_ms:
            self.restore(chunk for chunk in self._sealed if chunk.newest_ms >= before_ms)
            self._held = OrderedDict(
                (chunk.first, self._held[chunk.first])
                for chunk in self._sealed
                if chunk.first in self._held
            )
