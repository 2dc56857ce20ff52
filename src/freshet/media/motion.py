"""Whether two videos move alike: at which speed and from where on, and how much so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SPEEDS = (1.0, 0.985, 1.015, 0.97, 1.03, 0.952, 1.05, 0.935, 1.07)
OVERLAP_MIN = 0.6  # of the shorter one
FAINT = 1.0  # grey levels: motion below is not told from a codec's noise

Motion = NDArray[np.float32]  # (pictures, cells)


@dataclass(frozen=True, slots=True)
class Together:
    """The one's second t is the other's speed · t + offset."""

    alike: float  # correlation of the two, 0 to 1
    speed: float = 1.0
    offset_s: float = 0.0


def moves_alike(one: Motion, one_step_s: float, other: Motion, other_step_s: float) -> Together:
    """How alike they move where they fit best."""
    step_s = max(one_step_s, other_step_s)  # one is the other doubled so and so often
    one = one[:: round(step_s / one_step_s)]
    other = other[:: round(step_s / other_step_s)]
    ahead = 0.45 * max(len(one), len(other))
    offsets = np.arange(-round(ahead), round(ahead) + 0.5, 0.5)
    best = Together(0.0)
    for speed in SPEEDS:
        at = speed * np.arange(len(one))[None] + offsets[:, None]  # (offsets, pictures)
        alike = _alike(one, other, at)
        k = int(np.argmax(alike))
        if alike[k] > best.alike + 1e-6:
            best = Together(float(alike[k]), speed, float(offsets[k] * step_s))
    return best


def _alike(one: Motion, other: Motion, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """(offsets,): correlation of the pictures of `one` with those of `other` at `at`."""
    last = len(other) - 1
    there = (at >= -0.5) & (at <= last + 0.5)
    seen = there.sum(1)
    at = np.clip(at, 0, last)
    low = np.minimum(at.astype(int), max(last - 1, 0))
    part = (at - low).astype(np.float32)[..., None]
    weight = there[..., None].astype(np.float32)
    b = (other[low] * (1 - part) + other[np.minimum(low + 1, last)] * part) * weight
    a = one[None] * weight
    n = np.maximum(seen, 1)[:, None]
    mean_a, mean_b = a.sum(1) / n, b.sum(1) / n
    together = np.einsum("okc,okc->o", a, b) - (n * mean_a * mean_b).sum(1)
    of_a = np.einsum("okc,okc->o", a, a) - (n * mean_a**2).sum(1)
    of_b = np.einsum("okc,okc->o", b, b) - (n * mean_b**2).sum(1)
    # As if both had one more motion, too faint to see: two that stand still move alike.
    faint = FAINT**2 * n[:, 0] * one.shape[1]
    alike = (together + faint) / np.sqrt((of_a + faint) * (of_b + faint))
    return np.where(seen >= OVERLAP_MIN * min(len(one), len(other)), alike, 0.0)
