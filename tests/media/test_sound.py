"""One sound is known again: quieter, noisier, cut, faster, higher; another is not."""

from __future__ import annotations

import numpy as np
import pytest

from freshet.media.decode import RATE
from freshet.media.sound import DIFFERENT, listen, sounds_alike
from tests.media.films import RATE as TUNE_RATE
from tests.media.films import tune

EVERY = TUNE_RATE // RATE


def heard(seed: int, faster: float = 1.0) -> np.ndarray:
    return tune(seed, 8.0, faster)[::EVERY]


NOISE = np.random.default_rng(0).normal(size=8 * RATE).astype(np.float32)


@pytest.mark.parametrize(
    "changed",
    [heard(1) * 0.1, heard(1) + 0.01 * NOISE, heard(1)[RATE:], heard(1)[: -RATE], heard(1)[77:],
     heard(1, faster=1.05)],
    ids=["quieter", "noisier", "begins later", "ends sooner", "between two steps",
         "faster and higher"],
)  # fmt: skip
def test_a_sound_is_known_again(changed):
    assert sounds_alike(listen(changed), listen(heard(1))) > 1 - DIFFERENT


def test_other_sounds_are_not():
    for seed in range(2, 8):
        assert sounds_alike(listen(heard(seed)), listen(heard(1))) < 1 - DIFFERENT
    assert sounds_alike(listen(NOISE), listen(heard(1))) < 1 - DIFFERENT


def test_silence_and_moments_say_nothing():
    assert len(listen(np.zeros(RATE, np.float32))) == len(listen(heard(1)[:2000])) == 0
    assert sounds_alike(listen(NOISE[:0]), listen(heard(1))) == 0
    short = listen(heard(1)[:RATE])
    assert sounds_alike(short, short) == 0
