"""How large audiences can be: what trials ask for must fit what is watched.

    demand of an upload  D = Σ_k quota_k × (share of uploads that reach stage k)
    supply for an upload S = budget × impressions / uploads, both fading over a week
    scale                  = min(1, S / D)

Two thousand uploads a day, 300 impressions each, would eat the whole feed of a small site.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

FADES_MS = 7 * 86_400_000  # time in which a count fades to 1/e
PASSES = 0.35  # share of a stage's videos that go on, before any was decided
PRIOR_DECISIONS = 20.0


class Scaling(msgspec.Struct):
    """Fading counts; two of one age may be divided, so how they fade is all that matters."""

    impressions: float = 0.0
    uploads: float = 0.0
    decided: list[float] = []
    passed: list[float] = []
    at_ms: int = 0

    def fade(self, now_ms: int) -> None:
        """Bring the counts to a time."""
        if now_ms > self.at_ms:
            left = math.exp((self.at_ms - now_ms) / FADES_MS) if self.at_ms else 1.0
            self.impressions *= left
            self.uploads *= left
            self.at_ms = now_ms

    def decide(self, stage: int, passes: bool) -> None:
        while len(self.decided) <= stage:
            self.decided.append(0.0)
            self.passed.append(0.0)
        self.decided[stage] += 1
        self.passed[stage] += passes

    def passes(self, stage: int) -> float:
        """Share of a stage's videos that go on."""
        decided = self.decided[stage] if stage < len(self.decided) else 0.0
        passed = self.passed[stage] if stage < len(self.passed) else 0.0
        return (passed + PASSES * PRIOR_DECISIONS) / (decided + PRIOR_DECISIONS)

    def demand(self, quotas: Sequence[int]) -> float:
        """Impressions that an upload asks for in the mean, were nothing scaled."""
        reach, demand = 1.0, 0.0
        for stage, quota in enumerate(quotas):
            demand += reach * quota
            reach *= self.passes(stage)
        return demand

    def scale(self, quotas: Sequence[int], budget: float, quota_min: int) -> float:
        """By which quotas are multiplied; never so small that the first is below `quota_min`.

        >>> Scaling(impressions=1e6, uploads=2000).scale((300, 1000), 0.1, 20)
        0.07692307692307693
        """
        supply = budget * self.impressions / self.uploads if self.uploads else 0.0
        least = min(1.0, quota_min / quotas[0])
        return max(least, min(1.0, supply / self.demand(quotas)))


def scaled(quota: int, scale: float) -> int:
    return max(1, round(quota * scale))
