"""A feed is never empty while one eligible video exists: rungs, tried in order.

    ""          the whole pipeline; what nearly every feed comes from
    popular     every eligible unseen video of the catalogue, most shown first
    unspaced    the same, ranked, and the first item may repeat creator or sound
    reopened    (off by default) what was seen longest ago

Spacing yields only after the whole catalogue was looked through, because never empty
goes before spacing and nothing else does; what may not be shown at all passes on no rung.
A rung is an ordinary pipeline, so it has a trace of its own.

A slate that stays empty says why in place of a rung:

    filtered    without the app's filters and exclusions there would be something
    no_follows  the viewer follows nobody (Following)
    exhausted   everything there is was seen, or may not be shown to this viewer
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from freshet.feed.query import FeedQuery
from freshet.pipeline import NOTHING, Candidates, Pipeline, Trace


@dataclass(frozen=True, slots=True)
class Rung:
    name: str
    pipeline: Pipeline[FeedQuery]
    left_over: bool = False  # serves what a ranking left, if that is as much as is asked for


@dataclass(frozen=True, slots=True)
class Filled:
    """A slate, the rung that filled it ("" = the first), and every rung's trace."""

    slate: Candidates
    rung: Rung
    traces: tuple[Trace, ...]


def _exhausted(query: FeedQuery) -> str:
    return "exhausted"


@dataclass(frozen=True, slots=True)
class Ladder:
    rungs: Sequence[Rung]
    why_empty: Callable[[FeedQuery], str] = _exhausted  # where no filter of the app's is to blame

    async def fill(self, query: FeedQuery) -> Filled:
        """The first rung's slate that is not empty; none, and why, if all are."""
        slate, rung, traces = NOTHING, self.rungs[0], []
        for rung in self.rungs:
            if rung.left_over and query.rest is None:
                continue
            slate, trace = await rung.pipeline.run(query)
            traces.append(trace)
            if len(slate) >= (query.n if rung.left_over else 1):
                return Filled(slate, rung, tuple(traces))
        why = "filtered" if traces[-1].drops.get("as_asked") else self.why_empty(query)
        return Filled(slate, Rung(why, rung.pipeline), tuple(traces))
