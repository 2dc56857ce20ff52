"""When two viewers turn out to be one, and when one must be forgotten."""

from __future__ import annotations

import numpy as np

from freshet.catalogue.facts import (
    IMPERSONAL,
    VIEWER_COUNTRY,
    VIEWER_DEVICE,
    VIEWER_FLAGS,
    VIEWER_LANGUAGE,
)
from freshet.features.ring import (
    CLOSED,
    H_BITS,
    H_COUNT,
    H_EXPECTED,
    H_S,
    H_VIDEO,
    H_WATCHED,
    HISTORY,
)
from freshet.learning.kernels import close_view
from freshet.learning.pending import FREE, OPEN, find
from freshet.learning.sessions import N_PLACES, S_LATELY, S_SLATES
from freshet.state.block import begin, end
from freshet.state.compiled import allocating, kernel
from freshet.state.ties import clear_ties, take_over

assert N_PLACES  # the rows of `served` are taken over as a whole


@kernel
def close_all(state, model, pending, viewer, now, scratch):
    """All that is open of a viewer ends now: places in the history are about to change."""
    ints = state.viewer_ints[state.viewer_slots[viewer]]
    for ring in range(min(ints[H_COUNT], HISTORY)):
        if ints[H_BITS + ring] & CLOSED == 0:
            slot = find(pending, viewer, ints[H_VIDEO + ring], OPEN, ring)
            if slot >= 0:
                close_view(state, model, pending, slot, now, scratch)
            else:
                ints[H_BITS + ring] |= CLOSED


@allocating
def merge_viewers(state, model, pending, source, viewer, sums, now, scratch):
    """What `source` saw and did is `viewer`'s from now on; `source` is left blank.

    Args:
        sums: int64, words of a viewer's row that add up (tallies). The others are the
            viewer's own if they ever watched, else those of `source`.

    Returns:
        False if the table of ties is full.
    """
    begin(state.viewer_sequence, source)
    begin(state.viewer_sequence, viewer)
    close_all(state, model, pending, source, now, scratch)
    close_all(state, model, pending, viewer, now, scratch)
    source_slot, slot = state.viewer_slots[source], state.viewer_slots[viewer]
    theirs, mine = state.viewer_ints[source_slot], state.viewer_ints[slot]
    if mine[H_COUNT] == 0:
        mine[:] = theirs
    elif theirs[H_COUNT] > 0:
        for at in sums:
            state.viewer[slot, at] += state.viewer[source_slot, at]
        _one_history(mine, theirs.copy())
    their_served, my_served = state.served[source_slot], state.served[slot]
    if my_served[S_LATELY] < their_served[S_LATELY]:
        slates = my_served[S_SLATES]
        my_served[:] = their_served
        my_served[S_SLATES] = slates
    my_served[S_SLATES] += their_served[S_SLATES]
    for at in (VIEWER_LANGUAGE, VIEWER_COUNTRY, VIEWER_DEVICE):
        if state.viewer_facts[viewer, at] < 0:
            state.viewer_facts[viewer, at] = state.viewer_facts[source, at]
    state.viewer_facts[viewer, VIEWER_FLAGS] |= (
        state.viewer_facts[source, VIEWER_FLAGS] & IMPERSONAL
    )
    fits = take_over(state.tie_heads, state.tie_words, state.tie_used, source, viewer)
    _blank(state, pending, source)
    end(state.viewer_sequence, viewer)
    end(state.viewer_sequence, source)
    return fits


@allocating
def _one_history(mine, theirs):
    """Two rings become one: the newest views of both, in the order of their times."""
    a, b = min(mine[H_COUNT], HISTORY), min(theirs[H_COUNT], HISTORY)
    old = mine.copy()
    total = mine[H_COUNT] + theirs[H_COUNT]
    kept = min(a + b, HISTORY)
    # Counted up to a multiple of the ring's size, so that the newest view stands last in it.
    count = kept if kept < HISTORY else HISTORY * max(total // HISTORY, 1)
    for place in range(kept - 1, -1, -1):
        i, j = (mine[H_COUNT] - 1) % HISTORY, (theirs[H_COUNT] - 1) % HISTORY
        first = b == 0 or (a > 0 and old[H_S + i] >= theirs[H_S + j])
        source, at = (old, i) if first else (theirs, j)
        for column in (H_VIDEO, H_S, H_BITS, H_WATCHED, H_EXPECTED):
            mine[column + place] = source[column + at]
        if first:
            a -= 1
            mine[H_COUNT] -= 1
        else:
            b -= 1
            theirs[H_COUNT] -= 1
    mine[H_COUNT] = count


@kernel
def erase_viewer(state, pending, viewer):
    """Nothing of a viewer stays in their rows, ties and waiting vectors."""
    begin(state.viewer_sequence, viewer)
    _blank(state, pending, viewer)
    end(state.viewer_sequence, viewer)


@kernel
def _blank(state, pending, viewer):
    slot = state.viewer_slots[viewer]
    state.viewer_ints[slot, :] = 0
    state.served[slot, :] = 0
    clear_ties(state.tie_heads, state.tie_words, state.tie_used, viewer)
    for slot in range(pending.status.shape[0]):
        if pending.viewer[slot] == viewer:
            pending.status[slot] = FREE
            pending.x[slot] = np.float32(0.0)
