"""What requests look up of many videos at once, in one pass over their facts.

Nothing is folded or learned here, so a change of it compiles nothing else anew.
"""

from __future__ import annotations

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

# What videos have in common, and where it stands in their facts.
KINDS = {
    "creator": (CREATOR, 1), "sound": (SOUND, 1), "hashtag": (HASHTAG, HASHTAGS),
    "topic": (TOPIC, TOPICS),
}  # fmt: skip
PLACES = tuple(KINDS.values())


@njit(cache=True)
def eligible(facts, rows, barred, now_s, out):  # type: ignore[no-untyped-def]
    """out (n,): published, public, without any bit of `barred`, and within its window at
    `now_s`."""
    for i in range(rows.shape[0]):
        row = rows[i]
        good = facts[row, FLAGS] & (NEEDED | barred) == NEEDED and facts[row, FROM_S] <= now_s
        out[i] = good and (facts[row, UNTIL_S] == 0 or facts[row, UNTIL_S] > now_s)


@njit(cache=True)
def in_common(facts, rows, past, found):  # type: ignore[no-untyped-def]
    """found (kinds, n, 2): of each video's own things of a kind the one that most videos of
    `past` have too, and how many have it. An original sound is nobody else's."""
    for kind in range(len(PLACES)):
        first, count = PLACES[kind]
        for i in range(rows.shape[0]):
            mine = facts[rows[i]]
            found[kind, i, 0] = mine[first]
            if first == SOUND and mine[FLAGS] & ORIGINAL_SOUND != 0:
                continue
            for k in range(first, first + count):
                times = 0
                for m in range(past.shape[0] if mine[k] >= 0 else 0):
                    theirs = facts[past[m]]
                    if first == SOUND and theirs[FLAGS] & ORIGINAL_SOUND != 0:
                        continue
                    for other in range(first, first + count):
                        if theirs[other] == mine[k]:
                            times += 1
                            break
                if times > found[kind, i, 1]:
                    found[kind, i, 0], found[kind, i, 1] = mine[k], times


@njit(cache=True)
def described(facts, tallies, views, rows, creator, sound, topics, shown):  # type: ignore[no-untyped-def]
    """Fill what a selector reads: an original sound counts as none, it never equals another.

    Args:
        tallies: float32 (videos, width), with the views counted in column `views`.
    """
    for i in range(rows.shape[0]):
        fact = facts[rows[i]]
        creator[i] = fact[CREATOR]
        sound[i] = -1 if fact[FLAGS] & ORIGINAL_SOUND != 0 else fact[SOUND]
        for k in range(TOPICS):
            topics[i, k] = fact[TOPIC + k]
        shown[i] = tallies[rows[i], views]
