"""What the features of a video read, asked for some videos ahead (`state/machine.py`)."""

from __future__ import annotations

import numpy as np

from freshet.catalogue.facts import HASHTAG, HASHTAGS, SOUND
from freshet.state.compiled import part
from freshet.state.machine import fetch_row

AHEAD = 8  # videos: long enough for memory to answer, few enough for the nearest cache


@part
def fetch_video(state, video):
    """A video's facts, its vector and its own rates."""
    fetch_row(state.video_facts, video)
    slot = np.int64(state.video_slots[video])
    fetch_row(state.vector_ints, slot)
    fetch_row(state.video, slot)


@part
def fetch_made_of(state, video):
    """The rates of a video's sound and hashtags; its facts should be there by now. Topics and
    traits are few, and stay."""
    sound = np.int64(state.video_facts[video, SOUND])
    if sound >= 0:
        fetch_row(state.sound, sound)
    for j in range(HASHTAGS):
        hashtag = np.int64(state.video_facts[video, HASHTAG + j])
        if hashtag < 0:
            break
        fetch_row(state.hashtag, hashtag)
