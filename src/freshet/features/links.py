"""Which of a viewer's last views had the creator, the sound, a hashtag or a topic of a video.

A hash table, filled once a request (features/notes.py): what a view was made of -> the views
that had it, a bit each. A candidate then finds the views it has something in common with in
about ten looks, and most find none, instead of being held against each view in turn.

Behind it, which contents' rates are in the notes already: candidates share topics, sounds
and hashtags.
"""

from __future__ import annotations

import numpy as np

from freshet.catalogue.facts import HASHTAGS, TOPICS
from freshet.features.ring import HISTORY
from freshet.state.compiled import part

BY, WITH, TAGGED, ABOUT = 0, 1, 2, 3  # creator, sound, hashtags, topics
KIND_BITS = 2

SLOTS = 512  # a power of two, at least twice the ids that all views can have together
assert 2 * HISTORY * (2 + HASHTAGS + TOPICS) <= SLOTS
KEYS = 2 * SLOTS  # behind the slots, each a key, 0 = free, and the views' bits
KEPT = 512  # a power of two: rates of contents that were worked out for this request
LINKS = KEYS + KEPT


@part
def slot_of(key):
    return (key * 0x9E3779B1 >> 7) & (SLOTS - 1)


@part
def link(links, kind, facts, video, first, count, view):
    """View number `view` had a video's ids of one kind, which stand from `first` on."""
    for j in range(count):
        row = np.int64(facts[video, first + j])
        if row < 0:
            break
        key = (row + 1) << KIND_BITS | kind
        slot = slot_of(key)
        while links[2 * slot] != 0 and links[2 * slot] != key:
            slot = (slot + 1) & (SLOTS - 1)
        links[2 * slot] = key
        links[2 * slot + 1] |= 1 << view


@part
def views_with(links, kind, facts, video, first, count):
    """Bits of the views that had at least one of a video's ids."""
    views = np.int64(0)
    for j in range(count):
        row = np.int64(facts[video, first + j])
        if row < 0:
            break
        key = (row + 1) << KIND_BITS | kind
        slot = slot_of(key)
        while links[2 * slot] != 0:
            if links[2 * slot] == key:
                views |= np.int64(links[2 * slot + 1])
                break
            slot = (slot + 1) & (SLOTS - 1)
    return views
