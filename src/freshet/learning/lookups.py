"""What requests look up of many videos at once, in one pass over their facts.

Nothing is folded or learned here, so a change of it compiles nothing else anew.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from freshet.catalogue.facts import (
    CREATOR,
    FLAGS,
    FROM_S,
    HASHTAG,
    HASHTAGS,
    NEEDED,
    ORIGINAL_SOUND,
    SOUND,
    TOPIC,
    TOPICS,
    UNTIL_S,
)
from freshet.domain.outcomes import INDEX
from freshet.features.ring import (
    CLOSED,
    COUNTED,
    H_BITS,
    H_COUNT,
    H_EXPECTED,
    H_S,
    H_VIDEO,
    HISTORY,
    LONG_BIT,
    UNTIMED,
)

# What videos have in common, and where it stands in their facts.
KINDS = {
    "creator": (CREATOR, 1), "sound": (SOUND, 1), "hashtag": (HASHTAG, HASHTAGS),
    "topic": (TOPIC, TOPICS),
}  # fmt: skip
PLACES = tuple(KINDS.values())

# What a viewer may have done with a video, the strongest first, and how much one of it says: two
# liked of three that were finished are told, one of two is not. `watched`: 18 s, or to the end;
# what is `finished` was watched, and so was what is `liked` here.
ACTS = ("liked", "finished", "watched")
STRENGTHS = (9, 6, 4)
LIKED, FINISHED, WATCHED = range(len(ACTS))
LIKE_BIT, FINISH_BIT = 1 << INDEX["like"], 1 << INDEX["finish"]
NEVER = -1
SHRINK = 1.5  # of a mean surprise, as features/history.py has it


@njit(cache=True)
def eligible(facts, rows, barred, now_s, out):  # type: ignore[no-untyped-def]
    """out (n,): published, public, without any bit of `barred`, and within its window at
    `now_s`."""
    for i in range(rows.shape[0]):
        row = rows[i]
        good = facts[row, FLAGS] & (NEEDED | barred) == NEEDED and facts[row, FROM_S] <= now_s
        out[i] = good and (facts[row, UNTIL_S] == 0 or facts[row, UNTIL_S] > now_s)


@njit(cache=True)
def done(ints, stands, out):  # type: ignore[no-untyped-def]
    """What the viewer did in their last views, each video once.

    Fills out (HISTORY, 1 + ACTS): a video that was watched, and for each act when the latest
    view of it began in which it was done, seconds since 2020, or NEVER. A view from before the
    log has no time, so it is passed over.

    Args:
        ints: int32, the viewer's row. stands: bool (HISTORY,), does a like of that view's
            video stand: one that was taken back may have left its bit with an earlier view.

    Returns:
        How many.
    """
    found = 0
    for back in range(min(ints[H_COUNT], HISTORY)):
        ring = (ints[H_COUNT] - 1 - back) % HISTORY
        bits, video = ints[H_BITS + ring], ints[H_VIDEO + ring]
        if bits & UNTIMED:
            continue
        at = 0
        while at < found and out[at, 0] != video:
            at += 1
        if at == found:
            out[at, 0], out[at, 1:] = video, NEVER
            found += 1
        times = out[at, 1:]
        if bits & LIKE_BIT and stands[ring] and times[LIKED] == NEVER:
            times[LIKED] = ints[H_S + ring]
        if bits & FINISH_BIT and times[FINISHED] == NEVER:
            times[FINISHED] = ints[H_S + ring]
        if bits & LONG_BIT and times[WATCHED] == NEVER:
            times[WATCHED] = ints[H_S + ring]
    kept = 0
    for at in range(found):
        if out[at, 1 + WATCHED] == NEVER:
            continue
        out[kept] = out[at]
        if out[kept, 1 + LIKED] != NEVER:
            out[kept, 1 + LIKED] = min(out[at, 1 + LIKED], out[at, 1 + WATCHED])
        kept += 1
    return kept


@njit(cache=True)
def in_common(facts, rows, past, found):  # type: ignore[no-untyped-def]
    """found (kinds, n, 4): of each video's own things of a kind the one that what was done
    with videos of `past` says most of: its row, the act, of how many videos, and when the
    first of those views began. An original sound is nobody else's.

    Args:
        past: (m, 1 + ACTS), as `done` fills it.
    """
    times, since = np.empty(len(ACTS), np.int64), np.empty(len(ACTS), np.int64)
    for kind in range(len(PLACES)):
        first, count = PLACES[kind]
        for i in range(rows.shape[0]):
            mine, most = facts[rows[i]], 0
            found[kind, i, 0] = mine[first]
            for k in range(first, first + count):
                times[:] = 0
                for m in range(past.shape[0]):
                    if has(facts[past[m, 0]], first, count, mine[k], mine):
                        _count(past[m], times, since)
                for act in range(len(ACTS)):
                    if times[act] * STRENGTHS[act] > most:
                        most = times[act] * STRENGTHS[act]
                        found[kind, i, 0], found[kind, i, 1] = mine[k], act
                        found[kind, i, 2], found[kind, i, 3] = times[act], since[act]


@njit(cache=True)
def has(theirs, first, count, thing, mine):  # type: ignore[no-untyped-def]
    """Whether a video has one thing of `mine`, which stands among its facts from `first` on."""
    if thing < 0 or (first == SOUND and (theirs[FLAGS] | mine[FLAGS]) & ORIGINAL_SOUND != 0):
        return False
    for at in range(first, first + count):  # noqa: SIM110 - kernels have no any()
        if theirs[at] == thing:
            return True
    return False


@njit(cache=True)
def without_named(facts, rows, ints, floats, past, found, rest):  # type: ignore[no-untyped-def]
    """rest (kinds, n, 3): the inputs `shown`, `long` and `surprise` of a kind as they would be
    without the views of the videos that `found` counts (features/history.py).

    Args:
        ints, floats: the viewer's row.
    """
    rest[:] = 0.0
    for back in range(min(ints[H_COUNT], HISTORY)):
        ring = (ints[H_COUNT] - 1 - back) % HISTORY
        bits, video = ints[H_BITS + ring], ints[H_VIDEO + ring]
        if bits & (COUNTED | CLOSED) == 0:
            continue
        theirs, at = facts[video], 0
        while at < past.shape[0] and past[at, 0] != video:
            at += 1
        long = 1.0 if bits & LONG_BIT else 0.0
        for kind in range(len(PLACES)):
            first, count = PLACES[kind]
            for i in range(rows.shape[0]):
                mine, one = facts[rows[i]], found[kind, i]
                named = at < past.shape[0] and one[2] > 0 and past[at, 1 + one[1]] != NEVER
                if named and has(theirs, first, count, one[0], mine):
                    continue
                if _share(theirs, mine, first, count):
                    rest[kind, i, 0] += 1.0
                    rest[kind, i, 1] += long
                    rest[kind, i, 2] += long - floats[H_EXPECTED + ring]
    for kind in range(len(PLACES)):
        for i in range(rows.shape[0]):
            one = rest[kind, i]
            one[2] /= one[0] + SHRINK
            one[0], one[1] = np.log1p(one[0]), np.log1p(one[1])


@njit(cache=True)
def _share(theirs, mine, first, count):  # type: ignore[no-untyped-def]
    for at in range(first, first + count):
        for other in range(first, first + count):
            if mine[at] >= 0 and theirs[other] == mine[at]:
                return True
    return False


@njit(cache=True)
def _count(one, times, since):  # type: ignore[no-untyped-def]
    for act in range(len(ACTS)):
        when = one[1 + act]
        if when != NEVER:
            since[act] = min(since[act], when) if times[act] else when
            times[act] += 1


@njit(cache=True)
def described(facts, slots, tallies, views, rows, creator, sound, topics, shown):  # type: ignore[no-untyped-def]
    """Fill what a selector reads: an original sound counts as none, it never equals another.

    Args:
        tallies: float32 (slots, width), with the views counted in column `views`.
    """
    for i in range(rows.shape[0]):
        fact = facts[rows[i]]
        creator[i] = fact[CREATOR]
        sound[i] = -1 if fact[FLAGS] & ORIGINAL_SOUND != 0 else fact[SOUND]
        for k in range(TOPICS):
            topics[i, k] = fact[TOPIC + k]
        shown[i] = tallies[slots[rows[i]], views]
