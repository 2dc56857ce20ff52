"""All that is known of a viewer's acts as one run of int32 words: a record.

    their row | their session (`served`) | how many ties of each list | keys, values of each

An empty record stands for a viewer who has done nothing. Records of many lie one behind the
other, and `ends` says where each ends. The same record is what a snapshot holds and what lies
on disk while the viewer is away, and it says nothing of where their rows and ties lay.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from freshet.features.ring import H_COUNT, H_S, HISTORY
from freshet.learning.sessions import S_LATELY
from freshet.state.block import begin, end
from freshet.state.slots import COLD, NOBODY
from freshet.state.ties import COUNT, LIST, OTHER, ROOM, SHOWN, START, clear_ties, put_list

LISTS = (SHOWN, OTHER)
NEVER = -(1 << 31)


@njit(cache=True, nogil=True)
def measure(ints, served, heads, slots, viewers, ends):
    """Fill ends (n,): where the record of each of `viewers` ends.

    Args:
        ints, served: int32, addressed by `slots` (n,). heads: by `viewers` (n,).
    """
    at, fixed = np.int64(0), ints.shape[1] + served.shape[1] + len(LISTS)
    for i in range(viewers.shape[0]):
        head, slot = heads[viewers[i]], slots[i]
        ties = np.int64(head[SHOWN + COUNT]) + head[OTHER + COUNT]
        if ties > 0 or ints[slot].any() or served[slot].any():
            at += fixed + 2 * ties
        ends[i] = at


@njit(cache=True, nogil=True)
def pack(ints, served, heads, words, slots, viewers, ends, out):
    """Write the records that were measured, one behind the other."""
    width, session = ints.shape[1], served.shape[1]
    first = np.int64(0)
    for i in range(viewers.shape[0]):
        if ends[i] > first:
            head, slot = heads[viewers[i]], slots[i]
            out[first : first + width] = ints[slot]
            out[first + width : first + width + session] = served[slot]
            counts = first + width + session
            at = counts + len(LISTS)
            for which in range(len(LISTS)):
                start, count = np.int64(head[which * LIST + START]), head[which * LIST + COUNT]
                room = head[which * LIST + ROOM]
                out[counts + which] = count
                out[at : at + count] = words[start : start + count]
                out[at + count : at + 2 * count] = words[start + room : start + room + count]
                at += 2 * np.int64(count)
        first = ends[i]


@njit(cache=True, nogil=True)
def lately(row, session):
    """When the viewer last began a view or was served, seconds since 2020; 0 = never."""
    latest = session[S_LATELY]
    for h in range(min(row[H_COUNT], HISTORY)):
        latest = max(latest, row[H_S + h])
    return latest


@njit(cache=True, nogil=True)
def latest(ints, served, slots, out):
    """Fill out (n,): when each last came."""
    for i in range(slots.shape[0]):
        out[i] = lately(ints[slots[i]], served[slots[i]])


@njit(cache=True, nogil=True)
def latest_of_records(records, ends, width, out):
    """The same of records; NEVER for an empty one."""
    first = np.int64(0)
    for i in range(ends.shape[0]):
        out[i] = NEVER
        if ends[i] > first:
            out[i] = lately(records[first : first + width], records[first + width : ends[i]])
        first = ends[i]


@njit(cache=True, nogil=True)
def unpack(state, viewers, slots, records, firsts):
    """Lay viewers' rows and ties down as their records say; they are there from then on.

    Args:
        slots: (n,) whose rows are zeros. firsts: (n,) where each record begins.

    Returns:
        False if the table of ties is full.
    """
    width, session = state.viewer_ints.shape[1], state.served.shape[1]
    for i in range(viewers.shape[0]):
        viewer, slot, at = viewers[i], slots[i], firsts[i]
        begin(state.viewer_sequence, viewer)
        state.viewer_ints[slot] = records[at : at + width]
        state.served[slot] = records[at + width : at + width + session]
        counts = at + width + session
        at = counts + len(LISTS)
        for which in range(len(LISTS)):
            count = np.int64(records[counts + which])
            ties = records[at : at + 2 * count]
            if not put_list(state.tie_heads, state.tie_words, state.tie_used, viewer,
                            which * LIST, ties, count):  # fmt: skip
                end(state.viewer_sequence, viewer)
                return False
            at += 2 * count
        state.viewer_slots[viewer] = slot
        end(state.viewer_sequence, viewer)
    return True


@njit(cache=True, nogil=True)
def let_go(state, viewers, slots, packed):
    """Nothing of viewers stays in memory; `packed` (n,) where there is a record of them."""
    for i in range(viewers.shape[0]):
        viewer, slot = viewers[i], slots[i]
        begin(state.viewer_sequence, viewer)
        state.viewer_slots[viewer] = COLD if packed[i] else NOBODY
        state.viewer_ints[slot] = 0
        state.served[slot] = 0
        clear_ties(state.tie_heads, state.tie_words, state.tie_used, viewer)
        end(state.viewer_sequence, viewer)


@njit(cache=True, nogil=True)
def give(state, viewers, slots):
    """Viewers who had no rows have slots from now on."""
    for i in range(viewers.shape[0]):
        begin(state.viewer_sequence, viewers[i])
        state.viewer_slots[viewers[i]] = slots[i]
        end(state.viewer_sequence, viewers[i])


@njit(cache=True, nogil=True)
def copy_runs(source, firsts, lengths, out, at):
    """out[at[i]:] = source[firsts[i]:], `lengths[i]` words of each."""
    for i in range(firsts.shape[0]):
        n = lengths[i]
        out[at[i] : at[i] + n] = source[firsts[i] : firsts[i] + n]
