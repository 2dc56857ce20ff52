"""Where a video lies among its like: its item vector, as features and retrieval read it.

The fold writes it (learning/vectors.py). The row of a video, 196 bytes:

    int8 (64,) content x 127 | int16 (64,) learned x 4096 | int32 times moved by a view
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from freshet.catalogue.content import UNIT, WIDTH
from freshet.state.compiled import kernel

WORDS = WIDTH // 4 + WIDTH // 2 + 1
LEARNED = WIDTH // 2  # begins here, in int16
VIEWS = WORDS - 1  # in int32
SCALE = np.float32(4096.0)
PER_UNIT, PER_SCALE = np.float32(1.0 / UNIT), np.float32(1.0 / SCALE)


@kernel
def put_item(state, video, out, at):
    """The vector of a video into out[at : at + WIDTH], not yet of length 1.

    Returns:
        What makes it so when multiplied with; 0 if the video has none.
    """
    slot = state.video_slots[video]
    content, learned = state.vector_bytes[slot], state.vector_shorts[slot]
    for j in range(WIDTH):
        value = np.float32(content[j]) * PER_UNIT + np.float32(learned[LEARNED + j]) * PER_SCALE
        out[at + j] = value
    # Four sums side by side: in one, each addition would wait for the last.
    a = b = c = d = np.float32(0.0)
    for j in range(at, at + WIDTH, 4):
        a += out[j] * out[j]
        b += out[j + 1] * out[j + 1]
        c += out[j + 2] * out[j + 2]
        d += out[j + 3] * out[j + 3]
    total = (a + b) + (c + d)
    return np.float32(1.0) / np.float32(sqrt(total)) if total > np.float32(0.0) else np.float32(0.0)
