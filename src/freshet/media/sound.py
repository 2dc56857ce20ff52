"""What a video sounds like: 32 bits for every 64 ms, after Haitsma and Kalker.

"A Highly Robust Audio Fingerprinting System" (ISMIR 2002): 33 bands between 300 and 2,000 Hz,
spaced as tones are; a bit says whether the difference of two neighbouring bands grew.
Codecs and loudness hardly change that. Two sounds are the same when less than 35 % of the bits
differ: their threshold, which over 256 steps makes a chance match rarer than 10⁻¹⁹. Windows
here are .256 s every 64 ms (there .37 s every 11.6 ms), which keeps a clip in some hundred
words, and a bit looks back two steps. Chromaprint goes from twelve tones to bits in a like way.

A faster copy has its tones where they were or, without correction, up to a band higher; so
sounds are compared at several speeds, and with the bands shifted by one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from freshet.media.decode import RATE, Wave

WINDOW, HOP = 2048, 512  # samples
STEP_S = HOP / RATE
BANDS = 33
APART = 2  # steps between what is compared
LOW_HZ, HIGH_HZ = 300.0, 2000.0
QUIET = 1e-4  # of full scale; nothing is heard below

SPEEDS = (0.94, 0.952, 0.97, 1.0, 1.03, 1.05, 1.064)
SHORTEST = 40  # steps that two sounds must have in common
DIFFERENT = 0.35  # share of bits from which on two sounds are not the same

Bits = NDArray[np.uint32]  # (steps,)


def listen(wave: Wave) -> Bits:
    """Bits of a sound; none where nothing is heard."""
    if len(wave) < WINDOW + APART * HOP or float(np.sqrt(np.mean(wave**2))) < QUIET:
        return np.zeros(0, np.uint32)
    windows = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW).astype(np.float32))) ** 2
    edges = np.geomspace(LOW_HZ, HIGH_HZ, BANDS + 1) * WINDOW / RATE
    bounds = np.rint(edges).astype(int)
    energy = np.add.reduceat(power[:, : bounds[-1]], bounds[:-1], axis=1)
    # Music leaves most bands empty; without a floor their bits would be the codec's noise.
    loud = np.log(energy + 0.1 * energy.mean() + 1e-9)
    tilt = np.diff(loud, axis=1)
    rise = tilt[APART:] > tilt[:-APART]  # (steps, 32)
    made: Bits = np.packbits(rise, axis=1, bitorder="little").view("<u4")[:, 0]
    return made.astype(np.uint32)


def sounds_alike(one: Bits, other: Bits) -> float:
    """Share of equal bits where the two fit best, 0 where they are too short to tell."""
    best = 0.0
    for shift in (0, 1, -1):
        same = _equal_bits(one, other, shift)
        for speed in SPEEDS:
            best = max(best, _along(same, speed))
    return best


def _equal_bits(one: Bits, other: Bits, shift: int) -> NDArray[np.float32]:
    """(steps, steps): share of bits that each step of the one has as each of the other."""
    moved, all_bits = one.astype(np.uint64), 2**32 - 1
    moved = (moved << np.uint64(shift)) if shift > 0 else (moved >> np.uint64(-shift))
    counted = 32 - abs(shift)
    mask = np.uint32((all_bits << max(shift, 0)) & all_bits & (all_bits >> max(-shift, 0)))
    apart = (moved.astype(np.uint32)[:, None] ^ other[None]) & mask
    return np.asarray(1 - np.bitwise_count(apart) / counted, np.float32)


def _along(same: NDArray[np.float32], speed: float) -> float:
    """Best mean over the lines of one speed, at least half of the shorter sound long."""
    steps, others = same.shape
    least = max(SHORTEST, min(steps, others) // 2)
    if min(steps, others) < least:
        return 0.0
    i = np.arange(steps)
    at = np.rint(i * speed).astype(int)
    # Sums over all offsets at once: each cell is added to the line it lies on.
    offset = np.arange(others)[None] - at[:, None] + at[-1]
    sums = np.bincount(offset.ravel(), same.ravel())
    counts = np.bincount(offset.ravel())
    fit = counts >= least
    return float((sums[fit] / counts[fit]).max()) if fit.any() else 0.0
