"""What happened to one query in one pipeline: the open book of a feed.

The explanation of a ranking, the metrics and the failing source's log line are all read
from here; nothing about a run is known in a second place.
"""

from __future__ import annotations

import msgspec


class Step(msgspec.Struct, frozen=True):
    """One stage's part in a run."""

    stage: str
    kind: str  # source, enricher, scorer, filter, selector
    ms: float
    before: int  # candidates it was given
    after: int  # candidates it left (a source: those it brought)
    failed: str = ""  # why it failed, "" = it did not

    @property
    def dropped(self) -> int:
        return self.before - self.after if self.kind == "filter" else 0


class Trace(msgspec.Struct, frozen=True):
    pipeline: str
    steps: tuple[Step, ...] = ()
    ms: float = 0.0

    @property
    def drops(self) -> dict[str, int]:
        """Candidates dropped by each filter, in running order."""
        return {step.stage: step.dropped for step in self.steps if step.kind == "filter"}

    @property
    def failures(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.failed)

    @property
    def candidates(self) -> int:
        """Distinct candidates the sources brought together."""
        return next((step.before for step in self.steps if step.kind != "source"), 0)
