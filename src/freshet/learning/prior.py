"""What the model takes for granted before it has seen anybody.

Who liked a topic, a creator, a hashtag, a sound, a length or videos like this one so far more
than was expected will like more of it; a video that others liked more than was expected will be
liked again; what somebody says they are interested in, whom they follow and what they understand
is for them. Without this a new system must first find out that tastes exist:
while it does not believe in them it shows what hardly tells them apart, so it learns it
slowly. It is where the linear weights start, nothing more: they are learned from there like
every other.

What it brings and what it costs is measured in docs/decisions/few-swipes.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freshet.domain.outcomes import OUTCOMES
from freshet.learning.learner import LEAST

# Change in log odds per unit of an input. A surprise lies between -1 and 1, and few views are
# taken to say little; a match is 1, or -1 where it is known not to be one.
LIKES: dict[str, float] = {
    "topic_surprise": 1.0,
    "creator_surprise": 1.0,
    "hashtag_surprise": 0.5,
    "sound_surprise": 0.5,
    "length_surprise": 0.5,
    "alike_surprise": 1.0,
    "video_effect_long_view": 1.0,
    "video_effect_log_watch": 0.5,
    "interest_match": 0.4,
    "language_match": 0.4,
    "creator_followed": 0.4,
}
UNIT = 0.25  # these inputs are standardised by this, not by how much they happen to vary
DISLIKES = ("not_interested", "hide", "report")  # outcomes that liking makes rarer


def believe(params: Any, names: Sequence[str], strength: float = 1.0) -> None:
    """Let new parameters begin with it, this much of it. A feature that a laboratory leaves out
    has no part."""
    sign: NDArray[Any] = np.ones(params.w3.shape[1], np.float32)
    sign[[OUTCOMES.index(name) for name in DISLIKES]] = -1.0
    for j, name in enumerate(names):
        if name in LIKES:
            params.fixed[j], params.variance[j] = 1, np.float32(UNIT**2) - LEAST
            params.w3[j] = np.float32(strength * LIKES[name] * UNIT) * sign
