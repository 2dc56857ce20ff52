"""What a viewer was served in the session that runs: a few words per viewer, folded.

A session goes on while slates follow each other within 30 minutes, or for as long as the
app names it the same. What was served in it is not served again, whether or not the viewer
got to it; when the next one begins, what nobody got to may be served once more. The last
videos of a slate are kept per place to watch, so that the next slate can stand behind them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from freshet.catalogue.facts import EPOCH_S
from freshet.domain.outcomes import SESSION_GAP_MS
from freshet.state.compiled import kernel
from freshet.state.ties import SERVED, SHOWN, drop_kinds, show

GAP_S = SESSION_GAP_MS // 1000
LAST = 5  # videos kept of the latest slate of a place
PLACES = {"for_you": 0, "following": 1}  # every other surface shares the last
N_PLACES = len(PLACES) + 1

# words of a row: hash of the app's session id, when it began and last went on (s since 2020),
# slates in all, then the rings
S_HASH, S_START, S_LATELY, S_SLATES, S_RING = 0, 1, 2, 3, 4
WIDTH = S_RING + N_PLACES * (LAST + 1)  # a ring: how many, then rows, the newest last

Rows = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Session:
    """A viewer's session as a request finds it.

    Attributes:
        slates: served to this viewer in all; tells whether another one came between.
        since_s: when it began, seconds since 2020; what was SERVED from then on is its.
        last: int32, videos of the place's latest slates, the newest first.
    """

    slates: int
    since_s: int
    last: Rows


def session_hash(session_id: str) -> int:
    """31 bits of an app's session id; 0 = it named none."""
    if not session_id:
        return 0
    digest = hashlib.blake2b(session_id.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1 or 1


def place_of(surface: str) -> int:
    return PLACES.get(surface, N_PLACES - 1)


@kernel
def goes_on(row, named, now_s):
    """Whether the row's session is still the one."""
    if row[S_SLATES] == 0:
        return False
    if named != 0 and row[S_HASH] != 0:
        return named == row[S_HASH]
    return now_s - row[S_LATELY] < GAP_S


@kernel
def slate_begins(state, viewer, named, place, now):
    """A slate was served: go on with the session, or begin the next one."""
    row, now_s = state.served[state.viewer_slots[viewer]], now // 1000 - EPOCH_S
    if not goes_on(row, named, now_s):
        row[S_START] = now_s
        drop_kinds(state.tie_heads, state.tie_words, viewer, SHOWN, SERVED, SERVED)
        for place_k in range(N_PLACES):
            row[S_RING + place_k * (LAST + 1)] = 0
    if named != 0:
        row[S_HASH] = named
    row[S_LATELY] = now_s
    row[S_SLATES] += 1


@kernel
def serve(state, viewer, video, place, now):
    """One item of the slate.

    Returns:
        False if the table of ties is full.
    """
    row = state.served[state.viewer_slots[viewer]]
    at = S_RING + place * (LAST + 1)
    if row[at] == LAST:
        for k in range(1, LAST):
            row[at + k] = row[at + k + 1]
    else:
        row[at] += 1
    row[at + row[at]] = video
    now_s = max(now // 1000 - EPOCH_S, 1)
    return show(state.tie_heads, state.tie_words, state.tie_used, viewer, video, SERVED, now_s)


def session_of(row: Rows, named: int, place: int, now_s: int) -> Session:
    """The session of a copied row, as a request for `place` at `now_s` finds it."""
    if not goes_on(row, named, now_s):
        return Session(int(row[S_SLATES]), now_s, np.zeros(0, np.int32))
    at = S_RING + place * (LAST + 1)
    return Session(int(row[S_SLATES]), int(row[S_START]), row[at + 1 : at + 1 + row[at]][::-1])
