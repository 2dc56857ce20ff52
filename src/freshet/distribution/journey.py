"""One video's way through the stages, as its creator may read it."""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["promoted", "stopped", "extended", "to_everybody", "opened", "ended"]


class Decision(msgspec.Struct, frozen=True, array_like=True):
    """What was decided at the end of a stage, and on what."""

    at_ms: int
    stage: int
    verdict: Verdict
    shown: int  # impressions had in the stage
    views: int  # of those, over
    mean: float  # what a view was thought to be worth
    sd: float
    bar: float  # that the cohort sets
    chance: float  # of being above the bar


class Journey(msgspec.Struct, array_like=True):
    """What the writer knows beyond the slot."""

    video: str
    creator: str  # key
    topic: str
    country: str
    duration_ms: int
    published_ms: int
    since_ms: int  # the stage began
    full_ms: int = 0  # its quota was had, 0 = not yet
    extended: int = 0
    views: int = 0  # over, in this stage
    total: float = 0.0  # worth of those, beyond what was expected
    expected: float = 0.0  # worth to such viewers of any such video
    decisions: list[Decision] = []
