"""The index of recent ids."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from freshet.log.ports import Offset
from freshet.log.recent import Chunk, RecentIds, keys_of, raw_id, raw_ids
from tests.log.making import DAY_MS, NOW_MS, event_id


def raws(count: int, seed: int = 0, step_ms: int = 1) -> list[bytes]:
    return [raw_id(event_id(seed * 10**6 + n, NOW_MS + n * step_ms)) for n in range(count)]


GOOD = event_id(1, NOW_MS)


def test_ids_looked_at_together_are_those_looked_at_one_by_one() -> None:
    ids = [event_id(n, NOW_MS + n) for n in range(300)] + [GOOD.upper()]
    assert raw_ids(ids) == [raw_id(each) for each in ids]


@pytest.mark.parametrize(
    "bad",
    [
        ["", GOOD],
        [GOOD + "0", GOOD[1:]],  # as long as two together, cut at another place
        [GOOD[:8] + GOOD[9:] + "0", GOOD],
        [GOOD, "0" * 36],
        [GOOD, GOOD[:14] + "4" + GOOD[15:]],
        [GOOD, GOOD[:19] + "c" + GOOD[20:]],
        [GOOD, GOOD[:34] + "  "],
        [GOOD, "{" + GOOD[:35]],
        [GOOD, 17],
        [GOOD, b"x" * 36],
    ],
)
def test_one_bad_id_is_never_taken_for_good_among_others(bad: list[str]) -> None:
    assert raw_ids(bad) is None
    assert raw_ids(bad[::-1]) is None


def test_keys_sort_by_time_and_differ() -> None:
    keys = keys_of(b"".join(raws(5000)))
    assert len(np.unique(keys)) == 5000
    # Time fills the upper bits, so keys made in order lie in order (but for one wrap).
    assert np.count_nonzero(np.diff(keys.astype(np.float64)) < 0) <= 1


def test_ids_of_one_millisecond_have_different_keys() -> None:
    assert len(np.unique(keys_of(b"".join(raws(20_000, step_ms=0))))) == 20_000


def test_a_chunk_finds_each_of_its_ids_and_no_other() -> None:
    ids, others = raws(3000), raws(3000, seed=1)
    Random(1).shuffle(ids)
    chunk = Chunk.of(17, ids)
    found = dict(chunk.at(keys_of(b"".join(ids))))
    assert found == {n: 17 + n for n in range(3000)}
    assert list(chunk.at(keys_of(b"".join(others)))) == []


def test_ids_that_share_a_key_are_told_apart() -> None:
    ids = raws(10)
    chunk = Chunk(1, np.full(10, 7, np.uint64), np.arange(10, dtype=np.uint32), NOW_MS)
    asked: list[Offset] = []

    def same(offset: Offset, raw: bytes) -> bool:
        asked.append(offset)
        return ids[offset - 1] == raw

    hits = [offset for _, offset in chunk.at(np.array([7], np.uint64)) if same(offset, ids[4])]
    assert (hits, asked) == ([5], list(range(1, 11)))


def test_many_chunks_need_little_memory_and_find_all() -> None:
    chunks: dict[Offset, Chunk] = {}
    loads: list[Offset] = []

    def load(first: Offset) -> Chunk:
        loads.append(first)
        return chunks[first]

    ids = raws(2000, step_ms=250_000)
    recent = RecentIds(
        load, lambda offset, raw: ids[offset - 1] == raw, seal_at=100, memory_bytes=1
    )
    for start in range(0, 2000, 50):
        fresh = {raw: start + n + 1 for n, raw in enumerate(ids[start : start + 50])}
        assert recent.find(list(fresh)) == [0] * 50
        chunk = recent.sealing(fresh)
        if chunk is not None:
            chunks[chunk.first] = chunk
        recent.add(fresh, chunk)
    assert loads == []  # new ids are newer than every sealed chunk: none is looked at
    assert recent.find(ids[::7]) == list(range(1, 2001, 7))
    assert recent.find(raws(500, seed=3, step_ms=10**6)) == [0] * 500


def test_chunks_beyond_the_window_are_let_go() -> None:
    old, new = Chunk.of(1, raws(5)), Chunk.of(6, [raw_id(event_id(9, NOW_MS + 9 * DAY_MS))])
    recent = RecentIds({1: old, 6: new}.__getitem__, lambda *_: True)
    recent.restore([old.sealed, new.sealed])
    recent.forget(NOW_MS + DAY_MS)
    assert recent.find(raws(5)) == [0] * 5
    assert recent.find([raw_id(event_id(9, NOW_MS + 9 * DAY_MS))]) == [6]
