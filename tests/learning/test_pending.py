"""Vectors that wait: found by who and what, in a ring, whatever they share a hash with."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from freshet.learning.pending import FREE, OPEN, SERVED, find, new_pending, put

SIZE = 8
rows = st.integers(0, 5)
acts = st.lists(st.tuples(st.sampled_from([SERVED, OPEN, FREE]), rows, rows), max_size=60)


@given(acts)
@settings(max_examples=60)
def test_the_newest_that_waits_like_this_is_found(acts: list[tuple[int, int, int]]) -> None:
    """Against a plain list of what waits, oldest first."""
    pending = new_pending(SIZE, 1)
    waiting: list[tuple[int, int, int, int, int]] = []
    for now, (status, viewer, video) in enumerate(acts):
        if status == FREE:  # the oldest is no longer needed
            if waiting:
                pending.status[waiting.pop(0)[0]] = FREE
            continue
        while pending.ends[1] - pending.ends[0] >= SIZE:  # as the fold makes room
            slot = pending.ends[0] % SIZE
            pending.status[slot] = FREE
            waiting = [entry for entry in waiting if entry[0] != slot]
            pending.ends[0] += 1
        ring = -1 if status == SERVED else now % 3
        slot = put(pending, viewer, video, status, ring, now)
        waiting.append((slot, status, viewer, video, ring))
    for viewer in range(6):
        for video in range(6):
            for status, ring in ((SERVED, -1), (OPEN, 0), (OPEN, 1), (OPEN, 2)):
                wanted = (status, viewer, video, ring)
                expected = [slot for slot, *rest in waiting if tuple(rest) == wanted]
                found = find(pending, viewer, video, status, ring)
                assert found == (expected[-1] if expected else -1)


def test_nothing_waits_in_an_empty_ring() -> None:
    assert find(new_pending(SIZE, 1), 0, 0, OPEN, 0) == -1
